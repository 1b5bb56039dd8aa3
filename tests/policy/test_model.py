"""The linear-Gaussian model of each (arm, bucket)."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

import numpy as np
import pytest

from ltrr_cli.policy.base import BUCKETS, COSTS
from ltrr_cli.policy.credit import Credit, Pull, walk
from ltrr_cli.policy.model import (
    _SPREAD_CONSTANT,
    _SPREAD_OTHER,
    MAX_ARMS,
    MAX_FEATURES,
    NOISE,
    PRIOR_REWARD,
    WIDTH,
    Slots,
    Sums,
    posterior,
    reach,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

ARMS = ("a", "b", "c")


def _sums() -> Sums:
    return Sums(Slots([], MAX_FEATURES), Slots([], MAX_ARMS))


def _learn(sums: Sums, learned: list[Credit]) -> None:
    for credit in learned:
        sums.add(credit)


def _posterior(sums: Sums) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the posterior of all arms."""
    each = [posterior(a, b) for a, b in zip(sums.a, sums.b, strict=True)]
    return np.stack([mean for mean, _ in each]), np.stack([factor for _, factor in each])


def _one(arm: str, bucket: int, context: dict[str, float], before: dict[str, int], weight: float = 1.0) -> Credit:
    """Return the credit of a single pull that earned 1."""
    return Credit(
        context=context,
        pulls=(Pull(arm=arm, bucket=bucket, before=before, reward=1.0, hindsight=False),),
        weight=weight,
    )


def _credits(count: int, seed: int = 0) -> list[Credit]:
    rng = np.random.default_rng(seed)
    out = []
    for _ in range(count):
        context = {name: float(rng.normal()) for name in ("u", "v", "w") if rng.random() < 0.8}
        ranks = {arm: int(rng.integers(0, 40)) for arm in ARMS}
        known = {arm: int(rng.integers(0, 110)) for arm in ARMS}
        credit = walk(context, ranks, known, {}, float(rng.random()), rng, budget=1000)
        out.append(Credit(context=credit.context, pulls=credit.pulls, weight=float(rng.random() * 2)))
    return out


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


def test_slots() -> None:
    """A name keeps its place for ever; there is no place beyond the size."""
    slots = Slots(["a"], 2)
    assert [slots.place(name) for name in ("b", "a", "c", "b", "c")] == [1, 0, None, 1, None]
    assert slots.names == ["a", "b"]


def test_context_by_hand() -> None:
    """The vector holds 1, then the features in the order they came, clipped to [-1, 1]; nan counts as absent."""
    sums = _sums()
    x = sums.context({"u": 0.25, "v": 7.0, "n": math.nan, "w": -math.inf})
    assert x[:5].tolist() == [1.0, 0.25, 1.0, 0.0, -1.0]
    assert not x[5:].any()
    assert x.shape == (WIDTH,)
    assert np.array_equal(sums.context({"w": -9.0, "u": 0.25, "v": 1.0}, first=4), x)
    assert np.array_equal(sums.context({"w": -9.0, "u": 0.25, "v": 1.0}, first=2)[:5], [1.0, 0.25, 1.0, 0.0, 0.0])


def test_asking_gives_no_places() -> None:
    """A context that is only asked about leaves out what no credit has had: places are learned state."""
    sums = _sums()
    assert np.count_nonzero(sums.context({"u": 0.25}, first=0)) == 1
    assert sums.features.names == []
    assert sums.features.find("u") is None


def test_what_was_walked_before_by_hand() -> None:
    """An observation's x holds, after the features, how far the other arms reach."""
    sums = _sums()
    for arm in ARMS:
        sums.arm(arm)
    sums.add(_one("b", 1, {"u": 0.5}, {"a": 100, "b": 0, "c": 9}, weight=2.0))
    x = sums.b[1, 1] / 2
    assert x[:2].tolist() == [1.0, 0.5]
    assert x[1 + MAX_FEATURES :][:3].tolist() == [1.0, 0.0, reach(9)]
    assert np.count_nonzero(x) == 4
    assert np.allclose(sums.a[1, 1], 2 * np.outer(x, x))


