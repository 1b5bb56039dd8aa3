"""Sparse vectors of a segment: for each term the rows that have it, and how much it weighs there.

    sparse/terms.npy      (t,) int32, ascending: numbers of the model's vocabulary
    sparse/starts.npy     (t + 1,) int64: where in the lists each term's begins
    sparse/scales.npy     (t,) float32: a weight is scale × what the list holds
    sparse/rows.npy       int32, ascending within a term
    sparse/weights.npy    uint8, 1 … 255

All is mapped, nothing is loaded. Scores are exact but for the rounding of the weights (half of 1/255 of the term's
largest): term at a time, every list of the query's terms is read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.index.files import mapped

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

FOLDER = "sparse"


class SparseWriter:
    """Collects the terms of one row after the other."""

    def __init__(self) -> None:
        self._terms: list[NDArray[np.int32]] = []
        self._weights: list[NDArray[np.float32]] = []

    def add(self, terms: NDArray[np.int32], weights: NDArray[np.float32]) -> None:
        """Add the next row's distinct terms, and their weights above 0."""
        self._terms.append(terms)
        self._weights.append(weights)

    def write(self, segment: Path) -> None:
        """Write the lists."""
        counts = [len(terms) for terms in self._terms]
        rows = np.arange(len(counts), dtype=np.int32).repeat(counts)
        flat = np.concatenate([np.empty(0, np.int32), *self._terms])
        weights = np.concatenate([np.empty(0, np.float32), *self._weights])
        order = np.argsort(flat, kind="stable")
        flat, rows, weights = flat[order], rows[order], weights[order]
        terms, starts = np.unique(flat, return_index=True)
        sizes = np.diff([*starts, len(flat)])
        largest = np.maximum.reduceat(weights, starts) if len(terms) else np.empty(0, np.float32)
        scales = (largest / 255).astype(np.float32)
        steps = np.clip(np.rint(weights / scales.repeat(sizes)), 1, 255).astype(np.uint8)
        directory = segment / FOLDER
        directory.mkdir()
        np.save(directory / "terms.npy", terms.astype(np.int32))
        np.save(directory / "starts.npy", np.array([*starts, len(flat)], np.int64))
        np.save(directory / "scales.npy", scales)
        np.save(directory / "rows.npy", rows)
        np.save(directory / "weights.npy", steps)


class Sparse:
    """A segment's lists."""

    def __init__(self, directory: Path, rows: int) -> None:
        self._count = rows
        self._terms: NDArray[np.int32] = mapped(directory / "terms.npy")
        self._starts: NDArray[np.int64] = mapped(directory / "starts.npy")
        self._scales: NDArray[np.float32] = mapped(directory / "scales.npy")
        self._rows: NDArray[np.int32] = mapped(directory / "rows.npy")
        self._weights: NDArray[np.uint8] = mapped(directory / "weights.npy")
        if not len(self._terms) == len(self._scales) == len(self._starts) - 1 or len(self._rows) != len(self._weights):
            raise ValueError("the files of sparse vectors do not fit together")

    @classmethod
    def open(cls, segment: Path, rows: int) -> Sparse | None:
        """Map a segment's lists; None if it has none."""
        return cls(segment / FOLDER, rows) if (segment / FOLDER).is_dir() else None

    def frequencies(self, terms: NDArray[np.int32]) -> NDArray[np.int64]:
        """Return in how many rows each term is: (n,) int64."""
        places, has = self._places(terms)
        return np.where(has, self._starts[places + 1] - self._starts[places], 0) if len(self._terms) else has * 0

    def search(
        self, terms: NDArray[np.int32], weights: NDArray[np.float32], limit: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return up to `limit` rows and scores, Σ query weight × weight, above 0, best first, equal ones by row."""
        scores = np.zeros(self._count, np.float32)
        places, has = self._places(terms)
        for place, weight in zip(places[has].tolist(), weights[has].tolist(), strict=True):
            start, end = int(self._starts[place]), int(self._starts[place + 1])
            step = np.float32(weight * float(self._scales[place]))
            scores[self._rows[start:end]] += self._weights[start:end] * step  # no row is twice in a list
        rows = np.flatnonzero(scores > 0)
        if limit < len(rows):
            found = scores[rows]
            rows = rows[found >= np.partition(found, -limit)[-limit]]
        best = scores[rows]
        order = np.lexsort((rows, -best))[:limit]
        return rows[order], best[order]

    def _places(self, terms: NDArray[np.int32]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        if not len(self._terms):
            return np.zeros(len(terms), np.intp), np.zeros(len(terms), bool)
        places = np.minimum(self._terms.searchsorted(terms), len(self._terms) - 1)
        return places, self._terms[places] == terms
