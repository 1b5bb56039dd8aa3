"""Regret: what a page's selection is worth less than the one that the policy would make now, by what it knows now.

What people would have done with another page nobody can tell. But the posterior says what every selection is worth, and
how sure that is: for each particle θ, regret(θ) = V(θ, best) - V(θ, chosen), where the best is the posterior mean's
choice. Its mean over the particles is the expected regret, its quantiles are a credible interval; a θ by which the page
was the better one has a regret below 0. Bayesian regret (Russo & Van Roy, Learning to Optimize via Posterior Sampling,
Mathematics of Operations Research 39, 2014) takes the best for each θ instead. That adds what nobody could have known,
which here is most of it, stays where there is nothing to gain, and hides what was learned.

V takes the arms one after the other, each as deep as it is to run, the one first that then adds most. An arm adds no
less than nothing, all together no more than 1: far from what it has seen the linear model says otherwise. Between the
ends of buckets worths are linear. That the model is true is taken for granted: what the policy does not suspect it does
not regret.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.policy.greedy import ENDS
from ltrr_cli.policy.model import reach

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from ltrr_cli.policy.base import Budget
    from ltrr_cli.policy.thompson import ThompsonPolicy


def regret(
    policy: ThompsonPolicy,
    context: Mapping[str, float],
    arms: Sequence[str],
    budget: Budget,
    chosen: Mapping[str, int],
) -> NDArray[np.float64]:
    """Return the regret of the `chosen` depths by each particle, (PARTICLES,), in rewards of a page, in [-1, 1].

    The particles are taken as far from the mean as the posterior has them, whatever the policy's `width`.
    """
    worths, effects = (said[-1] + (said[:-1] - said[-1]) / policy.width for said in policy.says(context, arms))
    best, own = (
        _value(worths, effects, np.array([depths.get(arm, 0) for arm in arms]))
        for depths in (policy.mean(context, arms, budget).depths, chosen)
    )
    return best - own


def _value(worths: NDArray[np.float64], effects: NDArray[np.float64], depths: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return what the depths, (arms,), are worth to each sample, (samples,)."""
    ends, arms = np.array(ENDS), np.arange(len(depths))
    level = np.minimum(np.searchsorted(ends, depths, side="right") - 1, len(ends) - 2)
    share = np.minimum(1.0, (depths - ends[level]) / (ends[level + 1] - ends[level]))
    reached = np.array([reach(depth) for depth in depths.tolist()])

    def between(values: NDArray[np.float64]) -> NDArray[np.float64]:
        low, high = values[..., arms, level], values[..., arms, level + 1]
        return np.asarray(low + (high - low) * share, np.float64)

    adds = np.where(depths > 0, between(worths), -inf)
    pairs = between(effects) * reached[:, None]
    rows, total = np.arange(len(adds)), np.zeros(len(adds))
    for _ in range(np.count_nonzero(depths)):
        best = adds.argmax(1)
        total += np.maximum(0.0, adds[rows, best])
        adds += pairs[rows, best]
        adds[rows, best] = -inf
    return np.minimum(1.0, total)
