"""The linear-Gaussian model of each (arm, bucket): evidence, how it fades, and the posterior that it gives."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ltrr_cli.policy.base import BUCKETS, COSTS
from ltrr_cli.policy.credit import ORDERS, Credit, Pull, walk
from ltrr_cli.policy.learner import VERSION_EVERY, Learner
from ltrr_cli.policy.model import (
    _SPREAD_CONSTANT,
    _SPREAD_OTHER,
    MAX_ARMS,
    MAX_FEATURES,
    NOISE,
    OF_ARMS,
    OF_OWN,
    OWN,
    PRIOR_REWARD,
    WIDTH,
    Slots,
    Sums,
    is_own,
    reach,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

ARMS = ("a", "b", "c")
NAMES = ("u", "v", "w")
HALF_LIFE = 100.0


def _one(arm: str, bucket: int, context: dict[str, float], before: dict[str, int], weight: float = 1.0) -> Credit:
    """Return the credit of a single pull that earned 1."""
    pull = Pull(arm=arm, bucket=bucket, before=before, reward=1.0, hindsight=False, weight=weight)
    return Credit(context=context, pulls=(pull,))


def _credits(count: int, seed: int = 0) -> list[Credit]:
    """Return walks in random contexts, arms' own features among them, with random weights, in random order of time."""
    rng = np.random.default_rng(seed)
    out = []
    for _ in range(count):
        names = (*NAMES, "a/success", "b/tried", "elsewhere/results")
        context = {name: float(rng.normal()) for name in names if rng.random() < 0.8}
        ranks = {arm: int(rng.integers(0, 40)) for arm in ARMS}
        known = {arm: int(rng.integers(0, 110)) for arm in ARMS}
        credit = walk(context, ranks, known, {}, float(rng.random()), rng, budget=1000, orders=ORDERS)
        pulls = [pull._replace(weight=float(2 * rng.random())) for pull in credit.pulls]
        out.append(Credit(context=context, pulls=tuple(pulls), time=float(rng.uniform(-300, 300))))
    return out


def _least_squares(
    sums: Sums, learned: Sequence[Credit], arm: str, bucket: int, half_life: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean and the precision by ridge regression of all observations at once, the prior as further rows."""
    spread = np.full(WIDTH, _SPREAD_OTHER)
    spread[0] = _SPREAD_CONSTANT
    rows, rights = [np.diag(1 / (PRIOR_REWARD[bucket] * spread))], [np.zeros(WIDTH)]
    rights[0][0] = 1 / spread[0]
    newest = max(credit.time for credit in learned)
    for credit in learned:
        for pull in credit.pulls:
            if (pull.arm, pull.bucket) != (arm, bucket):
                continue
            x = np.zeros(WIDTH)
            x[0] = 1
            for name, value in credit.context.items():
                owner, _, feature = name.rpartition("/")
                if not owner:
                    x[1 + sums.features.names.index(name)] = np.clip(value, -1, 1)
                elif owner == arm:
                    x[1 + MAX_FEATURES + ("success", "tried", "results").index(feature)] = np.clip(value, -1, 1)
            for other, depth in pull.before.items():
                x[1 + MAX_FEATURES + 3 + sums.arms.names.index(other)] = np.log1p(depth) / np.log(101)
            scale = (pull.weight * pull.share * 2 ** (-(newest - credit.time) / half_life) / NOISE) ** 0.5
            rows.append(scale * x[None])
            rights.append(np.array([scale * pull.reward]))
    design = np.concatenate(rows)[:, sums.columns]
    return np.linalg.lstsq(design, np.concatenate(rights))[0], design.T @ design


@pytest.mark.parametrize("half_life", [math.inf, HALF_LIFE])
@pytest.mark.parametrize("seed", range(2))
def test_the_posterior_is_weighted_least_squares(half_life: float, seed: int, tmp_path: Path) -> None:
    """In any order of the credits, and across saving, the posterior is that of batch least squares, to 1e-8."""
    learned = _credits(12 * VERSION_EVERY)
    random.Random(seed).shuffle(learned)
    policy = Learner(half_life=half_life)
    for number, credit in enumerate(learned):
        policy.update(credit)
        if number in (5 * VERSION_EVERY - 1, 8 * VERSION_EVERY + 7):  # at a version, and between two
            policy.save(tmp_path / "policy.npz")
            policy = Learner(half_life=half_life)
            policy.load(tmp_path / "policy.npz")
    for arm in ARMS:
        mean, factor = policy.sums.posterior(arm)
        for bucket in range(len(BUCKETS)):
            expected, precision = _least_squares(policy.sums, learned, arm, bucket, half_life)
            assert np.abs(mean[bucket] - expected).max() < 1e-8
            assert np.allclose(factor[bucket] @ factor[bucket].T, precision, rtol=1e-8)


def _taught(half_life: float = HALF_LIFE) -> Sums:
    sums = Sums(half_life=half_life)
    sums.add(_credits(200))
    return sums


def _deviations(sums: Sums, arm: str) -> NDArray[np.float64]:
    inverse = np.linalg.inv(sums.posterior(arm)[1])
    return np.asarray(np.sqrt((inverse**2).sum(-2)))


@pytest.mark.parametrize("gap", [20.0 * HALF_LIFE, 60.0 * HALF_LIFE, 3000.0 * HALF_LIFE, 1e300])
def test_after_a_long_gap_all_is_as_before(gap: float) -> None:
    """When nothing was heard for long, mean and deviations are the prior's again, to what is left of the evidence."""
    sums = _taught()
    sums.add([Credit(context={}, pulls=(Pull(arm="d", bucket=0, before={}, reward=1.0, hindsight=False),), time=gap)])
    unheard = sums.posterior("never heard of")
    left = 1e5 * 0.5 ** min(1000.0, gap / HALF_LIFE)
    for arm in ARMS:
        assert np.abs(sums.posterior(arm)[0] - unheard[0]).max() < max(left, 1e-12)
        assert np.allclose(_deviations(sums, arm), _deviations(sums, "never heard of"), rtol=max(left, 1e-12))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0, 1e5), min_size=1, max_size=25))
