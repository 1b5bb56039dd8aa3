"""Off-policy estimators: by hand, against known truths, and with warnings where the log says too little."""

from __future__ import annotations

import importlib.util
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from ltrr_cli.errors import EvaluationError
from ltrr_cli.estimators.offpolicy import MIN_EFFECTIVE, Rounds, evaluate
from ltrr_cli.estimators.reward_model import crossfit

if TYPE_CHECKING:
    from types import ModuleType

    from numpy.typing import NDArray


def _array(*numbers: float) -> NDArray[np.float64]:
    return np.array(numbers, np.float64)


def _rounds(**changes: Any) -> Rounds:
    """Return four rounds with the weights 1, 2, 0 and 4, and a model."""
    parts: dict[str, Any] = {
        "rewards": _array(1, 0, 1, 1),
        "propensities": _array(0.5, 0.25, 0.5, 0.2),
        "target": _array(0.5, 0.5, 0.0, 0.8),
        "predicted": _array(0.5, 0.25, 0.75, 0.5),
        "direct": _array(0.4, 0.4, 0.6, 0.6),
    }
    return Rounds(**(parts | changes))


def test_values_by_hand() -> None:
    """Weights 1, 2, 0, 4 and rewards 1, 0, 1, 1: every estimator's value, worked out on paper."""
    found = evaluate(_rounds(), seed=0, clip=2)
    values = {estimate.method: estimate.value for estimate in found.estimates}
    assert values == pytest.approx(
        {
            "ips": (1 + 4) / 4,
            "clipped": (1 + 2) / 4,
            "snips": (1 + 4) / (1 + 2 + 4),
            "direct": 0.5,
            "dr": 0.5 + (1 * 0.5 - 2 * 0.25 + 4 * 0.5) / 4,
            "sndr": 0.5 + (1 * 0.5 - 2 * 0.25 + 4 * 0.5) / 7,
        }
    )
    assert found.rounds == 4
    assert found.effective == pytest.approx(49 / 21)
    assert (found.mean_weight, found.max_weight, found.supported) == pytest.approx((7 / 4, 4, 3 / 4))


def test_intervals_by_hand() -> None:
    """Half widths: z·s/√n of the terms, for ratios of the influence values, Bernstein's with the stated ranges."""
    found = evaluate(_rounds(), seed=0, clip=2)
    terms = np.array([1, 0, 0, 4])
    assert found["ips"].normal.high - 1.25 == pytest.approx(1.959964 * terms.std(ddof=1) / 2, abs=1e-6)
    influence = np.array([1 * (1 - 5 / 7), 2 * (0 - 5 / 7), 0, 4 * (1 - 5 / 7)]) / (7 / 4)
    assert found["snips"].normal.high - 5 / 7 == pytest.approx(1.959964 * influence.std(ddof=1) / 2, abs=1e-6)
    assert found["ips"].span == pytest.approx((0, 5))  # the smallest propensity is 1/5
    assert found["clipped"].span == pytest.approx((0, 2))
    assert found["dr"].span == pytest.approx((-5, 6))
    assert found["direct"].bernstein is None
    assert found["snips"].bernstein is None
    assert "25.0%" in found["clipped"].note
    assert "0.5 " in found["clipped"].note  # mean of w - min(w, 2) is 2/4


def test_bernstein_of_clipped_terms() -> None:
    """Its interval is that of the clipped terms on [0, clip], cut to where rewards can be."""
    rng = np.random.default_rng(0)
    rewards = (rng.random(5000) < 0.4).astype(float)
    propensities = np.full(5000, 0.5)
    found = evaluate(Rounds(rewards=rewards, propensities=propensities, target=propensities), seed=0, clip=3)
    held = found["clipped"].bernstein
    assert held is not None
    log = math.log(80)
    half = math.sqrt(2 * rewards.var(ddof=1) * log / 5000) + 7 * 3 * log / (3 * 4999)
    assert (held.value - held.low, held.high - held.value) == pytest.approx((half, half))
    few = evaluate(_rounds(), seed=0)["ips"].bernstein
    assert few is not None
    assert (few.low, few.value, few.high) == (0, 1, 1)


