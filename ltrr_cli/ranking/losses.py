"""Losses of the order of lists: from scores and targets to a number and its slope in every score.

A gain above 0 is what an action was worth, below 0 what was disliked or skipped. `listwise` and `pairwise` are convex,
and make up for position by the inverse of the examination; `clicks` is the likelihood of what was done under the
position-based model, which also learns from what was looked at and left.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from ltrr_cli.ranking.debias import MAX_WEIGHT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Lists:
    """Where lists begin in arrays of all their rows, none of them empty: `starts` (lists,), `lengths` (lists,)."""

    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]

    @classmethod
    def of(cls, lengths: NDArray[np.int64]) -> Lists:
        """Return lists of these lengths, one after the other."""
        return cls(np.cumsum(lengths) - lengths, lengths)

    def sums(self, values: Floats) -> Floats:
        """Return each list's sum, (lists,)."""
        sums: Floats = np.add.reduceat(values, self.starts)
        return sums

    def spread(self, values: Floats) -> Floats:
        """Return each list's value at every row, (rows,)."""
        return np.repeat(values, self.lengths)


@dataclass(frozen=True, slots=True)
class Targets:
    """What is known of every row: its gain, and the probability that it was looked at, in (0, 1]; (rows,) each."""

    gains: Floats
    seen: Floats

    @property
    def made_up(self) -> Floats:
        """The gains as if every row had been looked at; what was disliked was."""
        return np.where(self.gains > 0, self.gains * np.minimum(MAX_WEIGHT, 1 / self.seen), self.gains)


class Loss(Protocol):
    """From (rows,) scores and their targets to the loss and its (rows,) slope."""

    def __call__(self, scores: Floats, targets: Targets, lists: Lists) -> tuple[float, Floats]:
        """Return both."""


def listwise(scores: Floats, targets: Targets, lists: Lists) -> tuple[float, Floats]:
    """Return Σ g⁺·(−log softmax(s)) + Σ g⁻·(−log softmax(−s)): acted on is the best of its list, disliked the worst.

    Cao et al., Learning to rank: from pairwise to listwise approach (ListNet), ICML 2007; the first choice of a
    Plackett–Luce model, of the scores and of the scores turned round.
    """
    gains = targets.made_up
    loss, slope = _choice(scores, np.maximum(gains, 0), lists)
    if (gains < 0).any():
        more, turned = _choice(-scores, np.maximum(-gains, 0), lists)
        return loss + more, slope - turned
    return loss, slope


def _choice(scores: Floats, gains: Floats, lists: Lists) -> tuple[float, Floats]:
    shifted = scores - lists.spread(np.maximum.reduceat(scores, lists.starts))
    exponents = np.exp(shifted)
    sums = lists.sums(exponents)
    logs = shifted - lists.spread(np.log(sums))
    total = lists.spread(lists.sums(gains))
    return -float(gains @ logs), total * exponents / lists.spread(sums) - gains


def pairwise(scores: Floats, targets: Targets, lists: Lists) -> tuple[float, Floats]:
    """Return Σ v·log(1 + exp(sⱼ − sᵢ)) over pairs of which i gained more than j, v in proportion to gᵢ − gⱼ.

    Burges et al., Learning to rank using gradient descent (RankNet), ICML 2005. The v of a list sum to
    its gains' sizes, as in `listwise`, so that a long list counts no more than a short one.
    """
    gains = targets.made_up
    loss, slope = 0.0, np.zeros(len(scores))
    for length in np.unique(lists.lengths).tolist():
        rows = lists.starts[lists.lengths == length][:, None] + np.arange(length)
        s, g = scores[rows], gains[rows]
        weights = np.maximum(g[:, :, None] - g[:, None, :], 0)
        sums = weights.sum((1, 2))
        weights *= np.where(sums > 0, np.abs(g).sum(1) / np.maximum(sums, 1e-300), 0)[:, None, None]
        margins = s[:, :, None] - s[:, None, :]
        loss += float((weights * np.logaddexp(0, -margins)).sum())
        pull = weights / (1 + np.exp(np.clip(margins, -500, 500)))
        slope[rows] += pull.sum(1) - pull.sum(2)
    return loss, slope


def clicks(scores: Floats, targets: Targets, lists: Lists) -> tuple[float, Floats]:
    """Return −Σ g·log(e·σ(z)) + (1 − g)·log(1 − e·σ(z)), z = s less its list's mean plus a number for all lists.

    The position-based model with relevance by features: Wang et al., Position bias estimation for unbiased learning to
    rank in personal search (regression EM), WSDM 2018, maximised directly. The number for all lists is the best for
    these scores, so it has no slope of its own. What was disliked was looked at, and not wanted: e = 1, g = 0, and
    it counts more than what was only left.
    """
    gains = np.clip(targets.gains, 0, 1)
    size = 1 - np.clip(targets.gains, -1, 0)
    seen = np.where(targets.gains < 0, 1.0, np.clip(targets.seen, 1e-3, 1.0)) * _CERTAIN
    centred = scores - lists.spread(lists.sums(scores) / lists.lengths)
    height = 0.0
    for _ in range(_NEWTON):
        likely, slope = _likelihood(centred + height, gains, seen, size)
        step = float(slope.sum()) / max(1e-9, float(np.abs(size * likely * (1 - likely) * seen).sum()))
        height = float(np.clip(height - np.clip(step, -1, 1), -_FARTHEST, _FARTHEST))
        if abs(step) < 1e-9:
            break
    likely, slope = _likelihood(centred + height, gains, seen, size)
    chance = np.clip(seen * likely, 1e-300, 1.0)
    loss = -float(size @ (gains * np.log(chance) + (1 - gains) * np.log1p(-seen * likely)))
    return loss, slope - lists.spread(lists.sums(slope) / lists.lengths)


_CERTAIN = 0.999
"""Nobody is sure to look: with 1 a single click could cost without end."""
_NEWTON = 50
_FARTHEST = 20.0


def _likelihood(z: Floats, gains: Floats, seen: Floats, size: Floats) -> tuple[Floats, Floats]:
    """Return σ(z) and the slope of the negative log-likelihood in z."""
    likely = 1 / (1 + np.exp(-np.clip(z, -500, 500)))
    missed = (1 - gains) * seen * likely * (1 - likely) / (1 - seen * likely)
    return likely, size * (missed - gains * (1 - likely))


LOSSES: Mapping[str, Loss] = {"clicks": clicks, "listwise": listwise, "pairwise": pairwise}
