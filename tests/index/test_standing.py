"""How rows stand: the best known and the newest, as sorting all of them would find them."""

from __future__ import annotations

import numpy as np
import pytest

from ltrr_cli.index.standing import Standing


@pytest.fixture(scope="module")
def standing() -> Standing:
    """Return how 50 rows stand, with many equal ones and some of which nothing is known."""
    rng = np.random.default_rng(3)
    shares = (rng.integers(0, 6, (2, 50)) / 6).astype(np.float32)
    shares[rng.random((2, 50)) < 0.2] = np.nan
    return Standing(*shares)


@pytest.mark.parametrize("limit", [1, 7, 50, 99])
def test_the_best_known(standing: Standing, limit: int) -> None:
    """The most popular first, equal ones by row, unknown ones as if nobody knew them."""
    known = np.nan_to_num(standing._popularity)
    expected = sorted(range(50), key=lambda row: (-known[row], row))[:limit]
    rows, scores = standing.best_known(limit)
    assert rows.tolist() == expected
    assert scores.tolist() == known[expected].tolist()


@pytest.mark.parametrize("limit", [1, 7, 50, 99])
def test_the_newest(standing: Standing, limit: int) -> None:
    """The latest first, of equal ones the later row; what has no date is left out."""
    dates = standing._freshness
    assert dates is not None
    expected = sorted(np.flatnonzero(dates > 0).tolist(), key=lambda row: (-dates[row], -row))[:limit]
    rows, scores = standing.newest(limit)
    assert rows.tolist() == expected
    assert scores.tolist() == dates[expected].tolist()


def test_without_dates(standing: Standing) -> None:
    """A segment that an older ltrr wrote has none."""
    rows, scores = Standing(standing._popularity, None).newest(5)
    assert (len(rows), len(scores)) == (0, 0)


def test_the_factor(standing: Standing) -> None:
    """From 1 for the unknown to 2 for the best known."""
    plain = Standing(np.array([np.nan, 0, 1, 0.5], np.float32), None).factor
    assert plain.tolist() == pytest.approx([1, 1, 2, np.log2(3)])
