"""What every policy promises, whatever it is asked and taught."""

from __future__ import annotations

from copy import deepcopy
from math import inf, nan
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ltrr_cli.policy.base import BUCKETS, MAX_DEPTH, Budget, as_budget
from ltrr_cli.policy.baselines import EqualSplit, Fixed, SingleArm
from ltrr_cli.policy.credit import Credit, Pull, walk
from ltrr_cli.policy.learner import VERSION_EVERY, Learner
from ltrr_cli.policy.linear import EpsilonGreedy, LinUCB
from ltrr_cli.policy.model import MAX_ARMS, MAX_FEATURES
from ltrr_cli.policy.thompson import ThompsonPolicy

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from ltrr_cli.policy.base import Policy, Selection

ARMS = ("lexical", "popular", "structured", "semantic", "memory")
ODD = ("", "新", "a/b", "/", "success", "a\0b", "\ud800", "arm" * 500, "'\"\\\n")


def _taught(policy: ThompsonPolicy | LinUCB) -> Policy:
    rng = np.random.default_rng(0)
    for number in range(VERSION_EVERY + 3):
        arms = (*ARMS, *ODD[:3])
        ranks = {arm: int(rng.integers(0, 30)) for arm in arms}
        context = {"words": 0.3, "odd": float(number % 2), "lexical/success": 0.4}
        policy.update(walk(context, ranks, dict.fromkeys(arms, 20), {}, 0.5, rng, budget=100, time=float(number)))
    return policy


POLICIES: dict[str, Callable[[], Policy]] = {
    "thompson": ThompsonPolicy,
    "thompson, taught": lambda: _taught(ThompsonPolicy(seed=3, half_life=50.0)),
    "thompson, always plain": lambda: ThompsonPolicy(epsilon=1.0),
    "epsilon-greedy, never plain": lambda: _taught(EpsilonGreedy(epsilon=0.0)),
    "linucb": LinUCB,
    "linucb, taught": lambda: _taught(LinUCB(half_life=50.0)),
    "equal": EqualSplit,
    "single": lambda: SingleArm("semantic"),
    "fixed": lambda: Fixed({"lexical": 30, "semantic": 500, "memory": 0, "fuzzy": 7, "popular": -3}),
    "fixed, nothing": lambda: Fixed({}),
}
KEPT = {name: make() for name, make in POLICIES.items()}
"""One of each, for tests that only ask: asking teaches nothing."""
LEARNING = [name for name, policy in KEPT.items() if isinstance(policy, Learner)]

VALUES = st.floats() | st.sampled_from([1e308, -1e308, -0.0, 5e-324, nan, inf, -inf])
NAMES = st.sampled_from([*ARMS, *ODD]) | st.text(max_size=3)
CONTEXTS = st.dictionaries(
    st.text(max_size=4) | st.sampled_from(["words", "odd", "lexical/success", "/success", "新/tried"]),
    VALUES,
    max_size=6,
)
ARM_LISTS = st.lists(NAMES, unique=True, max_size=20)
CANDIDATES = st.integers(-1, 300) | st.integers(-1, 10_000)
TIMES = st.dictionaries(NAMES, st.floats(0, 100) | st.sampled_from([0.0, 1e308, inf]), max_size=8)
BUDGETS = CANDIDATES | st.builds(
    Budget, CANDIDATES, st.floats(0.01, 200) | st.sampled_from([5e-324, 1e308, inf]), TIMES
)
PULLS = st.builds(
    Pull,
    arm=NAMES,
    bucket=st.integers(0, len(BUCKETS) - 1),
    before=st.dictionaries(NAMES, st.integers(0, 10_000), max_size=4),
    reward=VALUES,
    hindsight=st.booleans(),
    weight=VALUES,
)
CREDITS = st.builds(Credit, context=CONTEXTS, pulls=st.lists(PULLS, max_size=4).map(tuple), time=VALUES)


def _check(selection: Selection, arms: Sequence[str], budget: Budget | int) -> None:
    within = as_budget(budget)
    assert set(selection.depths) <= set(arms)
    assert all(type(depth) is int and 1 <= depth <= MAX_DEPTH for depth in selection.depths.values())
    assert sum(selection.depths.values()) <= max(0, within.candidates)
    assert 0 < selection.propensity <= 1 + 1e-12
    assert set(selection.explored) <= set(selection.depths)
    assert [arm for arm in arms if arm in selection.depths] == list(selection.depths)


def _in_time(selection: Selection, budget: Budget | int) -> bool:
    within = as_budget(budget)
    taken = sum(within.times.get(arm, 0.0) for arm in selection.depths)
    return len(selection.depths) < 2 or taken <= within.ms * (1 + 1e-9)


@pytest.mark.parametrize("name", POLICIES)
@settings(max_examples=20, deadline=None)
@given(context=CONTEXTS, arms=ARM_LISTS, budget=BUDGETS, seed=st.integers(0, 2**32))
def test_any_question_gets_a_valid_selection(
    name: str, context: dict[str, float], arms: list[str], budget: Budget | int, seed: int
) -> None:
    """Depths stay in budget and in 1 … 100, for given arms only; several arms have time together; seeds decide."""
    policy = KEPT[name]
    selection = policy.select(context, arms, budget, np.random.default_rng(seed))
    _check(selection, arms, budget)
    assert name.startswith("fixed") or _in_time(selection, budget)
    again = policy.select(context, arms, budget, np.random.default_rng(seed))
    assert (again, again.propensity) == (selection, selection.propensity)


