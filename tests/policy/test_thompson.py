"""The learned policy: exact propensities, stable versions, and planted worlds in which it must find the good arm."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest

from ltrr_cli.policy.base import BUCKETS, Selection, equal_split
from ltrr_cli.policy.credit import Credit, Pull, walk
from ltrr_cli.policy.model import MAX_ARMS, PRIOR_REWARD, WIDTH, posterior
from ltrr_cli.policy.thompson import PARTICLES, VERSION_EVERY, ThompsonPolicy

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

ARMS = ("a", "b", "c", "d", "e")
CONTEXTS: tuple[Mapping[str, float], ...] = ({"words": 0.2, "left": 1.0}, {"words": 0.2, "right": 1.0})


class Draws(np.random.Generator):
    """A generator whose uniform numbers are given."""

    def __init__(self, *numbers: float) -> None:
        super().__init__(np.random.PCG64(0))
        self._numbers = iter(numbers)

    def random(self, *_: object, **__: object) -> float:  # type: ignore[override]
        """Return the next number."""
        return next(self._numbers)


def _rank(rng: np.random.Generator, deepest: int) -> int:
    """Return a rank of 1 … deepest, small ones more likely, as about 1 / rank."""
    return int((deepest + 1) ** rng.random())


def _world(rng: np.random.Generator, context: int) -> dict[str, int]:
    """Return each arm's rank of the wanted entity: "a" is good in the first context, "d" in the second."""
    ranks = {}
    for arm in ARMS:
        good = arm == "ad"[context]
        found = rng.random() < (0.75 if good else 0.2)
        ranks[arm] = _rank(rng, 15) if found else 0
    return ranks


def _covered(ranks: Mapping[str, int], depths: Mapping[str, int]) -> bool:
    return any(0 < ranks[arm] <= depth for arm, depth in depths.items())


def _train(policy: ThompsonPolicy, end: int, *, told: bool = False, seed: int = 0) -> None:
    """Let it act in the planted world until it has `end` credits, of impressions whose wanted entity was supplied.

    With `told`, credits are of all impressions whose entity any arm finds, as if another system had shown it.
    """
    rng = np.random.default_rng(seed)
    while policy.credits < end:
        number = int(rng.integers(2))
        ranks = _world(rng, number)
        depths = {} if told else policy.select(CONTEXTS[number], ARMS, 20, rng).depths
        if any(ranks.values()) if told else _covered(ranks, depths):
            policy.update(walk(CONTEXTS[number], ranks, dict.fromkeys(ARMS, 100), depths, 1.0, rng, budget=1000))


def _coverage(depths: Mapping[str, int], context: int) -> float:
    """Return the share of 4,000 requests of the planted world that the depths supply."""
    rng = np.random.default_rng(5)
    return float(np.mean([_covered(_world(rng, context), depths) for _ in range(4000)]))


@pytest.fixture(scope="module")
def trained() -> ThompsonPolicy:
    """Return a policy after 1,000 credits of its own selections in the planted world."""
    policy = ThompsonPolicy(seed=1)
    _train(policy, 1000)
    return policy


@pytest.fixture(scope="module")
def told() -> ThompsonPolicy:
    """Return a policy after 3,000 credits that do not depend on what it selected."""
    policy = ThompsonPolicy(seed=1)
    _train(policy, 3000, told=True)
    return policy


@pytest.mark.parametrize("context", [0, 1])
def test_it_finds_the_good_arm_of_each_context(told: ThompsonPolicy, context: int) -> None:
    """In each context the arm that is good there gets the most depth, and coverage beats the equal split's clearly."""
    depths = told.mean(CONTEXTS[context], ARMS, 20).depths
    good = "ad"[context]
    assert all(depths[good] > depth for arm, depth in depths.items() if arm != good)
    assert _coverage(depths, context) > _coverage(equal_split(ARMS, 20), context) + 0.05


@pytest.mark.parametrize("context", [0, 1])
def test_learning_from_itself_is_no_worse_than_the_equal_split(trained: ThompsonPolicy, context: int) -> None:
    """What only its own finds have taught runs the good arm as deep as any, and covers as much as all alike."""
    depths = trained.mean(CONTEXTS[context], ARMS, 20).depths
    assert depths["ad"[context]] == max(depths.values())
    assert _coverage(depths, context) > _coverage(equal_split(ARMS, 20), context) - 0.01


