"""What a learning policy knows, arm by arm, in figures that people can read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.policy.base import BUCKETS
from ltrr_cli.policy.model import OF_ARMS, OF_OWN, OWN, covariance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ltrr_cli.policy.learner import Learner

_STRONGEST = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketReport:
    """One (arm, bucket): hits down to `depth` from where the bucket before it ends.

    `pulled` credits of the arm itself and `looked` ones from hindsight; `reward` their mean, None without any; `mean`
    and `deviation` of the posterior for the average query among them, the prior's without any.
    """

    depth: int
    pulled: int
    looked: int
    reward: float | None
    mean: float
    deviation: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureReport:
    """What a feature adds to the expected reward of the arm's first bucket, per unit: mean and deviation."""

    name: str
    weight: float
    deviation: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmReport:
    """One arm: its buckets, and the features that say most, the surest first."""

    name: str
    buckets: tuple[BucketReport, ...]
    features: tuple[FeatureReport, ...]

    @property
    def pulled(self) -> int:
        """Number of queries that taught the arm, hindsight apart."""
        return self.buckets[0].pulled

    @property
    def reward(self) -> float | None:
        """Reward of all buckets together for each query that taught the arm, None without any."""
        seen = self.buckets[0].pulled + self.buckets[0].looked
        earned = sum((bucket.reward or 0.0) * (bucket.pulled + bucket.looked) for bucket in self.buckets)
        return earned / seen if seen else None


def report(policy: Learner, arms: Sequence[str]) -> tuple[ArmReport, ...]:
    """Return what is known of these arms."""
    return tuple(_arm(policy, arm) for arm in arms)


def average(policy: Learner) -> dict[str, float]:
    """Return the average context of the queries that taught the policy, newer ones more; nothing where none did."""
    sums = policy.sums
    first = sums.a[:, 0, 0, :]  # (arms, WIDTH): each sums w·x of the arm's first bucket, and at 0 w itself
    seen = float(first[:, 0].sum())
    if seen <= 0:
        return {}
    context = {name: float(value) for name, value in zip(sums.features.names, first[:, 1:].sum(0) / seen, strict=False)}
    for arm, row in zip(sums.arms.names, first, strict=True):
        if row[0] > 0:
            context |= {f"{arm}/{name}": float(row[OF_OWN + place] / row[0]) for place, name in enumerate(OWN)}
    return context


def _arm(policy: Learner, arm: str) -> ArmReport:
    sums = policy.sums
    mean, factor = sums.posterior(arm)
    columns, number = sums.columns, sums.arms.find(arm)
    spread = covariance(factor)
    buckets = []
    for bucket, depth in enumerate(BUCKETS):
        x = np.zeros(len(columns))
        x[0] = 1.0
        pulled = looked = earned = 0.0
        if number is not None:
            pulled, looked = sums.pulled[number, bucket], sums.looked[number, bucket]
            earned = sums.earned[number, bucket]
            weight = sums.a[number, bucket, 0, 0]
            if weight > 0:
                x = sums.a[number, bucket, 0, columns] / weight  # the first row sums w·x, and its first entry w
        buckets.append(
            BucketReport(
                depth=depth,
                pulled=round(pulled),
                looked=round(looked),
                reward=float(earned / (pulled + looked)) if pulled + looked else None,
                mean=float(mean[bucket] @ x),
                deviation=float(np.sqrt(x @ spread[bucket] @ x)),
            )
        )
    deviation = np.sqrt(np.diagonal(spread[0]))
    return ArmReport(name=arm, buckets=tuple(buckets), features=_strongest(_names(policy), columns, mean[0], deviation))


def _names(policy: Learner) -> dict[int, str]:
    """Return the names of the places in x, but for the constant."""
    names = {1 + place: name for place, name in enumerate(policy.sums.features.names)}
    names |= {OF_ARMS - len(OWN) + place: name for place, name in enumerate(OWN)}
    return names | {OF_ARMS + place: f"after {name}" for place, name in enumerate(policy.sums.arms.names)}


def _strongest(
    names: dict[int, str], columns: NDArray[np.int64], mean: NDArray[np.float64], deviation: NDArray[np.float64]
) -> tuple[FeatureReport, ...]:
    order = np.argsort(-np.abs(mean / deviation), kind="stable")
    return tuple(
        FeatureReport(name=names[int(columns[place])], weight=float(mean[place]), deviation=float(deviation[place]))
        for place in order.tolist()
        if columns[place] > 0 and mean[place] != 0
    )[:_STRONGEST]
