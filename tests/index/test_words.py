"""Words of fields: counts, prefix, phrase and names, by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from ltrr_cli.index.words import Words, WordsWriter, stem_hashes

if TYPE_CHECKING:
    from pathlib import Path

TITLES = ["dark knight rise", "the dark", "", "knight dark dark", "night"]


@pytest.fixture
def words(tmp_path: Path) -> Words:
    """Return five titles."""
    writer = WordsWriter()
    for title in TITLES:
        writer.add(title.split())
    writer.write(tmp_path, "title")
    found = Words.open(tmp_path, "title")
    assert found is not None
    return found


def test_matches_by_hand(words: Words) -> None:
    """Each row by itself, in whatever order rows are asked for."""
    found = words.match(np.array([4, 0, 1, 2, 3, 0]), stem_hashes(["dark", "knight"]))
    assert found.counts.tolist() == [[0, 0], [1, 1], [1, 0], [0, 0], [2, 1], [1, 1]]
    assert found.lengths.tolist() == [1, 3, 2, 0, 3, 3]
    assert found.prefix.tolist() == [0, 1, 0, 0, 0, 1]
    assert found.phrase.tolist() == [0, 1, 0, 0, 0, 1]
    assert found.named.tolist() == [0, 0, 0, 0, 0, 0]
    assert words.mean == pytest.approx(9 / 5)


def test_a_whole_title_in_the_query(words: Words) -> None:
    """A title is named where all its words stand in the query, next to each other."""
    asked = stem_hashes(["watch", "the", "dark", "knight", "rise"])
    found = words.match(np.arange(5), asked)
    assert found.named.tolist() == [1, 1, 0, 0, 0]
    assert found.prefix.tolist() == [0, 0, 0, 0, 0]


def test_nothing_to_match(words: Words, tmp_path: Path) -> None:
    """No rows, and a field that was not written."""
    assert words.match(np.empty(0, np.int64), stem_hashes(["dark"])).counts.shape == (0, 1)
    assert Words.open(tmp_path, "creator") is None