def test_without_a_model() -> None:
    """Without predictions there is no direct method and nothing doubly robust."""
    found = evaluate(_rounds(predicted=None, direct=None), seed=0)
    assert [estimate.method for estimate in found.estimates] == ["ips", "clipped", "snips"]


def test_the_logging_policy_itself() -> None:
    """Judging the policy that logged gives the mean reward by every method, and no warning."""
    rng = np.random.default_rng(1)
    rewards, propensities = rng.random(400), rng.uniform(0.1, 1, 400)
    found = evaluate(Rounds(rewards=rewards, propensities=propensities, target=propensities), seed=0)
    assert [estimate.value for estimate in found.estimates] == pytest.approx([rewards.mean()] * 3)
    assert found.effective == pytest.approx(400)
    assert found.warnings == ()


def test_a_right_model_makes_up_for_wrong_propensities() -> None:
    """Doubly robust: with the true model and propensities that are off by half, dr is right and ips is not."""
    rng = np.random.default_rng(2)
    action = rng.integers(0, 2, 20_000)
    rewards = (rng.random(20_000) < np.where(action == 1, 0.6, 0.2)).astype(float)
    predicted = np.where(action == 1, 0.6, 0.2)
    found = evaluate(
        Rounds(
            rewards=rewards,
            propensities=np.full(20_000, 0.75),
            target=np.where(action == 1, 0.9, 0.1),
            predicted=predicted,
            direct=np.full(20_000, 0.9 * 0.6 + 0.1 * 0.2),
        ),
        seed=0,
    )
    assert found["dr"].value == pytest.approx(0.56, abs=0.01)
    assert found["ips"].value == pytest.approx(0.56 / 1.5, abs=0.01)
    assert any("mean of 0.66" in warning or "mean of 0.67" in warning for warning in found.warnings)


def test_thin_support_is_said() -> None:
    """A target that hardly does what was logged, never does, or does what was never tried: each is a warning."""
    count = 2000
    rewards, propensities = np.ones(count), np.full(count, 0.1)
    target = np.zeros(count)
    nothing = evaluate(Rounds(rewards=rewards, propensities=propensities, target=target), seed=0)
    said = ("0.00%", "worth 0.0 rounds", "mean of 0 ", "only 0 rewarded")
    assert [word in warning for word, warning in zip(said, nothing.warnings, strict=True)] == [True] * 4
    assert nothing["snips"].value == 0
    assert (nothing["snips"].normal.low, nothing["snips"].normal.high) == (0, 1)
    target[:15] = 1.0
    little = evaluate(Rounds(rewards=rewards, propensities=propensities, target=target), seed=0)
    assert little.effective == pytest.approx(15)
    assert little.effective < MIN_EFFECTIVE
    assert little.supported == 15 / 2000
    assert len(little.warnings) == 3
    target[:] = 0.1
    assert evaluate(Rounds(rewards=rewards, propensities=propensities, target=target), seed=0).warnings == ()
    rewards[9:] = 0
    rare = evaluate(Rounds(rewards=rewards, propensities=propensities, target=target), seed=0)
    assert rare.warnings == ("only 9 rewarded rounds have an action that the target might take",)


def test_one_round() -> None:
    """A single round gives a value, and intervals that claim nothing."""
    one = Rounds(rewards=_array(1), propensities=_array(0.5), target=_array(0.5))
    found = evaluate(one, seed=0)
    assert found["ips"].value == 1
    for estimate in found.estimates:
        for interval in (estimate.normal, estimate.bootstrap):
            assert (interval.low, interval.high) == (-math.inf, math.inf)
    assert found["ips"].bernstein is not None
    assert (found["ips"].bernstein.low, found["ips"].bernstein.high) == (0, 1)


