"""Budgets, and the policies that do not learn."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_cli.policy.base import BUCKETS, COSTS, MAX_DEPTH, Budget, as_budget, equal_split, top_up
from ltrr_cli.policy.baselines import Fixed, SingleArm
from ltrr_cli.policy.thompson import _plain

ARMS = ("a", "b", "c")
TIMES = st.dictionaries(st.sampled_from(ARMS), st.floats(0, 50), max_size=3)


def test_buckets() -> None:
    """Buckets grow, end at the greatest depth, and cost the candidates they add."""
    assert list(BUCKETS) == sorted(set(BUCKETS))
    assert BUCKETS[-1] == MAX_DEPTH == 100
    assert COSTS == (2, 3, 5, 10, 30, 50)
    assert sum(COSTS) == MAX_DEPTH


def test_a_number_is_a_budget_of_any_time() -> None:
    """A budget given as a number limits candidates only; a budget stays what it is."""
    assert as_budget(7) == Budget(7, inf, {})
    assert as_budget(Budget(7, 3.0)) == Budget(7, 3.0, {})


@pytest.mark.parametrize(
    ("ms", "within"),
    [(inf, "abc"), (100.0, "abc"), (36.0, "abc"), (35.9, "bc"), (6.0, "bc"), (5.9, "c"), (1.0, "c"), (0.9, "")],
)
def test_what_there_is_time_for_by_hand(ms: float, within: str) -> None:
    """The quicker arms come first, those of which nothing is known first of all, and all together stay in time."""
    budget = Budget(9, ms, {"a": 30.0, "b": 5.0, "c": 1.0})
    assert budget.affordable("abc") == list(within)
    assert budget.quickest("abc") == ["c"]
    assert Budget(9, ms, {"a": 30.0}).quickest("abc") == ["b"]
    assert budget.quickest("") == []


@given(TIMES, st.floats(0.1, 200), st.permutations(ARMS))
def test_no_other_arms_fit_more_often(times: dict[str, float], ms: float, arms: list[str]) -> None:
    """No set of arms that fits into the time is larger than the one that is returned, in the order given."""
    found = Budget(9, ms, times).affordable(arms)
    assert found == [arm for arm in arms if arm in found]
    assert sum(times.get(arm, 0.0) for arm in found) <= ms + 1e-9
    quick = sorted(times.get(arm, 0.0) for arm in arms)
    assert len(found) == len(arms) or sum(quick[: len(found) + 1]) > ms - 1e-9


def test_equal_split_by_hand() -> None:
    """The same depth for all; with fewer candidates than arms the first ones get one each."""
    assert equal_split(["a", "b", "c"], 10) == {"a": 3, "b": 3, "c": 3}
    assert equal_split(["a", "b", "c"], 2) == {"a": 1, "b": 1}
    assert equal_split(["a"], 1000) == {"a": 100}
    assert equal_split([], 5) == {}
    assert equal_split(["a", "b"], 0) == equal_split(["a", "b"], -1) == equal_split(["a", "b"], -7) == {}


def test_equal_split_in_time() -> None:
    """Arms for which there is no time leave their share to the others; the quickest runs in any case."""
    times = {"a": 30.0, "b": 5.0, "c": 1.0}
    assert equal_split(["a", "b", "c"], Budget(12, 6.0, times)) == {"b": 6, "c": 6}
    assert equal_split(["a", "b", "c"], Budget(12, 0.5, times)) == {"c": 12}
    assert equal_split(["a", "b", "c"], Budget(1, 6.0, times)) == {"b": 1}


def test_plain_selections_by_hand() -> None:
    """The equal split, then for each arm half of the budget, the rest to the others; arms without time are left out."""
    assert _plain(["a", "b", "c"], Budget(10)) == [
        {"a": 3, "b": 3, "c": 3},
        {"a": 5, "b": 2, "c": 2},
        {"a": 2, "b": 5, "c": 2},
        {"a": 2, "b": 2, "c": 5},
    ]
    times = {"a": 30.0, "b": 5.0, "c": 1.0}
    assert _plain(["a", "b", "c"], Budget(10, 31.0, times)) == [
        {"b": 5, "c": 5},
        {"a": 5, "c": 5},
        {"b": 5, "c": 5},
        {"b": 5, "c": 5},
    ]
    assert _plain(["a", "b"], Budget(1000)) == [{"a": 100, "b": 100}] * 3


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
    """Asked-for depths are cut at 100 and, in the order of the arms, at the budget; others do not run; time is free."""
    policy = Fixed({"a": 30, "b": 500, "c": 5, "d": 0})
    rng = np.random.default_rng(0)
    assert policy.select({}, ["a", "b", "c", "d"], 200, rng).depths == {"a": 30, "b": 100, "c": 5}
    assert policy.select({}, ["c", "b", "a"], 50, rng).depths == {"c": 5, "b": 45}
    assert policy.select({}, ["d", "e"], 50, rng).depths == {}
    assert policy.select({}, ["a", "c"], Budget(50, 1.0, {"a": 9.0}), rng).depths == {"a": 30, "c": 5}


def test_single_arm_by_hand() -> None:
    """One arm takes the whole budget, at most 100, in any time; where it does not apply, all arms share."""
    policy = SingleArm("b")
    rng = np.random.default_rng(0)
    assert policy.select({}, ["a", "b"], 40, rng).depths == {"b": 40}
    assert policy.select({}, ["a", "b"], Budget(400, 1.0, {"b": 9.0}), rng).depths == {"b": 100}
    assert policy.select({}, ["a", "c"], 40, rng).depths == {"a": 20, "c": 20}
