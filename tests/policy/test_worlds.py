"""Planted worlds, in which what is to be learned is known: does the policy learn it?"""

from __future__ import annotations

from collections import Counter
from math import inf
from typing import TYPE_CHECKING

import numpy as np
import pytest

from ltrr_cli.policy.base import equal_split
from ltrr_cli.policy.credit import Credit, Pull, walk
from ltrr_cli.policy.learner import VERSION_EVERY
from ltrr_cli.policy.thompson import ThompsonPolicy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Teach = Callable[..., bool]

ARMS = ("a", "b", "c", "d", "e")
CONTEXTS: tuple[Mapping[str, float], ...] = ({"words": 0.2, "left": 1.0}, {"words": 0.2, "right": 1.0})


def _rank(rng: np.random.Generator, deepest: int) -> int:
    """Return a rank of 1 … deepest, small ones more likely, as about 1 / rank."""
    return int((deepest + 1) ** rng.random())


def _found(rng: np.random.Generator, shares: Mapping[str, float], deepest: int) -> dict[str, int]:
    """Return each arm's rank of the wanted entity, 0 where it does not have it: it has it with its share."""
    return {arm: _rank(rng, deepest) if rng.random() < share else 0 for arm, share in shares.items()}


def _world(rng: np.random.Generator, context: int) -> dict[str, int]:
    """Return the ranks in a world where "a" is good in the first context, "d" in the second, and the others never."""
    return _found(rng, {arm: 0.75 if arm == "ad"[context] else 0.2 for arm in ARMS}, 15)


def _covered(ranks: Mapping[str, int], depths: Mapping[str, int]) -> bool:
    return any(0 < ranks[arm] <= depth for arm, depth in depths.items())


def _coverage(depths: Mapping[str, int], context: int) -> float:
    """Return the share of 2,000 requests of the planted world that the depths supply."""
    rng = np.random.default_rng(5)
    return float(np.mean([_covered(_world(rng, context), depths) for _ in range(2000)]))


def test_learning_from_itself_finds_the_good_arm(teach: Teach) -> None:
    """From what only its own pages taught it goes deepest with the good arm, and beats the equal split clearly."""
    policy = ThompsonPolicy(seed=1)
    rng = np.random.default_rng(1)
    for _ in range(1500):
        context = int(rng.integers(2))
        depths = policy.select(CONTEXTS[context], ARMS, 20, rng).depths
        teach(policy, CONTEXTS[context], _world(rng, context), depths, rng)
    for context, good in enumerate("ad"):
        depths = policy.mean(CONTEXTS[context], ARMS, 20).depths
        assert all(depths[good] > depth for arm, depth in depths.items() if arm != good)
        assert _coverage(depths, context) > _coverage(equal_split(ARMS, 20), context) + 0.05


def test_learning_from_others_finds_the_good_arm() -> None:
    """So it does from another system's log, where every arm is looked up; where nothing tells, both go deepest."""
    policy = ThompsonPolicy(seed=1)
    rng = np.random.default_rng(0)
    while policy.credits < 1500:
        context = int(rng.integers(2))
        ranks = _world(rng, context)
        if any(ranks.values()):
            policy.update(walk(CONTEXTS[context], ranks, dict.fromkeys(ARMS, 100), {}, 1.0, rng, budget=120))
    for context, good in enumerate("ad"):
        depths = policy.mean(CONTEXTS[context], ARMS, 20).depths
        assert all(depths[good] > depth for arm, depth in depths.items() if arm != good)
        assert _coverage(depths, context) > _coverage(equal_split(ARMS, 20), context) + 0.05
    depths = policy.mean({"words": 0.2, "left": 0.5, "right": 0.5}, ARMS, 40).depths
    assert min(depths.get("a", 0), depths.get("d", 0)) >= max(depths.get(arm, 0) for arm in "bce")


def _both(
    policy: ThompsonPolicy, ranks: Mapping[str, int], depths: Mapping[str, int], rng: np.random.Generator
) -> None:
    """Credit a page in hindsight: of what was shown, and only where somebody acted, every arm's rank."""
    if _covered(ranks, depths):
        policy.update(walk({}, ranks, dict.fromkeys(ranks, 100), depths, 1.0, rng, budget=120))


