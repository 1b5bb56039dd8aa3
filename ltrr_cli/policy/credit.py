"""Credit: which (arm, bucket) deserves an impression's reward.

The arms' finds are walked in random orders; the first item that supplies the entity gets the reward, those after it
get 0, each seen together with what was walked before it. So an item learns its *marginal* worth: that it supplies what
the user acted on and nothing before it does (Yue & Guestrin, Linear Submodular Bandits, NIPS 2011).

Arms that ran, and arms that did not but are looked up in hindsight, enter with the same weights, from the same
impressions: otherwise a bad arm that rarely runs would learn from successes only.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from math import inf
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from ltrr_cli.policy.base import BUCKETS, COSTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np


ORDERS = 4
"""Random orders in which an impression is walked: the more, the less its credit depends on chance, and the longer it
takes. One more closes little of the gap of benchmarks/policy.py."""
NO_ACTION = 0.03
"""Weight of a page that nobody acted on, beside one with an action.

Without any, an arm that runs alone and fails would teach nothing. More of it makes the policy worse
(benchmarks/policy.py): most such pages say that the query is hard, and little about the arms.
"""
_ENDS = (0, *BUCKETS)
_Step: TypeAlias = "tuple[int, int, tuple[int, ...], bool]"
"""Number of the arm, its bucket, how many buckets of each arm were walked before, and whether it is paid."""


class Pull(NamedTuple):
    """One (arm, bucket) item of the walk: the `before` depths of the other arms when it came, and what it earned.

    `weight` ≥ 0 scales its influence. `share` in (0, 1] says in which part of the orders that were walked it came so.
    """

    arm: str
    bucket: int
    before: Mapping[str, int]
    reward: float
    hindsight: bool
    weight: float = 1.0
    share: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """What one impression teaches: its context, the pulls of the walks, and when it was (seconds)."""

    context: Mapping[str, float]
    pulls: tuple[Pull, ...]
    time: float = 0.0


def walk(
    context: Mapping[str, float],
    ranks: Mapping[str, int],
    known: Mapping[str, int],
    ran: Mapping[str, int],
    reward: float,
    rng: np.random.Generator,
    *,
    budget: int,
    time: float = 0.0,
    orders: int = 1,
) -> Credit:
    """Assign `reward` in [0, 1] for one entity, as the mean of walks in so many random `orders` (≥ 1).

    `ranks` gives each arm's rank (from 1) of the entity, absent or 0 where it does not find it; `known` gives the depth
    down to which that is known, and `ran` the depth to which the arm ran. Buckets that are not known whole teach
    nothing. A walk ends when it has spent the `budget` of candidates, as a selection does: behind everything that
    could be drawn nothing is left to earn.
    """
    arms = sorted(known)
    whole = [sum(end <= known[arm] for end in BUCKETS) for arm in arms]
    supplying = [_bucket(ranks.get(arm, 0)) for arm in arms]
    shares: dict[_Step, float] = {}
    for _ in range(orders):
        for step in _once(whole, supplying, rng, budget):
            shares[step] = shares.get(step, 0.0) + 1 / orders
    order = [arms.index(arm) for arm in known]
    pulls = tuple(
        Pull(
            arm=arms[drawn],
            bucket=bucket,
            before={arms[one]: _ENDS[deep[one]] for one in order if deep[one] and one != drawn},
            reward=reward if paid else 0.0,
            hindsight=BUCKETS[bucket] > ran.get(arms[drawn], 0),
            share=share,
        )
        for (drawn, bucket, deep, paid), share in shares.items()
    )
    return Credit(context=context, pulls=pulls, time=time)


def _once(whole: Sequence[int], supplying: Sequence[int], rng: np.random.Generator, budget: int) -> list[_Step]:
    """Return one walk over arms with so many `whole` buckets; `supplying` is the one that holds the entity, or -1."""
    deep = [0] * len(whole)
    costs = [COSTS[0] if buckets else inf for buckets in whole]
    steps: list[_Step] = []
    found = False
    left = budget
    for draw in rng.random(len(BUCKETS) * len(whole)).tolist():
        open_arms = [arm for arm, cost in enumerate(costs) if cost <= left]
        if not open_arms:
            break
        arm = open_arms[int(draw * len(open_arms))]
        bucket = deep[arm]
        supplies = bucket == supplying[arm]
        steps.append((arm, bucket, tuple(deep), supplies and not found))
        found = found or supplies
        left -= COSTS[bucket]
        deep[arm] = bucket + 1
        costs[arm] = COSTS[bucket + 1] if bucket + 1 < whole[arm] else inf
    return steps


def _bucket(rank: int) -> int:
    """Return the bucket that a rank (from 1) lies in; -1 for none."""
    return bisect_left(BUCKETS, rank) if rank > 0 else -1


def no_action(
    context: Mapping[str, float],
    ran: Mapping[str, int],
    seen: Mapping[tuple[str, int], float],
    rng: np.random.Generator,
    *,
    budget: int,
    time: float = 0.0,
) -> Credit:
    """Return what a page teaches that nobody acted on: 0 for each (arm, bucket) of which something was seen.

    `seen` gives the probability, in (0, 1], that the best placed of its entities was looked at. The items are walked as
    those of a page with an action.
    """
    walked = walk(context, {}, ran, ran, 0.0, rng, budget=budget, time=time, orders=ORDERS)
    pulls = tuple(
        pull._replace(weight=NO_ACTION * weight)
        for pull in walked.pulls
        if (weight := seen.get((pull.arm, pull.bucket), 0.0)) > 0
    )
    return replace(walked, pulls=pulls)
