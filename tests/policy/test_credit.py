"""Credit: the walk that decides which (arm, bucket) earns an impression's reward."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ltrr_cli.policy.base import BUCKETS, COSTS
from ltrr_cli.policy.credit import NO_ACTION, ORDERS, Credit, no_action, walk

ARMS = ("a", "b", "c", "d")
STARTS = (0, *BUCKETS)
DEPTHS = st.dictionaries(st.sampled_from(ARMS), st.integers(0, 120), max_size=4)
RANKS = st.dictionaries(st.sampled_from(ARMS), st.integers(0, 130), max_size=4)


def _whole(known: int) -> int:
    """Return the depth down to which whole buckets are known."""
    return max((end for end in BUCKETS if end <= known), default=0)


@given(RANKS, DEPTHS, DEPTHS, st.floats(0.01, 1), st.integers(0, 2**32))
def test_one_item_earns_the_reward(
    ranks: dict[str, int], known: dict[str, int], ran: dict[str, int], reward: float, seed: int
) -> None:
    """Exactly one item gets the reward if an arm finds the entity in a bucket that is known whole, else none does."""
    credit = walk({"x": 1.0}, ranks, known, ran, reward, np.random.default_rng(seed), budget=1000)
    finders = {arm for arm, depth in known.items() if 0 < ranks.get(arm, 0) <= _whole(depth)}
    paid = [pull for pull in credit.pulls if pull.reward]
    assert len(paid) == bool(finders)
    for pull in paid:
        assert pull.reward == reward
        assert pull.arm in finders
        assert STARTS[pull.bucket] < ranks[pull.arm] <= BUCKETS[pull.bucket]


@given(RANKS, DEPTHS, DEPTHS, st.integers(0, 2**32))
def test_the_first_supplier_is_paid_and_sees_what_came_before(
    ranks: dict[str, int], known: dict[str, int], ran: dict[str, int], seed: int
) -> None:
    """Items come in bucket order per arm, know the depths walked before them, and the first supplier takes it all."""
    credit = walk({}, ranks, known, ran, 0.5, np.random.default_rng(seed), budget=1000)
    walked: dict[str, int] = {}
    paid = False
    for pull in credit.pulls:
        assert STARTS[pull.bucket] == walked.get(pull.arm, 0)
        assert dict(pull.before) == {arm: depth for arm, depth in walked.items() if arm != pull.arm}
        supplies = STARTS[pull.bucket] < ranks.get(pull.arm, 0) <= BUCKETS[pull.bucket]
        assert bool(pull.reward) == (supplies and not paid)
        assert pull.hindsight == (BUCKETS[pull.bucket] > ran.get(pull.arm, 0))
        paid = paid or supplies
        walked[pull.arm] = BUCKETS[pull.bucket]
    assert walked == {arm: _whole(depth) for arm, depth in known.items() if _whole(depth)}


def test_by_hand() -> None:
    """One arm, known to depth 12, that has the entity at rank 4: three buckets, the second is paid."""
    credit = walk({"x": 0.5}, {"a": 4}, {"a": 12}, {"a": 7}, 0.3, np.random.default_rng(0), budget=1000, time=77.0)
    assert [(pull.arm, pull.bucket, pull.reward, pull.hindsight) for pull in credit.pulls] == [
        ("a", 0, 0.0, False),
        ("a", 1, 0.3, False),
        ("a", 2, 0.0, True),
    ]
    assert credit.context == {"x": 0.5}
    assert credit.time == 77.0
    assert {pull.weight for pull in credit.pulls} == {1.0}


def test_unknown_depths_teach_nothing() -> None:
    """No arm known, or known less deep than the first bucket: no pulls at all."""
    rng = np.random.default_rng(0)
    assert walk({}, {"a": 1}, {}, {"a": 100}, 1.0, rng, budget=1000).pulls == ()
    assert walk({}, {"a": 1}, {"a": 1}, {"a": 100}, 1.0, rng, budget=1000).pulls == ()
    found_deeper = walk({}, {"a": 4}, {"a": 4, "b": 2}, {}, 1.0, rng, budget=1000)
    assert sorted((pull.arm, pull.bucket, pull.reward) for pull in found_deeper.pulls) == [("a", 0, 0.0), ("b", 0, 0.0)]


def test_the_seed_decides_the_order_and_not_the_order_of_the_arms() -> None:
    """The same seed gives the same walk, in whatever order the arms are named; another seed another one."""
    ranks, known = {"a": 3, "b": 3, "c": 30}, {"a": 100, "b": 100, "c": 100}

    def go(seed: int, depths: dict[str, int]) -> Credit:
        return walk({}, ranks, depths, {}, 1.0, np.random.default_rng(seed), budget=1000)

    assert go(1, known) == go(1, dict(reversed(list(known.items()))))
    assert len({tuple((pull.arm, pull.bucket) for pull in go(seed, known).pulls) for seed in range(30)}) > 20


def test_equal_suppliers_share_evenly() -> None:
    """Two arms that supply the entity at the same rank are paid equally often."""
    known = {"a": 100, "b": 100}
    paid = Counter(
        pull.arm
        for seed in range(2000)
        for pull in walk({}, {"a": 2, "b": 2}, known, {}, 1.0, np.random.default_rng(seed), budget=1000).pulls
        if pull.reward
    )
    assert abs(paid["a"] - 1000) < 3.3 * (2000 * 0.25) ** 0.5  # p = 0.001, two-sided


@given(RANKS, DEPTHS, st.integers(0, 300), st.integers(0, 2**32))
def test_the_walk_stops_at_the_budget(ranks: dict[str, int], known: dict[str, int], budget: int, seed: int) -> None:
    """It spends no more than the budget, and ends only where no next bucket is known whole and can be paid."""
    pulls = walk({}, ranks, known, {}, 1.0, np.random.default_rng(seed), budget=budget).pulls
    left = budget - sum(COSTS[pull.bucket] for pull in pulls)
    assert left >= 0
    taken = Counter(pull.arm for pull in pulls)
    for arm, depth in known.items():
        following = taken[arm]
        assert following == len(BUCKETS) or BUCKETS[following] > depth or COSTS[following] > left


def test_no_action_by_hand() -> None:
    """What was seen earns 0, weighted by how surely it was seen; what was not seen teaches nothing."""
    ran = {"a": 7, "b": 2, "c": 20}
    seen = {("a", 0): 1.0, ("a", 1): 0.5, ("b", 0): 0.25, ("c", 1): 0.0}
    credit = no_action({"x": 0.5}, ran, seen, np.random.default_rng(0), budget=29, time=77.0)
    assert {(pull.arm, pull.bucket): pull.weight for pull in credit.pulls} == {
        ("a", 0): NO_ACTION,
        ("a", 1): NO_ACTION * 0.5,
        ("b", 0): NO_ACTION * 0.25,
    }
    assert {(pull.reward, pull.hindsight) for pull in credit.pulls} == {(0.0, False)}
    assert (credit.context, credit.time) == ({"x": 0.5}, 77.0)


@settings(deadline=None)
@given(DEPTHS, st.integers(0, 2**32))
def test_no_action_walks_as_an_action_does(ran: dict[str, int], seed: int) -> None:
    """With the same seed its pulls have seen the same before them, as often, as those of a page with an action."""
    seen = {(arm, bucket): 1.0 for arm in ran for bucket in range(len(BUCKETS))}
    nobody = no_action({}, ran, seen, np.random.default_rng(seed), budget=200)
    someone = walk({}, dict.fromkeys(ran, 1), ran, ran, 1.0, np.random.default_rng(seed), budget=200, orders=ORDERS)
    assert _shares(nobody) == _shares(someone)
    assert {pull.weight for pull in nobody.pulls} <= {NO_ACTION}


def _shares(credit: Credit) -> dict[tuple[object, ...], float]:
    """Return in which share of the orders an item came behind these others, whatever it earned."""
    shares: defaultdict[tuple[object, ...], float] = defaultdict(float)
    for pull in credit.pulls:
        shares[pull.arm, pull.bucket, *sorted(pull.before.items())] += pull.share
    return shares


@settings(deadline=None)
@given(RANKS, DEPTHS, st.integers(10, 300), st.integers(0, 2**32))
def test_walks_are_the_mean_of_walks(ranks: dict[str, int], known: dict[str, int], budget: int, seed: int) -> None:
    """Each pull stands once, with the share of the orders in which it came; together they earn what the walks do."""
    rng = np.random.default_rng(seed)
    singles = [walk({"x": 1.0}, ranks, known, known, 0.5, rng, budget=budget, time=3.0) for _ in range(ORDERS)]
    together = walk(
        {"x": 1.0}, ranks, known, known, 0.5, np.random.default_rng(seed), budget=budget, time=3.0, orders=ORDERS
    )
    assert (together.context, together.time) == ({"x": 1.0}, 3.0)
    wanted: defaultdict[tuple[object, ...], float] = defaultdict(float)
    for pull in (pull for single in singles for pull in single.pulls):
        wanted[pull.arm, pull.bucket, *pull.before.items(), pull.reward, pull.hindsight] += 1 / ORDERS
    found = {(one.arm, one.bucket, *one.before.items(), one.reward, one.hindsight): one.share for one in together.pulls}
    assert found == wanted
    assert len(found) == len(together.pulls)
