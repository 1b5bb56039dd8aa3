"""One linear-Gaussian model per item, (arm, bucket): sums of evidence, and the posterior that they give.

reward ~ N(θ·x, σ²), θ ~ N(θ₀, diag(τ²)); x holds a constant, the context's features, the arm's own features, and how
deep the other arms already are. With A = Σ w·xxᵀ and b = Σ w·r·x the posterior is N(m, S), S = (diag(τ⁻²) + A/σ²)⁻¹,
m = S·(τ⁻²·θ₀ + b/σ²). A and b only add up, so any order of the same evidence gives the same posterior. Old evidence
fades: w = 2^(-age / half-life), the age taken to the newest credit; the prior does not fade, so that an item of which
nothing was heard for long returns to it.
"""

from __future__ import annotations

from functools import lru_cache
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.policy.base import BUCKETS, MAX_DEPTH

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from ltrr_cli.policy.credit import Credit, Pull

MAX_FEATURES = 64
MAX_ARMS = 16
OWN = ("success", "tried", "results")
"""Features that an arm has of its own: `arm/feature` in a context, and only this arm's items see them."""
OF_OWN = 1 + MAX_FEATURES
"""Where in x the arm's own features start."""
OF_ARMS = OF_OWN + len(OWN)
"""Where in x the other arms' reaches start."""
WIDTH = OF_ARMS + MAX_ARMS
NOISE = 0.02
"""σ²: small, like the prior's spread: both were chosen on two of the ten streams of benchmarks/policy.py."""
PRIOR_REWARD = np.array(
    [
        0.1 * sum(1 / rank for rank in range(start + 1, end + 1))
        for start, end in zip((0, *BUCKETS), BUCKETS, strict=False)
    ]
)
"""θ₀ of the constant, by bucket: the reward expected of rank r falls as 1/r, so that equal arms fill up evenly."""
_SPREAD_CONSTANT = 0.5
_SPREAD_OTHER = 0.5


@lru_cache(maxsize=1024)
def reach(depth: int) -> float:
    """Return how far a depth goes, in [0, 1], on a logarithmic scale: the feature by which arms see each other."""
    return float(np.log1p(depth) / np.log1p(MAX_DEPTH))


def is_own(name: str) -> bool:
    """Whether a feature's name is that of one arm's own, `arm/feature`."""
    arm, _, feature = name.rpartition("/")
    return feature in OWN and bool(arm)


def _clipped(value: float) -> float:
    """Return the value in [-1, 1]; nan is 0, as what is absent."""
    return min(1.0, value) if value >= 0 else max(-1.0, value) if value < 0 else 0.0


class Slots:
    """Gives names their places in x for ever; what exceeds the space is left out."""

    def __init__(self, names: Sequence[str], size: int) -> None:
        self.names = list(names)
        self._size = size
        self._place = {name: place for place, name in enumerate(self.names)}

    def find(self, name: str) -> int | None:
        """Return the place of a name, None if it has none."""
        return self._place.get(name)

    def place(self, name: str) -> int | None:
        """Return the place of a name, a new one if there is room. Only learning may ask: places are learned state."""
        found = self._place.get(name)
        if found is None and len(self.names) < self._size:
            found = self._place[name] = len(self.names)
            self.names.append(name)
        return found


