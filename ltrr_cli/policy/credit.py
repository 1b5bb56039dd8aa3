"""Credit: which (arm, bucket) deserves an impression's reward.

The arms' finds are walked in random orders; the first item that supplies the entity gets the reward, those after it
get 0, each seen together with what was walked before it. So an item learns its *marginal* worth: that it supplies what
the user acted on and nothing before it does (Yue & Guestrin, Linear Submodular Bandits, NIPS 2011).

Arms that ran, and arms that did not but are looked up in hindsight, enter with the same weights, from the same
impressions: otherwise a bad arm that rarely runs would learn from successes only.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ltrr_cli.policy.base import BUCKETS, COSTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np


ORDERS = 4
"""Random orders in which an impression is walked: the more, the less its credit depends on chance, and the longer it
takes. One more closes little of the gap of benchmarks/policy.py."""
NO_ACTION = 0.03
"""Weight of a page that nobody acted on, beside one with an action.

Without any, an arm that runs alone and fails would teach nothing. More of it makes the policy worse
(benchmarks/policy.py): most such pages say that the query is hard, and little about the arms.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
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
    shares: dict[tuple[object, ...], float] = {}
    pulls: dict[tuple[object, ...], Pull] = {}
    for _ in range(orders):
        for pull in _once(ranks, known, ran, reward, rng, budget):
            same = (pull.arm, pull.bucket, *pull.before.items(), pull.reward)
            pulls.setdefault(same, pull)
            shares[same] = shares.get(same, 0.0) + 1 / orders
    mean = tuple(replace(pull, share=shares[same]) for same, pull in pulls.items())
    return Credit(context=context, pulls=mean, time=time)


def _once(
    ranks: Mapping[str, int],
    known: Mapping[str, int],
    ran: Mapping[str, int],
    reward: float,
    rng: np.random.Generator,
    budget: int,
) -> list[Pull]:
    """Return the pulls of one walk, each with all of it as its share."""
    deepest = dict.fromkeys(known, 0)
    pulls: list[Pull] = []
    found = False
    following = dict.fromkeys(sorted(known), 0)
    left = budget
    for draw in rng.random(len(BUCKETS) * len(known)).tolist():
        open_arms = [arm for arm, bucket in following.items() if _fits(bucket, known[arm], left)]
        if not open_arms:
            break
        arm = open_arms[int(draw * len(open_arms))]
        bucket = following[arm]
        start, end = (0, *BUCKETS)[bucket], BUCKETS[bucket]
        supplies = start < ranks.get(arm, 0) <= end
        pulls.append(
            Pull(
                arm=arm,
                bucket=bucket,
                before={other: depth for other, depth in deepest.items() if other != arm and depth},
                reward=reward if supplies and not found else 0.0,
                hindsight=end > ran.get(arm, 0),
            )
        )
        found = found or supplies
        deepest[arm] = end
        following[arm] = bucket + 1
        left -= end - start
    return pulls


def _fits(bucket: int, known: int, left: int) -> bool:
    """Whether an arm's next bucket is known whole and can be paid for."""
    return bucket < len(BUCKETS) and BUCKETS[bucket] <= known and COSTS[bucket] <= left


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
        replace(pull, weight=NO_ACTION * weight)
        for pull in walked.pulls
        if (weight := seen.get((pull.arm, pull.bucket), 0.0)) > 0
    )
    return replace(walked, pulls=pulls)
