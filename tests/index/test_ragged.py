"""Lists of different lengths: taken and searched as plain lists are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from ltrr_cli.index import ragged

LISTS = some.lists(some.lists(some.integers(0, 5), max_size=4), min_size=1, max_size=8)


@pytest.mark.parametrize("at_once", [0, 1 << 20])
@given(lists=LISTS, wanted=some.lists(some.integers(0, 6), min_size=1, max_size=3), data=some.data())
def test_as_with_plain_lists(at_once: int, lists: list[list[int]], wanted: list[int], data: some.DataObject) -> None:
    """Whatever rows are taken, in any order: the same values, ends and places, however much is compared at once."""
    rows = np.array(data.draw(some.lists(some.integers(0, len(lists) - 1), max_size=6)), np.int64)
    values = np.array([value for one in lists for value in one], np.uint32)
    starts = np.cumsum([0, *map(len, lists)])
    flat, ends = ragged.taken(values, starts[rows], starts[rows + 1] - starts[rows])
    plain = [value for row in rows for value in lists[row]]
    assert flat.tolist() == plain
    assert ends.tolist() == np.cumsum([len(lists[row]) for row in rows]).tolist()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ragged, "_AT_ONCE", at_once)
        which, places = ragged.found(flat, np.array(wanted, np.uint32))
    expected = [(i, j) for i, one in enumerate(wanted) for j, value in enumerate(plain) if value == one]
    assert list(zip(which.tolist(), places.tolist(), strict=True)) == expected
