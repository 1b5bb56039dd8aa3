"""The greedy choice: two quick versions of it, and a slow one that can be read at a glance."""

from __future__ import annotations

from math import inf, log
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ltrr_cli.policy.base import BUCKETS, COSTS, Budget
from ltrr_cli.policy.greedy import LEVELS, fill, fill_all, sums

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

BUDGETS = st.sampled_from([1, 2, 3, 7, 10, 20, 33, 120, 10_000])
SEEDS = st.integers(0, 2**32)


def _slow(gain: Floats, effect: Floats, arms: list[str], budget: Budget) -> list[int]:
    """Return the levels, with every marginal reward computed anew from what is selected."""

    def reached(arm: int) -> float:
        return log(1 + (0, *BUCKETS)[levels[arm]]) / log(101)

    def marginal(arm: int, last: int) -> float:
        others = [other for other in range(len(arms)) if other != arm]
        return sum(
            float(gain[arm, item]) + sum(reached(other) * float(effect[other, arm, item]) for other in others)
            for item in range(levels[arm], last + 1)
        )

    def spent(arm: int, last: int) -> int:
        return sum(COSTS[levels[arm] : last + 1])

    def cost(arm: int, last: int) -> float:
        if budget.ms == inf:
            return spent(arm, last)
        share = spent(arm, last) / budget.candidates
        return share if levels[arm] else share + budget.times[arms[arm]] / budget.ms

    def fits(arm: int, last: int) -> bool:
        time = sum(budget.times[arms[other]] for other in range(len(arms)) if levels[other] or other == arm)
        before = sum(sum(COSTS[:level]) for level in levels)
        if before + spent(arm, last) > budget.candidates:
            return False
        return budget.ms == inf or time <= budget.ms

    levels, total = [0] * len(arms), 0.0
    blocks = [(arm, last) for arm in range(len(arms)) for last in range(len(BUCKETS))]
    while open_ := [one for one in blocks if one[1] >= levels[one[0]] and fits(*one) and marginal(*one) > 0]:
        arm, last = max(open_, key=lambda one: marginal(*one) / cost(*one))
        total += marginal(arm, last)
        levels[arm] = last + 1
    deepest = sum(end <= budget.candidates for end in BUCKETS)
    alone = {
        arm: float(sum(max(0.0, one) for one in gain[arm, :deepest]))
        for arm in range(len(arms))
        if budget.ms == inf or budget.times[arms[arm]] <= budget.ms
    }
    single = max(alone, key=lambda arm: alone[arm], default=None)
    if single is not None and alone[single] > total + 1e-12:
        return [deepest if arm == single else 0 for arm in range(len(arms))]
    return levels


def _instance(rng: np.random.Generator, samples: int, timed: bool) -> tuple[Floats, Floats, list[str], int, float]:
    """Return random gains and effects, which fall with depth as real ones do, the arms, their number and a time."""
    count = int(rng.integers(1, 6))
    scale = 0.1 * np.diff(np.log1p([0, *BUCKETS]))
    gains = scale * rng.normal(0.5, 1.0, (samples, count, len(BUCKETS)))
    effects = scale * rng.normal(-0.2, 0.6, (samples, count, count, len(BUCKETS)))
    effects[:, range(count), range(count)] = 0.0
    ms = float(rng.uniform(1, 40)) if timed else inf
    return gains, effects, [f"arm{number}" for number in range(count)], count, ms


def _budget(rng: np.random.Generator, candidates: int, arms: list[str], ms: float) -> Budget:
    return Budget(candidates, ms, {arm: float(rng.choice([0.0, rng.uniform(0, 30)])) for arm in arms})


@settings(max_examples=150, deadline=None)
@given(SEEDS, BUDGETS, st.booleans())
def test_all_three_agree(seed: int, candidates: int, timed: bool) -> None:
    """For one sample, for many at once, and computed slowly: the same levels, with a time limit and without."""
    rng = np.random.default_rng(seed)
    gains, effects, arms, _, ms = _instance(rng, 6, timed)
    budget = _budget(rng, candidates, arms, ms)
    slow = [_slow(gain, effect, arms, budget) for gain, effect in zip(gains, effects, strict=True)]
    assert [fill(sums(gain), sums(effect), arms, budget) for gain, effect in zip(gains, effects, strict=True)] == slow
    assert fill_all(sums(gains), sums(effects), arms, budget).tolist() == slow


