"""Greedy choice under a budget: again and again those next buckets of an arm that have the best reward for their cost.

An arm's buckets come in order, and one that brings little may lead to one that brings much (a memory whose first finds
are wrong); so an arm's next buckets compete together, down to where their marginal reward for the cost is best. What an
arm still adds depends on how deep the others already are. The best single arm at full budget is taken instead where its
reward is higher (Khuller, Moss & Naor, The Budgeted Maximum Coverage Problem, IPL 70, 1999). Twice the same algorithm:
`fill` for one sample of the posterior, quickly; `fill_all` for all of them at once.

Worths are (arms, buckets + 1): the reward of an arm's first 0, 1, 2 … buckets together (`sums`), with nothing else
selected. Effects are (acting arms, arms, buckets + 1): what one unit of an arm's reach adds to them, 0 to its own.
Levels say how many buckets are taken of each arm.
"""

from __future__ import annotations

from functools import lru_cache
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.policy.base import BUCKETS, equal_split, top_up
from ltrr_cli.policy.model import reach

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ltrr_cli.policy.base import Budget

LEVELS = len(BUCKETS) + 1
ENDS = (0, *BUCKETS)
"""Depth at each level."""
_REACHED = np.array([reach(end) for end in ENDS])
_STEPS = _REACHED[None, :] - _REACHED[:, None]
"""How much further an arm reaches at a level, (before, after)."""
_SPENT = np.maximum(0, np.array(ENDS)[None, 1:] - np.array(ENDS)[:, None])
"""Candidates that an arm's next buckets take together, (level, last bucket); 0 where they are taken."""
_MORE = 1e-9
"""By so much a single arm has to be better: by rounding, an arm that runs alone would beat itself."""


def depths_of(arms: Sequence[str], levels: Sequence[int], budget: Budget) -> dict[str, int]:
    """Return the depths of the arms that run, with what the levels leave over; where none would run, all do equally."""
    depths = {arm: ENDS[level] for arm, level in zip(arms, levels, strict=True) if level}
    return top_up(depths, budget.candidates) if depths else equal_split(arms, budget)


