"""A map from 64-bit hashes to numbers: an immutable sorted part by memory map, and what came since in a dict."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.index.files import mapped

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


_MANY = 2_000
"""Look-ups in the immutable part after which it pays to know where to look."""


class Table:
    """Hash → float. Missing hashes give 0."""

    def __init__(self, hashes: NDArray[np.uint64] | None = None, values: NDArray[np.float64] | None = None) -> None:
        self._hashes = np.empty(0, np.uint64) if hashes is None else hashes
        self._values = np.empty(0, np.float64) if values is None else values
        self._new: dict[int, float] = {}
        self._asked = 0
        self._places: _Places | None = None

    @classmethod
    def open(cls, directory: Path, name: str) -> Table:
        """Map `name.hash.npy` and `name.value.npy`."""
        return cls(mapped(directory / f"{name}.hash.npy"), mapped(directory / f"{name}.value.npy"))

    def write(self, directory: Path, name: str) -> None:
        """Write both parts, merged and sorted by hash."""
        hashes, values = self.arrays()
        np.save(directory / f"{name}.hash.npy", hashes)
        np.save(directory / f"{name}.value.npy", values)

    def arrays(self) -> tuple[NDArray[np.uint64], NDArray[np.float64]]:
        """Return all hashes, ascending, and their values, (n,) each."""
        hashes = np.concatenate([self._hashes, np.fromiter(self._new.keys(), np.uint64, len(self._new))])
        values = np.concatenate([self._values, np.fromiter(self._new.values(), np.float64, len(self._new))])
        # np.unique keeps the first of equal hashes, and newer values must win: newest first.
        unique, first = np.unique(hashes[::-1], return_index=True)
        return unique, values[::-1][first]

    def __getitem__(self, item: int) -> float:
        """Return the value of a hash, 0 if it has none."""
        found = self._new.get(item)
        if found is not None:
            return found
        return self._written(item) if self._places is None else self._places.value(item)

    def _written(self, item: int) -> float:
        """Return what the immutable part has of a hash, by bisection."""
        if not len(self._hashes):
            return 0.0
        self._asked += 1
        if self._asked > _MANY:
            self._places = _Places(self._hashes, self._values)
        place = int(self._hashes.searchsorted(np.uint64(item)))
        return float(self._values[place]) if place < len(self._hashes) and int(self._hashes[place]) == item else 0.0

    def values(self, items: NDArray[np.uint64]) -> NDArray[np.float64]:
        """Return the values of some hashes, 0 for those that have none: (n,) float64."""
        found = np.zeros(len(items))
        if len(self._hashes):
            places = np.minimum(self._hashes.searchsorted(items), len(self._hashes) - 1)
            np.copyto(found, self._values[places], where=self._hashes[places] == items)
        for place, value in enumerate(map(self._new.get, items.tolist() if self._new else ())):
            if value is not None:
                found[place] = value
        return found

    def __setitem__(self, item: int, value: float) -> None:
        """Set the value of a hash."""
        self._new[item] = value

    def __len__(self) -> int:
        """Return the number of hashes, those set again counted twice until they are written."""
        return len(self._hashes) + len(self._new)


class _Places:
    """Where a sorted table has the hashes that begin with the same bits: one or two, since as many bits are taken.

    A fold asks at every event. The numbers come from views: for a single one NumPy takes ten times as long.
    """

    def __init__(self, hashes: NDArray[np.uint64], values: NDArray[np.float64]) -> None:
        hashes, values = np.ascontiguousarray(hashes, np.uint64), np.ascontiguousarray(values, np.float64)
        bits = len(hashes).bit_length()
        self._shift = 64 - bits
        sizes = np.bincount((hashes >> np.uint64(self._shift)).astype(np.int64), minlength=1 << bits)
        self._starts = np.concatenate([[0], sizes.cumsum()]).astype(np.uint32).data
        self._hashes, self._values = hashes.data, values.data

    def value(self, item: int) -> float:
        """Return the value of a hash, 0 if it has none."""
        start = item >> self._shift
        for place in range(self._starts[start], self._starts[start + 1]):
            if self._hashes[place] == item:
                return self._values[place]
        return 0.0
