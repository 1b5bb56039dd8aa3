"""Examination: how likely a position was looked at, and the weights that make up for it.

P(examined at r) = r^-η with η = 1, the curve commonly planted in click simulations (Joachims, Swaminathan & Schnabel,
WSDM 2017); weights are its inverse, clipped, so that a rare click far down cannot dominate.
"""

from __future__ import annotations

ETA = 1.0
MAX_WEIGHT = 10.0


def examination(position: int) -> float:
    """Return the probability that a position (from 1; 0 = unknown: 1.0) was looked at."""
    return float(position**-ETA) if position > 0 else 1.0


def inverse_weight(position: int) -> float:
    """Return 1 / examination, at most MAX_WEIGHT."""
    return min(MAX_WEIGHT, 1 / examination(position))
