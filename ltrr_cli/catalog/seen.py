"""What was seen before, by 64-bit hash, in sixteen bytes each: a catalogue may have millions of ids."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_RECENT = 1 << 16
"""Hashes that wait in a dictionary, where one takes ten times as much."""


class Seen:
    """Remembers where each hash was first seen."""

    def __init__(self) -> None:
        self._recent: dict[int, int] = {}
        self._old: tuple[NDArray[np.uint64], NDArray[np.int64]] | None = None  # hashes, sorted, and their places

    def before(self, value: int, place: int) -> int | None:
        """Return the place that a hash came with when it first came; None where that is now."""
        known = self._recent.get(value)
        if known is not None:
            return known
        if self._old is not None:
            hashes, places = self._old
            at = int(hashes.searchsorted(hashes.dtype.type(value)))
            if at < len(hashes) and int(hashes[at]) == value:
                return int(places[at])
        self._recent[value] = place
        if len(self._recent) == _RECENT:
            self._settle()
        return None

    def _settle(self) -> None:
        import numpy as np

        hashes = np.fromiter(self._recent, np.uint64, len(self._recent))
        places = np.fromiter(self._recent.values(), np.int64, len(self._recent))
        if self._old is not None:
            hashes, places = np.concatenate([self._old[0], hashes]), np.concatenate([self._old[1], places])
        order = np.argsort(hashes)
        self._old = hashes[order], places[order]
        self._recent = {}