def test_it_is_never_wider_than_the_prior(gaps: list[float]) -> None:
    """However long the gaps between credits, and however many: no direction is less sure than before all evidence."""
    sums = Sums(half_life=HALF_LIFE)
    now = 0.0
    for number, gap in enumerate(gaps):
        now += gap
        credit = _one("a", 0, {"u": 1.0, "v": float(number % 3)}, {"b": 10})
        sums.add([Credit(context=credit.context, pulls=credit.pulls, time=now)])
        prior = sums.posterior("never heard of")[1]
        for arm in ("a", "b"):
            factor = sums.posterior(arm)[1]
            more = np.linalg.eigvalsh(factor @ np.swapaxes(factor, -1, -2) - prior @ np.swapaxes(prior, -1, -2))
            assert more.min() > -1e-9 * more.max() - 1e-9


def test_a_half_life_by_hand() -> None:
    """One half-life after a reward of 1, a reward of 0 weighs twice as much; without a half-life the same."""
    for half_life, weight in ((HALF_LIFE, 0.5), (math.inf, 1.0)):
        for order in ((0, 1), (1, 0)):
            sums = Sums(half_life=half_life)
            given = [
                Credit(context={}, pulls=_one("a", 0, {}, {}).pulls),
                Credit(
                    context={},
                    pulls=(Pull(arm="a", bucket=0, before={}, reward=0.0, hindsight=True),),
                    time=HALF_LIFE,
                ),
            ]
            for number in order:
                sums.add([given[number]])
            prior = (0.15 * _SPREAD_CONSTANT) ** -2
            expected = (0.15 * prior + weight / NOISE) / (prior + (1 + weight) / NOISE)
            assert sums.posterior("a")[0][0, 0] == pytest.approx(expected, abs=1e-12)
            assert (sums.pulled[0, 0], sums.looked[0, 0], sums.earned[0, 0], sums.time) == (1, 1, 1, HALF_LIFE)


def test_reach() -> None:
    """Reach runs from 0 at depth 0 to 1 at the greatest depth, logarithmically."""
    assert reach(0) == 0
    assert reach(100) == 1
    assert reach(9) == pytest.approx(math.log(10) / math.log(101))


def test_prior_rewards_by_hand() -> None:
    """The prior reward of a bucket is a tenth of the sum of 1 / rank; per candidate it falls from bucket to bucket."""
    assert PRIOR_REWARD[0] == pytest.approx(0.15)
    assert PRIOR_REWARD[1] == pytest.approx(0.1 * (1 / 3 + 1 / 4 + 1 / 5))
    rates = PRIOR_REWARD / np.array(COSTS)
    assert (np.diff(rates) < 0).all()


