"""Other ways to explore with the same evidence: ε-greedy and LinUCB, to measure Thompson sampling against."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.policy.base import BUCKETS, Budget, Selection, as_budget, equal_split
from ltrr_cli.policy.greedy import LEVELS, depths_of, fill, sums
from ltrr_cli.policy.learner import Learner
from ltrr_cli.policy.model import MAX_ARMS, covariance
from ltrr_cli.policy.thompson import ThompsonPolicy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray


class EpsilonGreedy(ThompsonPolicy):
    """The posterior mean, and with probability ε a plain selection: Thompson sampling without its width."""

    name = "epsilon-greedy"
    width = 0.0


class LinUCB(Learner):
    """The upper confidence bound of every item: mean + α × standard deviation of its reward in this context.

    Li, Chu, Langford & Schapire, A Contextual-Bandit Approach to Personalized News Article Recommendation, WWW 2010.
    Certain, so its logs support no off-policy estimates.
    """

    name = "linucb"

    def __init__(self, *, alpha: float = 1.0, half_life: float = float("inf")) -> None:
        super().__init__(half_life=half_life)
        self.alpha = alpha
        self._models: dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]] = {}

    def select(
        self, context: Mapping[str, float], arms: Sequence[str], budget: Budget | int, rng: np.random.Generator
    ) -> Selection:
        """Choose greedily by the bounds."""
        del rng
        return Selection(depths=self.distribution(context, arms, budget)[0][0])

    def distribution(
        self, context: Mapping[str, float], arms: Sequence[str], budget: Budget | int
    ) -> list[tuple[dict[str, int], float]]:
        """Return the one selection."""
        arms, within = arms[:MAX_ARMS], as_budget(budget)
        if not arms or within.candidates < 1:
            return [({}, 1.0)]
        if self.untrained:
            return [(equal_split(arms, within), 1.0)]
        columns = self.sums.columns
        known = len(columns) - len(self.sums.arms.names)
        gain = np.zeros((len(arms), len(BUCKETS)))
        effect = np.zeros((len(arms), len(arms), LEVELS))
        for number, (arm, x) in enumerate(zip(arms, self.sums.inputs(context, arms)[:, columns], strict=True)):
            mean, spread = self._model(arm)
            gain[number] = mean @ x + self.alpha * np.sqrt(np.einsum("w,bwv,v->b", x, spread, x))
            for other, name in enumerate(arms):
                place = self.sums.arms.find(name)
                if place is not None and other != number:
                    effect[other, number] = sums(mean[:, known + place])
        return [(depths_of(arms, fill(sums(gain), effect, arms, within), within), 1.0)]

    def _model(self, arm: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return an arm's posterior means, (buckets, columns), and covariances, (…, columns)."""
        if arm not in self._models:
            mean, factor = self.sums.posterior(arm)
            self._models[arm] = mean, covariance(factor)
        return self._models[arm]

    def _changed(self) -> None:
        super()._changed()
        self._models = {}
