"""The contract of every policy, and the depth buckets that all share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from ltrr_cli.policy.credit import Credit

BUCKETS = (2, 5, 10, 20, 50, 100)
"""Depths at which each bucket ends; a bucket is available after the one before it."""
COSTS = tuple(end - start for start, end in zip((0, *BUCKETS), BUCKETS, strict=False))
"""Candidates that each bucket adds."""
MAX_DEPTH = BUCKETS[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What a policy chose for one query: depth of each arm that runs, in the order of `arms` given to it.

    `propensity` is the probability, in (0, 1], with which the policy chooses exactly these depths for this context;
    `particle` numbers the posterior sample that chose (-1: none did); `explored` names the arms that the posterior mean
    would not have run, or less deep.
    """

    depths: Mapping[str, int]
    propensity: float
    particle: int = -1
    explored: tuple[str, ...] = ()


class Policy(Protocol):
    """Chooses a selection for a context, and learns from credit."""

    name: str

    @property
    def version(self) -> int:
        """Number of what it has learned so far; 0 where it does not learn."""

    def select(
        self, context: Mapping[str, float], arms: Sequence[str], budget: int, rng: np.random.Generator
    ) -> Selection:
        """Choose depths for `arms` whose sum is at most `budget` (≥ 1 candidates); no arms give no depths."""

    def distribution(
        self, context: Mapping[str, float], arms: Sequence[str], budget: int
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


def equal_split(arms: Sequence[str], budget: int) -> dict[str, int]:
    """Return the same depth for every arm."""
    each = min(MAX_DEPTH, budget // len(arms)) if arms else 0
    if each:
        return dict.fromkeys(arms, each)
    return dict.fromkeys(arms[:budget], 1)