def test_without_evidence_the_posterior_is_the_prior() -> None:
    """The mean is the prior reward on the constant and 0 elsewhere; deviations are the prior's."""
    sums = _sums()
    sums.arm("a")
    mean, factor = _posterior(sums)
    assert np.array_equal(mean[0], posterior()[0])
    assert mean.shape == (1, len(BUCKETS), WIDTH)
    assert mean[0, :, 0] == pytest.approx(PRIOR_REWARD)
    assert not mean[0, :, 1:].any()
    spread = np.array([_SPREAD_CONSTANT, *[_SPREAD_OTHER] * (WIDTH - 1)])
    for bucket in range(len(BUCKETS)):
        assert np.diag(factor[0, bucket]) == pytest.approx(1 / (PRIOR_REWARD[bucket] * spread))


def test_one_observation_by_hand() -> None:
    """One reward of 1 on the constant alone: precision-weighted mean of prior and observation."""
    sums = _sums()
    sums.add(_one("a", 0, {}, {}, weight=2.0))
    precision = (0.15 * _SPREAD_CONSTANT) ** -2
    expected = (0.15 * precision + 2.0 / NOISE) / (precision + 2.0 / NOISE)
    assert _posterior(sums)[0][0, 0, 0] == pytest.approx(expected, abs=1e-12)


def test_the_posterior_is_least_squares() -> None:
    """The mean equals ridge regression of all observations at once, with the prior as further rows, to 1e-8."""
    sums = _sums()
    learned = _credits(300)
    _learn(sums, learned)
    mean, factor = _posterior(sums)
    spread = np.full(WIDTH, _SPREAD_OTHER)
    spread[0] = _SPREAD_CONSTANT
    for number, arm in enumerate(sums.arms.names):
        for bucket in range(len(BUCKETS)):
            rows, rights = [np.diag(1 / (PRIOR_REWARD[bucket] * spread))], [np.zeros(WIDTH)]
            rights[0][0] = 1 / spread[0]
            for credit in learned:
                for pull in credit.pulls:
                    if (pull.arm, pull.bucket) == (arm, bucket):
                        x = np.zeros(WIDTH)
                        x[0] = 1
                        for name, value in credit.context.items():
                            x[1 + sums.features.names.index(name)] = np.clip(value, -1, 1)
                        for other, depth in pull.before.items():
                            x[1 + MAX_FEATURES + sums.arms.names.index(other)] = np.log1p(depth) / np.log(101)
                        scale = (credit.weight / NOISE) ** 0.5
                        rows.append(scale * x[None])
                        rights.append(np.array([scale * pull.reward]))
            design = np.concatenate(rows)
            solution = np.linalg.lstsq(design, np.concatenate(rights))[0]
            assert np.abs(mean[number, bucket] - solution).max() < 1e-8
            product = factor[number, bucket] @ factor[number, bucket].T
            assert np.allclose(product, design.T @ design, rtol=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_evidence_does_not_matter(seed: int) -> None:
    """Any order of the same credits gives the same posterior, to 1e-9, name by name."""
    learned = _credits(60)
    shuffled = list(learned)
    random.Random(seed).shuffle(shuffled)
    one, other = _sums(), _sums()
    _learn(one, learned)
    _learn(other, shuffled)
    places = [0, *[1 + other.features.names.index(name) for name in one.features.names]]
    places += [1 + MAX_FEATURES + other.arms.names.index(name) for name in one.arms.names]
    own = [0, *range(1, 1 + len(one.features.names)), *range(1 + MAX_FEATURES, 1 + MAX_FEATURES + len(one.arms.names))]
    arms = [other.arms.names.index(name) for name in one.arms.names]
    mean, again = _posterior(one)[0], _posterior(other)[0]
    assert np.abs(mean[..., own] - again[arms][..., places]).max() < 1e-9


def test_evidence_of_one_item_leaves_the_others_alone() -> None:
    """Arms and buckets are disjoint: an observation moves its own item only."""
    sums = _sums()
    for arm in ARMS:
        sums.arm(arm)
    before = _posterior(sums)[0]
    sums.add(_one("b", 2, {"u": 1.0}, {}))
    moved = np.abs(_posterior(sums)[0] - before).max(axis=2) > 0
    assert moved.sum() == 1
    assert moved[1, 2]


def test_too_many_arms() -> None:
    """Evidence of an arm for which there is no room is left out."""
    sums = _sums()
    for number in range(MAX_ARMS):
        assert sums.arm(f"arm{number}") == number
    assert sums.arm("one more") is None
    sums.add(_one("one more", 0, {}, {}))
    sums.add(_one("arm1", 0, {}, {"one more": 50}))
    assert np.count_nonzero(sums.b) == 1
