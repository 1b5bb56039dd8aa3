"""Going through arrays range by range."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_cli.index import ranges as module
from ltrr_cli.index.ranges import laid, ranges

if TYPE_CHECKING:
    from pathlib import Path


@given(st.lists(st.integers(0, 9) | st.integers(0, 2**64 - 1), max_size=50), st.integers(1, 60), st.integers(1, 60))
def test_each_place_once_in_order(numbers: list[int], length: int, sampled: int) -> None:
    """The ranges' places, sorted in each by the key, are the places in the order of all keys."""
    keys = np.array(numbers, np.uint64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_RANGE", length)
        patch.setattr(module, "_PIECE", 7)
        patch.setattr(module, "_SAMPLED", sampled)
        found = list(ranges(keys))
    assert all((np.diff(places) > 0).all() for places in found)
    ordered = np.concatenate([places[keys[places].argsort(kind="stable")] for places in found])
    assert ordered.tolist() == keys.argsort(kind="stable").tolist()


def test_ranges_are_about_equal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Different keys fall into ranges of about the length that is wanted; one key is in one range."""
    monkeypatch.setattr(module, "_RANGE", 1_000)
    keys = np.random.default_rng(0).permutation(10_000).astype(np.uint64)
    assert max(map(len, ranges(keys))) <= 1_100
    keys[::3] = 77
    assert max(map(len, ranges(keys))) < 3_334 + 2_000


def test_laid(tmp_path: Path) -> None:
    """It is zeros, and what is written to it is in the file, as NumPy would have saved it."""
    array = laid(tmp_path / "laid.npy", np.int32, 1_000)
    assert not array.any()
    array[[5, 999]] = 1, 2
    np.save(tmp_path / "saved.npy", array)
    assert (tmp_path / "laid.npy").read_bytes() == (tmp_path / "saved.npy").read_bytes()
    assert len(laid(tmp_path / "empty.npy", np.int32, 0)) == len(np.load(tmp_path / "empty.npy")) == 0
