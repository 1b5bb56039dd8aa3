"""Greedy choice under a budget: again and again those next buckets of an arm that have the best reward for their cost.

An arm's buckets come in order, and one that brings little may lead to one that brings much (a memory whose first finds
are wrong); so an arm's next buckets compete together, down to where their marginal reward for the cost is best. What an
arm still adds depends on how deep the others already are. The best single arm at full budget is taken instead where its
reward is higher (Khuller, Moss & Naor, The Budgeted Maximum Coverage Problem, IPL 70, 1999). Twice the same algorithm:
`fill` for one sample of the posterior, quickly; `fill_all` for all of them at once.

Gains are (arms, buckets + 1): the marginal reward of an item with nothing else selected. Effects are (acting arms,
arms, buckets + 1): what one unit of an arm's reach adds to it, 0 on itself. Behind the last bucket stands one that
nobody can afford. Levels say how many buckets are taken of each arm.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.policy.base import BUCKETS, COSTS, equal_split, top_up
from ltrr_cli.policy.model import reach

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ltrr_cli.policy.base import Budget

LEVELS = len(BUCKETS) + 1
ENDS = (0, *BUCKETS)
"""Depth at each level."""
_REACHED = np.array([reach(end) for end in ENDS])
_OPEN = np.triu(np.ones((LEVELS, LEVELS)))
"""Which buckets are still to be had, by level: (level, bucket), 1 or 0."""
_MORE = 1e-9
"""By so much a single arm has to be better: by rounding, an arm that runs alone would beat itself."""


def _blocks(costs: Sequence[float]) -> NDArray[np.float64]:
    """Return what an arm's next buckets cost together, (level, last bucket); inf for those that are taken."""
    return np.where(_OPEN > 0, np.cumsum(_OPEN * np.where(np.isfinite(costs), costs, 1e300), axis=1), inf)


_COSTS = _blocks((*COSTS, inf))


def depths_of(arms: Sequence[str], levels: Sequence[int], budget: Budget) -> dict[str, int]:
    """Return the depths of the arms that run, with what the levels leave over; where none would run, all do equally."""
    depths = {arm: ENDS[level] for arm, level in zip(arms, levels, strict=True) if level}
    return top_up(depths, budget.candidates) if depths else equal_split(arms, budget)


def fill(gain: NDArray[np.float64], effect: NDArray[np.float64], arms: Sequence[str], budget: Budget) -> list[int]:
    """Return the levels for one sample."""
    prices, times = _prices(arms, budget), _times(arms, budget)
    level, now, unopened = [0] * len(arms), gain, np.ones_like(gain)
    cost, price = np.tile(_COSTS[0], (len(arms), 1)), prices[:, 0].copy()
    left, time, total = budget.candidates, budget.ms, 0.0
    while True:
        worth = (now * unopened).cumsum(1)
        rate = worth / price
        rate[cost > left] = -1.0
        if time < inf:
            rate[[not taken and needed > time for taken, needed in zip(level, times, strict=True)]] = -1.0
        arm, last = divmod(int(rate.argmax()), LEVELS)
        if rate[arm, last] <= 0:
            break
        total += float(worth[arm, last])
        left -= int(cost[arm, last])
        before = level[arm]
        if not before:
            time -= times[arm]
        now = now + effect[arm] * (_REACHED[last + 1] - _REACHED[before])
        level[arm] = last + 1
        unopened[arm], cost[arm], price[arm] = _OPEN[last + 1], _COSTS[last + 1], prices[arm, last + 1]
    return _or_single(level, total, gain.tolist(), times, budget)


def _or_single(
    levels: list[int], total: float, gains: list[list[float]], times: list[float], budget: Budget
) -> list[int]:
    """Return the levels, or those of the best arm alone where they are worth more than the `total`."""
    most = sum(end <= budget.candidates for end in BUCKETS)
    alone = [
        sum([one for one in row[:most] if one > 0]) if time <= budget.ms else -1.0
        for row, time in zip(gains, times, strict=True)
    ]
    best = max(alone)
    if best <= total + _MORE:
        return levels
    return [most if number == alone.index(best) else 0 for number in range(len(levels))]


def fill_all(
    gains: NDArray[np.float64],
    effects: NDArray[np.float64],
    arms: Sequence[str],
    budget: Budget,
    most: Sequence[int] | None = None,
) -> NDArray[np.int64]:
    """Return the levels for each of many samples, (samples, arms), from (samples, …) gains and effects.

    With `most`, a sample that takes more of an arm than these levels is not followed further, and its levels only tell
    that it does: where it is asked which samples give one certain selection of several arms, most are soon out of it.
    """
    samples, count, _ = gains.shape
    prices, times = _prices(arms, budget), np.array(_times(arms, budget))
    caps = np.full(count, LEVELS) if most is None else np.array(most)
    felt = effects.reshape(samples * count, count, LEVELS)
    levels, total = np.zeros((samples, count), np.int64), np.zeros(samples)
    # Of those samples that are followed, one row each:
    rows, now, level = np.arange(samples), gains.copy(), levels.copy()
    left, time = np.full(samples, float(budget.candidates)), np.full(samples, budget.ms)
    while len(rows):
        worth = (now * _OPEN[level]).cumsum(2)
        rate = worth / prices[np.arange(count), level]
        rate[_COSTS[level] > left[:, None, None]] = -1.0
        if budget.ms < inf:
            rate[(level == 0) & (times > time[:, None])] = -1.0
        row, best = np.arange(len(rows)), rate.reshape(len(rows), -1).argmax(1)
        arm, last = np.divmod(best, LEVELS)
        going = rate[row, arm, last] > 0
        before = level[row, arm]
        level[row[going], arm[going]] = last[going] + 1  # beyond the cap as well: it tells
        going &= last < caps[arm]
        if not going.all():
            levels[rows[~going]] = level[~going]
            now, worth, left, time = now[going], worth[going], left[going], time[going]
            rows, level, arm, last, before = rows[going], level[going], arm[going], last[going], before[going]
            row = np.arange(len(rows))
        left -= _COSTS[before, last]
        if budget.ms < inf:
            time -= times[arm] * (before == 0)
        total[rows] += worth[row, arm, last]
        now += felt[rows * count + arm] * (_REACHED[last + 1] - _REACHED[before])[:, None, None]
    reaching = sum(end <= budget.candidates for end in BUCKETS)
    singles = np.maximum(gains[..., :reaching], 0).sum(2)
    singles[:, times > budget.ms] = -1.0
    better = (singles.max(1) > total + _MORE) & (levels <= caps).all(1)
    levels[better] = 0
    levels[better, singles.argmax(1)[better]] = reaching
    return levels


def _times(arms: Sequence[str], budget: Budget) -> list[float]:
    return [budget.times.get(arm, 0.0) for arm in arms] if budget.ms < inf else [0.0] * len(arms)


def _prices(arms: Sequence[str], budget: Budget) -> NDArray[np.float64]:
    """Return what an arm's next buckets cost together, (arms, level, last bucket).

    It is their share of the candidates and, where it is limited, of the time: an arm takes its time for its first
    bucket, the others are nearly free.
    """
    if budget.ms == inf:
        return np.broadcast_to(_COSTS, (len(arms), LEVELS, LEVELS))
    prices = np.repeat(_COSTS[None] / budget.candidates, len(arms), axis=0)
    with np.errstate(over="ignore"):  # next to no time: whatever takes some is worth nothing for its price
        prices[:, 0] += np.array(_times(arms, budget))[:, None] / budget.ms
    return prices
