"""One segment's vectors: the truth in vectors.npy, and beside it a USearch graph where exact search would be slower.

An entity has a vector, and one more for each passage of a long text (index/passages.py). What is nearest to a query is
the entity whose best vector is.
"""

from __future__ import annotations

from copy import copy
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from ltrr_cli.index.files import mapped
from ltrr_cli.index.passages import Passages, cosines
from ltrr_cli.native import usearch_index

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

GRAPH_FROM = 4_000
"""Vectors from which on a segment gets a graph. Below, comparing with every vector is as fast, and exact."""
_GRAPH = "ann.usearch"
_EXPANSION, _EXPANSION_EACH = 192, 4
"""Candidates that a graph search keeps: so many, and so many more for each that is wanted. Then at least 99 % of the
nearest 20, 50 or 100 of 9,750 films to a query are found; 128 candidates lost 3 to 6 %."""

EVEN = 6_000
"""Of n rows m allowed ones are all compared where m² ≤ EVEN · n: exact, and as fast as a graph that is searched past
the others. A graph finds one in 3.4 µs, of which m / n are allowed, and has to look for more than are wanted (_WIDER);
comparing takes .35 µs a row; a hundred are wanted."""
_WIDER = 3
"""A graph keeps so many times the candidates wanted under a filter: what is wanted lies further down than usual."""


class VectorsWriter:
    """Writes a segment's vectors as they come, so that memory does not grow with them.

    The graph (bfloat16: same recall as float32 at half the size) is made meanwhile. It holds those of the passages,
    too, under the numbers from n on.
    """

    def __init__(self, directory: Path, count: int, dim: int, *, graph_from: int = GRAPH_FROM) -> None:
        """Begin a file of (count, dim) float32, all zeros: on most file systems it takes no room yet."""
        self._directory = directory
        self._graph_from = graph_from
        self._graph: Any = None
        path = directory / "vectors.npy"
        if count:
            self.matrix = np.lib.format.open_memmap(path, "w+", np.float32, (count, dim)).view(np.ndarray)
        else:
            self.matrix = np.empty((0, dim), np.float32)
            np.save(path, self.matrix)
        if count >= graph_from:
            self._graph = self._new_graph()

    def put(self, start: int, vectors: NDArray[np.float32]) -> None:
        """Write the unit vectors of the rows from `start` on, (n, dim)."""
        self.matrix[start : start + len(vectors)] = vectors
        if self._graph is not None:
            self._graph.add(np.arange(start, start + len(vectors), dtype=np.uint64), vectors, threads=2)

    def finish(self, passages: NDArray[np.float32] | None = None) -> None:
        """Write the graph, if there is one; `passages` (m, dim)."""
        count, more = len(self.matrix), 0 if passages is None else len(passages)
        if self._graph is None and count + more >= self._graph_from:
            self._graph = self._new_graph()
            self._graph.add(np.arange(count, dtype=np.uint64), self.matrix, threads=2)
        if self._graph is not None:
            if passages is not None and more:
                self._graph.add(np.arange(count, count + more, dtype=np.uint64), passages, threads=2)
            self._graph.save(str(self._directory / _GRAPH))
            self._graph = None

    def _new_graph(self) -> Any:
        dim = self.matrix.shape[1]
        return usearch_index().Index(ndim=dim, metric="ip", dtype="bf16")


def write_vectors(
    directory: Path,
    vectors: NDArray[np.float32],
    *,
    passages: NDArray[np.float32] | None = None,
    graph_from: int = GRAPH_FROM,
) -> None:
    """Write (n, dim) float32 unit vectors, those of the `passages`, (m, dim), into the graph only."""
    writer = VectorsWriter(directory, *vectors.shape, graph_from=graph_from)
    if len(vectors):
        writer.put(0, vectors)
    writer.finish(passages)


class Vectors:
    """Nearest entities to a query vector; `matrix` has each entity's own, (n, dim) float32."""

    def __init__(self, directory: Path) -> None:
        self.matrix: NDArray[np.float32] = mapped(directory / "vectors.npy")
        self.passages = Passages.open(directory)
        self._path = directory / _GRAPH
        self._graph: Any = None
        self._lock = Lock()  # one search at a time: it has one scratch space, and is told before how much to keep
        self.exact = not self._path.exists()
        self._within: NDArray[np.int64] | None = None

    def within(self, rows: NDArray[np.int64]) -> Vectors:
        """Return the vectors of these rows, ascending, to search in. Where they are many the graph finds others too."""
        exact = self.exact or len(rows) ** 2 <= EVEN * len(self.matrix)
        if not exact:
            self._opened()
        narrow = copy(self)
        narrow.exact, narrow._within = exact, rows  # noqa: SLF001 – its own copy
        return narrow

    def nearest(self, vector: NDArray[np.float32], limit: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return up to `limit` rows and their cosines to `vector`, best first, equal ones by row."""
        if self.exact:
            within = self._within
            if within is None:
                scores = cosines(self.matrix, vector)
                self.passages.raise_all(scores, vector)
            else:
                scores = self.similarity(within, vector)
            if limit < len(scores):
                # All that equal the last one too: which of equal ones is cut must not depend on the partition.
                rows = np.flatnonzero(scores >= np.partition(scores, -limit)[-limit])
            else:
                rows = np.arange(len(scores), dtype=np.int64)
            best = scores[rows]
            rows = rows if within is None else within[rows]
        else:
            wanted = limit if self._within is None else min(len(self.matrix), limit * _WIDER)
            rows = self._by_graph(vector, wanted)
            best = self.similarity(rows, vector)  # the graph's distances are rounded to bfloat16
        order = np.lexsort((rows, -best))[:limit]
        return rows[order], best[order].astype(np.float32)

    def passage(self, row: int, vector: NDArray[np.float32]) -> tuple[int, int] | None:
        """Return which part of a row's text is nearest to a unit vector; None where nothing is nearer than all."""
        if not self.passages.has(row):
            return None
        return self.passages.best(row, vector, float(self.matrix[row] @ vector))

    def nodes(self) -> int:
        """Return how many vectors can be found."""
        return len(self.matrix) + len(self.passages) if self.exact else len(self._opened())

    def _opened(self) -> Any:
        """Return the graph, opened on first use."""
        if self._graph is None:
            self._graph = usearch_index().Index.restore(str(self._path), view=True)
        return self._graph

    def _by_graph(self, vector: NDArray[np.float32], limit: int) -> NDArray[np.int64]:
        """Return the rows of at least `limit` entities, if there are as many: several hits may be of one entity."""
        n, m = len(self.matrix), len(self.passages)
        wanted = limit if not m else min(n + m, limit * 2)
        while True:
            with self._lock:
                graph = self._opened()
                graph.expansion_search = _EXPANSION + _EXPANSION_EACH * limit
                keys: NDArray[np.int64] = graph.search(vector, wanted, threads=1).keys.astype(np.int64)
            if not m:
                return keys
            rows = self.passages.owners(keys, n)
            if len(rows) >= min(limit, n) or wanted >= n + m:
                return rows
            wanted = min(n + m, wanted * 2)

    def similarity(self, rows: NDArray[np.int64], vector: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the cosine of each row's best vector with this one: (n,) float32."""
        scores = cosines(self.matrix.take(rows, 0), vector)
        self.passages.raise_some(scores, rows, vector)
        return scores
