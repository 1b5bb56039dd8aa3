"""Examination: how likely a position was looked at, and the weights that make up for it.

Without a better one, P(examined at r) = r^-η with η = 1, the curve commonly planted in click simulations (Joachims,
Swaminathan & Schnabel, WSDM 2017); weights are its inverse, clipped, so that a rare click far down cannot dominate.
What is looked at is not all: people also trust what stands on top, and click it although it is worse (trust bias,
Agarwal et al., WWW 2019). Nothing here makes up for that: it would take more than clicks to tell it from relevance.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

ETA = 1.0
MAX_WEIGHT = 10.0


@dataclass(frozen=True, slots=True)
class Curve:
    """P(examined) of positions 1, 2 …, in (0, 1], the first 1; beyond the last it falls as 1 / position."""

    chances: tuple[float, ...] = ()

    def examination(self, position: int) -> float:
        """Return the probability that a position (from 1; 0 = unknown: 1.0) was looked at."""
        if position <= 0:
            return 1.0
        if position <= len(self.chances):
            return self.chances[position - 1]
        last = len(self.chances)
        return self.chances[-1] * last / position if last else float(position**-ETA)

    def weight(self, position: int) -> float:
        """Return 1 / examination, at most MAX_WEIGHT."""
        return min(MAX_WEIGHT, 1 / self.examination(position))


USUAL = Curve()


def examination(position: int) -> float:
    """Return the usual curve's probability that a position (from 1; 0 = unknown: 1.0) was looked at."""
    return USUAL.examination(position)


@lru_cache(maxsize=1024)
def inverse_weight(position: int) -> float:
    """Return 1 / examination by the usual curve, at most MAX_WEIGHT."""
    return USUAL.weight(position)