@pytest.mark.xfail(strict=True, reason="finds deeper than it usually looks are too rarely confirmed to be learned")
def test_learning_from_itself_finds_the_good_arm(trained: ThompsonPolicy) -> None:
    """What its own finds have taught beats the equal split clearly, as unbiased credits do."""
    for context in (0, 1):
        depths = trained.mean(CONTEXTS[context], ARMS, 20).depths
        assert _coverage(depths, context) > _coverage(equal_split(ARMS, 20), context) + 0.05


def test_without_a_context_it_prefers_neither_wrong_arm(told: ThompsonPolicy) -> None:
    """Where nothing tells the contexts apart, the two arms that are good somewhere go deepest."""
    depths = told.mean({"words": 0.2, "left": 0.5, "right": 0.5}, ARMS, 40).depths
    assert min(depths.get("a", 0), depths.get("d", 0)) >= max(depths.get(arm, 0) for arm in "bce")


@pytest.mark.parametrize("seed", range(3))
def test_hindsight_does_not_make_a_bad_arm_popular(seed: int) -> None:
    """Two arms that find .7 and .2, credited in hindsight from what was shown: the good one goes twice as deep."""
    policy = ThompsonPolicy(seed=seed)
    rng = np.random.default_rng(seed)
    given: Counter[str] = Counter()
    for step in range(700):
        depths = policy.select({}, ("good", "bad"), 7, rng).depths
        ranks = {arm: _rank(rng, 10) if rng.random() < share else 0 for arm, share in (("good", 0.7), ("bad", 0.2))}
        if step >= 350:
            given.update(depths)
        if _covered(ranks, {**dict.fromkeys(ranks, 0), **depths}):
            policy.update(walk({}, ranks, dict.fromkeys(ranks, 100), depths, 1.0, rng, budget=1000))
    assert given["good"] > 2 * given["bad"]
    mean = policy.mean({}, ("good", "bad"), 7).depths
    assert mean["good"] > mean.get("bad", 0)


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, MAX_ARMS])
@pytest.mark.parametrize("each", [2, 5, 10, 20, 50, 100])
def test_cold_start_is_the_equal_split(count: int, each: int) -> None:
    """With nothing learned, the mean runs every arm at the same depth, whatever the context."""
    arms = [f"arm{number}" for number in range(count)]
    selection = ThompsonPolicy().mean({"words": 0.7, "x": -1.0}, arms, each * count)
    assert dict(selection.depths) == equal_split(arms, each * count) == dict.fromkeys(arms, each)


@pytest.mark.parametrize("budget", [1, 3, 7, 20, 33, 120, 499])
def test_cold_start_is_balanced(budget: int) -> None:
    """At budgets that buckets do not divide evenly, all arms run, and the whole budget is used."""
    depths = ThompsonPolicy().mean({}, ARMS, budget).depths
    assert budget - sum(depths.values()) < len(depths)
    if budget >= 10:
        assert set(depths) == set(ARMS)


