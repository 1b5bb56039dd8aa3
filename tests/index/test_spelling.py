"""The words of a segment, found by near spellings and by prefixes."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ltrr_cli.index.fulltext import TEXT_FIELDS
from ltrr_cli.index.spelling import Spelling, spellable
from ltrr_cli.index.spelling_writer import SpellingWriter

TITLES = ("Beyoncé halo", "Halo effect", "The Weeknd", "Война и мир", "तुम ही हो", "spider-man", "東京物語", "1984")
LETTERS = "abcdeßéйम"


def make(titles: list[str] | tuple[str, ...]) -> Spelling:
    """Return the words of these titles."""
    with TemporaryDirectory() as folder:
        writer = SpellingWriter(Path(folder))
        for title in titles:
            writer.add({**dict.fromkeys(TEXT_FIELDS, ""), "title": title})
        writer.write()
        found = Spelling.open(Path(folder))
    assert found is not None
    return found


def near(spelling: Spelling, word: str, limit: float = 1.0) -> list[str]:
    """Return the words that are near a word."""
    return [spelling.word(place) for place in spelling.near(word, limit)[0].tolist()]


def test_words_as_people_see_them() -> None:
    """Words keep their accents and are found without; each script with letters has them, what has none does not."""
    spelling = make(TITLES)
    every = {spelling.word(place) for place in range(len(spelling))}
    assert {"beyoncé", "halo", "война", "तुम", "spiderman", "spider"} <= every
    assert not every & {"1984", "東京"}
    place = spelling.find("halo")
    assert place is not None
    assert spelling.counts[place].tolist() == [2, 0, 0, 0]
    assert near(spelling, "beyonc") == ["beyoncé"]
    assert near(spelling, "вйона") == ["война"]
    assert near(spelling, "hlaoo") == []
    assert [spelling.word(one) for one in spelling.completions("week").tolist()] == ["weeknd"]
    assert len(spelling.completions("")) == 0


def test_no_words_at_all() -> None:
    """A segment without letters has no words, and nothing is near."""
    spelling = make(("1984", "!!!"))
    assert len(spelling) == 0
    assert near(spelling, "love") == []
    assert spelling.find("love") is None


def test_a_segment_of_an_older_ltrr(tmp_path: Path) -> None:
    """It has none of the files."""
    assert Spelling.open(tmp_path) is None


@pytest.mark.parametrize("word", ["mp3", "x" * 33, "", "42", "😀", "---"])
def test_what_is_no_word(word: str) -> None:
    """Words with digits, very long ones, and what has no letters are not corrected."""
    assert not spellable(word)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(LETTERS, min_size=4, max_size=12), min_size=1, max_size=30), st.data())
def test_every_error_is_found(words: list[str], data: st.DataObject) -> None:
    """Whatever single error is made, the word is among the near ones."""
    spelling = make(words)
    place = data.draw(st.integers(0, len(spelling) - 1))
    word = spelling.plain(place)
    at = data.draw(st.integers(0, max(0, len(word) - 2)))
    letter = data.draw(st.sampled_from(LETTERS))
    wrong = data.draw(
        st.sampled_from(
            [
                word[:at] + letter + word[at:],
                word[:at] + word[at + 1 :],
                word[:at] + letter + word[at + 1 :],
                word[:at] + word[at : at + 2][::-1] + word[at + 2 :],
            ]
        )
    )
    if wrong:
        assert place in spelling.near(wrong, 1.0)[0].tolist()


@given(st.lists(st.text("abc", min_size=1, max_size=6), max_size=400), st.text("abc", max_size=3))
@settings(max_examples=25, deadline=None)
def test_words_and_their_beginnings_are_found_among_many(words: list[str], start: str) -> None:
    """A look-up finds each word at its place, none that is not there, and all that begin with a text."""
    spelling = make(words)
    known = sorted(set(words))
    assert [spelling.find(word) for word in known] == list(range(len(known)))
    assert spelling.find(f"{start}z") is None
    longer = [word for word in known if word.startswith(start) and word != start] if start else []
    found = [spelling.word(place) for place in spelling.completions(start).tolist()]
    assert [word for word in found if word != start] == longer
