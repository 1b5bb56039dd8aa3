"""The pool: one list of candidates, with who found each and where."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ltrr_cli.retrieval.base import Hits
from ltrr_cli.retrieval.pool import union


def _hits(*found: tuple[int, float]) -> Hits:
    return Hits(np.array([row for row, _ in found], np.int64), np.array([score for _, score in found], np.float32))


def test_by_hand() -> None:
    """Candidates are ordered by row; ranks count from 1, with 0 and nan where an arm did not find one."""
    pool = union({"a": _hits((7, 2.0), (3, 1.0)), "none": Hits.none(), "b": _hits((3, 0.5), (9, 0.25))})
    assert pool.arms == ("a", "none", "b")
    assert pool.rows.tolist() == [3, 7, 9]
    assert pool.ranks.tolist() == [[2, 0, 1], [1, 0, 0], [0, 0, 2]]
    assert np.array_equal(
        pool.scores, np.array([[1, np.nan, 0.5], [2, np.nan, np.nan], [np.nan, np.nan, 0.25]]), equal_nan=True
    )


def test_nothing() -> None:
    """No arms, or arms without hits, make an empty pool of the right shape."""
    assert union({}).rows.shape == (0,)
    pool = union({"a": Hits.none(), "b": Hits.none()})
    assert pool.ranks.shape == pool.scores.shape == (0, 2)
    assert pool.rows.dtype == np.int64


HITS = st.lists(st.tuples(st.integers(0, 30), st.floats(-5, 5, width=32)), max_size=12, unique_by=lambda hit: hit[0])


@given(st.dictionaries(st.sampled_from("abcd"), HITS, max_size=4))
def test_each_arm_can_be_read_back(found: dict[str, list[tuple[int, float]]]) -> None:
    """The pool holds each row once, and from it every arm's hits come back in their order with their scores."""
    pool = union({arm: _hits(*hits) for arm, hits in found.items()})
    assert pool.rows.tolist() == sorted({row for hits in found.values() for row, _ in hits})
    for number, arm in enumerate(pool.arms):
        places = np.flatnonzero(pool.ranks[:, number])
        places = places[np.argsort(pool.ranks[places, number])]
        assert pool.ranks[places, number].tolist() == list(range(1, len(places) + 1))
        assert list(zip(pool.rows[places].tolist(), pool.scores[places, number].tolist(), strict=True)) == found[arm]
    assert np.array_equal(pool.ranks == 0, np.isnan(pool.scores))
