"""The sequential test: honest whenever it is looked at, and able to see a small gain."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_cli.estimators.sequential import ALPHA, STAKES, Bet, share_of_alpha


def _ever(differences: list[float]) -> bool:
    bet = Bet()
    for difference in differences:
        bet.add(difference)
        if bet.wealth >= 1 / ALPHA:
            return True
    return False


def test_wealth_by_hand() -> None:
    """After +1 and -0.5 the wealth is the mean over the stakes of (1 + λ)·(1 − λ/2)."""
    bet = Bet()
    assert bet.wealth == 1
    assert bet.mean == 0
    assert bet.wealth < 1 / ALPHA
    bet.add(1.0)
    assert bet.wealth == pytest.approx((1.03 + 1.1 + 1.3) / 3)
    bet.add(-0.5)
    expected = (1.03 * 0.985 + 1.1 * 0.95 + 1.3 * 0.85) / 3
    assert bet.wealth == pytest.approx(expected)
    assert (bet.seen, bet.mean) == (2, 0.25)


def test_false_alarms_stay_below_alpha() -> None:
    """Without any difference, at most about ALPHA of 400 runs ever say "better" in 500 looks."""
    signs = np.random.default_rng(0).choice([-1.0, 1.0], (400, 500))
    alarms = sum(_ever(run) for run in signs.tolist())
    assert alarms <= 400 * ALPHA
    assert alarms > 0  # the test uses up its level: one that never speaks would pass the line above


def test_a_worse_version_raises_no_alarm() -> None:
    """With a mean below zero hardly any run ever says "better"."""
    rng = np.random.default_rng(1)
    runs = np.where(rng.random((200, 500)) < 0.45, 1.0, -1.0)
    assert sum(_ever(run) for run in runs.tolist()) <= 2


def test_a_small_gain_is_seen() -> None:
    """A mean of 0.1 is detected in nine of ten runs of 2,000 differences, a mean of 0.5 within 80."""
    rng = np.random.default_rng(2)
    small = np.where(rng.random((50, 2000)) < 0.55, 1.0, -1.0)
    assert sum(_ever(run) for run in small.tolist()) >= 45
    large = np.where(rng.random((50, 80)) < 0.75, 1.0, -1.0)
    assert sum(_ever(run) for run in large.tolist()) >= 45


@given(st.lists(st.floats(), max_size=30))
def test_any_input_is_bounded(differences: list[float]) -> None:
    """Whatever is added counts as -1 at least: the wealth stays a finite number above 0."""
    bet = Bet()
    for difference in differences:
        before = bet.wealth
        bet.add(difference)
        assert bet.wealth >= before * (1 - max(STAKES)) * (1 - 1e-9)
        assert math.isfinite(bet.wealth)
    assert bet.mean >= -1


def test_large_gains_are_fair() -> None:
    """Differences with a long tail, -1 nine times in ten and 9 once, have no mean: few of 400 runs say "better"."""
    rng = np.random.default_rng(3)
    runs = np.where(rng.random((400, 500)) < 0.1, 9.0, -1.0)
    assert 0 < sum(_ever(run) for run in runs.tolist()) <= 400 * ALPHA


def test_levels_of_many_tests_add_up_to_one() -> None:
    """However many tests there are, their levels sum to less than ALPHA."""
    assert share_of_alpha(1) == ALPHA / 2
    assert 0.99 * ALPHA < sum(share_of_alpha(number) for number in range(1, 1000)) < ALPHA


def test_a_lost_start_can_be_made_good() -> None:
    """Small stakes survive a bad start: evidence is not absorbed at zero."""
    assert not _ever([-1.0] * 30)
    assert _ever([-1.0] * 30 + [1.0] * 200)


def test_long_runs_do_not_overflow() -> None:
    """After 10,000 gains the wealth is huge, but a finite number."""
    bet = Bet()
    for _ in range(10_000):
        bet.add(1.0)
    assert math.isfinite(bet.wealth)
    assert bet.wealth >= 1 / ALPHA
