"""Off-policy estimators: what a target policy would have earned, from rounds that another policy logged.

Each round i has a reward rᵢ, the propensity pᵢ with which the logging policy took its action, and the probability πᵢ
with which the target would have taken that same action in that same context; wᵢ = πᵢ / pᵢ is its weight.

ips       mean of w·r                              Horvitz & Thompson, JASA 47 (1952)
clipped   mean of min(w, c)·r                      Ionides, JCGS 17 (2008)
snips     Σ w·r / Σ w                              Swaminathan & Joachims, NIPS 2015
direct    mean of Σₐ π(a|x)·q̂(x, a)
dr        mean of Σₐ π(a|x)·q̂(x, a) + w·(r - q̂)    Dudík, Erhan, Langford & Li, Statistical Science 29 (2014)
sndr      mean of Σₐ π(a|x)·q̂(x, a) + Σ w·(r - q̂) / Σ w
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.errors import EvaluationError
from ltrr_cli.estimators.intervals import LEVEL, ROUNDS, Interval, bernstein, normal, percentiles, resampled_means

if TYPE_CHECKING:
    from numpy.typing import NDArray

CLIP = 10.0
MIN_EFFECTIVE = 100.0
"""Below so many effective rounds a warning is given: the normal and bootstrap intervals are then not to be trusted."""
MIN_SUPPORTED = 0.01
"""Below this share of rounds whose action the target might take a warning is given."""
MIN_REWARDED = 10
"""Below so many rounds with a reward and an action that the target might take a warning is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounds:
    """n logged rounds, seen by one target policy; all arrays are (n,) float64, n ≥ 1.

    `rewards` lie in [`low`, `high`]; `propensities` in (0, 1]; `target` in [0, 1] is the target's probability of the
    logged action. With a reward model, `predicted` is its value q̂ of the logged action and `direct` its mean under the
    target, Σₐ π(a|x)·q̂(x, a); it must not have learned from the round itself (`reward_model.crossfit` sees to that).

    Raises `EvaluationError` for arrays that break this, naming the first such round (from 1).
    """

    rewards: NDArray[np.float64]
    propensities: NDArray[np.float64]
    target: NDArray[np.float64]
    predicted: NDArray[np.float64] | None = None
    direct: NDArray[np.float64] | None = None
    low: float = 0.0
    high: float = 1.0

    def __post_init__(self) -> None:
        if not len(self.rewards):
            raise EvaluationError("there are no rounds to estimate from", next="log some first")
        if (self.predicted is None) != (self.direct is None):
            raise EvaluationError("a reward model gives both `predicted` and `direct`")
        inside = (self.rewards >= self.low) & (self.rewards <= self.high)
        self._demand("reward", self.rewards, inside, f"from {self.low:g} to {self.high:g}")
        possible = (self.propensities > 0) & (self.propensities <= 1)
        self._demand("propensity", self.propensities, possible, "above 0 and at most 1")
        # sums of shares pass 1 by rounding
        self._demand("target", self.target, (self.target >= 0) & (self.target <= 1 + 1e-9), "from 0 to 1")
        for name, array in (("predicted", self.predicted), ("direct", self.direct)):
            if array is not None:
                self._demand(name, array, np.isfinite(array), "a finite number")

    def _demand(self, name: str, array: NDArray[np.float64], good: NDArray[np.bool_], what: str) -> None:
        if array.shape != (len(self.rewards),):
            raise EvaluationError(f"{name}: shape ({len(self.rewards)},) expected, not {array.shape}")
        if not good.all():
            first = int(np.argmin(good))
            raise EvaluationError(f"{name} {array[first]:g} is not {what}", where=f"round {first + 1}")

    @property
    def weights(self) -> NDArray[np.float64]:
        """The importance weights w, (n,)."""
        return np.minimum(self.target, 1.0) / self.propensities


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What one estimator says.

    `normal` (by the delta method where it is a ratio) and `bootstrap` (whole rounds resampled, a ratio taken anew each
    time) are approximate; `bernstein` holds for every n, given that the terms lie in `span`; both are None where the
    terms have no known range. It is cut to the range of the rewards. `note` says what the estimate leaves out.
    """

    method: str
    normal: Interval
    bootstrap: Interval
    bernstein: Interval | None = None
    span: tuple[float, float] | None = None
    note: str = ""

    @property
    def value(self) -> float:
        """The estimate."""
        return self.normal.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Valuation:
    """All estimates for one target policy, and how well the log supports them.

    `effective` is Kish's effective number of rounds, (Σ w)² / Σ w²; `supported` the share of rounds whose action the
    target might take; `mean_weight` is about 1 where the log tried all that the target does.
    """

    rounds: int
    estimates: tuple[Estimate, ...]
    effective: float
    mean_weight: float
    max_weight: float
    supported: float
    warnings: tuple[str, ...]

    def __getitem__(self, method: str) -> Estimate:
        """Return one method's estimate."""
        return next(estimate for estimate in self.estimates if estimate.method == method)


