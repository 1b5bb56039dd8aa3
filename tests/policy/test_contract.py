"""What every policy promises, whatever it is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ltrr_cli.policy.base import BUCKETS, COSTS, MAX_DEPTH, equal_split, top_up
from ltrr_cli.policy.baselines import EqualSplit, Fixed
from ltrr_cli.policy.credit import Credit, Pull, walk
from ltrr_cli.policy.model import MAX_ARMS, MAX_FEATURES
from ltrr_cli.policy.thompson import VERSION_EVERY, ThompsonPolicy

if TYPE_CHECKING:
    from collections.abc import Callable

    from ltrr_cli.policy.base import Policy, Selection

ARMS = ("lexical", "popular", "structured", "semantic", "memory")


def _trained() -> ThompsonPolicy:
    policy = ThompsonPolicy(seed=3)
    rng = np.random.default_rng(0)
    for number in range(3 * VERSION_EVERY):
        ranks = {arm: int(rng.integers(0, 30)) for arm in ARMS}
        known = dict.fromkeys(ARMS, 100)
        policy.update(walk({"words": 0.3, "odd": float(number % 2)}, ranks, known, {}, 0.5, rng, budget=1000))
    return policy


POLICIES: dict[str, Callable[[], Policy]] = {
    "thompson": ThompsonPolicy,
    "thompson, trained": _trained,
    "thompson, never plain": lambda: ThompsonPolicy(epsilon=0.0),
    "thompson, always plain": lambda: ThompsonPolicy(epsilon=1.0),
    "equal": EqualSplit,
    "fixed": lambda: Fixed({"lexical": 30, "semantic": 500, "memory": 0, "fuzzy": 7, "popular": -3}),
    "fixed, nothing": lambda: Fixed({}),
}
KEPT = {name: make() for name, make in POLICIES.items()}
"""One of each, for tests that only ask: asking teaches nothing."""
VALUES = st.floats() | st.just(1e308) | st.just(-0.0)
CONTEXTS = st.dictionaries(st.text(max_size=4), VALUES, max_size=6)
ARM_LISTS = st.lists(st.sampled_from([*ARMS, "", "fuzzy", "新"]), unique=True, max_size=8)
PULLS = st.builds(
    Pull,
    arm=st.sampled_from([*ARMS, "", "new"]),
    bucket=st.integers(0, len(BUCKETS) - 1),
    before=st.dictionaries(st.sampled_from([*ARMS, "other"]), st.integers(0, 10_000), max_size=4),
    reward=st.floats(-1, 1),
    hindsight=st.booleans(),
)
CREDITS = st.builds(Credit, context=CONTEXTS, pulls=st.lists(PULLS, max_size=5).map(tuple), weight=st.floats(0, 1e3))


def _check(selection: Selection, arms: list[str], budget: int) -> None:
    assert set(selection.depths) <= set(arms)
    assert all(type(depth) is int and 1 <= depth <= MAX_DEPTH for depth in selection.depths.values())
    assert sum(selection.depths.values()) <= budget
    assert 0 < selection.propensity <= 1 + 1e-12
    assert set(selection.explored) <= set(selection.depths)
    assert [arm for arm in arms if arm in selection.depths] == list(selection.depths)


@pytest.mark.parametrize("name", POLICIES)
@settings(max_examples=15, deadline=None)
@given(context=CONTEXTS, arms=ARM_LISTS, budget=st.integers(-1, 300))
def test_the_distribution_holds_what_select_does(
    name: str, context: dict[str, float], arms: list[str], budget: int
) -> None:
    """Its selections are distinct, sum to 1, and every draw is among them with exactly the propensity it is given."""
    policy = KEPT[name]
    distribution = policy.distribution(context, arms, budget)
    shares = {tuple(depths.items()): share for depths, share in distribution}
    assert len(shares) == len(distribution)
    assert all(share > 0 for share in shares.values())
    assert sum(shares.values()) == pytest.approx(1, abs=1e-12)
    for seed in range(20):
        selection = policy.select(context, arms, budget, np.random.default_rng(seed))
        assert shares[tuple(selection.depths.items())] == selection.propensity


def test_buckets() -> None:
    """Buckets grow, end at the greatest depth, and cost the candidates they add."""
    assert list(BUCKETS) == sorted(set(BUCKETS))
    assert BUCKETS[-1] == MAX_DEPTH == 100
    assert COSTS == (2, 3, 5, 10, 30, 50)
    assert sum(COSTS) == MAX_DEPTH


@pytest.mark.parametrize("name", POLICIES)
@settings(max_examples=25, deadline=None)
@given(
    context=CONTEXTS, arms=ARM_LISTS, budget=st.integers(1, 300) | st.integers(1, 10_000), seed=st.integers(0, 2**32)
)
def test_any_question_gets_a_valid_selection(
    name: str, context: dict[str, float], arms: list[str], budget: int, seed: int
) -> None:
    """Depths stay in the budget and in 1 … 100, for given arms only; the propensity is a probability; seeds decide."""
    policy = KEPT[name]
    selection = policy.select(context, arms, budget, np.random.default_rng(seed))
    _check(selection, arms, budget)
    assert policy.select(context, arms, budget, np.random.default_rng(seed)) == selection


@pytest.mark.parametrize("name", POLICIES)
def test_no_arms_or_no_budget(name: str) -> None:
    """Without arms, or without budget, nothing is chosen, and that is certain."""
    policy = POLICIES[name]()
    rng = np.random.default_rng(0)
    for arms, budget in (((), 10), (ARMS, 0), (ARMS, -1)):
        selection = policy.select({}, arms, budget, rng)
        assert dict(selection.depths) == {}
        assert selection.propensity == 1


@pytest.mark.parametrize("name", [name for name in POLICIES if not name.startswith("fixed")])
@pytest.mark.parametrize("budget", [1, 2, 3, 4, 7, 20, 120, 499, 500, 501, 10_000])
def test_the_budget_is_used(name: str, budget: int) -> None:
    """Something always runs, and no arm could get one candidate more of each of those that run."""
    policy = KEPT[name]
    for seed in range(20):
        depths = policy.select({"words": 0.5}, ARMS, budget, np.random.default_rng(seed)).depths
        assert depths
        open_arms = sum(depth < MAX_DEPTH for depth in depths.values())
        assert open_arms == 0 or budget - sum(depths.values()) < max(open_arms, 1)


@pytest.mark.parametrize("name", POLICIES)
def test_many_arms_and_features(name: str) -> None:
    """More arms and features than the model has room for are no error; those beyond are left out."""
    policy = POLICIES[name]()
    arms = [f"arm{number}" for number in range(3 * MAX_ARMS)]
    context = {f"feature{number}": 1.0 for number in range(3 * MAX_FEATURES)}
    for seed in range(5):
        _check(policy.select(context, arms, 200, np.random.default_rng(seed)), arms, 200)
    for arm in arms:
        policy.update(Credit(context=context, pulls=(Pull(arm=arm, bucket=0, before={}, reward=1.0, hindsight=False),)))
    _check(policy.select(context, arms, 200, np.random.default_rng(9)), arms, 200)


@pytest.mark.parametrize("name", POLICIES)
@settings(max_examples=8, deadline=None)
@given(st.lists(CREDITS, max_size=5))
def test_odd_credits_leave_the_policy_usable(name: str, given_credits: list[Credit]) -> None:
    """Credits without pulls or weight, of unknown arms, of any context: the next selection is still valid."""
    policy = POLICIES[name]()
    for number in range(VERSION_EVERY):
        policy.update(given_credits[number % len(given_credits)] if given_credits else Credit(context={}, pulls=()))
    for seed in range(3):
        _check(policy.select({"words": 0.5}, ARMS, 40, np.random.default_rng(seed)), list(ARMS), 40)


def test_equal_split_by_hand() -> None:
    """The same depth for all; with fewer candidates than arms the first ones get one each."""
    assert equal_split(["a", "b", "c"], 10) == {"a": 3, "b": 3, "c": 3}
    assert equal_split(["a", "b", "c"], 2) == {"a": 1, "b": 1}
    assert equal_split(["a"], 1000) == {"a": 100}
    assert equal_split([], 5) == {}


def test_top_up_by_hand() -> None:
    """What is left goes in equal parts to the arms that run, again and again as they fill up."""
    assert top_up({"a": 2, "b": 5}, 12) == {"a": 4, "b": 7}
    assert top_up({"a": 2, "b": 5}, 8) == {"a": 2, "b": 5}
    assert top_up({"a": 90, "b": 10}, 160) == {"a": 100, "b": 60}
    assert top_up({"a": 90, "b": 10}, 1000) == {"a": 100, "b": 100}
    assert top_up({}, 10) == {}
    assert top_up({"a": 20}, 10) == {"a": 20}


@given(st.dictionaries(st.text(max_size=2), st.integers(1, MAX_DEPTH), max_size=6), st.integers(1, 1000))
def test_top_up_never_takes_away(depths: dict[str, int], budget: int) -> None:
    """No depth falls, none passes the greatest, and the budget is kept where it was kept before."""
    after = top_up(dict(depths), budget)
    assert all(depths[arm] <= after[arm] <= MAX_DEPTH for arm in depths)
    assert sum(after.values()) <= max(budget, sum(depths.values()))


def test_fixed_by_hand() -> None:
    """Asked-for depths are cut at 100 and, in the order of the arms, at the budget; others do not run."""
    policy = Fixed({"a": 30, "b": 500, "c": 5, "d": 0})
    rng = np.random.default_rng(0)
    assert policy.select({}, ["a", "b", "c", "d"], 200, rng).depths == {"a": 30, "b": 100, "c": 5}
    assert policy.select({}, ["c", "b", "a"], 50, rng).depths == {"c": 5, "b": 45}
    assert policy.select({}, ["d", "e"], 50, rng).depths == {}
