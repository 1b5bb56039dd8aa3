"""Contextual Thompson sampling over subsets of arms and their depths.

Each version of the policy draws a fixed set of posterior samples, the particles. A query picks one of them uniformly
and fills its budget greedily by that sample's marginal rewards. With probability ε the query gets one of a few plain
selections, in which one arm goes deep and the others still answer. So the probability of the *whole* selection is known
exactly: (1 - ε) × the share of particles that give it + ε × its share of the plain ones. Before the first version every
arm runs equally deep, ε apart.

Thompson, Biometrika 25 (1933); Agrawal & Goyal, Thompson Sampling for Contextual Bandits with Linear Payoffs, ICML
2013.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.policy.base import MAX_DEPTH, Budget, Selection, as_budget, equal_split, top_up
from ltrr_cli.policy.greedy import ENDS, LEVELS, depths_of, fill, fill_all, sums
from ltrr_cli.policy.learner import Learner
from ltrr_cli.policy.model import MAX_ARMS
from ltrr_cli.text import hash64

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

PARTICLES = 64
_STACKS_KEPT = 32


@dataclass(frozen=True, slots=True)
class _Samples:
    """This version's particles for some arms, the mean as the last: what they say of x, and of the other arms' reach.

    Both are of an arm's first 0, 1, 2 … buckets together, as greedy choice wants it: `theta` (PARTICLES + 1, arms,
    buckets + 1, features), of which `columns` tells the places in x; `effect` (PARTICLES + 1, acting arms, arms,
    buckets + 1), 0 for an arm on itself: its own reach is in its buckets.
    """

    theta: NDArray[np.float64]
    columns: NDArray[np.int64]
    effect: NDArray[np.float64]


class ThompsonPolicy(Learner):
    """The learned policy."""

    name = "thompson"
    width = 0.5
    """How far particles lie from the mean, in the posterior's standard deviations.

    Below 1 it explores less than the posterior would, which pays where there is much to learn and little time (Chapelle
    & Li, An Empirical Evaluation of Thompson Sampling, NIPS 2011); chosen on streams that benchmarks/policy.py does not
    report on.
    """

    def __init__(self, *, epsilon: float = 0.01, seed: int = 0, half_life: float = inf) -> None:
        super().__init__(half_life=half_life)
        self.epsilon = epsilon
        self.seed = seed
        self._drawn: dict[str, NDArray[np.float64]] = {}
        self._stacks: dict[tuple[str, ...], _Samples] = {}

    def select(
        self, context: Mapping[str, float], arms: Sequence[str], budget: Budget | int, rng: np.random.Generator
    ) -> Selection:
        """Choose by one particle, or, with probability ε, one of the plain selections.

        The random numbers used are two, whatever they decide.
        """
        arms, within = arms[:MAX_ARMS], as_budget(budget)
        draw, pick = rng.random(), rng.random()
        if not arms or within.candidates < 1:
            return Selection(depths={})
        particle = -1 if draw < self.epsilon else int(pick * PARTICLES)
        x = self.sums.inputs(context, arms)
        if particle < 0:
            plain = _plain(arms, within)
            depths = dict(plain[int(pick * len(plain))])
        else:
            depths = self._by(particle, x, arms, within)
        return Selection(
            depths=depths,
            particle=particle,
            chance=lambda: self._chance(depths, x, arms, within),
            usual=lambda: self._by(PARTICLES, x, arms, within),
        )

    def mean(self, context: Mapping[str, float], arms: Sequence[str], budget: Budget | int) -> Selection:
        """Choose by the posterior mean: no exploration, and certain."""
        arms, within = arms[:MAX_ARMS], as_budget(budget)
        if not arms or within.candidates < 1:
            return Selection(depths={})
        return Selection(depths=self._by(PARTICLES, self.sums.inputs(context, arms), arms, within))

    def distribution(
        self, context: Mapping[str, float], arms: Sequence[str], budget: Budget | int
    ) -> list[tuple[dict[str, int], float]]:
        """Return all selections that `select` can make, with the propensities that it gives them."""
        arms, within = arms[:MAX_ARMS], as_budget(budget)
        if not arms or within.candidates < 1:
            return [({}, 1.0)]
        voted: Counter[tuple[tuple[str, int], ...]] = Counter()
        plain = _plain(arms, within)
        if self.untrained:
            voted[_key(plain[0])] = PARTICLES
        else:
            levels = self._levels(self.sums.inputs(context, arms), arms, within)
            for row, votes in Counter(map(tuple, levels.tolist())).items():
                voted[_key(depths_of(arms, row, within))] += votes
        drawn = Counter(map(_key, plain))
        shares = {depths: self._mixed(voted[depths], drawn[depths] / len(plain)) for depths in voted | drawn}
        return [(dict(depths), share) for depths, share in shares.items() if share > 0]

    def says(
        self, context: Mapping[str, float], arms: Sequence[str]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the worths and effects (see `policy.greedy`) of these arms by each particle, and last by the mean.

        (PARTICLES + 1, arms, buckets + 1) and (PARTICLES + 1, acting arms, arms, buckets + 1).
        """
        samples = self._samples(arms)
        x = self.sums.inputs(context, arms)
        return np.einsum("pabw,aw->pab", samples.theta, x[:, samples.columns]), samples.effect

    def _chance(self, depths: dict[str, int], x: NDArray[np.float64], arms: Sequence[str], budget: Budget) -> float:
        """Return the probability of these depths."""
        plain = _plain(arms, budget)
        drawn = plain.count(depths) / len(plain)
        if self.untrained:
            return self._mixed(PARTICLES * (depths == plain[0]), drawn)
        most = [bisect_right(ENDS, depths.get(arm, 0)) - 1 for arm in arms] if len(depths) > 1 else None
        levels = self._levels(x, arms, budget, most)
        within = levels if most is None else levels[(levels <= most).all(1)]
        votes = Counter(map(tuple, within.tolist()))
        return self._mixed(sum(n for row, n in votes.items() if depths_of(arms, row, budget) == depths), drawn)

    def _mixed(self, votes: int, plain: float) -> float:
        return (1 - self.epsilon) * (votes / PARTICLES) + self.epsilon * plain

    def _levels(
        self,
        x: NDArray[np.float64],
        arms: Sequence[str],
        budget: Budget,
        most: Sequence[int] | None = None,
    ) -> NDArray[np.int64]:
        """Return the levels that each particle gives, (PARTICLES, arms), as far as `most` asks."""
        samples = self._samples(arms)
        # Not `@`: BLAS would wake a thread pool for this, which costs more than it saves, and disturbs the encoder's.
        worths = np.einsum("pabw,aw->pab", samples.theta[:PARTICLES], x[:, samples.columns])
        return fill_all(worths, samples.effect[:PARTICLES], arms, budget, most)

    def _by(self, sample: int, x: NDArray[np.float64], arms: Sequence[str], budget: Budget) -> dict[str, int]:
        """Return the depths that one sample gives; PARTICLES is the mean."""
        if self.untrained:
            return equal_split(arms, budget)
        samples = self._samples(arms)
        worth = (samples.theta[sample] * x[:, None, samples.columns]).sum(2)
        return depths_of(arms, fill(worth, samples.effect[sample], arms, budget), budget)

    def _samples(self, arms: Sequence[str]) -> _Samples:
        wanted = tuple(arms)
        if wanted not in self._stacks:
            if len(self._stacks) >= _STACKS_KEPT:
                self._stacks.clear()
            columns = self.sums.columns
            known = len(columns) - len(self.sums.arms.names)
            drawn = np.stack([self._draw(arm) for arm in wanted], axis=1)
            samples = np.moveaxis(sums(np.moveaxis(drawn, 2, -1)), -1, 2)
            effect = np.zeros((len(samples), len(wanted), len(wanted), LEVELS))
            for number, arm in enumerate(wanted):
                place = self.sums.arms.find(arm)
                if place is not None:
                    effect[:, number] = samples[..., known + place]
                    effect[:, number, number] = 0.0
            self._stacks[wanted] = _Samples(np.ascontiguousarray(samples[..., :known]), columns[:known], effect)
        return self._stacks[wanted]

    def _draw(self, arm: str) -> NDArray[np.float64]:
        """Return one arm's samples, (PARTICLES + 1, buckets, columns), from a random stream of its own, by its name."""
        if arm not in self._drawn:
            mean, factor = self.sums.posterior(arm)
            stream = np.random.default_rng([self.seed, self.version, hash64(arm)])
            noise = stream.standard_normal((*mean.shape, PARTICLES))
            # precision = L·Lᵀ, so L⁻ᵀ·z has the posterior's covariance
            spread = np.moveaxis(np.linalg.solve(np.swapaxes(factor, -1, -2), noise), -1, 0)
            self._drawn[arm] = np.concatenate([mean + self.width * spread, mean[None]])
        return self._drawn[arm]

    def _changed(self) -> None:
        super()._changed()
        self._drawn, self._stacks = {}, {}


def _plain(arms: Sequence[str], budget: Budget) -> Sequence[Mapping[str, int]]:
    """Return the equal split, and for every arm half of the budget to it and the rest to the others.

    The others still answer: a page that tries an arm must not be a bad page.
    """
    return _timeless(tuple(arms), budget.candidates) if budget.ms == inf else _halves(arms, budget)


@lru_cache(maxsize=256)
def _timeless(arms: tuple[str, ...], candidates: int) -> Sequence[Mapping[str, int]]:
    return _halves(arms, Budget(candidates))


def _halves(arms: Sequence[str], budget: Budget) -> Sequence[Mapping[str, int]]:
    split = [equal_split(arms, budget)]
    for one in arms:
        left = budget.ms - budget.times.get(one, 0.0)
        if left < 0:
            continue
        most = min(MAX_DEPTH, (budget.candidates + 1) // 2)
        rest = [arm for arm in arms if arm != one]
        others = Budget(budget.candidates - most, left, budget.times).affordable(rest)
        depths = {one: most, **equal_split(others, budget.candidates - most)}
        split.append(
            {arm: depths[arm] for arm in arms if arm in depths} if others else top_up({one: 1}, budget.candidates)
        )
    return split


def _key(depths: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple(depths.items())
