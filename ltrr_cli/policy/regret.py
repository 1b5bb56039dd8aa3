"""Regret: what a page's selection is worth less than the best one, by what the policy knows now.

What people would have done with another page nobody can tell. But the posterior says what every selection is worth, and
how sure that is: for each particle θ, regret(θ) = max over selections of V(θ, selection) - V(θ, what was chosen). Its
mean over the particles is the expected regret, Bayesian regret given the history (Russo & Van Roy, Learning to Optimize
via Posterior Sampling, Mathematics of Operations Research 39, 2014, section 3); its quantiles are a credible interval.
It falls as the policy chooses better, and as it becomes surer. What the policy does not suspect it does not regret: the
model is taken to be true, and where it is not, the true regret may be more.

V takes the arms one after the other, each as deep as it is to run, the one first that then adds most. An arm adds no
less than nothing, all together no more than 1: far from what it has seen the linear model says otherwise. Between the
ends of buckets worths are linear. The maximum is over what the particle chooses itself (`policy.greedy`), what the mean
chooses, and what was chosen.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.policy.greedy import ENDS, depths_of, fill_all
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
    """Return the regret of the `chosen` depths by each particle, (PARTICLES,), in rewards of a page, each 0 or more.

    The particles are taken as far from the mean as the posterior has them, whatever the policy's `width`.
    """
    worths, effects = (
        np.concatenate([said[-1] + (said[:-1] - said[-1]) / policy.width, said[-1:]])
        for said in policy.says(context, arms)
    )
    levels, place = np.unique(fill_all(worths, effects, arms, budget), axis=0, return_inverse=True)
    found = [depths_of(arms, row, budget) for row in levels.tolist()]
    *own, mean = (found[number] for number in place.ravel().tolist())
    values = [
        _value(worths[:-1], effects[:-1], np.array([[depths.get(arm, 0) for arm in arms] for depths in rivals]))
        for rivals in (own, [mean] * len(own), [chosen] * len(own))
    ]
    return np.asarray(np.max(values, axis=0) - values[-1], np.float64)


def _value(worths: NDArray[np.float64], effects: NDArray[np.float64], depths: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return what each sample's own depths, (samples, arms), are worth to it, (samples,)."""
    ends = np.array(ENDS)
    level = np.minimum(np.searchsorted(ends, depths, side="right") - 1, len(ends) - 2)
    share = np.minimum(1.0, (depths - ends[level]) / (ends[level + 1] - ends[level]))
    adds = np.where(depths > 0, _between(worths, level, share), -inf)
    pairs = _between(effects, np.broadcast_to(level[:, None], effects.shape[:-1]), share[:, None])
    reached = np.array([[reach(depth) for depth in row] for row in depths.tolist()])
    pairs *= reached[..., None]
    rows, total = np.arange(len(adds)), np.zeros(len(adds))
    for _ in range(depths.shape[1]):
        best = adds.argmax(1)
        total += np.maximum(0.0, adds[rows, best])
        adds += np.where(adds[rows, best][:, None] > -inf, pairs[rows, best], 0.0)
        adds[rows, best] = -inf
    return np.minimum(1.0, total)


def _between(values: NDArray[np.float64], level: NDArray[np.int64], share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the values, (…, levels), at the places (…,) that lie a share of the way from a level to the next."""
    low, high = (np.take_along_axis(values, (level + step)[..., None], -1)[..., 0] for step in (0, 1))
    return np.asarray(low + (high - low) * share, np.float64)
