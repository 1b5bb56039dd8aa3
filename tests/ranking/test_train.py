"""Training: the loss, its gradient, and what it finds in clicks that depend on position."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ltrr_cli.ranking.debias import examination, inverse_weight
from ltrr_cli.ranking.linear import PRIOR
from ltrr_cli.ranking.train import _SHARPNESS, Sample, _flatten, _loss, train

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


def test_the_loss_by_hand() -> None:
    """Of a list of two one is clicked with weight 2: −2·ln softmax of 8 × values, plus λ × the squared offset."""
    lists = _flatten([_sample([[0.5, 0, 0], [0.25, 0, 0]], [2.0, 0.0])], NAMES)
    weights, prior, scale = np.array([1.0, 0, 0]), np.array([0.5, 0, 0]), np.array([0.5, 1, 1])
    loss, _ = _loss(lists, weights, prior, scale, 3.0)
    first = math.exp(_SHARPNESS * 0.5) / (math.exp(_SHARPNESS * 0.5) + math.exp(_SHARPNESS * 0.25))
    assert loss == pytest.approx(-2 * math.log(first) + 3.0)


@pytest.mark.parametrize("seed", range(5))
def test_the_gradient_is_the_loss_slope(seed: int) -> None:
    """The gradient equals finite differences of the loss."""
    rng = np.random.default_rng(seed)
    lists = _flatten(_random(rng, 20), NAMES)
    weights, prior, scale = rng.normal(size=3), rng.normal(size=3), rng.random(3) + 0.1
    gradient = _loss(lists, weights, prior, scale, 2.0)[1]
    for place in range(3):
        step = np.eye(3)[place] * 1e-5
        slope = (
            _loss(lists, weights + step, prior, scale, 2.0)[0] - _loss(lists, weights - step, prior, scale, 2.0)[0]
        ) / 2e-5
        assert gradient[place] == pytest.approx(slope, rel=1e-5, abs=1e-5)


def test_it_ends_where_the_gradient_vanishes() -> None:
    """The result is the minimum: the gradient there is nearly zero, and no nearby weights are better."""
    rng = np.random.default_rng(1)
    samples = _random(rng, 60)
    found = np.array([train(samples, ZERO, strength=1.0)[name] for name in NAMES])
    lists, prior, scale = _flatten(samples, NAMES), np.zeros(3), np.full(3, 0.1)
    best, gradient = _loss(lists, found, prior, scale, 1.0)
    start = _loss(lists, prior, prior, scale, 1.0)[1]
    assert np.abs(scale * gradient).max() < 0.01 * np.abs(scale * start).max()
    for _ in range(50):
        assert _loss(lists, found + rng.normal(size=3) * 0.02, prior, scale, 1.0)[0] >= best - 1e-6


def _clicks(count: int, seed: int = 0) -> tuple[list[Sample], list[Sample]]:
    """Return (weighted, naive) samples: users want "b" and "c"; lists come in the order of "a".

    In each list of ten, one entity is wanted, by softmax of 8 × (b + c) / 2; and clicked if it is looked at.
    """
    rng = np.random.default_rng(seed)
    weighted: list[Sample] = []
    naive: list[Sample] = []
    for _ in range(count):
        values = rng.random((10, 3)).astype(np.float32)
        values = values[np.argsort(-values[:, 0])]
        worth = np.exp(_SHARPNESS * (values[:, 1] + values[:, 2]) / 2)
        wanted = int(rng.choice(10, p=worth / worth.sum()))
        if rng.random() < examination(wanted + 1):
            for samples, gain in ((weighted, inverse_weight(wanted + 1)), (naive, 1.0)):
                samples.append(
                    Sample(names=NAMES, values=values, gains=np.float32(gain) * np.eye(10, dtype=np.float32)[wanted])
                )
    return weighted, naive


def test_planted_weights_are_found_through_position_bias() -> None:
    """With inverse examination weights clicks give the weights that made them; without, the old order's feature."""
    weighted, naive = _clicks(12_000)
    found = train(weighted, ZERO, strength=0.01)
    assert [found[name] for name in NAMES] == pytest.approx([0.0, 0.5, 0.5], abs=0.06)
    misled = train(naive, ZERO, strength=0.01)
    assert misled["a"] > 0.2


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
    found = train(samples)
    assert {name: found[name] for name in PRIOR} == pytest.approx(dict(PRIOR))
    assert all(abs(weight) < 1e-9 for name, weight in found.items() if name not in PRIOR)


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
    found = train(samples, {**PRIOR, **ZERO}, strength=strength)
    assert set(found) == {*PRIOR, *NAMES}
    assert all(math.isfinite(weight) for weight in found.values())


def test_few_clicks_stay_near_the_prior() -> None:
    """Three clicks hardly move the weights; three hundred of the same do."""
    one = _sample([[1, 0, 0], [0, 1, 0], [0, 0, 1]], [0.0, 1.0, 0.0])
    start = {"a": 0.5, "b": 0.1, "c": 0.3}
    few, many = train([one] * 3, start), train([one] * 300, start)
    assert all(abs(few[name] - start[name]) < 0.1 for name in NAMES)
    assert few["b"] > start["b"]
    assert many["b"] > many["a"]
    assert many["b"] - start["b"] > 3 * (few["b"] - start["b"])


def test_features_meet_by_name() -> None:
    """Lists with other features, in another order, are trained together; a new feature starts from zero."""
    one = _sample([[1, 0, 0], [0, 1, 0]], [1.0, 0.0])
    other = _sample([[0, 1, 0.5], [1, 0, 0.5]], [1.0, 0.0], ("b", "a", "new"))
    found = train([one, other] * 50, {"a": 0.1, "b": 0.1})
    assert set(found) == {"a", "b", "c", "new"}
    assert found["a"] > found["b"]
    assert found["new"] == pytest.approx(0, abs=1e-9)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32), st.floats(0.1, 100))
def test_training_never_raises_the_loss(seed: int, strength: float) -> None:
    """From any clicks, the trained weights' loss is at most the start's; training again gives the same."""
    samples = _random(np.random.default_rng(seed), 15)
    found = train(samples, ZERO, strength=strength)
    lists, prior, scale = _flatten(samples, NAMES), np.zeros(3), np.full(3, 0.1)
    after = _loss(lists, np.array([found[name] for name in NAMES]), prior, scale, strength)[0]
    assert after <= _loss(lists, prior, prior, scale, strength)[0]
    assert train(samples, ZERO, strength=strength) == found