@pytest.mark.parametrize("name", POLICIES)
@settings(max_examples=12, deadline=None)
@given(context=CONTEXTS, arms=ARM_LISTS, budget=BUDGETS)
def test_the_distribution_holds_what_select_does(
    name: str, context: dict[str, float], arms: list[str], budget: Budget | int
) -> None:
    """Its selections are distinct, sum to 1, and every draw is among them with exactly the propensity it is given."""
    policy = KEPT[name]
    distribution = policy.distribution(context, arms, budget)
    shares = {tuple(depths.items()): share for depths, share in distribution}
    assert len(shares) == len(distribution)
    assert all(share > 0 for share in shares.values())
    assert sum(shares.values()) == pytest.approx(1, abs=1e-12)
    for seed in range(6):
        selection = policy.select(context, arms, budget, np.random.default_rng(seed))
        assert shares[tuple(selection.depths.items())] == selection.propensity


@pytest.mark.parametrize("name", POLICIES)
@pytest.mark.parametrize(("arms", "budget"), [((), 10), (ARMS, 0), (ARMS, -1), (ARMS, Budget(0, 10.0, {}))])
def test_no_arms_or_no_budget(name: str, arms: Sequence[str], budget: Budget | int) -> None:
    """Without arms, or without budget, nothing is chosen, and that is certain."""
    selection = KEPT[name].select({}, arms, budget, np.random.default_rng(0))
    assert dict(selection.depths) == {}
    assert selection.propensity == 1
    assert KEPT[name].distribution({}, arms, budget) == [({}, 1.0)]


@pytest.mark.parametrize("name", [name for name in POLICIES if not name.startswith("fixed")])
@pytest.mark.parametrize("budget", [1, 2, 3, 4, 7, 20, 120, 499, 500, 501, 10_000])
def test_the_budget_is_used(name: str, budget: int) -> None:
    """Something always runs, and no arm could get one candidate more of each of those that run."""
    for seed in range(20):
        depths = KEPT[name].select({"words": 0.5}, ARMS, budget, np.random.default_rng(seed)).depths
        assert depths
        open_arms = sum(depth < MAX_DEPTH for depth in depths.values())
        assert open_arms == 0 or budget - sum(depths.values()) < open_arms


@pytest.mark.parametrize("name", POLICIES)
def test_many_arms_and_features(name: str) -> None:
    """More arms and features than the model has room for are no error; those beyond are left out."""
    policy = deepcopy(KEPT[name])
    arms = [f"arm{number}" for number in range(MAX_ARMS + 1)]
    context = {f"feature{number}": 1.0 for number in range(2 * MAX_FEATURES)}
    for arm in [*arms, *arms]:
        policy.update(Credit(context=context, pulls=(Pull(arm=arm, bucket=0, before={}, reward=1.0, hindsight=False),)))
    selection = policy.select(context, arms, 200, np.random.default_rng(0))
    _check(selection, arms, 200)
    assert name not in LEARNING or arms[-1] not in selection.depths


@pytest.mark.parametrize("name", POLICIES)
@settings(max_examples=8, deadline=None)
@given(given_credits=st.lists(CREDITS, max_size=5), context=CONTEXTS, budget=BUDGETS)
def test_odd_credits_leave_the_policy_usable(
    name: str, given_credits: list[Credit], context: dict[str, float], budget: Budget | int
) -> None:
    """Credits without pulls, of any arm and context, with any reward, weight and time: the next selection is valid."""
    policy = deepcopy(KEPT[name])
    for number in range(VERSION_EVERY):
        policy.update(given_credits[number % len(given_credits)] if given_credits else Credit(context={}, pulls=()))
    for seed in range(2):
        _check(policy.select(context, (*ARMS, *ODD), budget, np.random.default_rng(seed)), (*ARMS, *ODD), budget)


@pytest.mark.parametrize("name", LEARNING)
def test_asking_teaches_nothing(name: str, tmp_path: Path) -> None:
    """Selecting and asking for the distribution leave every byte of the state as it was."""
    policy = deepcopy(KEPT[name])
    assert isinstance(policy, Learner)
    policy.save(tmp_path / "before.npz")
    version = policy.version
    for seed in range(5):
        context = {"words": 0.5, "never seen": 1.0, "new/tried": 1.0}
        assert policy.select(context, ("new", *ARMS), 20, np.random.default_rng(seed)).propensity > 0
        policy.distribution(context, ("other", *ARMS), 20)
    policy.save(tmp_path / "after.npz")
    with np.load(tmp_path / "before.npz") as before, np.load(tmp_path / "after.npz") as after:
        assert {part: before[part].tobytes() for part in before} == {part: after[part].tobytes() for part in after}
    assert policy.version == version


@pytest.mark.parametrize("name", LEARNING)
def test_before_the_first_version_it_is_the_equal_split(name: str) -> None:
    """Until 20 credits have come, all arms run equally deep, but for the share ε of plain selections."""
    policy = type(KEPT[name])()
    assert isinstance(policy, Learner)
    rng = np.random.default_rng(0)
    for _ in range(VERSION_EVERY - 1):
        policy.update(walk({"words": 1.0}, {"lexical": 1}, dict.fromkeys(ARMS, 100), {}, 1.0, rng, budget=1000))
        chances = [share for depths, share in policy.distribution({}, ARMS, 20) if depths == dict.fromkeys(ARMS, 4)]
        assert chances[0] >= 0.98
    policy.update(walk({"words": 1.0}, {"lexical": 1}, dict.fromkeys(ARMS, 100), {}, 1.0, rng, budget=1000))
    assert policy.version == 1
    shares = policy.distribution({"words": 1.0}, ARMS, 20)
    assert max(shares, key=lambda one: one[1])[0] != dict.fromkeys(ARMS, 4)
