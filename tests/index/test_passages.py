"""Several vectors of an entity: the best one counts, exactly and by the graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from ltrr_cli.index.passages import PassagesWriter
from ltrr_cli.index.vectors import Vectors, write_vectors

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def make(path: Path, *, graph_from: int) -> tuple[Vectors, NDArray[np.float32]]:
    """Write 300 entities, of which every third has one to four passages; return them, and the plain table of all."""
    path.mkdir()
    rng = np.random.default_rng(5)
    own = rng.normal(size=(300, 8))
    rows = np.sort(rng.choice(np.arange(0, 300, 3), 200)).astype(np.int64)
    more = rng.normal(size=(len(rows), 8))
    own, more = ((one / np.linalg.norm(one, axis=1, keepdims=True)).astype(np.float32) for one in (own, more))
    spans = np.stack([np.arange(len(rows)), np.arange(len(rows)) + 5], axis=1).astype(np.int32)
    writer = PassagesWriter(path, 8)
    for part in np.array_split(np.arange(len(rows)), 3):
        writer.add(more[part], rows[part], spans[part], part.astype(np.uint64))
    found = writer.finish()
    assert (found.vectors.tolist(), found.rows.tolist(), found.spans.tolist()) == (
        more.tolist(),
        rows.tolist(),
        spans.tolist(),
    )
    write_vectors(path, own, passages=more, graph_from=graph_from)
    return Vectors(path), np.vstack([own, more])


@pytest.mark.parametrize("graph_from", [1, 10_000])
def test_the_best_vector_counts(tmp_path: Path, graph_from: int) -> None:
    """An entity's score is the largest cosine of its vectors, and no entity is found twice."""
    vectors, table = make(tmp_path / "v", graph_from=graph_from)
    assert vectors.exact == (graph_from > 1)
    owners = np.concatenate([np.arange(300), vectors.passages.rows])
    for query in table[::50]:
        best = np.full(300, -2.0, np.float32)
        np.maximum.at(best, owners, table @ query)
        rows, scores = vectors.nearest(query, 20)
        assert len(set(rows.tolist())) == 20
        assert scores == pytest.approx(best[rows], abs=1e-6)
        expected = np.lexsort((np.arange(300), -best))[:20]
        assert len(set(rows.tolist()) & set(expected.tolist())) >= (20 if vectors.exact else 19)
        some = np.array([9, 2, 0, 299, 9], np.int64)
        assert vectors.similarity(some, query) == pytest.approx(best[some], abs=1e-6)
    assert len(vectors.nearest(table[0], 300)[0]) >= (300 if vectors.exact else 297)


def test_which_passage(tmp_path: Path) -> None:
    """The span of the nearest passage is returned, none where the entity's own vector is nearer, or has no other."""
    vectors, table = make(tmp_path / "v", graph_from=10_000)
    passages = vectors.passages
    row = int(passages.rows[7])
    assert passages.best(row, table[300 + 7], 0.9) == (7, 12)
    assert passages.best(row, table[row], 1.0) is None
    assert passages.best(1, table[0], -1.0) is None


def test_no_passages(tmp_path: Path) -> None:
    """A segment of an older ltrr has none, and searches as ever."""
    write_vectors(tmp_path, np.eye(3, dtype=np.float32))
    vectors = Vectors(tmp_path)
    assert len(vectors.passages) == 0
    assert vectors.nearest(np.eye(3, dtype=np.float32)[1], 2)[0].tolist() == [1, 0]


def test_files_that_do_not_fit(tmp_path: Path) -> None:
    """A file of another length is noticed when the segment is opened."""
    make(tmp_path / "v", graph_from=10_000)
    np.save(tmp_path / "v" / "passages.row.npy", np.zeros(3, np.int64))
    with pytest.raises(ValueError, match="do not fit"):
        Vectors(tmp_path / "v")
