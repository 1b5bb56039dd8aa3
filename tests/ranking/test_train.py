"""Training: the loss, its gradient, and what it finds in clicks that depend on position."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ltrr_cli.ranking.debias import examination
from ltrr_cli.ranking.linear import PRIOR
from ltrr_cli.ranking.losses import LOSSES, Lists, Targets, listwise, pairwise
from ltrr_cli.ranking.train import Sample, train

NAMES = ("a", "b", "c")
ZERO = dict.fromkeys(NAMES, 0.0)


def _sample(values: list[list[float]], gains: list[float], names: tuple[str, ...] = NAMES) -> Sample:
    return Sample(names=names, values=np.array(values, np.float32), gains=np.array(gains, np.float32))


def _random(rng: np.random.Generator, lists: int) -> list[Sample]:
    out = []
    for _ in range(lists):
        n = int(rng.integers(2, 7))
        values = rng.random((n, 3)).astype(np.float32)
        values[rng.random((n, 3)) < 0.1] = np.nan
        out.append(Sample(names=NAMES, values=values, gains=(rng.random(n) * (rng.random(n) < 0.5)).astype(np.float32)))
    return [sample for sample in out if sample.gains.sum() > 0]


def test_listwise_by_hand() -> None:
    """Of two rows one gained 2: −2·ln softmax of the scores; one disliked is the first choice of the turned scores."""
    scores, lists = np.array([0.5, 0.25]), Lists.of(np.array([2]))
    loss, _ = listwise(scores, Targets(np.array([2.0, 0.0]), np.ones(2)), lists)
    first = math.exp(0.5) / (math.exp(0.5) + math.exp(0.25))
    assert loss == pytest.approx(-2 * math.log(first))
    loss, _ = listwise(scores, Targets(np.array([0.0, -0.5]), np.ones(2)), lists)
    assert loss == pytest.approx(-0.5 * math.log(first))


def test_pairwise_by_hand() -> None:
    """One of three gained 1, seen at half: it counts 2, spread evenly over its two pairs."""
    targets = Targets(np.array([0.0, 1.0, 0.0]), np.array([1.0, 0.5, 1.0]))
    loss, _ = pairwise(np.array([0.0, 1.0, 3.0]), targets, Lists.of(np.array([3])))
    assert loss == pytest.approx(math.log(1 + math.exp(-1)) + math.log(1 + math.exp(2)))


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("seed", range(3))
def test_the_slope_is_the_losss(name: str, seed: int) -> None:
    """In every score the slope equals finite differences, with gains above and below 0 and any examination."""
    rng = np.random.default_rng(seed)
    lists = Lists.of(rng.integers(2, 7, 12))
    count = int(lists.lengths.sum())
    gains = rng.choice([0.0, 0.0, 0.4, 1.0, -0.5], count)
    targets, scores = Targets(gains, rng.uniform(0.2, 1, count)), rng.normal(size=count)
    slope = LOSSES[name](scores, targets, lists)[1]
    for place in range(count):
        step = np.eye(count)[place] * 1e-5
        up, down = (LOSSES[name](scores + side * step, targets, lists)[0] for side in (1, -1))
        assert slope[place] == pytest.approx((up - down) / 2e-5, rel=1e-4, abs=1e-6)


def _clicks(count: int, *, debiased: bool, seed: int = 0) -> list[Sample]:
    """Return clicked lists in the order of "a"; wanted is by σ(5·(b + c) / 2 − 4), clicked what is looked at, too."""
    rng = np.random.default_rng(seed)
    seen = np.array([examination(place + 1) for place in range(10)], np.float32)
    samples = []
    for _ in range(count):
        values = rng.random((10, 3)).astype(np.float32)
        values = values[np.argsort(-values[:, 0])]
        worth = 1 / (1 + np.exp(4 - 5 * (values[:, 1] + values[:, 2]) / 2))
        gains = (rng.random(10) < worth * seen).astype(np.float32)
        samples.append(Sample(names=NAMES, values=values, gains=gains, seen=seen if debiased else None))
    return samples


def test_planted_weights_are_found_through_position_bias() -> None:
    """The likelihood of clicks gives the weights that made them; without examinations, the old order's feature."""
    found = train(_clicks(20_000, debiased=True), ZERO, strength=0.01).weights
    assert found["a"] == pytest.approx(0.0, abs=0.1)
    assert found["b"] == pytest.approx(found["c"], rel=0.2)
    assert found["b"] > 0.3
    misled = train(_clicks(20_000, debiased=False), ZERO, strength=0.01).weights
    assert misled["a"] > 0.5 * misled["b"]


