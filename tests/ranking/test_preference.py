"""What an action says of two rankers: by hand, at least -1, and without bias by position."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_cli.ranking.debias import USUAL, Curve
from ltrr_cli.ranking.preference import places, preference


def _scores(*order: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.array(order, np.float32)


def test_by_hand() -> None:
    """What was acted on at the third place: moved to the first, e goes from 1/3 to 1; the other way it loses all."""
    live = _scores(3, 2, 1)
    assert preference(live, _scores(1, 2, 3), 2, USUAL) == pytest.approx(2.0)
    assert preference(live, _scores(1, 2, 3), 0, USUAL) == pytest.approx(1 / 3 - 1)
    assert preference(live, live, 1, USUAL) == 0
    assert preference(live, _scores(1, 2, 3), 2, Curve((1.0, 1.0, 1.0))) == 0


def test_equal_scores_keep_the_order_shown() -> None:
    """As the ranker and the page do: a tie is decided for what stood higher."""
    assert places(_scores(1, 1, 1)).tolist() == [0, 1, 2]
    assert places(_scores(1, 2, 1, 2)).tolist() == [2, 0, 3, 1]
    assert preference(_scores(1, 1), _scores(0, 0), 1, USUAL) == 0


@given(st.lists(st.tuples(st.floats(-9, 9), st.floats(-9, 9)), min_size=1, max_size=12), st.integers(0, 11))
def test_it_is_bounded_from_below(scores: list[tuple[float, float]], place: int) -> None:
    """Whatever was shown, and in whatever order, it is at least -1: so bets on it cannot lose more than they stake."""
    live, new = (_scores(*column) for column in zip(*scores, strict=True))
    assert preference(live, new, place % len(scores), USUAL) >= -1 - 1e-9


def test_its_mean_is_what_would_be_earned_more() -> None:
    """Over simulated clicks in the live order, the mean per page is the difference of expected clicks."""
    rng = np.random.default_rng(0)
    worth = np.array([0.3, 0.9, 0.1, 0.6])
    live, new = _scores(4, 3, 2, 1), _scores(2, 4, 1, 3)
    seen = 1 / np.arange(1, 5)
    total = 0.0
    for _ in range(20_000):
        for place in np.flatnonzero(rng.random(4) < worth * seen).tolist():
            total += preference(live, new, place, USUAL)
    expected = float((seen[places(new)] * worth).sum() - (seen * worth).sum())
    assert total / 20_000 == pytest.approx(expected, abs=0.02)
