"""Context features of a bandit log as columns for a reward model."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

MOST_FEATURES = 16
"""Columns that a reward model gets: the features that vary most."""
_MOST_NAMES = 10_000


class Features:
    """Sparse rows of named values, of which the ones that vary most become columns."""

    def __init__(self) -> None:
        self._names: dict[str, int] = {}
        self._rows: list[tuple[tuple[int, float], ...]] = []

    def add(self, pairs: Iterable[tuple[str, float]]) -> None:
        """Add a round's features; names beyond the first 10,000 are ignored, and values that are not finite."""
        row = []
        for name, value in pairs:
            if math.isfinite(value) and (name in self._names or len(self._names) < _MOST_NAMES):
                row.append((self._names.setdefault(name, len(self._names)), value))
        self._rows.append(tuple(row))

    def dense(self) -> NDArray[np.float64]:
        """Return (n, ≤ MOST_FEATURES), each column scaled to at most 1."""
        sums, squares = np.zeros(len(self._names)), np.zeros(len(self._names))
        most = np.zeros(len(self._names))
        for row in self._rows:
            for place, value in row:
                most[place] = max(most[place], abs(value))
        scale = np.where(most > 0, most, 1.0)
        for row in self._rows:
            for place, value in row:
                sums[place] += value / scale[place]
                squares[place] += (value / scale[place]) ** 2
        count = max(1, len(self._rows))
        best = np.argsort(-(squares / count - (sums / count) ** 2), kind="stable")[:MOST_FEATURES]
        column = {int(place): number for number, place in enumerate(best)}
        out = np.zeros((len(self._rows), len(column)))
        for number, row in enumerate(self._rows):
            for place, value in row:
                if place in column:
                    out[number, column[place]] += value / scale[place]
        return out
