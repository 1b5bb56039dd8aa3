"""Greedy choice under a budget: again and again the (arm, bucket) with the best marginal reward for its cost.

What an arm still adds depends on how deep the others already are. The best single arm at full budget is taken instead
where its reward is higher (Khuller, Moss & Naor, The Budgeted Maximum Coverage Problem, IPL 70, 1999). Twice the same
algorithm: `fill` for one sample of the posterior, quickly; `fill_all` for all of them at once.

Gains are (arms, buckets + 1): the marginal reward of an item with nothing else selected. Effects are (acting arms,
arms, buckets + 1): what one unit of an arm's reach adds to it, 0 on itself. Behind the last bucket stands one that
nobody can afford. Levels say how many buckets are taken of each arm.
"""

from __future__ import annotations

from math import inf
from operator import mul
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.policy.base import BUCKETS, COSTS
from ltrr_cli.policy.model import reach

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ltrr_cli.policy.base import Budget

LEVELS = len(BUCKETS) + 1
_REACHED = tuple(reach(end) for end in (0, *BUCKETS))
_STEPS = (*np.diff(_REACHED).tolist(), 0.0)
"""How much further an arm reaches with each bucket."""
_COSTS = (*COSTS, inf)


def fill(gain: NDArray[np.float64], effect: NDArray[np.float64], arms: Sequence[str], budget: Budget) -> list[int]:
    """Return the levels for one sample."""
    table, effects = gain.tolist(), effect.tolist()
    prices, times = _prices(arms, budget), _times(arms, budget)
    levels, reached = [0] * len(arms), [0.0] * len(arms)
    gains = [row[0] for row in table]
    price = [row[0] for row in prices]
    left, time, total = budget.candidates, budget.ms, 0.0
    while True:
        rates = [
            one / cost if _COSTS[level] <= left else -1.0 for one, cost, level in zip(gains, price, levels, strict=True)
        ]
        if time < inf:
            rates = [
                rate if level or needed <= time else -1.0
                for rate, level, needed in zip(rates, levels, times, strict=True)
            ]
        best = max(rates, default=0.0)
        if best <= 0:
            break
        arm = rates.index(best)
        level = levels[arm]
        total += gains[arm]
        left -= COSTS[level]
        if not level:
            time -= times[arm]
        step = _STEPS[level]
        gains = [one + step * felt[at] for one, felt, at in zip(gains, effects[arm], levels, strict=True)]
        level = levels[arm] = level + 1
        reached[arm] = _REACHED[level]
        gains[arm] = table[arm][level] + sum(map(mul, reached, [felt[arm][level] for felt in effects]))
        price[arm] = prices[arm][level]
    return _or_single(levels, total, table, times, budget)


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
    if best <= total:
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
    prices = np.array(_prices(arms, budget))
    costs, times, steps = np.array(_COSTS), np.array(_times(arms, budget)), np.array(_STEPS)
    caps = np.full(count, LEVELS) if most is None else np.array(most)
    felt = effects.reshape(samples * count, count * LEVELS)
    out, total = np.zeros((samples, count), np.int64), np.zeros(samples)
    # Of those samples that are followed, one row each:
    rows, now, level = np.arange(samples), gains.reshape(samples, -1).copy(), out.copy()
    left, time = np.full(samples, float(budget.candidates)), np.full(samples, budget.ms)
    first, row = np.arange(count) * LEVELS, np.arange(samples)
    while len(rows):
        item = level + first
        rate = now.take(item + row[:, None] * (count * LEVELS)) / prices.take(item)
        rate[costs.take(level) > left[:, None]] = -1.0
        if budget.ms < inf:
            rate[(level == 0) & (times > time[:, None])] = -1.0
        best = rate.argmax(1)
        at = row * count + best
        won, taken = rate.take(at), level.take(at)
        going = won > 0
        level.reshape(-1)[at] += going  # beyond the cap as well: it tells
        going &= taken < caps.take(best)
        if not going.all():
            out[rows[~going]] = level[~going]
            rows, now, level, left, time = rows[going], now[going], level[going], left[going], time[going]
            best, taken, row = best[going], taken[going], np.arange(len(rows))
        left -= costs.take(taken)
        if budget.ms < inf:
            time -= times.take(best) * (taken == 0)
        total[rows] += now[row, best * LEVELS + taken]  # not rate × price: by rounding a lone arm would beat itself
        now += felt.take(rows * count + best, axis=0) * steps.take(taken)[:, None]
    levels = out
    reaching = sum(end <= budget.candidates for end in BUCKETS)
    singles = np.maximum(gains[..., :reaching], 0).sum(2)
    singles[:, times > budget.ms] = -1.0
    better = (singles.max(1) > total) & (levels <= caps).all(1)
    levels[better] = 0
    levels[better, singles.argmax(1)[better]] = reaching
    return levels


def _times(arms: Sequence[str], budget: Budget) -> list[float]:
    return [budget.times.get(arm, 0.0) for arm in arms] if budget.ms < inf else [0.0] * len(arms)


def _prices(arms: Sequence[str], budget: Budget) -> list[tuple[float, ...]]:
    """Return what each item costs, (arms, LEVELS): its share of the candidates and, where it is limited, of the time.

    An arm takes its time for its first bucket; the others are nearly free.
    """
    if budget.ms == inf:
        return [_COSTS] * len(arms)
    shares = [cost / budget.candidates for cost in _COSTS]
    return [(shares[0] + budget.times.get(arm, 0.0) / budget.ms, *shares[1:]) for arm in arms]
