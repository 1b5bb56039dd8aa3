"""Vectors made elsewhere, by name: those of a segment's entities that have one.

external/<name>/rows.npy       (m,) int64, ascending: whose they are
external/<name>/vectors.npy    (m, dim) float32 unit vectors, and the graph beside it as for the segment's own
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.index.files import mapped
from ltrr_cli.index.vectors import Vectors, write_vectors

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

FOLDER = "external"


def write_external(segment: Path, name: str, rows: NDArray[np.int64], vectors: NDArray[np.float32]) -> None:
    """Write the unit vectors (m, dim) of these rows, (m,), ascending."""
    directory = segment / FOLDER / name
    directory.mkdir(parents=True)
    np.save(directory / "rows.npy", rows)
    write_vectors(directory, vectors)


def open_external(segment: Path) -> dict[str, External]:
    """Open all of a segment's, by name."""
    folder = segment / FOLDER
    names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    return {name: External(folder / name) for name in names}


class External:
    """One set of them."""

    def __init__(self, directory: Path) -> None:
        self.rows: NDArray[np.int64] = mapped(directory / "rows.npy")
        self._vectors = Vectors(directory)
        if len(self.rows) != len(self._vectors.matrix):
            raise ValueError(f"the files of the vectors {directory.name} do not fit together")

    def __len__(self) -> int:
        """Return how many entities have one."""
        return len(self.rows)

    @property
    def dim(self) -> int:
        """How many numbers a vector has."""
        return int(self._vectors.matrix.shape[1])

    def nearest(self, vector: NDArray[np.float32], limit: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return up to `limit` rows of the segment and their cosines, best first, equal ones by row."""
        own, scores = self._vectors.nearest(vector, min(limit, len(self)))
        return self.rows[own], scores

    def of(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        """Return the places of those of these rows that have a vector, and their vectors."""
        if not len(self):
            return np.empty(0, np.intp), np.empty((0, self.dim), np.float32)
        found = np.minimum(self.rows.searchsorted(rows), len(self) - 1)
        places = np.flatnonzero(self.rows[found] == rows)
        return places, self._vectors.matrix.take(found[places], 0)
