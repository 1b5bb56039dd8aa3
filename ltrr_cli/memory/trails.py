"""Trails: short lists by key, such as what a user acted on, by memory map; what came since the last checkpoint beside.

Keys and items are 64-bit hashes, so that nobody's name is in the table, and rows may change under it. Every list is
bounded, and so can be the number of keys: what is dropped depends on the order of what was added alone, so that a
replay drops the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.index.files import mapped
from ltrr_cli.index.ragged import taken

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from numpy.typing import NDArray

_PARTS = ("hash", "starts", "items", "masses", "order")
_NOTHING = (np.empty(0, np.uint64), np.empty(0, np.float64))


class Trails:
    """Key → items with a mass each, at most `most` a key.

    What is dropped is what was added to longest ago; with `heaviest` a list grows to twice as many, and then the
    lightest half goes. `keys` bounds the number of keys: who was added to longest ago goes; 0 is no bound.
    """

    def __init__(self, name: str, most: int, *, heaviest: bool = False, keys: int = 0) -> None:
        self._name, self._most, self._heaviest, self._most_keys = name, most, heaviest, keys
        self._hashes = np.empty(0, np.uint64)
        self._starts = np.zeros(1, np.int64)
        self._items, self._masses = _NOTHING
        self._new: dict[int, dict[int, float]] = {}
        self._order: dict[int, None] = {}  # keys, where they are bounded, the latest last

    def add(self, key: int, item: int, mass: float) -> None:
        """Add mass for one item under a key; it becomes the key's latest."""
        own = self.own(key)
        if self._heaviest:
            own[item] = own.get(item, 0.0) + mass
            if len(own) > 2 * self._most:
                self._lighten(key)
        else:
            own[item] = own.pop(item, 0.0) + mass
            if len(own) > self._most:
                del own[next(iter(own))]
        if self._most_keys:
            self._order.pop(key, None)
            self._order[key] = None
            if len(self._order) > self._most_keys:
                oldest = next(iter(self._order))
                del self._order[oldest]
                self._new.pop(oldest, None)

    def tie(self, one: int, others: Collection[int], mass: float) -> None:
        """Add mass for `one` and each of the others both ways, as `add` does: for trails of the heaviest."""
        if not others:
            return
        new, most = self._new, 2 * self._most
        own = self.own(one)
        full = len(own) + len(others) > most
        for other in others:
            own[other] = own.get(other, 0.0) + mass
            if full and len(own) > most:
                own = self._lighten(one)
            items = new.get(other) or self.own(other)
            items[one] = items.get(one, 0.0) + mass
            if len(items) > most:
                self._lighten(other)

    def _lighten(self, key: int) -> dict[int, float]:
        """Keep the heaviest half of a key's items, and return it."""
        ordered = sorted([(-mass, item) for item, mass in self._new[key].items()])
        lighter = self._new[key] = {item: -mass for mass, item in ordered[: self._most]}
        return lighter

    def get(self, key: int) -> tuple[NDArray[np.uint64], NDArray[np.float64]]:
        """Return a key's items (n,) and masses (n,), the latest last; none where it is not known."""
        own = self._new.get(key)
        if own is not None:
            return np.fromiter(own.keys(), np.uint64, len(own)), np.fromiter(own.values(), np.float64, len(own))
        return self._written(key)

    def own(self, key: int) -> dict[int, float]:
        """Return a key's items and their masses, the latest last: to look at, before something is added to them."""
        own = self._new.get(key)
        if own is None:
            items, masses = self._written(key)
            own = self._new[key] = dict(zip(items.tolist(), masses.tolist(), strict=True))
        return own

    def _written(self, key: int) -> tuple[NDArray[np.uint64], NDArray[np.float64]]:
        """Return what the last checkpoint has of a key."""
        if not len(self._hashes) or (self._most_keys and key not in self._order):
            return _NOTHING
        place = int(self._hashes.searchsorted(np.uint64(key)))
        if place >= len(self._hashes) or int(self._hashes[place]) != key:
            return _NOTHING
        low, high = int(self._starts[place]), int(self._starts[place + 1])
        return self._items[low:high], self._masses[low:high]

    def write(self, directory: Path) -> None:
        """Write all of it, sorted by key."""
        new = np.fromiter(self._new.keys(), np.uint64, len(self._new))
        kept = ~np.isin(self._hashes, new)
        if self._most_keys:
            kept &= np.isin(self._hashes, np.fromiter(self._order.keys(), np.uint64, len(self._order)))
        old = np.flatnonzero(kept)
        starts, lengths = self._starts[old], self._starts[old + 1] - self._starts[old]
        flat = [item for own in self._new.values() for item in own]
        items = np.concatenate([taken(self._items, starts, lengths)[0], np.array(flat, np.uint64)])
        masses = np.concatenate(
            [
                self._masses[_places(starts, lengths)],
                np.array([mass for own in self._new.values() for mass in own.values()], np.float64),
            ]
        )
        every = np.concatenate([self._hashes[old], new])
        sizes = np.concatenate([lengths, np.array([len(own) for own in self._new.values()], np.int64)])
        firsts = np.cumsum(sizes) - sizes
        order = np.argsort(every, kind="stable")
        places = _places(firsts[order], sizes[order])
        parts = {
            "hash": every[order],
            "starts": np.concatenate([[0], np.cumsum(sizes[order])]).astype(np.int64),
            "items": items[places],
            "masses": masses[places],
            "order": np.fromiter(self._order.keys(), np.uint64, len(self._order)),
        }
        for part, values in parts.items():
            np.save(directory / f"{self._name}.{part}.npy", values)

    def open(self, directory: Path) -> None:
        """Map what `write` wrote. Raises OSError or ValueError if it is damaged."""
        self._hashes, self._starts, self._items, self._masses, order = (
            mapped(directory / f"{self._name}.{part}.npy") for part in _PARTS
        )
        self._order = dict.fromkeys(order.tolist())


def _places(starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the places of lists that start there and are so long, one list after the other."""
    ends = lengths.cumsum()
    return np.repeat(starts - ends + lengths, lengths) + np.arange(int(ends[-1]) if len(ends) else 0)
