"""Collecting words in files."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ltrr_cli.analysis.cut import cut
from ltrr_cli.analysis.normal import plain
from ltrr_cli.index import gathered, spelling_writer
from ltrr_cli.index.fulltext import TEXT_FIELDS
from ltrr_cli.index.spelling import Spelling, spellable
from ltrr_cli.index.spelling_writer import SpellingWriter

TEXTS = st.lists(st.sampled_from(["cafe", "café", "cafè", "halo", "мир", "zoë", "zoe", "ß", "1984"]), max_size=4)


@settings(deadline=None)  # files
@given(
    entities=st.lists(st.tuples(*[TEXTS] * len(TEXT_FIELDS)), max_size=12),
    together=st.integers(1, 6),
    most=st.integers(1, 6),
)
def test_as_counted_in_memory(
    entities: list[tuple[list[str], ...]], together: int, most: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """However few words wait, counts and forms are those of a counter; of too many words the rarest are left out."""
    folder = tmp_path_factory.mktemp("words")
    with pytest.MonkeyPatch.context() as patch:
        for module, name, value in (
            (spelling_writer, "_TOGETHER", together),
            (spelling_writer, "MOST_WORDS", most),
            (gathered, "_TOGETHER", 3),
            (gathered, "_RANGE", 5),
            (gathered, "_SAMPLED", 1),
        ):
            patch.setattr(module, name, value)
        writer = SpellingWriter(folder)
        for fields in entities:
            writer.add({name: " ".join(words) for name, words in zip(TEXT_FIELDS, fields, strict=True)})
        writer.write()
    counts: Counter[tuple[int, str]] = Counter()
    for fields in entities:
        counts.update((place, word) for place, words in enumerate(fields) for word in set(words) if word != "1984")
    of_form: Counter[str] = Counter()
    of_word: Counter[str] = Counter()
    for (_, form), count in counts.items():
        of_form[form] += count
        of_word[plain(form)] += count
    kept = sorted(sorted(of_word, key=lambda word: (-of_word[word], word))[:most])
    found = Spelling.open(folder)
    assert found is not None
    assert [found.plain(place) for place in range(len(found))] == kept
    for place, word in enumerate(kept):
        forms = [form for form in of_form if plain(form) == word]
        assert found.word(place) == min(forms, key=lambda form: (-of_form[form], form))
        expected = [sum(counts[field, form] for form in forms) for field in range(len(TEXT_FIELDS))]
        assert found.counts[place].tolist() == expected
        assert found.find(word) == place
    assert found.counts.dtype == np.int32
    assert all(path.suffix == ".npy" for path in folder.iterdir())


@given(
    words=st.lists(st.sampled_from(["cafe", "l'été", "東京都", "x2", "a-b-c", "(halo)"]), max_size=30),
    most=st.integers(1, 40),
)
def test_words_of_short_and_long_texts(words: list[str], most: int) -> None:
    """Whether a text may have too many words to count or not, those of its first pieces count."""
    text = " ".join(words)
    expected: set[str] = set()
    read = 0
    for piece in cut(text):
        if not piece.pairs:
            expected.update(filter(spellable, (*piece.words, piece.joined)))
            read += len(piece.words)
        if read >= most:
            break
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spelling_writer, "_MOST_READ", most)
        assert spelling_writer._words(text) == expected
