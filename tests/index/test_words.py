"""Words of fields: counts, prefix, phrase and names, by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from ltrr_cli.index.words import Words, WordsWriter, stem_hashes

if TYPE_CHECKING:
    from pathlib import Path

ROWS = [
    {"title": "dark knight rise", "creator": "knight", "attributes": "", "text": "a dark dark film"},
    {"title": "the dark", "creator": "", "attributes": "dark", "text": ""},
    {"title": "", "creator": "", "attributes": "", "text": ""},
    {"title": "knight dark dark", "creator": "", "attributes": "", "text": "knight"},
    {"title": "night", "creator": "dark knight", "attributes": "film", "text": "rise knight"},
]


@pytest.fixture
def words(tmp_path: Path) -> Words:
    """Return the words of five entities."""
    writer = WordsWriter(tmp_path)
    for row in ROWS:
        writer.add({name: text.split() for name, text in row.items()})
    writer.close()
    found = Words.open(tmp_path)
    assert found is not None
    return found


def test_matches_by_hand(words: Words) -> None:
    """Each row and field by itself, in whatever order rows are asked for."""
    found = words.match(np.array([4, 0, 1, 2, 3, 0]), stem_hashes(["dark", "knight"]))
    assert found.counts.tolist() == [
        [[0, 0], [1, 1], [1, 0], [0, 0], [2, 1], [1, 1]],
        [[1, 1], [0, 1], [0, 0], [0, 0], [0, 0], [0, 1]],
        [[0, 0], [0, 0], [1, 0], [0, 0], [0, 0], [0, 0]],
        [[0, 1], [2, 0], [0, 0], [0, 0], [0, 1], [2, 0]],
    ]
    assert found.lengths.tolist() == [[1, 3, 2, 0, 3, 3], [2, 1, 0, 0, 0, 1], [1, 0, 1, 0, 0, 0], [2, 4, 0, 0, 1, 4]]
    assert found.prefix.tolist() == [0, 1, 0, 0, 0, 1]
    assert found.phrase.tolist() == [0, 1, 0, 0, 0, 1]
    assert found.named.tolist() == [0, 0, 0, 0, 0, 0]
    assert words.means.tolist() == pytest.approx([9 / 5, 1, 1, 7 / 5])


def test_a_whole_title_in_the_query(words: Words) -> None:
    """A title is named where all its words stand in the query, next to each other."""
    asked = stem_hashes(["watch", "the", "dark", "knight", "rise"])
    found = words.match(np.arange(5), asked)
    assert found.named.tolist() == [1, 1, 0, 0, 0]
    assert found.prefix.tolist() == [0, 0, 0, 0, 0]


def test_a_phrase_over_the_edge_of_a_field(words: Words) -> None:
    """A title's last word and the creator's first, or the next title's, are no neighbours."""
    found = words.match(np.array([0, 3]), stem_hashes(["rise", "knight"]))
    assert found.phrase.tolist() == [0, 0]


def test_nothing_to_match(words: Words, tmp_path: Path) -> None:
    """No rows, a word that is nowhere, and words that were not written."""
    assert words.match(np.empty(0, np.int64), stem_hashes(["dark"])).counts.shape == (4, 0, 1)
    assert not words.match(np.arange(5), stem_hashes(["space"])).counts.any()
    assert Words.open(tmp_path / "elsewhere") is None