@pytest.mark.parametrize(
    "samples",
    [
        [],
        [_sample([[1, 0, 0]], [1.0])],  # a list of one says nothing
        [_sample([[1, 0, 0], [0, 1, 0]], [0.0, 0.0])],
        [_sample([[math.nan] * 3, [math.nan] * 3], [1.0, 0.0])],
        [_sample([[0.5] * 3] * 5, [1.0, 0, 0, 0, 0])],
        [Sample(names=(), values=np.empty((2, 0), np.float32), gains=np.ones(2, np.float32))],
    ],
    ids=["none", "one entity", "no gain", "absent", "constant", "no features"],
)
def test_what_says_nothing_changes_nothing(samples: list[Sample]) -> None:
    """Where nothing can be learned the prior stays."""
    found = train(samples).weights
    assert {name: found[name] for name in PRIOR} == pytest.approx(dict(PRIOR), abs=1e-6)
    assert all(abs(weight) < 1e-4 for name, weight in found.items() if name not in PRIOR)


@pytest.mark.parametrize(
    "samples",
    [
        [_sample([[1, 0, 0], [0, 0, 0]], [1.0, 0.0])] * 200,
        [_sample([[math.inf, 0, math.nan], [-math.inf, 0, 1]], [1.0, 0.0])] * 50,
        [_sample([[1e30, 0, 0], [-1e30, 0, 0]], [0.0, 1.0])],
        [_sample([[0.9, 0.1, 0], [0.1, 0.9, 0], [0.5, 0.5, 1]], [10.0, 10.0, 10.0])] * 100,
        [_sample([[1 - n / 10, n / 10, 0] for n in range(10)], [1.0] + [0.0] * 9)] * 500,
        [_sample([[1, 0, 0], [0, 1, 0]], [1e6, 0.0])],
    ],
    ids=["separable", "infinite", "huge", "all gains alike", "all clicks on the first", "huge gain"],
)
@pytest.mark.parametrize("strength", [0.0, 1e-3, 30.0])
def test_degenerate_clicks_give_finite_weights(samples: list[Sample], strength: float) -> None:
    """Separable, infinite, or all-alike clicks: weights stay finite, with and without the hold of the prior."""
    found = train(samples, {**PRIOR, **ZERO}, strength=strength).weights
    assert set(found) == {*PRIOR, *NAMES}
    assert all(math.isfinite(weight) for weight in found.values())


def test_few_clicks_stay_near_the_prior() -> None:
    """Three clicks hardly move the weights; a thousand of the same do."""
    one = _sample([[1, 0, 0], [0, 1, 0], [0, 0, 1]], [0.0, 1.0, 0.0])
    start = {"a": 0.5, "b": 0.1, "c": 0.3}
    few, many = (train([one] * count, start).weights for count in (3, 1000))
    assert all(abs(few[name] - start[name]) < 0.1 for name in NAMES)
    assert few["b"] > start["b"]
    assert many["b"] > many["a"]
    assert many["b"] - start["b"] > 3 * (few["b"] - start["b"])


def test_what_was_disliked_sinks() -> None:
    """A dislike alone moves the weights away from what it was about."""
    one = _sample([[1, 0, 0], [0, 1, 0]], [-0.5, 0.0])
    for loss in LOSSES.values():
        found = train([one] * 500, ZERO, loss=loss).weights
        assert found["a"] < 0 < found["b"]


def test_features_meet_by_name() -> None:
    """Lists with other features, in another order, are trained together; a new feature starts from zero."""
    one = _sample([[1, 0, 0], [0, 1, 0]], [1.0, 0.0])
    other = _sample([[0, 1, 0.5], [1, 0, 0.5]], [1.0, 0.0], ("b", "a", "new"))
    found = train([one, other] * 50, {"a": 0.1, "b": 0.1}).weights
    assert set(found) == {"a", "b", "c", "new"}
    assert found["a"] > found["b"]
    assert found["new"] == pytest.approx(0, abs=1e-6)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(sorted(LOSSES)))
def test_training_is_deterministic_and_scaled(seed: int, name: str) -> None:
    """Training again gives the same; the scaler that is saved holds each feature's deviation."""
    samples = _random(np.random.default_rng(seed), 15)
    found = train(samples, ZERO, strength=1.0, loss=LOSSES[name])
    assert found.to_dict() == train(samples, ZERO, strength=1.0, loss=LOSSES[name]).to_dict()
    if samples:
        values = np.nan_to_num(np.concatenate([sample.values for sample in samples]))
        assert [found.scale[one] for one in NAMES] == pytest.approx(values.std(0), rel=1e-4)