@settings(max_examples=100, deadline=None)
@given(SEEDS, BUDGETS, st.booleans())
def test_pruning_loses_no_votes(seed: int, candidates: int, timed: bool) -> None:
    """With `most`, the samples within these levels are those that are within them anyway, at the same levels."""
    rng = np.random.default_rng(seed)
    gains, effects, arms, count, ms = _instance(rng, 20, timed)
    budget = _budget(rng, candidates, arms, ms)
    free = fill_all(sums(gains), sums(effects), arms, budget)
    for most in (*free[:4], rng.integers(0, LEVELS, count)):
        pruned = fill_all(sums(gains), sums(effects), arms, budget, most.tolist())
        several = (free > 0).sum(1) > 1  # a single arm in place of several is not decided any more
        inside = (pruned <= most).all(1)
        assert inside[several].tolist() == (free <= most).all(1)[several].tolist()
        assert pruned[inside & several].tolist() == free[inside & several].tolist()
        if (most > 0).sum() > 1:
            assert (pruned == most).all(1).sum() == (free == most).all(1).sum()


def test_by_hand() -> None:
    """Two arms, 7 candidates: the better rate first, then what is left of the other's worth beside it."""
    gain, effect = np.zeros((2, len(BUCKETS))), np.zeros((2, 2, len(BUCKETS)))
    gain[0, :2], gain[1, :2] = (0.4, 0.3), (0.3, 0.1)
    budget = Budget(7)
    assert fill(sums(gain), sums(effect), ["a", "b"], budget) == [2, 1]  # rates .2, .15, .1, .033
    effect[0, 1, 0] = -1.0  # a down to 2 takes log 3 / log 101 = .238 from b, down to 5 takes .388: .3 - .388 < 0
    assert fill(sums(gain), sums(effect), ["a", "b"], budget) == [2, 0]
    gain[1, 2] = 2.0  # b alone is worth 2.4 down to 10, for which 7 candidates do not suffice; 10 do
    assert fill(sums(gain), sums(effect), ["a", "b"], budget) == [2, 0]
    assert fill(sums(gain), sums(effect), ["a", "b"], Budget(10)) == [0, 3]


def test_time_by_hand() -> None:
    """An arm that takes too long does not run, whatever it is worth; where none has time, none is chosen."""
    gain, effect = np.zeros((2, len(BUCKETS))), np.zeros((2, 2, len(BUCKETS)))
    gain[0, 0], gain[1, 0] = 1.0, 0.1
    times = {"slow": 30.0, "quick": 5.0}
    arms = ["slow", "quick"]
    for ms, levels in ((40.0, [1, 1]), (35.0, [1, 1]), (34.0, [1, 0]), (29.0, [0, 1]), (4.0, [0, 0])):
        assert fill(sums(gain), sums(effect), arms, Budget(10, ms, times)) == levels
        assert fill_all(sums(gain[None]), sums(effect[None]), arms, Budget(10, ms, times)).tolist() == [levels]
    # .15 / (.2 + 30 / 34) is a worse rate than .1 / (.2 + 5 / 34): the quick arm runs, and leaves the slow one no time.
    # But alone the slow one is worth more, and then it runs as deep as 10 candidates allow.
    gain[0, 0] = 0.15
    assert fill(sums(gain), sums(effect), arms, Budget(10, 34.0, times)) == [3, 0]
    gain[0, 0] = 0.09
    assert fill(sums(gain), sums(effect), arms, Budget(10, 34.0, times)) == [0, 1]


@settings(max_examples=50, deadline=None)
@given(SEEDS, st.booleans())
def test_a_lone_arm_is_as_deep_for_all_as_for_one(seed: int, timed: bool) -> None:
    """Where one arm runs, it is itself the best single arm: a tie to the last bit, which changes no level."""
    rng = np.random.default_rng(seed)
    gains = np.zeros((40, 2, len(BUCKETS)))
    gains[:, 0, :3] = rng.uniform(0.01, 1, (40, 3)) * (1, 0.1, 0.01)
    gains[:, 1] = -1.0
    budget = Budget(120, 50.0 if timed else inf, {"a": 3.7, "b": 1.0})
    assert fill_all(sums(gains), np.zeros((40, 2, 2, LEVELS)), ["a", "b"], budget).tolist() == [[3, 0]] * 40


def test_nothing_worth_its_cost_is_nothing() -> None:
    """Where every item costs more than it brings, or cannot be paid, nothing is selected."""
    gain, effect = -np.ones((3, len(BUCKETS))), np.zeros((3, 3, len(BUCKETS)))
    assert fill(sums(gain), sums(effect), ["a", "b", "c"], Budget(100)) == [0, 0, 0]
    assert fill_all(sums(-gain[None]), sums(effect[None]), ["a", "b", "c"], Budget(1)).tolist() == [[0, 0, 0]]
