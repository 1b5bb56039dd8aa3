"""Attribute values: which entities have which, and a dictionary from words to values for query understanding.

A value is known by a term, `attribute=key of the value`. Numbers that look like years also give their decade, so that
"90s" finds 1994.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.index.files import mapped
from ltrr_cli.index.ragged import found, taken
from ltrr_cli.text import hash64, key

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from ltrr_cli.records import Entity

MAX_WORDS = 6
"""Longer values are text, not names: nobody types them as part of a query."""


def year_like(value: float) -> bool:
    """Tell whether a number may be a calendar year."""
    return 1000 <= value <= 2199 and value == int(value)


def terms(entity: Entity) -> Iterator[tuple[str, str]]:
    """Yield (attribute, key) for each value of the entity that a query may name, its type included."""
    if entity.type:
        yield "type", key(entity.type)
    for name, values in entity.attributes.items():
        for value in values:
            if isinstance(value, str):
                word = key(value)
                if word and word.count(" ") < MAX_WORDS:
                    yield name, word
            elif year_like(value):
                yield name, str(int(value))
                yield name, f"{int(value) // 10}0s"


class ValuesWriter:
    """Collects the values of entities in row order."""

    def __init__(self) -> None:
        self._rows: list[NDArray[np.uint64]] = []
        self._count: dict[tuple[str, str], int] = {}

    def add(self, entity: Entity) -> list[str]:
        """Add the next row; returns its terms for the full text."""
        pairs = sorted(set(terms(entity)))
        for pair in pairs:
            self._count[pair] = self._count.get(pair, 0) + 1
        found = [f"{name}={word}" for name, word in pairs]
        self._rows.append(np.array([hash64(term) for term in found], np.uint64))
        return found

    def write(self, directory: Path) -> tuple[str, ...]:
        """Write the arrays; returns the attribute names that `phrases.attribute` numbers."""
        lengths = np.array([len(row) for row in self._rows], np.int64)
        np.save(directory / "values.starts.npy", np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64))
        np.save(directory / "values.hashes.npy", np.concatenate([np.empty(0, np.uint64), *self._rows]))
        names = tuple(sorted({name for name, _ in self._count}))
        number = {name: i for i, name in enumerate(names)}
        entries = sorted((hash64(word), number[name], count) for (name, word), count in self._count.items())
        np.save(directory / "phrases.hash.npy", np.array([entry[0] for entry in entries], np.uint64))
        np.save(directory / "phrases.attribute.npy", np.array([entry[1] for entry in entries], np.uint16))
        np.save(directory / "phrases.count.npy", np.array([entry[2] for entry in entries], np.int32))
        return names


@dataclass(frozen=True, slots=True)
class Values:
    """The arrays of one segment, by memory map."""

    names: tuple[str, ...]
    starts: NDArray[np.int64]
    hashes: NDArray[np.uint64]
    phrase_hash: NDArray[np.uint64]
    phrase_attribute: NDArray[np.uint16]
    phrase_count: NDArray[np.int32]

    @classmethod
    def open(cls, directory: Path, names: tuple[str, ...]) -> Values:
        """Map the files that `ValuesWriter.write` made."""
        return cls(
            names,
            mapped(directory / "values.starts.npy"),
            mapped(directory / "values.hashes.npy"),
            mapped(directory / "phrases.hash.npy"),
            mapped(directory / "phrases.attribute.npy"),
            mapped(directory / "phrases.count.npy"),
        )

    def readings(self, phrases: NDArray[np.uint64]) -> list[tuple[int, str, int]]:
        """Return (place in `phrases`, attribute, number of entities) for each value whose key has one of the hashes."""
        lows = np.searchsorted(self.phrase_hash, phrases, "left")
        highs = np.searchsorted(self.phrase_hash, phrases, "right")
        return [
            (place, self.names[int(self.phrase_attribute[entry])], int(self.phrase_count[entry]))
            for place in np.flatnonzero(highs > lows).tolist()
            for entry in range(int(lows[place]), int(highs[place]))
        ]

    def shares(
        self, rows: NDArray[np.int64], wanted: NDArray[np.uint64], weights: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Return for each row the summed weights of the wanted term hashes that it has, by each of the m weightings.

        `weights` is (m, wanted); returns (m, n) float32.
        """
        starts = self.starts[rows]
        flat, ends = taken(self.hashes, starts, self.starts[rows + 1] - starts)
        which, hits = found(flat, wanted)
        owner = ends.searchsorted(hits, "right")
        out = np.empty((len(weights), len(rows)), np.float32)
        for place, one in enumerate(weights):
            out[place] = np.bincount(owner, one[which], len(rows))  # a row has a value once
        return out
