"""Positions of lines by the hash of a name."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ltrr_cli.feedback.log import Position
from ltrr_cli.feedback.positions import Positions

HASHES = st.sampled_from([0, 1, 2**63, 2**64 - 2, 2**64 - 1]) | st.integers(0, 2**64 - 1)


def _places(count: int) -> list[Position]:
    """Return that many places of a log in their order, over several files, of which some offsets need 64 bits."""
    return [Position(1 + number // 3, (number % 3) * 2**40) for number in range(count)]


@given(st.lists(HASHES, max_size=12), st.integers(0, 12), st.integers(0, 12))
def test_all_positions_are_found_in_the_order_of_the_log(hashes: list[int], first: int, second: int) -> None:
    """Wherever the arrays were taken and gone on from, each hash finds its lines, in order; all are counted."""
    expected: dict[int, list[Position]] = {}
    positions = Positions()
    for number, (wanted, place) in enumerate(zip(hashes, _places(len(hashes)), strict=True)):
        if number in (first, second):
            positions = Positions(positions.arrays())
        positions.add(wanted, place)
        expected.setdefault(wanted, []).append(place)
    for again in (positions, Positions(positions.arrays())):
        assert len(again) == len(hashes)
        assert {wanted: again.find(wanted) for wanted in expected} == expected
        for other in {0, 1, 2**64 - 1} - set(hashes):
            assert again.find(other) == []


def test_the_arrays_by_hand() -> None:
    """Sorted by hash, within a hash by place, in the narrow types that are written down."""
    positions = Positions()
    for wanted, place in zip((7, 2**64 - 1, 7, 3), _places(4), strict=True):
        positions.add(wanted, place)
    arrays = positions.arrays()
    assert {name: (array.dtype, array.tolist()) for name, array in arrays.items()} == {
        "hashes": (np.dtype(np.uint64), [3, 7, 7, 2**64 - 1]),
        "files": (np.dtype(np.uint32), [2, 1, 1, 1]),
        "offsets": (np.dtype(np.uint64), [0, 0, 2**41, 2**40]),
    }


def test_nothing_is_known_of_nothing() -> None:
    """Without lines there are empty arrays, from which one can go on."""
    assert len(Positions()) == 0
    again = Positions(Positions().arrays())
    assert (len(again), again.find(7)) == (0, [])
    again.add(7, Position(1, 5))
    assert (len(again), again.find(7)) == (1, [Position(1, 5)])


def test_found_positions_are_plain_numbers() -> None:
    """What was read from arrays is equal to, and hashes as, what was added: both are keys of the same caches."""
    positions = Positions()
    positions.add(7, Position(2, 9))
    found = Positions(positions.arrays()).find(7)
    assert found == [Position(2, 9)]
    assert (type(found[0].file), type(found[0].offset)) == (int, int)
    assert hash(found[0]) == hash(Position(2, 9))
