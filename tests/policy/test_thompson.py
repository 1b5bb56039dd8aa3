"""The learned policy: particles of the posterior, the cold start, and what it says about its exploring."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from ltrr_cli.policy.base import BUCKETS, Budget, equal_split
from ltrr_cli.policy.credit import Credit, Pull, walk
from ltrr_cli.policy.learner import VERSION_EVERY
from ltrr_cli.policy.linear import EpsilonGreedy, LinUCB
from ltrr_cli.policy.model import MAX_ARMS, NOISE, PRIOR_REWARD
from ltrr_cli.policy.thompson import PARTICLES, ThompsonPolicy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ltrr_cli.policy.base import Selection

ARMS = ("a", "b", "c", "d", "e")
CONTEXTS: tuple[Mapping[str, float], ...] = ({"words": 0.2, "left": 1.0}, {"words": 0.2, "right": 1.0})


def _choices(policy: ThompsonPolicy, arms: Sequence[str] = ARMS, count: int = 40) -> list[Selection]:
    return [policy.select(CONTEXTS[seed % 2], arms, 20, np.random.default_rng(seed)) for seed in range(count)]


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, MAX_ARMS])
@pytest.mark.parametrize("each", [2, 5, 10, 20, 50, 100])
def test_cold_start_is_the_equal_split(count: int, each: int) -> None:
    """With nothing learned every arm runs at the same depth, whatever the context, but for the plain selections."""
    arms = [f"arm{number}" for number in range(count)]
    context = {"words": 0.7, "x": -1.0}
    policy = ThompsonPolicy(epsilon=0.0)
    depths = dict.fromkeys(arms, each)
    assert dict(policy.mean(context, arms, each * count).depths) == equal_split(arms, each * count) == depths
    assert policy.distribution(context, arms, each * count) == [(depths, 1.0)]
    selection = policy.select(context, arms, each * count, np.random.default_rng(0))
    assert (selection.depths, selection.propensity, selection.explored) == (depths, 1.0, ())


def test_cold_start_explores_with_epsilon() -> None:
    """Before the first version all but the share ε is the equal split; each arm goes deep with ε / (arms + 1)."""
    shares = ThompsonPolicy(epsilon=0.3).distribution({}, ("a", "b"), 20)
    assert [depths for depths, _ in shares] == [{"a": 10, "b": 10}]  # half for one leaves the other half
    shares = ThompsonPolicy(epsilon=0.3).distribution({}, ("a", "b", "c"), 20)
    assert [depths for depths, _ in shares] == [
        {"a": 6, "b": 6, "c": 6},
        {"a": 10, "b": 5, "c": 5},
        {"a": 5, "b": 10, "c": 5},
        {"a": 5, "b": 5, "c": 10},
    ]
    assert [share for _, share in shares] == pytest.approx([0.7 + 0.3 / 4, 0.3 / 4, 0.3 / 4, 0.3 / 4])


def test_particles_are_drawn_from_the_posterior(trained: ThompsonPolicy) -> None:
    """In the posterior's deviations their distances to the mean are as those of draws from N(0, width²·I)."""
    squares, total, count = 0.0, 0.0, 0
    for arm in ARMS:
        mean, factor = trained.sums.posterior(arm)
        drawn = trained._draw(arm)
        assert drawn.shape == (PARTICLES + 1, *mean.shape)
        assert np.array_equal(drawn[PARTICLES], mean)
        white = np.einsum("bij,pbi->pbj", factor, drawn[:PARTICLES] - mean) / trained.width
        squares, total, count = squares + float((white**2).sum()), total + float(white.sum()), count + white.size
    assert squares / count == pytest.approx(1, abs=4 * (2 / count) ** 0.5)
    assert abs(total / count) < 4 / count**0.5


def test_the_width_scales_the_particles(trained: ThompsonPolicy, tmp_path: Path) -> None:
    """ε-greedy has the same mean, and no width: each particle is the mean, and one selection gets all of 1 - ε."""
    trained.save(tmp_path / "policy.npz")
    policy = EpsilonGreedy(seed=1, epsilon=0.1)
    policy.load(tmp_path / "policy.npz")
    assert np.array_equal(policy._draw("a"), np.repeat(trained._draw("a")[-1:], PARTICLES + 1, axis=0))
    for context in CONTEXTS:
        mean = trained.mean(context, ARMS, 20).depths
        assert policy.mean(context, ARMS, 20).depths == mean
        assert next(share for depths, share in policy.distribution(context, ARMS, 20) if depths == mean) >= 0.9


@pytest.mark.parametrize("alpha", [0.0, 2.0])
def test_linucb_by_hand(alpha: float) -> None:
    """It chooses by the posterior mean plus α deviations: here of a constant alone, known from 20 rewards."""
    policy = LinUCB(alpha=alpha)
    for _ in range(VERSION_EVERY):
        pull = Pull(arm="a", bucket=0, before={}, reward=0.2, hindsight=False)
        policy.update(Credit(context={}, pulls=(pull,)))
    # a has .192 ± .029, b the prior's .15 ± .075: a is better at α = 0, b at α = 2, .3 against .251.
    prior = (0.5 * PRIOR_REWARD[0]) ** -2
    mean = (PRIOR_REWARD[0] * prior + 20 * 0.2 / NOISE) / (prior + 20 / NOISE)
    bounds = {
        "a": mean + alpha * (prior + 20 / NOISE) ** -0.5,
        "b": PRIOR_REWARD[0] + alpha * 0.5 * PRIOR_REWARD[0],
    }
    best = max(bounds, key=lambda arm: bounds[arm])
    assert best == ("a" if alpha == 0 else "b")
    assert policy.distribution({}, ("a", "b"), 2) == [({best: 2}, 1.0)]


