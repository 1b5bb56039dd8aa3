"""One segment's vectors: the truth in vectors.npy, and beside it a USearch graph where exact search would be slower."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ltrr_cli.index.files import mapped
from ltrr_cli.native import usearch_index

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

GRAPH_FROM = 2_000
"""Entities from which on a segment gets a graph. Below, comparing with every vector is as fast, and exact."""
_GRAPH = "ann.usearch"
_EXPANSION = 128
"""Candidates that a graph search keeps: USearch's default of 64 loses 6 % of the nearest ten of random vectors."""


def write_vectors(directory: Path, vectors: NDArray[np.float32], *, graph_from: int = GRAPH_FROM) -> None:
    """Write (n, dim) float32 unit vectors, and the graph (bfloat16: same recall as float32 at half the size)."""
    np.save(directory / "vectors.npy", np.ascontiguousarray(vectors, np.float32))
    if len(vectors) >= graph_from:
        index = usearch_index().Index(ndim=vectors.shape[1], metric="ip", dtype="bf16", expansion_search=_EXPANSION)
        index.add(np.arange(len(vectors), dtype=np.uint64), vectors, threads=2)
        index.save(str(directory / _GRAPH))


class Vectors:
    """Nearest entities to a query vector; `matrix` has all vectors, (n, dim) float32."""

    def __init__(self, directory: Path) -> None:
        self.matrix: NDArray[np.float32] = mapped(directory / "vectors.npy")
        self._path = directory / _GRAPH
        self._graph: Any = None
        self.exact = not self._path.exists()

    def nearest(self, vector: NDArray[np.float32], limit: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return up to `limit` rows and their cosines to `vector`, best first, equal ones by row."""
        if self.exact:
            scores = cosines(self.matrix, vector)
            if limit < len(scores):
                # All that equal the last one too: which of equal ones is cut must not depend on the partition.
                rows = np.flatnonzero(scores >= np.partition(scores, -limit)[-limit])
            else:
                rows = np.arange(len(scores), dtype=np.int64)
            best = scores[rows]
        else:
            matches = self._opened().search(vector, limit, threads=1)
            rows = matches.keys.astype(np.int64)
            best = cosines(self.matrix[rows], vector)  # the graph's distances are rounded to bfloat16
        order = np.lexsort((rows, -best))[:limit]
        return rows[order], best[order].astype(np.float32)

    def nodes(self) -> int:
        """Return how many vectors can be found."""
        return len(self.matrix) if self.exact else len(self._opened())

    def _opened(self) -> Any:
        if self._graph is None:
            self._graph = usearch_index().Index.restore(str(self._path), view=True)
            self._graph.expansion_search = _EXPANSION
        return self._graph


def cosines(matrix: NDArray[np.float32], vector: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the product of (n, dim) and (dim,): (n,) float32.

    On this thread: BLAS wakes its pool for it, which slows the encoder's down.
    """
    product: NDArray[np.float32] = np.einsum("nd,d->n", matrix, vector)
    return product