@pytest.mark.parametrize(
    ("changes", "said", "where"),
    [
        ({"propensities": _array(0.5, 0, 0.5, 0.2)}, "propensity 0 is not above 0", "round 2"),
        ({"propensities": _array(0.5, 0.5, 0.5, 1.5)}, "propensity 1.5", "round 4"),
        ({"propensities": _array(math.nan, 0.5, 0.5, 1)}, "propensity nan", "round 1"),
        ({"propensities": _array(0.5)}, "shape", ""),
        ({"rewards": _array(1, 0, 2, 1)}, "reward 2 is not from 0 to 1", "round 3"),
        ({"target": _array(0.5, 0.5, -0.1, 0)}, "target -0.1", "round 3"),
        ({"predicted": _array(0, 0, 0, math.inf)}, "predicted inf", "round 4"),
        ({"direct": None}, "both", ""),
    ],
)
def test_rounds_that_cannot_be(changes: dict[str, Any], said: str, where: str) -> None:
    """Arrays that break what they promise are refused, with the first round that does."""
    with pytest.raises(EvaluationError, match=said) as caught:
        _rounds(**changes)
    assert caught.value.where == where


def test_no_rounds() -> None:
    """Nothing can be estimated from nothing."""
    empty = _array()
    with pytest.raises(EvaluationError, match="no rounds"):
        Rounds(rewards=empty, propensities=empty, target=empty)


def test_crossfit_by_hand() -> None:
    """Two rounds, two folds, a constant: each is predicted by the other's reward."""
    ones = np.ones((2, 1))
    predicted, direct = crossfit(ones, ones, _array(0, 1), seed=0)
    assert predicted == pytest.approx(_array(1, 0), abs=1e-6)
    assert direct == pytest.approx(predicted)
    assert crossfit(ones[:1], ones[:1], _array(1), seed=0)[0].tolist() == [0.0]


def test_crossfit_learns_from_other_rounds_only() -> None:
    """It finds a linear world, and a round's own reward never changes its own prediction."""
    rng = np.random.default_rng(0)
    logged = np.column_stack([np.ones(500), rng.random((500, 2))])
    expected = np.column_stack([np.ones(500), rng.random((500, 2))])
    theta = _array(0.1, 0.5, -0.3)
    predicted, direct = crossfit(logged, expected, logged @ theta, seed=1, penalty=1e-6)
    assert predicted == pytest.approx(logged @ theta, abs=1e-4)
    assert direct == pytest.approx(expected @ theta, abs=1e-4)
    rewards = logged @ theta
    rewards[7] += 100
    changed = crossfit(logged, expected, rewards, seed=1, penalty=1e-6)[0]
    assert changed[7] == pytest.approx(predicted[7])
    assert np.abs(changed - predicted).max() > 0.1


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    """Return the coverage benchmark, which is no part of the package."""
    path = Path(__file__).parents[2] / "benchmarks" / "coverage.py"
    spec = importlib.util.spec_from_file_location("benchmark_of_coverage", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("world", ["Bandit", "Selections"])
def test_intervals_hold_the_truth(benchmark: ModuleType, world: str) -> None:
    """In 60 logs of 2,000 rounds 95 % intervals hold it in 88 %, Bernstein's always; dr errs far less than ips.

    How much depends on how seldom the logging policy gives what is judged.
    """
    outcome = benchmark.measure(getattr(benchmark, world)(), runs=60, rounds=2000, resamples=200)
    for method in ("snips", "dr"):
        assert outcome.covered[method, "normal"] >= 0.88
        assert outcome.covered[method, "bootstrap"] >= 0.88
    assert outcome.covered["dr", "bernstein"] >= 0.95
    assert outcome.rmse["dr"] < 0.6 * outcome.rmse["ips"]
