"""Going through arrays that lie in files, some at a time, so that what is done with them needs little memory.

What is to be sorted is read range by range: first all places with the lowest keys, then those with the next, and so on.
Each range is sorted in memory, and what comes of it is written at the end of a growing file. For each range the keys
are read from the beginning to the end, which costs some nanoseconds a key.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

_RANGE = 1 << 19
"""Places of a range, about; one key's places stay together."""
_PIECE = 1 << 16
_SAMPLED = 1 << 20
"""Keys that are looked at, evenly drawn, to find out where a range may end."""


def pieces(count: int) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of so many numbers, some ten thousands at a time."""
    return ((start, min(start + _PIECE, count)) for start in range(0, count, _PIECE))


def ranges(keys: NDArray[Any]) -> Iterator[NDArray[np.int64]]:
    """Yield the places in `keys`, (n,), of one range of their values after the other, the lowest first.

    Each place is in one range, and places ascend within a range.
    """
    bounds = _bounds(keys)
    for low, high in zip([None, *bounds], [*bounds, None], strict=True):
        found = [np.empty(0, np.int64)]
        for start, end in pieces(len(keys)):
            part = keys[start:end]
            inside = np.ones(len(part), bool) if low is None else part >= low
            if high is not None:
                inside &= part < high
            found.append(inside.nonzero()[0] + start)
        yield np.concatenate(found)


def _bounds(keys: NDArray[Any]) -> list[Any]:
    """Return where the ranges after the first begin."""
    if len(keys) <= _RANGE:
        return []
    sample = np.sort(keys[:: -(-len(keys) // _SAMPLED)])
    count = -(-len(keys) // _RANGE)
    return list(np.unique(sample[np.arange(1, count) * len(sample) // count]))


def laid(path: Path, dtype: type[np.generic], *shape: int) -> NDArray[Any]:
    """Return an array of zeros that lies in a new .npy file, to be written in any order."""
    if 0 in shape:
        empty = np.empty(shape, dtype)
        np.save(path, empty)
        return empty
    array = np.lib.format.open_memmap(path, "w+", dtype, shape).view(np.ndarray)
    if hasattr(os, "posix_fallocate"):  # where the disk is full this fails; writing to a map would end the process
        with path.open("r+b") as out:
            os.posix_fallocate(out.fileno(), 0, path.stat().st_size)
    return array