@pytest.mark.parametrize("hindsight", [False, True])
@pytest.mark.parametrize("seed", range(2))
def test_a_bad_arm_does_not_become_popular(seed: int, hindsight: bool, teach: Teach) -> None:
    """Of two arms that have what is wanted with .7 and .2, the good one gets twice the candidates, and stays ahead."""
    policy = ThompsonPolicy(seed=seed)
    rng = np.random.default_rng(seed)
    given: Counter[str] = Counter()
    for step in range(600):
        depths = policy.select({}, ("good", "bad"), 7, rng).depths
        ranks = _found(rng, {"good": 0.7, "bad": 0.2}, 10)
        if step >= 200:
            given.update(depths)
        if hindsight:
            _both(policy, ranks, depths, rng)
        else:
            teach(policy, {}, ranks, depths, rng)
    assert given["good"] > 2 * given["bad"]
    mean = policy.mean({}, ("good", "bad"), 7).depths
    assert mean["good"] > 2 * mean.get("bad", 0)


def _regret(seed: int, rounds: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the regret of the policy and of an arm drawn uniformly, by round, where context decides what arms earn.

    One of four arms runs in each round, with two candidates; the probability that it is paid is linear in a context of
    three numbers. The first 20 rounds, before there is a version, are drawn uniformly for both.
    """
    arms = ARMS[:4]
    policy = ThompsonPolicy(seed=seed)
    rng = np.random.default_rng([seed, 0])
    slopes = np.random.default_rng([seed, 1]).normal(0, 0.2, (len(arms), 3))
    ours, uniform = np.zeros(rounds), np.zeros(rounds)
    for step in range(rounds):
        x = rng.uniform(-1, 1, 3)
        chances = np.clip(0.4 + slopes @ x, 0, 1)
        context = {f"x{number}": float(value) for number, value in enumerate(x)}
        drawn = arms[int(rng.integers(len(arms)))]
        depths = policy.select(context, arms, 2, rng).depths if step >= VERSION_EVERY else {drawn: 2}
        ran = [number for number, arm in enumerate(arms) if arm in depths]
        ours[step] = chances.max() - chances[ran].mean()
        uniform[step] = chances.max() - chances.mean()
        paid = rng.random(len(arms)) < chances
        pulls = [
            Pull(arm=arms[number], bucket=0, before={}, reward=float(paid[number]), hindsight=False)
            for number in ran
            if depths[arms[number]] >= 2
        ]
        policy.update(Credit(context=context, pulls=tuple(pulls)))
    return ours, uniform


def test_regret_grows_ever_slower() -> None:
    """On each of 20 seeds it stays below a uniform choice's; in the second half it grows at half the speed."""
    halves = []
    for seed in range(20):
        ours, uniform = _regret(seed, 300)
        assert ours.sum() < 0.8 * uniform.sum()
        halves.append((ours[:150].sum(), ours[150:].sum()))
    first, second = np.mean(halves, axis=0)
    assert second < 0.6 * first


def _after_the_change(seed: int, half_life: float, teach: Teach) -> float:
    """Return the share of pages with what was wanted in the 200 days after the good arm has turned bad, and vice versa.

    One page a day, of two arms and ten candidates.
    """
    policy = ThompsonPolicy(seed=seed, half_life=half_life)
    rng = np.random.default_rng(seed)
    covered: list[bool] = []
    for day in range(400):
        shares = {"before": 0.8 if day < 200 else 0.1, "after": 0.1 if day < 200 else 0.8}
        depths = policy.select({}, tuple(shares), 10, rng).depths
        covered.append(teach(policy, {}, _found(rng, shares, 12), depths, rng, time=day * 86400.0))
    return float(np.mean(covered[200:]))


def test_a_half_life_recovers_from_drift_faster(teach: Teach) -> None:
    """When the good arm turns bad, evidence that fades in 30 days is soon overcome; evidence that is kept seldom is."""
    fading, keeping = (
        np.array([_after_the_change(seed, half_life, teach) for seed in range(6)]) for half_life in (30 * 86400.0, inf)
    )
    assert (fading > 0.45).all()
    assert fading.mean() > keeping.mean() + 0.15
