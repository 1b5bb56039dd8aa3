"""Inverted lists: what they find is what plain sums over all rows give."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ltrr_cli.index.sparse import Sparse, SparseWriter

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def write(path: Path, table: NDArray[np.float32]) -> Sparse:
    """Write and open a (rows, terms) table."""
    path.mkdir(parents=True, exist_ok=True)
    writer = SparseWriter()
    for row in table:
        terms = np.flatnonzero(row).astype(np.int32)
        writer.add(terms, row[terms])
    writer.write(path)
    opened = Sparse.open(path, len(table))
    assert opened is not None
    return opened


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 60), st.integers(1, 20))
def test_the_same_as_plain_sums(tmp_path_factory: pytest.TempPathFactory, seed: int, rows: int, terms: int) -> None:
    """Rows and scores are those of the matrix product, but for the rounding of weights; ties by row; depth cuts."""
    rng = np.random.default_rng(seed)
    table = (rng.random((rows, terms)) * (rng.random((rows, terms)) < 0.4)).astype(np.float32)
    sparse = write(tmp_path_factory.mktemp("sparse"), table)
    assert sparse.frequencies(np.arange(terms + 2, dtype=np.int32)).tolist() == [*(table > 0).sum(0).tolist(), 0, 0]
    asked = np.flatnonzero(rng.random(terms + 2) < 0.5).astype(np.int32)
    weights = rng.random(len(asked)).astype(np.float32)
    expected = np.zeros(rows)
    for term, weight in zip(asked.tolist(), weights.tolist(), strict=True):
        if term < terms:
            expected += weight * table[:, term]
    found, scores = sparse.search(asked, weights, rows)
    assert set(found.tolist()) == set(np.flatnonzero(expected > 0).tolist())
    assert scores == pytest.approx(expected[found], abs=float(weights.sum()) / 255 + 1e-6)
    assert list(zip((-scores).tolist(), found.tolist(), strict=True)) == sorted(
        zip((-scores).tolist(), found.tolist(), strict=True)
    )
    for limit in (1, 2, 5):
        assert sparse.search(asked, weights, limit)[0].tolist() == found[:limit].tolist()


def test_no_terms_at_all(tmp_path: Path) -> None:
    """Texts without a term are found by none."""
    sparse = write(tmp_path, np.zeros((3, 4), np.float32))
    assert sparse.search(np.array([1], np.int32), np.ones(1, np.float32), 5)[0].tolist() == []
    assert sparse.frequencies(np.array([1], np.int32)).tolist() == [0]


def test_no_lists(tmp_path: Path) -> None:
    """A segment built without a model has none."""
    assert Sparse.open(tmp_path, 3) is None