class Sums:
    """The evidence of all items.

    A (arms, buckets, WIDTH, WIDTH) and b (arms, buckets, WIDTH), float64, are as of `time`, that of the newest credit
    (seconds; -inf before the first). `pulled`, `looked` (arms, buckets) count pulls of arms that ran and of those
    looked up in hindsight, each by its share; `earned` is the reward of both. `half_life` is in seconds.
    """

    def __init__(self, *, half_life: float = inf) -> None:
        self.half_life = half_life
        self.time = -inf
        self.features = Slots([], MAX_FEATURES)
        self.arms = Slots([], MAX_ARMS)
        self._make(0)

    def _make(self, arms: int) -> None:
        self.a = np.zeros((arms, len(BUCKETS), WIDTH, WIDTH))
        self.b = np.zeros((arms, len(BUCKETS), WIDTH))
        self.pulled, self.looked, self.earned = (np.zeros((arms, len(BUCKETS))) for _ in range(3))

    def inputs(self, context: Mapping[str, float], arms: Sequence[str]) -> NDArray[np.float64]:
        """Return x of each arm, (arms, WIDTH), with nothing selected.

        Values are clipped to [-1, 1]; nan, and features that have no place, are absent.
        """
        row = [0.0] * WIDTH
        row[0] = 1.0
        own: list[tuple[str, float]] = []
        find = self.features.find
        for name, value in context.items():
            place = find(name)
            if place is not None:
                row[1 + place] = _clipped(value)
            elif is_own(name):
                own.append((name, _clipped(value)))
        x = np.tile(row, (len(arms), 1))
        for name, value in own:
            arm, _, feature = name.rpartition("/")
            if arm in arms:
                x[arms.index(arm), OF_OWN + OWN.index(feature)] = value
        return x

    def add(self, given: Sequence[Credit]) -> None:
        """Add credits: for each pull, w·xxᵀ and w·r·x, x with the depths of the arms walked before it; w has its share.

        New features and arms get their places here.
        """
        newest = max([self.time, *(credit.time for credit in given)])
        self._age(newest)
        items: list[int] = []
        rows: list[NDArray[np.float64]] = []
        weights: list[float] = []
        rewards: list[float] = []
        shares: list[float] = []
        looked: list[bool] = []
        for credit in given:
            pulls = [(number, pull) for pull in credit.pulls if (number := self._arm(pull.arm)) is not None]
            if not pulls:
                continue
            for name in credit.context:
                if not is_own(name):
                    self.features.place(name)
            rows.append(self._rows(credit.context, pulls))
            weight = 0.5 ** ((newest - credit.time) / self.half_life) if self.half_life < inf else 1.0
            for number, pull in pulls:
                items.append(number * len(BUCKETS) + pull.bucket)
                weights.append(weight * pull.weight * pull.share)
                rewards.append(pull.reward)
                shares.append(pull.share)
                looked.append(pull.hindsight)
        if not rows:
            return
        places, paid, share, back = np.array(items), np.array(rewards), np.array(shares), np.array(looked)
        for counts, some, amounts in (
            (self.looked, back, share),
            (self.pulled, ~back, share),
            (self.earned, np.full(len(back), True), paid * share),
        ):
            np.add.at(counts, np.divmod(places[some], len(BUCKETS)), amounts[some])
        self._sum(places, np.concatenate(rows), np.array(weights), paid)

    def _rows(self, context: Mapping[str, float], pulls: Sequence[tuple[int, Pull]]) -> NDArray[np.float64]:
        names = {name: place for place, name in enumerate(dict.fromkeys(pull.arm for _, pull in pulls))}
        x = self.inputs(context, list(names))[[names[pull.arm] for _, pull in pulls]]
        others: dict[str, int | None] = {}
        for row, (_, pull) in enumerate(pulls):
            for name, depth in pull.before.items():
                if name not in others:
                    others[name] = self._arm(name)
                number = others[name]
                if number is not None:
                    x[row, OF_ARMS + number] = reach(depth)
        return x

    def _sum(
        self,
        items: NDArray[np.int64],
        rows: NDArray[np.float64],
        weights: NDArray[np.float64],
        rewards: NDArray[np.float64],
    ) -> None:
        order = np.argsort(items, kind="stable")
        starts = np.flatnonzero(np.diff(items[order], prepend=-1))
        for chosen in np.split(order, starts[1:]):
            arm, bucket = divmod(int(items[chosen[0]]), len(BUCKETS))
            x, weighted = rows[chosen], rows[chosen] * weights[chosen, None]
            self.a[arm, bucket] += weighted.T @ x
            self.b[arm, bucket] += rewards[chosen] @ weighted

    def _age(self, newest: float) -> None:
        if self.half_life < inf and self.time > -inf and newest > self.time:
            faded = 0.5 ** ((newest - self.time) / self.half_life)
            self.a *= faded
            self.b *= faded
        self.time = newest

    def _arm(self, name: str) -> int | None:
        """Return the number of an arm, with room for it in the sums; None when there are too many arms."""
        number = self.arms.place(name)
        if number is not None and number >= len(self.a):
            before = (self.a, self.b, self.pulled, self.looked, self.earned)
            self._make(number + 1)
            for old, new in zip(before, (self.a, self.b, self.pulled, self.looked, self.earned), strict=True):
                new[: len(old)] = old
        return number

    @property
    def columns(self) -> NDArray[np.int64]:
        """Places in x that are in use: the constant, the features that have one, the own ones, last the arms' reaches.

        What is known of the others is the prior, and their x is 0.
        """
        arms = range(OF_ARMS, OF_ARMS + len(self.arms.names))
        return np.array([*range(1 + len(self.features.names)), *range(OF_OWN, OF_ARMS), *arms])

    def posterior(self, arm: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return (mean, lower Cholesky factor of the precision) of one arm's buckets, for the `columns` in use.

        Shapes (buckets, columns[, columns]). Of an arm of which nothing is known it is the prior.
        """
        used, number = self.columns, self.arms.find(arm)
        if number is None:
            return posterior(np.zeros((len(BUCKETS), len(used), len(used))), np.zeros((len(BUCKETS), len(used))))
        return posterior(self.a[number][:, used[:, None], used], self.b[number][:, used])


def posterior(a: NDArray[np.float64], b: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (mean, lower Cholesky factor of the precision) for one arm's sums: (buckets, w[, w])."""
    spread = np.full(b.shape[1], _SPREAD_OTHER)
    spread[0] = _SPREAD_CONSTANT
    tau = PRIOR_REWARD[:, None] * spread  # (buckets, w)
    precision = a / NOISE
    diagonal = np.arange(b.shape[1])
    precision[:, diagonal, diagonal] += tau**-2
    right = b / NOISE
    right[:, 0] += PRIOR_REWARD * tau[:, 0] ** -2
    mean = np.linalg.solve(precision, right[..., None])[..., 0]
    return np.asarray(mean, np.float64), np.asarray(np.linalg.cholesky(precision), np.float64)


def covariance(factor: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the covariances, (…, w, w), of precisions with these lower Cholesky factors."""
    inverse = np.linalg.inv(factor)
    return np.asarray(np.swapaxes(inverse, -1, -2) @ inverse, np.float64)
