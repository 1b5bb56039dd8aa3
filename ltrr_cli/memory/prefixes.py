"""Texts by their beginning: sorted keys with what they stand for, looked up by binary search in a memory map.

Files of a table, in its folder: `text.npy` (bytes of the keys, in order), `starts.npy` (n + 1) where each begins,
`weights.npy` (n,) float64, `numbers.npy` (n,) int64, whose meaning is the caller's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ltrr_cli.index.files import mapped
from ltrr_cli.index.gathered import Gathered
from ltrr_cli.index.growing import Growing

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import polars as pl
    from numpy.typing import NDArray

_TOGETHER = 65_536
"""Keys that are written together."""
_PARTS = ("text", "starts", "weights", "numbers")


class Entry(NamedTuple):
    """A key, its weight and the number that the caller gave it."""

    key: str
    weight: float
    number: int


@dataclass(frozen=True, slots=True)
class Prefixes:
    """The arrays, opened by memory map."""

    text: NDArray[np.uint8]
    starts: NDArray[np.int64]
    weights: NDArray[np.float64]
    numbers: NDArray[np.int64]

    @classmethod
    def open(cls, directory: Path) -> Prefixes | None:
        """Map what `write_prefixes` wrote; None where nothing was (ltrr before 0.1)."""
        if not (directory / "text.npy").exists():
            return None
        return cls(*(mapped(directory / f"{name}.npy") for name in _PARTS))

    def __len__(self) -> int:
        """Return the number of entries."""
        return len(self.weights)

    def best(self, prefix: str, most: int, *, least: int | None = None) -> list[Entry]:
        """Return the heaviest entries whose key begins with the prefix, equal ones in the keys' order.

        With `least` only those whose number is not below it.
        """
        start = prefix.encode()
        low, high = self._place(start, after=False), self._place(start, after=True)
        places = np.arange(low, high)
        if least is not None:
            places = places[self.numbers[low:high] >= least]
        weights = self.weights[places]
        if len(places) > most:
            among = (weights >= np.partition(weights, -most)[-most]).nonzero()[0]
            places, weights = places[among], weights[among]
        chosen = places[np.lexsort((places, -weights))][:most]
        return [Entry(self._key(i).decode(), float(self.weights[i]), int(self.numbers[i])) for i in chosen.tolist()]

    def _key(self, place: int) -> bytes:
        return self.text[self.starts[place] : self.starts[place + 1]].tobytes()

    def _place(self, start: bytes, *, after: bool) -> int:
        """Return the first place whose key is not below `start`; `after`: nor begins with it."""
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) // 2
            head = self._key(middle)[: len(start)]
            if head < start or (after and head == start):
                low = middle + 1
            else:
                high = middle
        return low


def write_prefixes(directory: Path, entries: Iterable[tuple[str, float, int]]) -> None:
    """Write a table of (key, weight, number)."""
    gathered = Gathered(directory / "gathered")
    for key, weight, number in entries:
        gathered.add(key, number, weight)
    write_tables(directory, gathered.tables())


def write_tables(directory: Path, tables: Iterable[pl.DataFrame]) -> None:
    """Write a table of the keys, weights and numbers of tables as `Gathered` gives them."""
    directory.mkdir(parents=True, exist_ok=True)
    text, starts = Growing(directory / "text.npy", np.uint8), Growing(directory / "starts.npy", np.int64)
    weights, numbers = Growing(directory / "weights.npy", np.float64), Growing(directory / "numbers.npy", np.int64)
    starts.add(0)
    for table in tables:
        ordered = table.sort("key", "number", "weight")  # texts by their bytes
        lengths = ordered["key"].str.len_bytes().to_numpy()
        starts.append(text.length + lengths.cumsum(dtype=np.int64))
        for start in range(0, len(ordered), _TOGETHER):
            written = "".join(ordered["key"][start : start + _TOGETHER].to_list()).encode()
            text.append(np.frombuffer(written, np.uint8))
        weights.append(ordered["weight"].to_numpy())
        numbers.append(ordered["number"].to_numpy())
    for array in (text, starts, weights, numbers):
        array.close()
