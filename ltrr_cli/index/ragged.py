"""Lists of different lengths, stored one after the other: take those of some rows, and find values in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    _Number = TypeVar("_Number", np.uint32, np.uint64)

_AT_ONCE = 1 << 20
"""Comparisons made in one step, a byte each: a few words of a few hundred texts."""


def taken(
    values: NDArray[_Number], starts: NDArray[np.int64], lengths: NDArray[np.int64]
) -> tuple[NDArray[_Number], NDArray[np.int64]]:
    """Return the lists that start there and are so long, one after the other, and where in it each ends: (n,)."""
    ends = lengths.cumsum()
    total = int(ends[-1]) if len(ends) else 0
    places = (starts - ends + lengths).repeat(lengths)
    places += np.arange(total)
    return values.take(places), ends


def found(flat: NDArray[_Number], wanted: NDArray[_Number]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return which wanted value stands where, (hits,) each: all places of the first, ascending, then of the next."""
    size = len(flat)
    if size * len(wanted) <= _AT_ONCE:
        hits = (flat == wanted[:, None]).ravel().nonzero()[0]
        which = hits // max(1, size)
        return which, hits - which * size
    each = [(flat == value).nonzero()[0] for value in wanted]
    return np.arange(len(wanted)).repeat([len(one) for one in each]), np.concatenate(each)
