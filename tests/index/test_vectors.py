"""Vectors: nearest entities, exactly and by the graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from ltrr_cli.index.passages import cosines
from ltrr_cli.index.vectors import Vectors, write_vectors

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def unit(vectors: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return the rows scaled to norm 1."""
    scaled: NDArray[np.float32] = (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)
    return scaled


def test_exact_order_and_ties(tmp_path: Path) -> None:
    """The best come first, equal ones by row, also where a limit cuts through equal ones."""
    write_vectors(tmp_path, np.array([[0, 1], [1, 0], [0.6, 0.8], [1, 0], [-1, 0], [1, 0]], np.float32))
    vectors = Vectors(tmp_path)
    assert vectors.exact
    query = np.array([1, 0], np.float32)
    for limit, expected in (
        (1, [1]),
        (2, [1, 3]),
        (4, [1, 3, 5, 2]),
        (6, [1, 3, 5, 2, 0, 4]),
        (50, [1, 3, 5, 2, 0, 4]),
    ):
        rows, scores = vectors.nearest(query, limit)
        assert rows.tolist() == expected
        assert scores.tolist() == pytest.approx([1, 1, 1, 0.6, 0, -1][:limit])


def test_cosines_by_hand() -> None:
    """Each row's product with the vector."""
    matrix = np.array([[0, 1], [1, 0], [0.6, 0.8]], np.float32)
    found = cosines(matrix[[2, 0, 2, 1]], np.array([1, 0], np.float32))
    assert found.dtype == np.float32
    assert found.tolist() == pytest.approx([0.6, 0, 0.6, 1])


def test_graph_finds_what_exact_search_finds(tmp_path: Path) -> None:
    """On 3,000 random vectors the graph's first hundred hold at least 99 % of the true ones, with true cosines.

    Of 12 dimensions: texts are not spread evenly over all directions, as random vectors of many dimensions are.
    """
    rng = np.random.default_rng(0)
    matrix, queries = unit(rng.normal(size=(3000, 12))), unit(rng.normal(size=(50, 12)))
    write_vectors(tmp_path, matrix, graph_from=3000)
    (tmp_path / "exact").mkdir()
    write_vectors(tmp_path / "exact", matrix, graph_from=3001)
    graph, exact = Vectors(tmp_path), Vectors(tmp_path / "exact")
    assert not graph.exact
    assert exact.exact
    found = 0
    for query in queries:
        rows, scores = graph.nearest(query, 100)
        assert scores.tolist() == pytest.approx((matrix[rows] @ query).tolist(), abs=1e-6)
        assert np.all(np.diff(scores) <= 0)
        found += len(set(rows.tolist()) & set(exact.nearest(query, 100)[0].tolist()))
    assert found >= 0.99 * 100 * len(queries)


def test_graph_orders_equal_vectors_by_row(tmp_path: Path) -> None:
    """Equal vectors come by row out of the graph too."""
    matrix = unit(np.random.default_rng(1).normal(size=(60, 8)))
    matrix[[40, 7, 23]] = matrix[7]
    write_vectors(tmp_path, matrix, graph_from=1)
    assert Vectors(tmp_path).nearest(matrix[7], 3)[0].tolist() == [7, 23, 40]


@pytest.mark.parametrize("few", [0, 1 << 30])
def test_within_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    """Of a tenth of the rows the nearest are found: all of them where they are compared, ≥ 99 % by the graph."""
    monkeypatch.setattr("ltrr_cli.index.vectors.EVEN", few)
    rng = np.random.default_rng(0)
    drawn = rng.normal(size=(3000, 24)).astype(np.float32)
    matrix = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    write_vectors(tmp_path, matrix, graph_from=1)
    rows = np.sort(rng.choice(3000, 300, replace=False))
    vectors = Vectors(tmp_path)
    within = vectors.within(rows)
    assert not vectors.exact
    found = 0
    for vector in matrix[rng.choice(3000, 40)]:
        best = rows[np.argsort(-cosines(matrix[rows], vector), kind="stable")[:20]]
        got, _ = within.nearest(vector, 20 if few else 800)
        found += len({*best.tolist()} & {*got.tolist()})
        assert not few or got.tolist() == best.tolist()
    assert found >= 0.99 * 40 * 20
