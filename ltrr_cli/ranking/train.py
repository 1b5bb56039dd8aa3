"""Training: listwise softmax loss with inverse examination weights, held near the prior.

Minimise Σᵢ wᵢ · (−log softmax(s)[clicked]) + λ·‖w − w₀‖², over lists of what was shown, with s = 3·X·w. The loss is
convex; weights wᵢ = reward / P(examined at the clicked position) make clicks count as if every position had been
looked at (Joachims, Swaminathan & Schnabel, WSDM 2017; listwise loss: Cao et al., ListNet, ICML 2007).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.ranking.linear import PRIOR, weight_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

STRENGTH = 30.0
"""λ: with fewer weighted clicks than about this, the weights stay close to the prior."""
_STEPS = 200
_SHARPNESS = 3.0
"""The softmax sees scores, which are about 1 apart at most, times this. Much more, and noisy clicks would make training
spend itself on making all weights smaller, which changes no ranking."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One shown list: (n, features) values, nan where absent, and each entity's gain, ≥ 0, their sum above 0."""

    names: tuple[str, ...]
    values: NDArray[np.float32]
    gains: NDArray[np.float32]


def train(
    samples: Sequence[Sample], start: Mapping[str, float] = PRIOR, *, strength: float = STRENGTH
) -> dict[str, float]:
    """Return the weights that minimise the loss; `start` is both w₀ and the first guess. Deterministic."""
    usable = [sample for sample in samples if len(sample.gains) > 1 and float(sample.gains.sum()) > 0]
    names = tuple(sorted({*start, *(name for sample in usable for name in sample.names)}))
    prior = np.array([weight_of(start, name) for name in names])
    if not usable:
        return dict(zip(names, prior.tolist(), strict=True))
    lists = _flatten(usable, names)
    weights = prior.copy()
    scale = np.maximum(np.abs(prior), 0.1)  # larger prior weights may move further
    loss, gradient = _loss(lists, weights, prior, scale, strength)
    step = 1.0
    for _ in range(_STEPS):
        while step > 1e-8:
            candidate = weights - step * scale**2 * gradient
            new_loss, new_gradient = _loss(lists, candidate, prior, scale, strength)
            if new_loss <= loss - 0.5 * step * float((scale * gradient) @ (scale * gradient)):
                break
            step /= 2
        else:
            break
        done = loss - new_loss < 1e-9 * max(1.0, abs(loss))
        weights, loss, gradient = candidate, new_loss, new_gradient
        step *= 2
        if done:
            break
    return dict(zip(names, weights.tolist(), strict=True))


Lists = tuple["NDArray[np.float64]", "NDArray[np.float64]", "NDArray[np.int64]"]


def _flatten(samples: Sequence[Sample], names: tuple[str, ...]) -> Lists:
    """Return all rows (rows, features), their gains (rows,) and the starts of the lists."""
    place = {name: i for i, name in enumerate(names)}
    rows = np.zeros((sum(len(sample.gains) for sample in samples), len(names)))
    starts = [0]
    for sample in samples:
        block = rows[starts[-1] : starts[-1] + len(sample.gains)]
        block[:, [place[name] for name in sample.names]] = np.nan_to_num(
            sample.values, nan=0.0, posinf=1.0, neginf=-1.0
        )
        starts.append(starts[-1] + len(sample.gains))
    return (
        rows,
        np.concatenate([sample.gains for sample in samples]).astype(np.float64),
        np.array(starts[:-1], np.int64),
    )


def _loss(
    lists: Lists, weights: NDArray[np.float64], prior: NDArray[np.float64], scale: NDArray[np.float64], strength: float
) -> tuple[float, NDArray[np.float64]]:
    """Return the loss and its gradient."""
    rows, gains, starts = lists
    lengths = np.diff([*starts, len(rows)])
    scores = _SHARPNESS * (rows @ weights)
    scores -= np.repeat(np.maximum.reduceat(scores, starts), lengths)
    exponents = np.exp(scores)
    shares = exponents / np.repeat(np.add.reduceat(exponents, starts), lengths)
    total = np.repeat(np.add.reduceat(gains, starts), lengths)
    loss = -float(gains @ np.log(np.maximum(shares, 1e-300)))
    gradient = _SHARPNESS * (rows.T @ (total * shares - gains))
    offset = (weights - prior) / scale
    return loss + strength * float(offset @ offset), gradient + 2 * strength * offset / scale