def fill(worths: NDArray[np.float64], effect: NDArray[np.float64], arms: Sequence[str], budget: Budget) -> list[int]:
    """Return the levels for one sample."""
    times, values = _times(arms, budget), _values(arms, budget)
    start, level, numbers = worths, np.zeros(len(arms), np.int64), np.arange(len(arms))
    left, time, total = budget.candidates, budget.ms, 0.0
    while True:
        worth = worths[:, 1:] - worths[numbers, level][:, None]
        rate = worth * (values[0, left].take(level, axis=0) if time == inf else values[numbers, left, level])
        if time < inf:
            rate[(level == 0) & (times > time)] = 0.0
        arm, last = divmod(int(rate.argmax()), len(BUCKETS))
        if rate[arm, last] <= 0:
            break
        total += float(worth[arm, last])
        before = int(level[arm])
        left -= int(_SPENT[before, last])
        if not before:
            time -= float(times[arm])
        worths = worths + effect[arm] * _STEPS[before, last + 1]
        level[arm] = last + 1
    return _or_single(level.tolist(), total, np.diff(start).tolist(), times.tolist(), budget)


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
    worths: NDArray[np.float64],
    effects: NDArray[np.float64],
    arms: Sequence[str],
    budget: Budget,
    most: Sequence[int] | None = None,
) -> NDArray[np.int64]:
    """Return the levels for each of many samples, (samples, arms), from (samples, …) worths and effects.

    With `most`, a sample that takes more of an arm than these levels is not followed further, and its levels only tell
    that it does: where it is asked which samples give one certain selection of several arms, most are soon out of it.
    """
    samples, count, _ = worths.shape
    gains = np.diff(worths)
    times, values, acting = _times(arms, budget), _values(arms, budget), effects.reshape(samples * count, -1)
    caps = np.full(count, LEVELS) if most is None else np.array(most)
    levels, total = np.zeros((samples, count), np.int64), np.zeros(samples)
    table, tables = values.reshape(-1, len(BUCKETS)), np.arange(count) % len(values) * (budget.candidates + 1) * LEVELS
    # Of those samples that are followed, one row each:
    rows, level, worths = np.arange(samples), levels.copy(), worths.reshape(samples, -1).copy()
    left, time = np.full(samples, budget.candidates), np.full(samples, budget.ms)
    row, places = rows, np.arange(samples * count).reshape(samples, count) * LEVELS
    while len(rows):
        worth = worths.reshape(len(rows), count, LEVELS)[..., 1:] - worths.take(places + level)[..., None]
        rate = worth * table.take(level + tables + (left * LEVELS)[:, None], axis=0)
        if budget.ms < inf:
            rate[(level == 0) & (times > time[:, None])] = 0.0
        rate = rate.reshape(len(rows), -1)
        best = rate.argmax(1)
        arm, last = np.divmod(best, len(BUCKETS))
        going, before, more = rate[row, best] > 0, level[row, arm], worth[row, arm, last]
        level[row, arm] = np.where(going, last + 1, before)  # beyond the cap as well: it tells
        going &= last < caps[arm]
        if not going.all():
            levels[rows[~going]] = level[~going]
            worths, more, left, time = worths[going], more[going], left[going], time[going]
            rows, level, arm, last, before = rows[going], level[going], arm[going], last[going], before[going]
            row, places = np.arange(len(rows)), places[: len(rows)]
        left -= _SPENT[before, last]
        if budget.ms < inf:
            time -= times[arm] * (before == 0)
        total[rows] += more
        worths += acting.take(rows * count + arm, axis=0) * _STEPS[before, last + 1][:, None]
    reaching = sum(end <= budget.candidates for end in BUCKETS)
    singles = np.maximum(gains[..., :reaching], 0).sum(2)
    singles[:, times > budget.ms] = -1.0
    better = (singles.max(1) > total + _MORE) & (levels <= caps).all(1)
    levels[better] = 0
    levels[better, singles.argmax(1)[better]] = reaching
    return levels


def _times(arms: Sequence[str], budget: Budget) -> NDArray[np.float64]:
    return np.array([budget.times.get(arm, 0.0) if budget.ms < inf else 0.0 for arm in arms])


def sums(gains: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what an arm's buckets, (…, buckets), bring together up to each level: (…, buckets + 1), the first 0."""
    together = np.zeros((*gains.shape[:-1], LEVELS))
    np.cumsum(gains, axis=-1, out=together[..., 1:])
    return together


def _values(arms: Sequence[str], budget: Budget) -> NDArray[np.float64]:
    """Return what one unit of worth counts, (arms, candidates left, level, last bucket): 1 / price, 0 out of reach.

    There is one table for all arms where time is no limit.

    The price of an arm's next buckets is their share of the candidates and, where it is limited, of the time: an arm
    takes its time for its first bucket, the others are nearly free.
    """
    if budget.ms == inf:
        return _affordable(budget.candidates)[None]
    prices = np.repeat(_SPENT[None] / budget.candidates, len(arms), axis=0)
    with np.errstate(over="ignore", divide="ignore"):  # next to no time: whatever takes some is worth nothing
        prices[:, 0] += _times(arms, budget)[:, None] / budget.ms
        return np.where(_affordable(budget.candidates) > 0, 1 / prices[:, None], 0.0)


@lru_cache(maxsize=64)
def _affordable(candidates: int) -> NDArray[np.float64]:
    """Return 1 / what an arm's next buckets take, 0 where they are taken or there are too few candidates left."""
    left = np.arange(candidates + 1)[:, None, None]
    return np.where((_SPENT > 0) & (left >= _SPENT), 1 / np.maximum(1, _SPENT), 0.0)