@pytest.mark.parametrize("epsilon", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("budget", [1, 20, 120])
def test_propensities_are_exact(trained: ThompsonPolicy, epsilon: float, budget: int) -> None:
    """Each selection's propensity is the share of draws that lead to it, and all of them add up to 1."""
    exact: Counter[tuple[tuple[str, int], ...]] = Counter()
    told: dict[tuple[tuple[str, int], ...], float] = {}
    trained_epsilon, trained.epsilon = trained.epsilon, epsilon
    plain = 1 + len(ARMS)
    try:
        for number, (kind, count, weight) in itertools.product(
            range(max(PARTICLES, plain)), (("particle", PARTICLES, 1 - epsilon), ("plain", plain, epsilon))
        ):
            if number < count and weight:
                draw = -1.0 if kind == "plain" else 2.0
                selection = trained.select(CONTEXTS[0], ARMS, budget, Draws(draw, (number + 0.5) / count))
                assert (selection.particle == number) == (kind == "particle")
                depths = tuple(selection.depths.items())
                exact[depths] += weight / count  # type: ignore[assignment]
                told.setdefault(depths, selection.propensity)
                assert told[depths] == selection.propensity
    finally:
        trained.epsilon = trained_epsilon
    assert told == pytest.approx(dict(exact), abs=1e-12)
    assert sum(told.values()) == pytest.approx(1)
    assert min(told.values()) > 0


def test_selections_come_as_often_as_their_propensity_says(
    trained: ThompsonPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over 20,000 draws the frequencies of whole selections pass a chi-square test against the propensities."""
    levels = trained._greedy(CONTEXTS[1], ARMS, 20)
    monkeypatch.setattr(trained, "_greedy", lambda *_: levels)  # the same for every draw, and most of the time
    rng = np.random.default_rng(11)
    draws, counts, propensity = 20_000, Counter[tuple[tuple[str, int], ...]](), {}
    for _ in range(draws):
        selection = trained.select(CONTEXTS[1], ARMS, 20, rng)
        depths = tuple(selection.depths.items())
        counts[depths] += 1
        propensity[depths] = selection.propensity
    assert sum(propensity.values()) == pytest.approx(1)
    assert len(counts) >= 5
    statistic = sum((counts[one] - draws * p) ** 2 / (draws * p) for one, p in propensity.items())
    freedom = len(counts) - 1
    # Wilson & Hilferty: the cube root of chi-square / df is about normal; 3.09 is p = 0.001.
    normal = ((statistic / freedom) ** (1 / 3) - (1 - 2 / (9 * freedom))) / (2 / (9 * freedom)) ** 0.5
    assert normal < 3.09


def test_particles_are_drawn_from_the_posterior(trained: ThompsonPolicy) -> None:
    """(θ − m)ᵀ·precision·(θ − m) averages the dimension over the particles, as for draws from N(m, precision⁻¹)."""
    theta = trained._theta(ARMS).astype(np.float64)
    mean, factor = _posterior(trained)
    assert np.allclose(theta[PARTICLES], mean, atol=1e-6)
    white = np.einsum("abij,pabi->pabj", factor, theta[:PARTICLES] - mean)
    draws = PARTICLES * len(ARMS) * len(BUCKETS)
    assert (white**2).sum(-1).mean() == pytest.approx(WIDTH, abs=4 * (2 * WIDTH / draws) ** 0.5)
    assert abs(white.mean()) < 4 / (white.size) ** 0.5


def _posterior(policy: ThompsonPolicy) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and Cholesky factor of all items, arms in the order of ARMS."""
    numbers = [policy.arms.index(arm) for arm in ARMS]
    each = [posterior(policy._sums.a[number], policy._sums.b[number]) for number in numbers]
    return np.stack([mean for mean, _ in each]), np.stack([factor for _, factor in each])


def _choices(policy: ThompsonPolicy, arms: tuple[str, ...] = ARMS, count: int = 40) -> list[Selection]:
    return [policy.select(CONTEXTS[seed % 2], arms, 20, np.random.default_rng(seed)) for seed in range(count)]


def test_a_new_arm_starts_from_the_prior_and_moves_no_other(trained: ThompsonPolicy, tmp_path: Path) -> None:
    """Particles of known arms stay bit for bit as they were when an arm joins; the new one's mean is the prior."""
    trained.save(tmp_path / "policy.npz")
    policy = ThompsonPolicy(seed=1)
    policy.load(tmp_path / "policy.npz")
    before, chosen = policy._theta(ARMS).copy(), _choices(policy)
    policy.select({}, (*ARMS, "new"), 20, np.random.default_rng(0))
    after = policy._theta((*ARMS, "new"))
    assert np.array_equal(after[:, : len(ARMS)], before)
    assert after[PARTICLES, len(ARMS), :, 0] == pytest.approx(PRIOR_REWARD, rel=1e-6)
    assert not after[PARTICLES, len(ARMS), :, 1:].any()
    assert after[:PARTICLES, len(ARMS)].std(0).min() > 0
    assert _choices(policy) == chosen
    assert policy.arms == trained.arms


def test_save_and_load(trained: ThompsonPolicy, tmp_path: Path) -> None:
    """What is loaded selects as what was saved, between versions too, and goes on learning alike."""
    policy = ThompsonPolicy(seed=4)
    _train(policy, 3 * VERSION_EVERY + 7)
    policy.save(tmp_path / "policy.npz")
    again = ThompsonPolicy(seed=4)
    again.load(tmp_path / "policy.npz")
    assert (again.credits, again.version, again.arms) == (policy.credits, policy.version, policy.arms)
    assert _choices(again) == _choices(policy)
    for one in (policy, again):
        _train(one, 5 * VERSION_EVERY, seed=9)
    assert _choices(again) == _choices(policy)
    assert _choices(again) != _choices(trained)


def test_an_untrained_policy_can_be_saved(tmp_path: Path) -> None:
    """A policy that has seen nothing, not even an arm, comes back as it was."""
    ThompsonPolicy().save(tmp_path / "policy.npz")
    again = ThompsonPolicy()
    again.load(tmp_path / "policy.npz")
    assert again.version == 0
    assert _choices(again) == _choices(ThompsonPolicy())


def test_another_format_is_refused(tmp_path: Path) -> None:
    """A state of a later format version is a ValueError that says so."""
    ThompsonPolicy().save(tmp_path / "policy.npz")
    with np.load(tmp_path / "policy.npz") as state:
        np.savez(tmp_path / "later.npz", allow_pickle=False, **{**state, "format_version": np.array(2)})
    with pytest.raises(ValueError, match="format version 2"):
        ThompsonPolicy().load(tmp_path / "later.npz")


def test_versions_change_only_every_so_many_credits() -> None:
    """Between two versions evidence adds up but no selection changes."""
    policy = ThompsonPolicy(seed=2)
    rng = np.random.default_rng(0)
    seen = {}
    for number in range(1, 3 * VERSION_EVERY + 1):
        policy.update(walk(CONTEXTS[number % 2], {"a": 1}, dict.fromkeys(ARMS, 100), {}, 1.0, rng, budget=1000))
        assert policy.version == number // VERSION_EVERY
        seen[number] = _choices(policy, count=10)
    for start in (VERSION_EVERY, 2 * VERSION_EVERY):
        assert seen[start] == seen[start + 1] == seen[start + VERSION_EVERY - 1]
        assert seen[start] != seen[start + VERSION_EVERY]


def test_a_new_feature_waits_for_the_next_version() -> None:
    """A feature first seen in a credit changes no selection until a version knows it."""
    policy = ThompsonPolicy(seed=2)
    before = _choices(policy)
    policy.update(walk(CONTEXTS[0], {"a": 1}, dict.fromkeys(ARMS, 100), {}, 1.0, np.random.default_rng(0), budget=1000))
    assert policy.version == 0
    assert _choices(policy) == before


def test_the_seed_of_the_policy_matters() -> None:
    """Policies of other seeds draw other particles; of the same seed the same."""
    assert _choices(ThompsonPolicy(seed=1)) == _choices(ThompsonPolicy(seed=1))
    assert _choices(ThompsonPolicy(seed=1)) != _choices(ThompsonPolicy(seed=2))


def test_explored_names_what_the_mean_would_not_do(trained: ThompsonPolicy) -> None:
    """`explored` holds the arms that run deeper than under the mean, and no other."""
    usual = trained.mean(CONTEXTS[0], ARMS, 20).depths
    for seed in range(60):
        selection = trained.select(CONTEXTS[0], ARMS, 20, np.random.default_rng(seed))
        assert set(selection.explored) == {arm for arm, depth in selection.depths.items() if depth > usual.get(arm, 0)}


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


def test_the_report_tells_the_posterior(trained: ThompsonPolicy) -> None:
    """One line for each arm and bucket, in order, with the posterior mean and a deviation above 0."""
    report = trained.report(ARMS)
    assert [(arm, end) for arm, end, _, _ in report] == list(itertools.product(ARMS, BUCKETS))
    mean = _posterior(trained)[0]
    assert [value for _, _, value, _ in report] == pytest.approx(mean[:, :, 0].ravel(), abs=1e-6)
    assert all(deviation > 0 for _, _, _, deviation in report)


def test_asking_teaches_nothing() -> None:
    """Selecting leaves no trace in the state: neither arms nor features get their places by being asked about."""
    policy = ThompsonPolicy()
    _choices(policy)
    policy.mean({"words": 1.0}, ARMS, 20)
    assert policy.arms == ()
    assert policy._sums.features.names == []
