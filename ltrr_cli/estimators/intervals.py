"""Confidence intervals of a mean, from a normal approximation, from resampling, and without any approximation.

Fewer than two values say nothing about their spread: the interval is then from -inf to inf, or the whole range where
one is known. The mean of no values is given as 0. Nothing here is ever nan.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

LEVEL = 0.95
ROUNDS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """An estimate with `low` ≤ the truth ≤ `high` at the level asked for; a bound that is not known is infinite."""

    value: float
    low: float
    high: float


def normal(values: ArrayLike, *, level: float = LEVEL) -> Interval:
    """Return the mean of `values` (n,) ± z · s / √n: good for many values without rare, large ones.

    Raises `ValueError` for values that are not finite.
    """
    array = _finite(values)
    value = _mean(array)
    if len(array) < 2:
        return Interval(value=value, low=-math.inf, high=math.inf)
    reach = NormalDist().inv_cdf((1 + level) / 2) * float(array.std(ddof=1)) / math.sqrt(len(array))
    return Interval(value=value, low=value - reach, high=value + reach)


def bootstrap(values: ArrayLike, *, seed: int, level: float = LEVEL, rounds: int = ROUNDS) -> Interval:
    """Return the mean of `values` (n,) and the percentiles of its bootstrap distribution (Efron 1979).

    Raises `ValueError` for values that are not finite.
    """
    array = _finite(values)
    value = _mean(array)
    if len(array) < 2:
        return Interval(value=value, low=-math.inf, high=math.inf)
    return percentiles(value, resampled_means(array[:, None], seed=seed, rounds=rounds)[:, 0], level=level)


def percentiles(value: float, draws: NDArray[np.float64], *, level: float = LEVEL) -> Interval:
    """Return `value` between the quantiles of bootstrap `draws` (rounds,) that leave out (1 - level) / 2 each."""
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2]).tolist()
    return Interval(value=value, low=low, high=high)


def resampled_means(columns: NDArray[np.float64], *, seed: int, rounds: int = ROUNDS) -> NDArray[np.float64]:
    """Return the means of `columns` (n, c), n ≥ 1, in `rounds` resamples of the n rows: (rounds, c).

    Equal rows are drawn together, so that a million rows of few kinds cost what the kinds cost. Memory is that of a few
    copies of the columns.
    """
    rng = np.random.default_rng(seed)
    count = len(columns)
    kinds, sizes = np.unique(columns, axis=0, return_counts=True)
    out = np.empty((rounds, columns.shape[1]))
    few = len(kinds) <= count // 8  # a multinomial count costs about eight times one drawn row
    shares = sizes / count
    for number in range(rounds):
        if few:
            out[number] = rng.multinomial(count, shares) @ kinds
        else:
            drawn = rng.integers(0, count, count, dtype=np.uint32)
            out[number] = np.bincount(drawn, minlength=count) @ columns
    return np.asarray(out / count, np.float64)


def bernstein(values: ArrayLike, low: float, high: float, *, level: float = LEVEL) -> Interval:
    """Return the mean of `values` (n,), all in [low, high], with the empirical Bernstein bound on both sides.

    It holds for every n and every distribution on that range: |mean - truth| ≤ √(2·V·ln(4/δ) / n) +
    7·(high - low)·ln(4/δ) / (3·(n - 1)), with V the sample variance and δ = 1 - level
    (Maurer & Pontil, COLT 2009, theorem 4, for each side with δ/2). The truth is in the range, and so is the interval.

    Raises `ValueError` for values that are not finite or not in the range.
    """
    array = _finite(values)
    slack = 1e-9 * max(1.0, abs(low), abs(high))
    if not low <= high or (len(array) and not low - slack <= float(array.min()) <= float(array.max()) <= high + slack):
        raise ValueError(f"the values are not all between {low:g} and {high:g}")
    value = min(high, max(low, _mean(array)))
    if len(array) < 2:
        return Interval(value=value, low=low, high=high)
    log = math.log(4 / (1 - level))
    reach = math.sqrt(2 * float(array.var(ddof=1)) * log / len(array))
    reach += 7 * (high - low) * log / (3 * (len(array) - 1))
    return Interval(value=value, low=max(low, value - reach), high=min(high, value + reach))


def _mean(array: NDArray[np.float64]) -> float:
    return float(array.mean()) if len(array) else 0.0


def _finite(values: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(values, np.float64)
    if array.ndim != 1 or not np.isfinite(array).all():
        raise ValueError("one row of finite numbers expected")
    return array
