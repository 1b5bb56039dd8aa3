"""Training: a loss over lists of what was shown or judged, held near the prior.

Minimise L(s) + λ·‖c·d·(w − w₀)‖² for s = c·X·w, where d are the features' deviations (the scaler) and c a sharpness:
fewer lists than about λ hardly move the weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.ranking.linear import PRIOR, LinearRanker, weight_of
from ltrr_cli.ranking.losses import Lists, Loss, Targets, clicks
from ltrr_cli.ranking.minimise import minimise

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

STRENGTH = 100.0
_LISTS = 500
"""λ of clicks, for up to so many lists; of n more it is √(n / 500) times as much. What is shown is the live order's
top, and what is learned from it need not hold below: more lists do not make that
surer. How it was chosen: benchmarks/ranker.md."""
JUDGED_STRENGTH = 10.0
"""λ of judgments, which are surer."""
SHARPNESS = 5.0
"""c: the prior's scores of a page are about 1 apart at most, and the losses want a few."""
_LEAST = 0.02
"""A feature that deviates less than this is not stretched further: what is nearly constant says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One list: (n, features) values, nan where absent, and each entity's gain, below 0 where it was disliked.

    `seen` (n,) is the probability that each was looked at; None: all were.
    """

    names: tuple[str, ...]
    values: NDArray[np.float32]
    gains: NDArray[np.float32]
    seen: NDArray[np.float32] | None = None


def train(
    samples: Sequence[Sample],
    start: Mapping[str, float] = PRIOR,
    *,
    strength: float | None = None,
    loss: Loss = clicks,
    version: int = 0,
) -> LinearRanker:
    """Return the ranker whose weights minimise the loss; `start` is both w₀ and the first guess. Deterministic.

    `strength` λ is by default that of so many lists with clicks. Lists of one, without any gain, or with the same gain
    everywhere say nothing, and count nothing.
    """
    usable = [sample for sample in samples if len(sample.gains) > 1 and float(np.ptp(sample.gains)) > 0]
    names = tuple(sorted({*start, *(name for sample in usable for name in sample.names)}))
    prior = np.array([weight_of(start, name) for name in names])
    if not usable:
        return LinearRanker(dict(zip(names, prior.tolist(), strict=True)), version=version)
    rows, targets, lists = _flatten(usable, names)
    held = STRENGTH * max(1.0, len(usable) / _LISTS) ** 0.5 if strength is None else strength
    deviations = np.maximum(_LEAST, rows.std(0, dtype=np.float64))
    rows /= deviations.astype(np.float32)
    middle = prior * deviations * SHARPNESS

    def whole(point: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        value, slope = loss((rows @ point.astype(np.float32)).astype(np.float64), targets, lists)
        off = point - middle
        return value + held * float(off @ off), (slope.astype(np.float32) @ rows) + 2 * held * off

    weights = minimise(whole, middle) / SHARPNESS
    return LinearRanker(
        dict(zip(names, weights.tolist(), strict=True)),
        scale=dict(zip(names, deviations.tolist(), strict=True)),
        version=version,
    )


def _flatten(samples: Sequence[Sample], names: tuple[str, ...]) -> tuple[NDArray[np.float32], Targets, Lists]:
    """Return all rows (rows, features), their targets and the lists."""
    place = {name: i for i, name in enumerate(names)}
    lists = Lists.of(np.array([len(sample.gains) for sample in samples], np.int64))
    rows = np.zeros((int(lists.lengths.sum()), len(names)), np.float32)
    for sample, start, length in zip(samples, lists.starts.tolist(), lists.lengths.tolist(), strict=True):
        block = np.clip(np.nan_to_num(sample.values, nan=0.0, posinf=1.0, neginf=-1.0), -_MOST, _MOST)
        rows[start : start + length, [place[name] for name in sample.names]] = block
    gains = np.concatenate([sample.gains for sample in samples]).astype(np.float64)
    seen = [np.ones(len(one.gains)) if one.seen is None else one.seen for one in samples]
    return rows, Targets(gains, np.concatenate(seen).astype(np.float64)), lists


_MOST = 10.0
"""Features lie about in [0, 1]; what is far outside would decide alone."""
