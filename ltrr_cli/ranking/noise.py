"""Noise in the order, so that positions are no longer only what the ranker made them: a Plackett–Luce draw.

The order of scores s + T·Gumbel noise is a draw of the Plackett–Luce model with the logits s / T: the next entity is
each of those left with a probability in proportion to exp(s / T) (Yellott, J. Math. Psych. 15, 1977). The same entity
then stands at several positions for the same query, which is what estimates of position bias live on; and the
probability of what was shown is known, so that other orders can be weighed by it (inverse propensities).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def perturbed(scores: NDArray[np.float32], temperature: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return (n,) scores with noise of this temperature, above 0: their order is the draw."""
    return (scores + temperature * rng.gumbel(size=len(scores))).astype(np.float32)


def log_propensity(scores: NDArray[np.float32], order: NDArray[np.intp], temperature: float) -> float:
    """Return the logarithm of the probability that a draw from all (n,) `scores` begins with these candidates.

    Σ over places of s/T − log Σ exp(s/T) over what is left; at most 0.
    """
    logits = scores.astype(np.float64) / temperature
    rest = np.setdiff1d(np.arange(len(scores)), order)
    drawn = logits[np.concatenate([order, rest])]
    left = np.logaddexp.accumulate(drawn[::-1])[::-1]
    return min(0.0, float((drawn - left)[: len(order)].sum()))
