"""Preferences from votes: by hand, exact, and honest however often one looks."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_cli.estimators.preference import ALPHA, log_evidence, preference, sign_test

COUNTS = st.integers(0, 400)


def _exact(wins: int, losses: int) -> Fraction:
    n, most = wins + losses, max(wins, losses)
    return min(Fraction(1), 2 * Fraction(sum(math.comb(n, heads) for heads in range(most, n + 1)), 2**n))


def test_by_hand() -> None:
    """9 wins, 1 loss, 2 ties: Δ = 10/12 - 1/2, p = 2 · (10 + 1) / 1024; the mixture's evidence is 1024 / (11 · 10)."""
    found = preference(9, 1, 2)
    assert found.votes == 12
    assert found.delta.value == pytest.approx(1 / 3)
    assert found.p == pytest.approx(22 / 1024)
    assert found.anytime_p == pytest.approx(110 / 1024)
    assert [preference(*votes).verdict for votes in ((9, 1), (12, 0), (0, 12), (6, 6))] == [0, 1, -1, 0]


def test_no_votes_say_nothing() -> None:
    """Nothing is known, and the interval says so."""
    found = preference(0, 0)
    assert (found.p, found.anytime_p, found.delta.value) == (1, 1, 0)
    assert (found.delta.low, found.delta.high) == (-0.5, 0.5)


def test_unsettled_votes_do_not_count_for_all_times() -> None:
    """What may still change is in Δ and p, not in the test that holds at all times."""
    open_ones = preference(20, 0, settled=(2, 0))
    assert open_ones.p == preference(20, 0).p
    assert open_ones.verdict == 0
    assert open_ones.anytime_p == preference(2, 0).anytime_p == pytest.approx(3 / 4)


@given(COUNTS, COUNTS)
def test_the_sign_test_is_exact(wins: int, losses: int) -> None:
    """It equals the sum of binomial coefficients, and knows no sides."""
    assert sign_test(wins, losses) == pytest.approx(float(_exact(wins, losses)), rel=1e-9)
    assert sign_test(wins, losses) == sign_test(losses, wins)


@given(COUNTS, COUNTS, COUNTS)
def test_sound_for_all_counts(wins: int, losses: int, ties: int) -> None:
    """Δ lies in its interval; swapping A and B changes only signs; looking at any time costs something."""
    found, swapped = preference(wins, losses, ties), preference(losses, wins, ties)
    assert -0.5 <= found.delta.low <= found.delta.value <= found.delta.high <= 0.5
    assert found.delta.low == pytest.approx(-swapped.delta.high, abs=1e-12)
    assert found.delta.value == pytest.approx(-swapped.delta.value, abs=1e-12)
    assert found.p == swapped.p
    assert found.anytime_p == pytest.approx(swapped.anytime_p)
    assert 0 < found.p <= 1
    assert 0 <= found.anytime_p <= 1
    assert found.anytime_p >= found.p * 0.999


def test_large_counts() -> None:
    """A million votes neither overflow nor take the last digits for a difference."""
    assert sign_test(500_000, 500_000) == 1
    assert 0 < sign_test(1_000_000, 0) < 1e-300
    assert preference(1_000_000, 0).anytime_p == 0
    assert sign_test(501_000, 499_000) == pytest.approx(math.erfc((2000 - 1) / math.sqrt(2e6)), rel=1e-3)


def test_false_alarms_when_looking_after_every_vote() -> None:
    """Without a preference at most ALPHA of 1,000 runs ever find a preference in 500 looks.

    The sign test says so far oftener: it must be used once only, and then it keeps its level too.
    """
    runs = np.cumsum(np.random.default_rng(0).integers(0, 2, (1000, 500)), axis=1).tolist()
    ever = [
        max(log_evidence(won, looked - won) for looked, won in enumerate(run, 1)) >= math.log(1 / ALPHA) for run in runs
    ]
    assert 0 < sum(ever) <= 1000 * ALPHA
    peeked = [
        any(sign_test(run[looked - 1], looked - run[looked - 1]) <= ALPHA for looked in range(10, 501, 10))
        for run in runs
    ]
    assert sum(peeked) > 1000 * 2 * ALPHA
    once = [sign_test(run[-1], 500 - run[-1]) <= ALPHA for run in runs]
    assert sum(once) <= 1000 * ALPHA


def test_the_interval_covers() -> None:
    """With and without ties, the 95 % interval holds the true Δ in about 95 of 100 cases or more."""
    rng = np.random.default_rng(1)
    for chances, truth in (((0.6, 0.4, 0.0), 0.1), ((0.3, 0.1, 0.6), 0.1), ((0.95, 0.05, 0.0), 0.45)):
        drawn = rng.multinomial(40, chances, 2000).tolist()
        found = [preference(wins, losses, ties).delta for wins, losses, ties in drawn]
        assert np.mean([one.low <= truth <= one.high for one in found]) >= 0.93