def evaluate(
    rounds: Rounds, *, seed: int, clip: float = CLIP, level: float = LEVEL, resamples: int = ROUNDS
) -> Valuation:
    """Return every estimate that the rounds allow: direct, dr and sndr need a reward model.

    The range of the terms of ips and dr follows from the smallest propensity seen, standing for the smallest possible;
    that of clipped from `clip` (> 0) alone, and its intervals are those of the mean of cut terms: they leave out what
    the cut costs, which the note says.
    """
    r, w = rounds.rewards, rounds.weights
    cut = np.minimum(w, clip)
    terms = {"ips": w * r, "clipped": cut * r}
    ratios = {"snips": (w * r, np.zeros_like(r))}
    if rounds.predicted is not None and rounds.direct is not None:
        rest = w * (r - rounds.predicted)
        terms |= {"direct": rounds.direct, "dr": rounds.direct + rest}
        ratios["sndr"] = (rest, rounds.direct)
    columns = np.column_stack([w, *terms.values(), *(column for pair in ratios.values() for column in pair)])
    means = resampled_means(columns, seed=seed, rounds=resamples)
    spans, notes = _spans(rounds, clip), _notes(rounds, cut, clip)
    estimates = []
    for place, (method, values) in enumerate(terms.items(), 1):
        interval = normal(values, level=level)
        span = spans.get(method)
        held = None
        if span is not None:
            # what a policy earns lies in the rewards' range, whatever the terms do
            held = _within(bernstein(values, *span, level=level), rounds)
        estimates.append(
            Estimate(
                method=method,
                normal=interval,
                bootstrap=_spread(interval.value, means[:, place], rounds, level),
                bernstein=held,
                span=span,
                note=notes.get(method, ""),
            )
        )
    for number, (method, (top, base)) in enumerate(ratios.items()):
        place = 1 + len(terms) + 2 * number
        draws = means[:, place + 1] + _ratio(means[:, place], means[:, 0])
        interval = _delta(top, w, base, level, rounds)
        estimates.append(
            Estimate(method=method, normal=interval, bootstrap=_spread(interval.value, draws, rounds, level))
        )
    return _valuation(rounds, w, tuple(estimates))


def _spread(value: float, draws: NDArray[np.float64], rounds: Rounds, level: float) -> Interval:
    """Return the bootstrap's percentiles; a single round, drawn again and again, says nothing."""
    if len(rounds.rewards) < 2:
        return Interval(value=value, low=-math.inf, high=math.inf)
    return percentiles(value, draws, level=level)


def _within(interval: Interval, rounds: Rounds) -> Interval:
    value, low, high = (
        min(rounds.high, max(rounds.low, part)) for part in (interval.value, interval.low, interval.high)
    )
    return Interval(value=value, low=low, high=high)


def _ratio(top: NDArray[np.float64], bottom: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return top / bottom, 0 where nothing has weight."""
    return np.divide(top, bottom, out=np.zeros_like(top), where=bottom > 0)


def _delta(
    top: NDArray[np.float64], w: NDArray[np.float64], base: NDArray[np.float64], level: float, rounds: Rounds
) -> Interval:
    """Return mean(base) + Σ top / Σ w with the delta method's interval: that of its influence values' mean."""
    mean_weight = float(w.mean())
    if mean_weight <= 0:
        return Interval(value=float(base.mean()), low=rounds.low, high=rounds.high)
    ratio = float(top.mean()) / mean_weight
    return normal(base + ratio + (top - ratio * w) / mean_weight, level=level)


def _spans(rounds: Rounds, clip: float) -> dict[str, tuple[float, float]]:
    """Return the range in which each method's terms lie."""
    most = 1 / float(rounds.propensities.min())
    low, high = min(rounds.low, 0.0), max(rounds.high, 0.0)
    spans = {"ips": (most * low, most * high), "clipped": (clip * low, clip * high)}
    if rounds.predicted is not None and rounds.direct is not None:
        least = min(rounds.low, float(rounds.predicted.min()), float(rounds.direct.min()))
        largest = max(rounds.high, float(rounds.predicted.max()), float(rounds.direct.max()))
        spans["dr"] = (least + most * (rounds.low - largest), largest + most * (rounds.high - least))
    return spans


def _notes(rounds: Rounds, cut: NDArray[np.float64], clip: float) -> dict[str, str]:
    notes = {"direct": "as good as the reward model: its bias is in no interval"}
    share = float(np.mean(rounds.weights > clip))
    if share:
        lost = float(np.mean(rounds.weights - cut)) * max(abs(rounds.low), abs(rounds.high))
        notes["clipped"] = (
            f"weights above {clip:g} ({share:.1%} of rounds) are cut: up to about {lost:.2g} too near to 0"
        )
    return notes


def _valuation(rounds: Rounds, w: NDArray[np.float64], estimates: tuple[Estimate, ...]) -> Valuation:
    taken = rounds.target > 0
    squares = float(w @ w)
    effective = float(w.sum()) ** 2 / squares if squares > 0 else 0.0
    supported, mean_weight = float(taken.mean()), float(w.mean())
    rewarded = int(np.count_nonzero(taken & (rounds.rewards != 0)))
    off = abs(mean_weight - 1)
    warnings = []
    if supported < MIN_SUPPORTED:
        warnings.append(f"the target takes the logged action in {supported:.2%} of the rounds only")
    if effective < MIN_EFFECTIVE:
        warnings.append(f"the log is worth {effective:.1f} rounds of the target only: too few for these intervals")
    if off > 0.05 and off > 3 * float(w.std()) / len(w) ** 0.5:
        warnings.append(
            f"the weights have a mean of {mean_weight:.3g} instead of 1: "
            "the target does what the log never tried, or the propensities are wrong"
        )
    if rewarded < MIN_REWARDED:
        warnings.append(f"only {rewarded} rewarded rounds have an action that the target might take")
    return Valuation(
        rounds=len(w),
        estimates=estimates,
        effective=effective,
        mean_weight=mean_weight,
        max_weight=float(w.max()),
        supported=supported,
        warnings=tuple(warnings),
    )
