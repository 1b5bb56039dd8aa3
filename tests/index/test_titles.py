"""Titles: how well a query's words and an entity's title match."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from ltrr_cli.index.titles import Titles, TitlesWriter
from ltrr_cli.text import hash64, key, token_hash, tokens

if TYPE_CHECKING:
    from pathlib import Path

TITLES = ["Love Story", "The love of my life", "", "STORY, love!", "love love love", "東京物語", "Story"]


def write(directory: Path) -> None:
    """Write the titles."""
    writer = TitlesWriter(directory)
    for title in TITLES:
        writer.add(title)
    writer.close()


def match(directory: Path, query: str, weights: list[float], rows: list[int]) -> list[list[float]]:
    """Return (same, covered, filled) as lists."""
    write(directory)
    words = np.array([token_hash(word) for word in tokens(query)], np.uint64)
    found = Titles(directory).match(np.array(rows, np.int64), hash64(key(query)), words, np.array(weights, np.float32))
    return [part.tolist() for part in found]


def test_match_by_hand(tmp_path: Path) -> None:
    """Same, covered and filled of "love story" with weights 0.25 and 0.75 are as counted by hand."""
    same, covered, filled = match(tmp_path, "love story", [0.25, 0.75], [0, 1, 2, 3, 4, 5, 6])
    assert same == [1, 0, 0, 0, 0, 0, 0]
    assert covered == pytest.approx([1, 0.25, 0, 1, 0.25, 0, 0.75])
    assert filled == pytest.approx([1, 1 / 5, 0, 1, 1, 0, 1])


def test_rows_may_come_in_any_order(tmp_path: Path) -> None:
    """Asked for rows out of order, and twice, each answer belongs to its row."""
    _, covered, _ = match(tmp_path, "love story", [0.25, 0.75], [6, 0, 6, 2])
    assert covered == pytest.approx([0.75, 1, 0.75, 0])


def test_characters_without_spaces(tmp_path: Path) -> None:
    """A title in a script without spaces matches by its pairs of characters."""
    _, covered, filled = match(tmp_path, "東京", [1.0], [5, 0])
    assert covered == [1, 0]
    assert filled == pytest.approx([1 / 3, 0])


def test_no_rows(tmp_path: Path) -> None:
    """No rows give no matches."""
    assert match(tmp_path, "love", [1.0], []) == [[], [], []]


@pytest.mark.parametrize("written", [True, False])
def test_titles_by_their_keys(tmp_path: Path, written: bool) -> None:
    """Titles are found by key, however they are written; of several hashes each has its own, ascending.

    Also where an older ltrr did not write their order.
    """
    write(tmp_path)
    if not written:
        (tmp_path / "title.order.npy").unlink()
    wanted = np.array([hash64("love story"), hash64("nothing"), hash64("story love"), hash64("")], np.uint64)
    places, rows = Titles(tmp_path).having(wanted)
    assert list(zip(places.tolist(), rows.tolist(), strict=True)) == [(0, 0), (2, 3), (3, 2)]
