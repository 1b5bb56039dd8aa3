"""One linear-Gaussian model per (arm, bucket): sums of evidence, and the posterior that they give.

reward ~ N(θ·x, σ²), θ ~ N(θ₀, diag(τ²)); x holds a constant, the context's features and how deep the other arms already
are. With A = Σ w·xxᵀ and b = Σ w·r·x the posterior is N(m, S), S = (diag(τ⁻²) + A/σ²)⁻¹, m = S·(τ⁻²·θ₀ + b/σ²).
A and b only add up, so any order of the same evidence gives the same posterior.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.policy.base import BUCKETS, MAX_DEPTH

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from ltrr_cli.policy.credit import Credit

MAX_FEATURES = 32
MAX_ARMS = 16
WIDTH = 1 + MAX_FEATURES + MAX_ARMS
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
    """The evidence of all items: A (arms, buckets, WIDTH, WIDTH) and b (arms, buckets, WIDTH), float64."""

    def __init__(self, features: Slots, arms: Slots) -> None:
        self.features = features
        self.arms = arms
        self.a = np.zeros((len(arms.names), len(BUCKETS), WIDTH, WIDTH))
        self.b = np.zeros((len(arms.names), len(BUCKETS), WIDTH))

    def arm(self, name: str) -> int | None:
        """Return the number of an arm, with room for it in the sums; None when there are too many arms."""
        number = self.arms.place(name)
        if number is not None and number >= len(self.a):
            grown = number + 1 - len(self.a)
            self.a = np.concatenate([self.a, np.zeros((grown, *self.a.shape[1:]))])
            self.b = np.concatenate([self.b, np.zeros((grown, *self.b.shape[1:]))])
        return number

    def context(self, context: Mapping[str, float], *, first: int | None = None) -> NDArray[np.float64]:
        """Return x for a context with nothing selected: (WIDTH,). Values are clipped to [-1, 1], nan is absent.

        Only the `first` features that got a place count; with None this is for learning, and new ones get a place.
        """
        x = np.zeros(WIDTH)
        x[0] = 1.0
        for name, value in context.items():
            place = self.features.place(name) if first is None else self.features.find(name)
            if place is not None and (first is None or place < first) and value == value:  # noqa: PLR0124 – nan
                x[1 + place] = min(1.0, max(-1.0, value))
        return x

    def add(self, credit: Credit) -> None:
        """Add one credit's pulls: for each item, w·xxᵀ and w·r·x, x with the depths of the arms walked before it."""
        pulls = [(number, pull) for pull in credit.pulls if (number := self.arm(pull.arm)) is not None]
        if not pulls:
            return
        x = np.tile(self.context(credit.context), (len(pulls), 1))
        for row, (_, pull) in zip(x, pulls, strict=True):
            for name, depth in pull.before.items():
                other = self.arm(name)
                if other is not None:
                    row[1 + MAX_FEATURES + other] = reach(depth)
        squares = credit.weight * x[:, :, None] * x[:, None, :]
        for row, square, (number, pull) in zip(x, squares, pulls, strict=True):
            self.a[number, pull.bucket] += square
            if pull.reward:
                self.b[number, pull.bucket] += credit.weight * pull.reward * row


def posterior(
    a: NDArray[np.float64] | None = None, b: NDArray[np.float64] | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (mean, lower Cholesky factor of the precision) of one arm's buckets: (buckets, WIDTH[, WIDTH]).

    `a` and `b` are the arm's sums; without them it is the prior.
    """
    spread = np.full(WIDTH, _SPREAD_OTHER)
    spread[0] = _SPREAD_CONSTANT
    tau = PRIOR_REWARD[:, None] * spread  # (buckets, WIDTH)
    precision = np.zeros((len(BUCKETS), WIDTH, WIDTH)) if a is None else a / NOISE
    diagonal = np.arange(WIDTH)
    precision[:, diagonal, diagonal] += tau**-2
    right = np.zeros((len(BUCKETS), WIDTH)) if b is None else b / NOISE
    right[:, 0] += PRIOR_REWARD * tau[:, 0] ** -2
    mean = np.linalg.solve(precision, right[..., None])[..., 0]
    return np.asarray(mean, np.float64), np.asarray(np.linalg.cholesky(precision), np.float64)
