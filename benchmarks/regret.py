"""Regret on the mixed stream: what the policy tells that its choices lost, beside what they did lose.

The policy learns from what it finds itself, as benchmarks/policy.py has it; at the end it tells what some choices lost,
by what it knows then. Beside it: what a policy that is told the kind of each request finds more than it did, and what
any selection could have found more.

    python benchmarks/regret.py
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import policy
from mixed import streams
from policy_page import ORACLE, TOLD

from ltrr_cli.policy.base import as_budget
from ltrr_cli.policy.regret import regret
from ltrr_cli.policy.thompson import ThompsonPolicy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ltrr_cli.policy.base import Budget, Selection

PERIODS = 6
EVERY = 20
"""Of so many requests one is told of."""


class Recorded(ThompsonPolicy):
    """Remembers what it was asked, and what it chose."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed=seed)
        self.chosen: list[tuple[Mapping[str, float], Sequence[str], Budget, Mapping[str, int]]] = []

    def select(
        self, context: Mapping[str, float], arms: Sequence[str], budget: Budget | int, rng: np.random.Generator
    ) -> Selection:
        """Choose as the policy does."""
        selection = super().select(context, arms, budget, rng)
        self.chosen.append((context, arms, as_budget(budget), selection.depths))
        return selection


def main() -> None:
    """Print a line for each period."""
    (stream,) = streams(1)
    learned: list[Recorded] = []

    def make(seed: int) -> Recorded:
        learned.append(Recorded(seed))
        return learned[-1]

    found = policy.run(make, stream, mode="bandit", budget=policy.BUDGET, rng_seed=1).covered
    others, _ = policy.references(stream)
    told = np.array([regret(learned[0], *one) for one in learned[0].chosen[::EVERY]])
    print(f"{len(stream):,} requests, a reward of 1 for each with a relevant entity among {policy.BUDGET} candidates\n")
    print(f"{'requests':<16}{'told':>8}{'from':>8}{'to':>8}{'told the kind':>16}{'oracle':>9}")
    edges = np.linspace(0, len(told), PERIODS + 1).astype(int)
    for start, end in pairwise(edges.tolist()):
        low, high = np.quantile(told[start:end].mean(0), (0.05, 0.95))
        asked = slice(start * EVERY, min(end * EVERY, len(stream)))
        lost = [others[name][asked].mean() - found[asked].mean() for name in (TOLD, ORACLE)]
        span = f"{asked.start + 1}-{asked.stop}"
        print(f"{span:<16}{told[start:end].mean():>8.3f}{low:>8.3f}{high:>8.3f}{lost[0]:>16.3f}{lost[1]:>9.3f}")


if __name__ == "__main__":
    main()
