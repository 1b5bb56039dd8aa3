"""Position bias, estimated from the log itself: three ways from what was shown and clicked to an examination curve.

- *harvest*: a (query, entity) pair that was shown at several positions is as relevant at each, so its click rates
  there stand as the examinations do. Agarwal et al., Estimating position bias without intrusive interventions, WSDM
  2019. Here log-ratios of rates between all pairs of positions, by weighted least squares.
- *em*: the position-based model P(click) = examination(position) · relevance(pair), by expectation-maximisation.
  Richardson et al., WWW 2007; Chuklin et al., Click Models for Web Search, 2015, section 4.2.
- *cascade*: people read from the top, and after a click at r go on with a probability of its own (Guo et al., WSDM
  2009); the curve is the mean examination by position.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.ranking.debias import ETA, Curve

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

MOST = 20
"""Positions beyond this are not told apart."""
_TRUST = 0.5
"""Deviation of the log examination around the usual curve before anything was seen."""
_ROUNDS = 500
_HALF = 0.05
"""Views with, and as many without, a click that every pair begins with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A log of clicks, (rows,) each: `pages` numbers the lists, `pairs` the (query, entity) pairs, both from 0.

    `positions` from 1, ascending within a page; `clicked` whether the row was acted on.
    """

    pages: NDArray[np.int64]
    pairs: NDArray[np.int64]
    positions: NDArray[np.int64]
    clicked: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """An examination curve with 95 % bounds by position, and how many pairs told positions apart."""

    chances: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    pairs: int

    @property
    def curve(self) -> Curve:
        """The curve, never rising, so that no weight falls with the position."""
        return Curve(tuple(np.minimum.accumulate(np.maximum(self.chances, 1e-3)).tolist()))


def harvest(shown: Shown) -> Estimate:
    """Return the curve by intervention harvesting; where little is known it stays near the usual one."""
    views, clicks = _tables(shown)
    count = views.shape[1]
    prior = -ETA * np.log(np.arange(1, count + 1))
    precision = np.eye(count) / _TRUST**2
    precision[0, 0] = 1e12
    pull = precision @ prior
    for one in range(count):
        for other in range(one + 1, count):
            both = (views[:, one] > 0) & (views[:, other] > 0)
            if not both.any():
                continue
            a, b, n, m = clicks[both, one], clicks[both, other], views[both, one], views[both, other]
            share = np.minimum(n, m)
            top, bottom = float((share * a / n).sum()), float((share * b / m).sum())
            if a.sum() < 1 or b.sum() < 1:
                continue
            weight = 1 / (1 / float(a.sum()) + 1 / float(b.sum()))
            ratio = np.log(bottom / top)
            precision[one, one] += weight
            precision[other, other] += weight
            precision[one, other] -= weight
            precision[other, one] -= weight
            pull[other] += weight * ratio
            pull[one] -= weight * ratio
    covariance = np.linalg.inv(precision)
    logs = covariance @ pull
    # A pair of three positions enters three ratios: the same clicks are counted count / 2 times at most.
    spread = 1.96 * np.sqrt(np.diag(covariance) * max(1.0, count / 2))
    return _estimate(logs, spread, int((np.count_nonzero(views, axis=1) > 1).sum()))


def em(shown: Shown) -> Estimate:
    """Return the curve of the position-based model by EM over pairs shown at several positions."""
    views, clicks = _tables(shown)
    several = np.count_nonzero(views, axis=1) > 1
    views, clicks = views[several], clicks[several]
    count = views.shape[1]
    usual = np.arange(1, count + 1.0) ** -ETA
    chances = usual.copy()
    relevance = np.full(len(views), 0.5)
    hold = 1 / _TRUST**2
    for _ in range(_ROUNDS):
        joint = 1 - chances[None, :] * relevance[:, None]
        looked = chances[None, :] * (1 - relevance[:, None]) / joint
        liked = relevance[:, None] * (1 - chances[None, :]) / joint
        missed = views - clicks
        relevance = (_HALF + (clicks + missed * liked).sum(1)) / (2 * _HALF + views.sum(1))
        before = chances
        chances = (hold * usual + (clicks + missed * looked).sum(0)) / (hold + views.sum(0))
        relevance = np.clip(relevance * chances[0], 1e-6, 1 - 1e-6)
        chances = chances / chances[0]
        if np.abs(chances - before).max() < 1e-7:
            break
    return _estimate(np.log(chances), 1.96 / np.sqrt(hold + clicks.sum(0)), len(views))


def cascade(shown: Shown) -> Estimate:
    """Return the mean examination by position of a dependent-click reader: 1 until a click, then by the odds to go on.

    The odds after a click at r are those that it was not the page's last click (Guo et al., WSDM 2009, eq. 10).
    """
    count = min(MOST, int(shown.positions.max(initial=1)))
    places = np.minimum(shown.positions, count) - 1
    clicked = np.flatnonzero(shown.clicked)
    last = np.ones(len(clicked), np.bool_)
    last[:-1] = shown.pages[clicked][1:] != shown.pages[clicked][:-1]
    every = np.bincount(places[clicked], minlength=count)
    ended = np.bincount(places[clicked][last], minlength=count)
    goes_on = 1 - (ended + 0.5) / (every + 1)
    log_odds = np.where(shown.clicked, np.log(goes_on[places]), 0.0)
    summed = np.cumsum(log_odds) - log_odds
    starts = np.flatnonzero(np.diff(shown.pages, prepend=-1))
    chance = np.exp(summed - np.repeat(summed[starts], np.diff([*starts, len(places)])))
    views = np.maximum(1, np.bincount(places, minlength=count))
    mean = np.bincount(places, chance, count) / views
    square = np.bincount(places, chance**2, count) / views
    spread = 1.96 * np.sqrt(np.maximum(0, square - mean**2) / views) / np.maximum(mean, 1e-9)
    return _estimate(np.log(np.maximum(mean, 1e-9)), spread, len(starts))


def not_steeper_than_clicks(estimate: Estimate, shown: Shown) -> Curve:
    """Return the estimate's curve, raised to what the share of clicks at each position is of that at the first.

    As long as what stands higher is no less wanted on average, clicks fall at least as steeply as examination does. So
    a curve below them is wrong, and would take clicks far down, such as random ones, for a sign of great worth.
    """
    count = len(estimate.chances)
    places = np.minimum(shown.positions, count) - 1
    views = np.bincount(places, minlength=count)
    rates = (np.bincount(places, shown.clicked, count) + 0.5) / (views + 1)
    ratios = np.minimum(1, rates / rates[0])
    return Curve(tuple(np.minimum.accumulate(np.maximum(estimate.curve.chances, ratios)).tolist()))


METHODS: dict[str, Callable[[Shown], Estimate]] = {"harvest": harvest, "em": em, "cascade": cascade}


def _tables(shown: Shown) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return views and clicks of each pair at each position, (pairs, positions)."""
    count = min(MOST, int(shown.positions.max(initial=1)))
    near = shown.positions <= count
    flat = shown.pairs[near] * count + shown.positions[near] - 1
    size = (int(shown.pairs.max(initial=-1)) + 1) * count
    views = np.bincount(flat, minlength=size).reshape(-1, count).astype(np.float64)
    clicks = np.bincount(flat[shown.clicked[near]], minlength=size).reshape(-1, count).astype(np.float64)
    return views, clicks


def _estimate(logs: NDArray[np.float64], spread: NDArray[np.float64], pairs: int) -> Estimate:
    logs = logs - logs[0]
    spread = np.where(np.arange(len(logs)) == 0, 0.0, spread)
    bounds = (np.exp(np.minimum(0.0, logs + side * spread)) for side in (0, -1, 1))
    chances, low, high = (tuple(bound.tolist()) for bound in bounds)
    return Estimate(chances=chances, low=low, high=high, pairs=pairs)
