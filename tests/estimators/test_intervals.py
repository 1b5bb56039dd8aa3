"""Intervals: by hand, and as often right as they say."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_cli.estimators.intervals import Interval, bernstein, bootstrap, normal, percentiles, resampled_means

if TYPE_CHECKING:
    from numpy.typing import NDArray


def test_normal_by_hand() -> None:
    """0, 1, 2, 3: mean 1.5, s² = 5/3, half width 1.96·√(5/12)."""
    found = normal([0, 1, 2, 3])
    half = 1.959964 * math.sqrt(5 / 12)
    assert (found.value, found.low, found.high) == pytest.approx((1.5, 1.5 - half, 1.5 + half), abs=1e-6)
    wide = normal([0, 1, 2, 3], level=0.99)
    assert wide.high - 1.5 == pytest.approx(2.575829 * math.sqrt(5 / 12), abs=1e-6)


def test_bernstein_by_hand() -> None:
    """Fifty 0s and fifty 1s: V = 25/99, and the formula's two terms."""
    found = bernstein([0, 1] * 50, 0, 1)
    half = math.sqrt(2 * (25 / 99) * math.log(80) / 100) + 7 * math.log(80) / (3 * 99)
    assert (found.value, found.low, found.high) == pytest.approx((0.5, 0.5 - half, 0.5 + half))
    scaled = bernstein(np.array([0, 1] * 50) * 20 - 10, -10, 10)
    assert (scaled.low, scaled.high) == pytest.approx((-20 * half, 20 * half))


def test_bootstrap_by_hand() -> None:
    """Of two values 0 and 1 a resample has the mean 0, ½ or 1, in a quarter, half, quarter of the rounds."""
    draws = resampled_means(np.array([[0.0], [1.0]]), seed=1, rounds=4000)[:, 0]
    assert [float(np.mean(draws == value)) for value in (0, 0.5, 1)] == pytest.approx([0.25, 0.5, 0.25], abs=0.03)
    assert bootstrap([0.0, 1.0], seed=1) == Interval(value=0.5, low=0.0, high=1.0)
    tenth = percentiles(3.0, np.arange(101.0), level=0.9)
    assert (tenth.value, tenth.low, tenth.high) == pytest.approx((3, 5, 95))


@pytest.mark.parametrize("values", [np.linspace(0, 1, 400) ** 3, np.arange(400) % 3 == 0])
def test_resampling_has_the_spread_of_the_mean(values: NDArray[np.float64]) -> None:
    """Distinct values are drawn row by row and few kinds by count; both spread as s / √n, and pairs stay pairs."""
    columns = np.column_stack([values, 1 - values.astype(float)])
    draws = resampled_means(columns, seed=0, rounds=3000)
    assert draws[:, 0].mean() == pytest.approx(values.mean(), abs=0.002)
    assert draws[:, 0].std() == pytest.approx(values.std() / 20, rel=0.05)
    assert draws.sum(axis=1) == pytest.approx(np.ones(3000))


def test_seeds_decide() -> None:
    """The same seed gives the same interval, another one another."""
    values = np.random.default_rng(0).random(50)
    assert bootstrap(values, seed=1) == bootstrap(values, seed=1)
    assert bootstrap(values, seed=1) != bootstrap(values, seed=2)


def test_few_values_say_so() -> None:
    """One value or none bounds nothing, but for the range; nothing is nan."""
    for values, value in (([], 0.0), ([3.0], 3.0)):
        unknown = Interval(value=value, low=-math.inf, high=math.inf)
        assert normal(values) == unknown
        assert bootstrap(values, seed=0) == unknown
    assert bernstein([], 0.5, 2) == Interval(value=0.5, low=0.5, high=2)
    assert bernstein([1.0], 0, 2) == Interval(value=1.0, low=0, high=2)
    assert normal([2.0, 2.0]) == Interval(value=2.0, low=2.0, high=2.0)


def test_what_is_no_row_of_numbers() -> None:
    """Not finite, of another shape, outside of the range: an error, not an interval."""
    for values in ([1.0, math.nan], [math.inf], [[1.0]]):
        with pytest.raises(ValueError, match="finite"):
            normal(values)
        with pytest.raises(ValueError, match="finite"):
            bootstrap(values, seed=0)
    with pytest.raises(ValueError, match="between 0 and 1"):
        bernstein([0.5, 1.5], 0, 1)
    with pytest.raises(ValueError, match="between 1 and 0"):
        bernstein([], 1, 0)


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=30))
def test_intervals_hold_their_mean(values: list[float]) -> None:
    """Every interval has the mean inside, and Bernstein's stays in the range."""
    mean = float(np.mean(values))
    for found in (normal(values), bootstrap(values, seed=0, rounds=50), bernstein(values, -5, 5)):
        assert found.value == pytest.approx(mean, abs=1e-9)
    assert normal(values).low <= mean + 1e-9
    assert normal(values).high >= mean - 1e-9
    assert -5 <= bernstein(values, -5, 5).low <= mean + 1e-9 <= bernstein(values, -5, 5).high + 2e-9 <= 5 + 2e-9


def test_they_cover_as_often_as_they_say() -> None:
    """Over 300 samples of 80 skewed values, 95 % intervals hold the truth in 91 – 98 %, Bernstein's in nearly all."""
    rng = np.random.default_rng(4)
    hits = np.zeros(3)
    for _ in range(300):
        values = rng.beta(1, 3, 80)
        found = (normal(values), bootstrap(values, seed=0, rounds=300), bernstein(values, 0, 1))
        hits += [one.low <= 0.25 <= one.high for one in found]
    assert 0.91 <= hits[0] / 300 <= 0.98
    assert 0.91 <= hits[1] / 300 <= 0.98
    assert hits[2] / 300 >= 0.98
