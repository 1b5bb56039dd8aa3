"""Contextual Thompson sampling over subsets of arms and their depths.

Each version of the policy draws a fixed set of posterior samples, the particles. A query picks one of them uniformly
and takes greedily, per candidate of cost, the (arm, bucket) with the best sampled marginal reward; the best single arm
at full budget is taken instead where its sampled reward is higher. With probability ε the query gets one of a few plain
selections, in which one arm goes deep and the others still answer. So the probability of the *whole* selection is known
exactly: (1 - ε) × the share of particles that give it + ε × its share of the plain ones.

Thompson, Biometrika 25 (1933); Agrawal & Goyal, ICML 2013 (linear); greedy selection by marginal reward per cost:
Khuller, Moss & Naor, IPL 70 (1999).
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING
from zipfile import BadZipFile

import numpy as np

from ltrr_cli.policy.base import BUCKETS, COSTS, MAX_DEPTH, Selection, equal_split, top_up
from ltrr_cli.policy.model import MAX_ARMS, MAX_FEATURES, Slots, Sums, posterior, reach
from ltrr_cli.text import hash64

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from ltrr_cli.policy.credit import Credit

PARTICLES = 64
VERSION_EVERY = 20
"""Credits between two versions: a version costs a factorisation, a credit a few sums."""
_STACKS_KEPT = 32
_STEPS = np.diff([*(reach(depth) for depth in (0, *BUCKETS)), 1.0]).astype(np.float32)
"""How much further an arm reaches with each bucket; 0 behind the last one."""
_COSTS = np.array([*COSTS, 1e9], np.float32)  # behind the last bucket nothing is affordable


class ThompsonPolicy:
    """The learned policy; its state is the sums of evidence and the number of credits."""

    name = "thompson"

    def __init__(self, *, epsilon: float = 0.02, seed: int = 0) -> None:
        self.epsilon = epsilon
        self.seed = seed
        self.credits = 0
        self._sums = Sums(Slots([], MAX_FEATURES), Slots([], MAX_ARMS))
        self._frozen: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None
        self._features = 0  # how many features had a place when this version was made
        self._drawn: dict[str, NDArray[np.float32]] = {}
        self._stacks: dict[tuple[str, ...], NDArray[np.float32]] = {}

    @property
    def version(self) -> int:
        """Number of the current version: it grows with every VERSION_EVERY credits."""
        return self.credits // VERSION_EVERY

    @property
    def arms(self) -> tuple[str, ...]:
        """Names of the arms known so far."""
        return tuple(self._sums.arms.names)

    def update(self, credit: Credit) -> None:
        """Add one impression's credit; every VERSION_EVERY of them make a new version."""
        self._sums.add(credit)
        self.credits += 1
        if self.credits % VERSION_EVERY == 0:
            self._freeze()

    def select(
        self, context: Mapping[str, float], arms: Sequence[str], budget: int, rng: np.random.Generator
    ) -> Selection:
        """Choose by one particle, or, with probability ε, one of the plain selections.

        The random numbers used are two, whatever they decide.
        """
        arms = arms[:MAX_ARMS]
        if not arms or budget < 1:
            return Selection(depths={}, propensity=1.0)
        levels = self._greedy(context, arms, budget)
        plain = _plain(arms, budget)
        draw, pick = rng.random(), rng.random()
        if draw < self.epsilon:
            particle = -1
            depths = plain[int(pick * len(plain))]
        else:
            particle = int(pick * PARTICLES)
            depths = _depths(arms, levels[particle].tolist(), budget)
        propensity = self._shares(arms, levels, plain, budget)[tuple(depths.items())]
        usual = _depths(arms, levels[PARTICLES].tolist(), budget)
        explored = tuple(arm for arm, depth in depths.items() if depth > usual.get(arm, 0))
        return Selection(depths=depths, propensity=propensity, particle=particle, explored=explored)

    def distribution(
        self, context: Mapping[str, float], arms: Sequence[str], budget: int
    ) -> list[tuple[dict[str, int], float]]:
        """Return all selections that `select` can make, with the propensities that it gives them."""
        arms = arms[:MAX_ARMS]
        if not arms or budget < 1:
            return [({}, 1.0)]
        shares = self._shares(arms, self._greedy(context, arms, budget), _plain(arms, budget), budget)
        return [(dict(depths), share) for depths, share in shares.items() if share > 0]

    def mean(self, context: Mapping[str, float], arms: Sequence[str], budget: int) -> Selection:
        """Choose by the posterior mean: no exploration, and certain."""
        arms = arms[:MAX_ARMS]
        if not arms or budget < 1:
            return Selection(depths={}, propensity=1.0)
        return Selection(
            depths=_depths(arms, self._greedy(context, arms, budget)[PARTICLES].tolist(), budget), propensity=1.0
        )

    def _shares(
        self, arms: Sequence[str], levels: NDArray[np.int64], plain: Sequence[dict[str, int]], budget: int
    ) -> dict[tuple[tuple[str, int], ...], float]:
        """Return the probability of each selection, as (arm, depth) in the order of `arms`."""
        voted: Counter[tuple[tuple[str, int], ...]] = Counter()
        for row, votes in Counter(map(tuple, levels[:PARTICLES].tolist())).items():
            voted[tuple(_depths(arms, row, budget).items())] += votes
        drawn = Counter(tuple(depths.items()) for depths in plain)
        return {
            depths: (1 - self.epsilon) * (voted[depths] / PARTICLES) + self.epsilon * drawn[depths] / len(plain)
            for depths in voted | drawn
        }

    def _greedy(self, context: Mapping[str, float], arms: Sequence[str], budget: int) -> NDArray[np.int64]:
        """Return how many buckets each particle, and last the mean, takes of each arm: (PARTICLES + 1, arms)."""
        theta = self._theta(arms)
        x = self._sums.context(context, first=self._features).astype(np.float32)
        # Not `@`: BLAS would wake a thread pool for this, which costs more than it saves and disturbs the encoder's.
        value = np.einsum("pabw,w->pab", theta, x)  # (P, n, B)
        particles, count, buckets = value.shape
        width = count * (buckets + 1)  # behind its last bucket an arm has one that nobody can afford
        gains = np.zeros((particles, count, buckets + 1), np.float32)
        gains[..., :buckets] = value
        gains = gains.reshape(particles, width)
        # What one more step of reach of an arm (second axis) adds to every gain (third axis).
        seen = np.zeros((particles, count, count, buckets + 1), np.float32)
        for number, arm in enumerate(arms):
            place = self._sums.arms.find(arm)
            if place is not None and self._frozen is not None and place < len(self._frozen[0]):
                seen[:, number, :, :buckets] = theta[..., 1 + MAX_FEATURES + place]
                seen[:, number, number] = 0.0  # an arm's own reach is in its buckets
        seen = seen.reshape(particles * count, width)
        alone = self._single(value, budget)
        levels = np.zeros(particles * count, np.int64)
        left = np.full((particles, 1), budget, np.float32)
        total = np.zeros(particles, np.float32)
        rows = np.arange(particles) * count
        firsts = (np.arange(particles)[:, None] * width + np.arange(0, width, buckets + 1)).ravel()
        flat = gains.reshape(-1)
        while True:
            gain = flat.take(firsts + levels)
            cost = _COSTS.take(levels)
            rate = (gain / cost).reshape(particles, count)
            rate[cost.reshape(particles, count) > left] = -1.0
            best = rate.argmax(1) + rows
            going = rate.reshape(-1).take(best) > 0
            if not going.any():
                break
            level = levels.take(best)
            left[:, 0] -= cost.take(best) * going
            total += gain.take(best) * going
            levels[best] = level + going
            gains += seen.take(best, axis=0) * (_STEPS.take(level) * going)[:, None]
        levels = levels.reshape(particles, count)
        better = alone[1] > total
        levels[better] = 0
        levels[better, alone[0][better]] = alone[2]
        return levels

    def _single(self, value: NDArray[np.float64], budget: int) -> tuple[NDArray[np.int64], NDArray[np.float64], int]:
        """Return each particle's best arm alone at full budget, its sampled reward, and the buckets it takes."""
        taken = sum(end <= budget for end in BUCKETS)
        sums = np.maximum(value[:, :, :taken], 0).sum(2)
        return sums.argmax(1), sums.max(1), taken

    def _theta(self, arms: Sequence[str]) -> NDArray[np.float32]:
        """Return this version's particles for these arms, the mean as the last row: (P + 1, arms, buckets, WIDTH)."""
        wanted = tuple(arms)
        if wanted not in self._stacks:
            if len(self._stacks) >= _STACKS_KEPT:
                self._stacks.clear()
            self._stacks[wanted] = np.stack([self._draw(arm) for arm in wanted], axis=1)
        return self._stacks[wanted]

    def _draw(self, arm: str) -> NDArray[np.float32]:
        """Return one arm's particles, (P + 1, buckets, WIDTH), from a random stream of its own, known by its name."""
        if arm not in self._drawn:
            number = self._sums.arms.find(arm)
            if self._frozen is not None and number is not None and number < len(self._frozen[0]):
                mean, factor = posterior(self._frozen[0][number], self._frozen[1][number])
            else:
                mean, factor = posterior()
            stream = np.random.default_rng([self.seed, self.version, hash64(arm)])
            noise = stream.standard_normal((*mean.shape, PARTICLES))
            # precision = L·Lᵀ, so L⁻ᵀ·z has the posterior's covariance
            spread = np.linalg.solve(np.swapaxes(factor, -1, -2), noise)
            out = np.empty((PARTICLES + 1, *mean.shape), np.float32)
            out[:PARTICLES] = mean + np.moveaxis(spread, -1, 0)
            out[PARTICLES] = mean
            self._drawn[arm] = out
        return self._drawn[arm]

    def _freeze(self) -> None:
        self._frozen = (self._sums.a.copy(), self._sums.b.copy())
        self._features = len(self._sums.features.names)
        self._drawn, self._stacks = {}, {}

    def report(self, arms: Sequence[str]) -> list[tuple[str, int, float, float]]:
        """Return (arm, bucket end, posterior mean of the constant, its standard deviation) of the current version."""
        theta = self._theta(arms)[..., 0]
        deviation = theta[:PARTICLES].std(0)
        return [
            (arm, end, float(theta[PARTICLES, number, bucket]), float(deviation[number, bucket]))
            for number, arm in enumerate(arms)
            for bucket, end in enumerate(BUCKETS)
        ]

    def save(self, path: Path) -> None:
        """Write the state as .npz (no pickles)."""
        frozen = self._frozen or (np.zeros((0, *self._sums.a.shape[1:])), np.zeros((0, *self._sums.b.shape[1:])))
        np.savez_compressed(
            path,
            format_version=1,
            a=self._sums.a,
            b=self._sums.b,
            frozen_a=frozen[0],
            frozen_b=frozen[1],
            frozen_features=self._features,
            credits=self.credits,
            features=np.array(self._sums.features.names, np.str_),
            arms=np.array(self._sums.arms.names, np.str_),
        )

    def load(self, path: Path) -> None:
        """Read what `save` wrote; ValueError if it is damaged or has another format."""
        try:
            with np.load(path, allow_pickle=False) as file:
                state = {name: file[name] for name in file.files}
            version = int(state["format_version"])
        except (ValueError, KeyError, EOFError, BadZipFile) as error:
            raise ValueError(f"{path.name} is damaged") from error
        if version != 1:
            raise ValueError(f"{path.name} has format version {version}, this ltrr reads 1")
        self._sums = Sums(
            Slots([str(name) for name in state["features"]], MAX_FEATURES),
            Slots([str(name) for name in state["arms"]], MAX_ARMS),
        )
        self._sums.a, self._sums.b = state["a"], state["b"]
        self._frozen = (state["frozen_a"], state["frozen_b"]) if len(state["frozen_a"]) else None
        self._features = int(state["frozen_features"])
        self.credits = int(state["credits"])
        self._drawn, self._stacks = {}, {}


def _plain(arms: Sequence[str], budget: int) -> list[dict[str, int]]:
    """Return the equal split, and for every arm half of the budget to it and the rest to the others.

    The others still answer: a page that tries an arm must not be a bad page.
    """
    split = [equal_split(arms, budget)]
    for one in arms:
        most = min(MAX_DEPTH, (budget + 1) // 2)
        rest = equal_split([arm for arm in arms if arm != one], budget - most)
        depths = {one: most, **rest}
        split.append({arm: depths[arm] for arm in arms if arm in depths})
    return split


def _depths(arms: Sequence[str], levels: Sequence[int], budget: int) -> dict[str, int]:
    ends = (0, *BUCKETS)
    depths = {arm: ends[level] for arm, level in zip(arms, levels, strict=True) if level}
    return top_up(depths, budget) if depths else equal_split(arms, budget)
