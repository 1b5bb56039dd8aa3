"""The contract of every policy, and the depth buckets that all share."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from math import inf
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np

    from ltrr_cli.policy.credit import Credit

BUCKETS = (2, 5, 10, 20, 50, 100)
"""Depths at which each bucket ends; a bucket is available after the one before it."""
COSTS = tuple(end - start for start, end in zip((0, *BUCKETS), BUCKETS, strict=False))
"""Candidates that each bucket adds."""
MAX_DEPTH = BUCKETS[-1]


@dataclass(frozen=True, slots=True)
class Budget:
    """What a selection may cost: `candidates` (≥ 0) and `ms` (> 0) of all arms together.

    `times` says what an arm takes, in ms; one that is missing takes nothing. Time is a limit only where it is finite.
    """

    candidates: int
    ms: float = inf
    times: Mapping[str, float] = field(default_factory=dict)

    def affordable(self, arms: Sequence[str]) -> list[str]:
        """Return the arms that fit into the time together, in their order: the quicker first."""
        if self.ms == inf:
            return list(arms)
        kept: set[str] = set()
        left = self.ms
        for arm in sorted(arms, key=lambda one: self.times.get(one, 0.0)):
            left -= self.times.get(arm, 0.0)
            if left < 0:
                break
            kept.add(arm)
        return [arm for arm in arms if arm in kept]

    def quickest(self, arms: Sequence[str]) -> list[str]:
        """Return the one arm that takes least: it runs where there is no time for any."""
        return [min(arms, key=lambda one: self.times.get(one, 0.0))] if arms else []


def as_budget(budget: Budget | int) -> Budget:
    """Return a budget of so many candidates, and of any time, where only a number is given."""
    return budget if isinstance(budget, Budget) else Budget(budget)


@dataclass(frozen=True, kw_only=True)
class Selection:
    """What a policy chose for one query: depth of each arm that runs, in the order of `arms` given to it.

    `particle` numbers the posterior sample that chose (-1: none did). What takes longer than choosing is computed when
    it is first asked for, which must be before the policy learns more: `chance` gives the propensity, `usual` the
    depths without exploration (None: these).
    """

    depths: Mapping[str, int]
    particle: int = -1
    chance: Callable[[], float] = field(default=lambda: 1.0, repr=False, compare=False)
    usual: Callable[[], Mapping[str, int]] | None = field(default=None, repr=False, compare=False)

    @cached_property
    def propensity(self) -> float:
        """Probability, in (0, 1], with which the policy chooses exactly these depths for this context."""
        return self.chance()

    @cached_property
    def explored(self) -> tuple[str, ...]:
        """The arms that would not have run without exploration, or less deep."""
        usual = self.depths if self.usual is None else self.usual()
        return tuple(arm for arm, depth in self.depths.items() if depth > usual.get(arm, 0))


class Policy(Protocol):
    """Chooses a selection for a context, and learns from credit."""

    name: str

    @property
    def version(self) -> int:
        """Number of what it has learned so far; 0 where it does not learn."""

    def select(
        self, context: Mapping[str, float], arms: Sequence[str], budget: Budget | int, rng: np.random.Generator
    ) -> Selection:
        """Choose depths for `arms` whose sum is at most the budget's candidates; no arms give no depths."""

    def distribution(
        self, context: Mapping[str, float], arms: Sequence[str], budget: Budget | int
    ) -> list[tuple[dict[str, int], float]]:
        """Return all selections that `select` can make, each once, with their probabilities: each above 0, in sum 1."""

    def update(self, credit: Credit) -> None:
        """Learn from one impression's credit."""


def top_up(depths: dict[str, int], budget: int) -> dict[str, int]:
    """Spread what is left of the budget equally over the arms that run, up to the deepest bucket."""
    while True:
        open_arms = [arm for arm, depth in depths.items() if 0 < depth < MAX_DEPTH]
        share = (budget - sum(depths.values())) // len(open_arms) if open_arms else 0
        if share <= 0:
            return depths
        depths = {arm: min(MAX_DEPTH, depth + share) if arm in open_arms else depth for arm, depth in depths.items()}


def equal_split(arms: Sequence[str], budget: Budget | int) -> dict[str, int]:
    """Return the same depth for every arm that there is time for, and at least for the quickest."""
    within = as_budget(budget)
    running = within.affordable(arms) or within.quickest(arms)
    each = min(MAX_DEPTH, within.candidates // len(running)) if running else 0
    if each > 0:
        return dict.fromkeys(running, each)
    return dict.fromkeys(running[: max(0, within.candidates)], 1)