def test_the_places_in_x() -> None:
    """A constant, 64 features, three of the arm's own, 16 arms."""
    assert (MAX_FEATURES, len(OWN), MAX_ARMS) == (64, 3, 16)
    assert (OF_OWN, OF_ARMS, WIDTH) == (65, 68, 84)
    assert [
        name for name in ("a/success", "a/b/tried", "/tried", "a/other", "tried", "新/results") if is_own(name)
    ] == [
        "a/success",
        "a/b/tried",
        "新/results",
    ]


def test_slots() -> None:
    """A name keeps its place for ever; there is no place beyond the size."""
    slots = Slots(["a"], 2)
    assert [slots.place(name) for name in ("b", "a", "c", "b", "c")] == [1, 0, None, 1, None]
    assert slots.names == ["a", "b"]
    assert slots.find("c") is None


def test_inputs_by_hand() -> None:
    """A row holds 1, the known features clipped to [-1, 1] (nan is absent), and what is the arm's own."""
    sums = Sums()
    sums.add([_one("a", 0, {"u": 0.25, "v": 7.0, "n": math.nan, "w": -math.inf}, {})])
    context = {"w": -math.inf, "u": 0.25, "v": 7.0, "n": math.nan, "new": 1.0, "a/tried": 0.5, "b/results": 9.0}
    x = sums.inputs(context, ("a", "b"))
    assert x.shape == (2, WIDTH)
    assert x[:, :5].tolist() == [[1.0, 0.25, 1.0, 0.0, -1.0]] * 2
    assert x[:, OF_OWN:OF_ARMS].tolist() == [[0.0, 0.5, 0.0], [0.0, 0.0, 1.0]]
    assert np.count_nonzero(x) == 10
    assert sums.features.names == ["u", "v", "n", "w"]


def test_what_was_walked_before_by_hand() -> None:
    """An observation's x holds, after the features, how far the other arms reach; weights scale it."""
    sums = Sums()
    sums.add([_one(arm, 0, {}, {}) for arm in ARMS])
    sums.add([_one("b", 1, {"u": 0.5, "b/success": 0.75, "a/tried": 1.0}, {"a": 100, "b": 0, "c": 9}, weight=2.0)])
    x = sums.b[1, 1] / 2
    assert x[:2].tolist() == [1.0, 0.5]
    assert x[OF_OWN:OF_ARMS].tolist() == [0.75, 0.0, 0.0]
    assert x[OF_ARMS:][:3].tolist() == [1.0, 0.0, reach(9)]
    assert np.count_nonzero(x) == 5
    assert np.allclose(sums.a[1, 1], 2 * np.outer(x, x))


def test_without_evidence_the_posterior_is_the_prior() -> None:
    """The mean is the prior reward on the constant and 0 elsewhere; deviations are the prior's."""
    sums = _taught()
    mean, factor = sums.posterior("never heard of")
    assert mean.shape == (len(BUCKETS), 1 + len(NAMES) + len(OWN) + len(ARMS))
    assert mean[:, 0] == pytest.approx(PRIOR_REWARD)
    assert not mean[:, 1:].any()
    spread = np.array([_SPREAD_CONSTANT, *[_SPREAD_OTHER] * (mean.shape[1] - 1)])
    for bucket in range(len(BUCKETS)):
        assert np.allclose(factor[bucket], np.diag(1 / (PRIOR_REWARD[bucket] * spread)))


def test_evidence_of_one_item_leaves_the_others_alone() -> None:
    """Arms and buckets are disjoint: an observation moves its own item only."""
    sums = _taught()
    before = np.stack([sums.posterior(arm)[0] for arm in ARMS])
    sums.add([_one("b", 2, {"u": 1.0}, {})])
    moved = np.abs(np.stack([sums.posterior(arm)[0] for arm in ARMS]) - before).max(axis=2) > 0
    assert np.argwhere(moved).tolist() == [[1, 2]]


def test_too_many_arms() -> None:
    """Evidence of an arm for which there is no room is left out, as a pull and as what was before one."""
    sums = Sums()
    sums.add([_one(f"arm{number}", 0, {}, {}) for number in range(MAX_ARMS)])
    before = sums.b.copy()
    sums.add([_one("one more", 0, {"only here": 1.0}, {}), _one("arm1", 0, {}, {"one more": 50})])
    assert np.argwhere(sums.b - before).tolist() == [[1, 0, 0]]
    assert sums.arms.names == [f"arm{number}" for number in range(MAX_ARMS)]
    assert sums.features.names == []
