"""Regret: what a page's selection is worth less than the best one, by what the policy knows now.

What people would have done with another page nobody can tell. But the posterior says what every selection is worth, and
how sure that is: for each particle θ, regret(θ) = max over selections of V(θ, selection) - V(θ, what was chosen). Its
mean over the particles is the expected regret, Bayesian regret given the history (Russo & Van Roy, Learning to Optimize
via Posterior Sampling, Mathematics of Operations Research 39, 2014, section 3); its quantiles are a credible interval.
It falls as the policy chooses better, and as it becomes surer. What the policy does not suspect it does not regret: the
model is taken to be true, and where it is not, the true regret may be more.

V is the sum of the arms' worths at their depths and of half of what each pair does to each other, which is the mean
over both orders of a pair; between the ends of buckets it is linear. The maximum is over what each particle chooses
itself, greedily or of a single arm (`policy.greedy`), what the mean chooses, the equal split and what was chosen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.policy.base import equal_split
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
    rivals = [_row(arms, depths_of(arms, row, budget)) for row in levels.tolist()]
    own = np.array(rivals)[place.ravel()]
    worths, effects = worths[:-1], effects[:-1]
    values = [
        _value(worths, effects, np.broadcast_to(depths, own[:-1].shape))
        for depths in (own[:-1], own[-1], _row(arms, equal_split(arms, budget)), _row(arms, chosen))
    ]
    return np.asarray(np.max(values, axis=0) - values[-1], np.float64)


def _row(arms: Sequence[str], depths: Mapping[str, int]) -> list[int]:
    return [depths.get(arm, 0) for arm in arms]


def _value(worths: NDArray[np.float64], effects: NDArray[np.float64], depths: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return what each sample's own depths, (samples, arms), are worth to it, (samples,)."""
    ends = np.array(ENDS)
    level = np.minimum(np.searchsorted(ends, depths, side="right") - 1, len(ends) - 2)
    share = np.minimum(1.0, (depths - ends[level]) / (ends[level + 1] - ends[level]))
    alone = _between(worths, level, share).sum(1)
    pairs = _between(effects, np.broadcast_to(level[:, None], effects.shape[:-1]), share[:, None])
    reached = np.array([[reach(depth) for depth in row] for row in depths.tolist()])
    return np.asarray(alone + np.einsum("sa,sab->s", reached, pairs) / 2, np.float64)


def _between(values: NDArray[np.float64], level: NDArray[np.int64], share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the values, (…, levels), at the places (…,) that lie a share of the way from a level to the next."""
    low, high = (np.take_along_axis(values, (level + step)[..., None], -1)[..., 0] for step in (0, 1))
    return np.asarray(low + (high - low) * share, np.float64)