def test_a_new_arm_starts_from_the_prior_and_moves_no_other(trained: ThompsonPolicy, tmp_path: Path) -> None:
    """Particles of known arms stay bit for bit as they were when an arm joins; the new one's mean is the prior."""
    trained.save(tmp_path / "policy.npz")
    policy, other = ThompsonPolicy(seed=1), ThompsonPolicy(seed=1)
    policy.load(tmp_path / "policy.npz")
    other.load(tmp_path / "policy.npz")
    chosen = _choices(other)
    _choices(policy, ("new", *ARMS), 5)
    for arm in ARMS:
        assert np.array_equal(policy._draw(arm), other._draw(arm))
    drawn = policy._draw("new")
    assert drawn[PARTICLES, :, 0] == pytest.approx(PRIOR_REWARD, rel=1e-9)
    assert not drawn[PARTICLES, :, 1:].any()
    assert drawn[:PARTICLES].std(0)[:, 0] == pytest.approx(policy.width * 0.5 * PRIOR_REWARD, rel=0.4)
    assert _choices(policy) == chosen
    assert policy.arms == trained.arms


def test_the_order_of_the_arms_is_only_that(trained: ThompsonPolicy) -> None:
    """Arms given in another order get the same depths from the same particle, and the same propensity."""
    for seed in range(20):
        one = trained.select(CONTEXTS[0], ARMS, 20, np.random.default_rng(seed))
        other = trained.select(CONTEXTS[0], ARMS[::-1], 20, np.random.default_rng(seed))
        if one.particle >= 0:
            assert dict(other.depths) == dict(one.depths)
            assert other.propensity == pytest.approx(one.propensity)
            assert list(other.depths) == list(one.depths)[::-1]


def test_the_seed_of_the_policy_matters() -> None:
    """Policies of other seeds draw other particles; of the same seed the same."""

    def taught(seed: int) -> ThompsonPolicy:
        policy = ThompsonPolicy(seed=seed)
        rng = np.random.default_rng(0)
        for number in range(VERSION_EVERY):
            known = dict.fromkeys(ARMS, 50)
            policy.update(walk(CONTEXTS[number % 2], {ARMS[number % 5]: 3}, known, {}, 1.0, rng, budget=100))
        return policy

    assert _choices(taught(1)) == _choices(taught(1))
    assert _choices(taught(1)) != _choices(taught(2))


def test_explored_names_what_the_mean_would_not_do(trained: ThompsonPolicy) -> None:
    """`explored` holds the arms that run deeper than under the mean, and no other; some selections have none."""
    usual = trained.mean(CONTEXTS[0], ARMS, 20).depths
    seen = set()
    for seed in range(60):
        selection = trained.select(CONTEXTS[0], ARMS, 20, np.random.default_rng(seed))
        assert set(selection.explored) == {arm for arm, depth in selection.depths.items() if depth > usual.get(arm, 0)}
        seen.add(bool(selection.explored))
    assert True in seen


def test_the_best_single_arm_is_taken_where_it_pays() -> None:
    """An arm that is paid only in its deepest bucket is reached, though its first buckets are worthless."""
    policy = ThompsonPolicy(epsilon=0.0)
    for _ in range(40 * VERSION_EVERY):
        pulls = [
            Pull(arm=arm, bucket=bucket, before={}, reward=float(arm == "deep" and bucket == 4), hindsight=False)
            for arm in ("deep", "flat")
            for bucket in range(len(BUCKETS))
        ]
        policy.update(Credit(context={}, pulls=tuple(pulls)))
    assert policy.mean({}, ("deep", "flat"), 50).depths == {"deep": 50}
    assert policy.mean({}, ("deep", "flat"), Budget(50, 5.0, {"deep": 6.0})).depths == {"flat": 50}


def test_an_arms_own_history_counts_for_it_alone() -> None:
    """A policy that was paid where `a/success` was high runs the arm deeper where it is high, and learns none of b."""
    policy = ThompsonPolicy()
    rng = np.random.default_rng(0)
    for _ in range(20 * VERSION_EVERY):
        good = {arm: float(rng.random() < 0.5) for arm in "ab"}
        context = {f"{arm}/success": value for arm, value in good.items()}
        ranks = {arm: 1 if value else 0 for arm, value in good.items()}
        policy.update(walk(context, ranks, {"a": 20, "b": 20}, {}, 1.0, rng, budget=40))
    assert policy.sums.features.names == []
    assert policy.mean({"a/success": 1.0, "b/success": 0.0}, ("a", "b"), 7).depths == {"a": 7}
    assert policy.mean({"a/success": 0.0, "b/success": 1.0}, ("a", "b"), 7).depths == {"b": 7}
