"""An anytime-valid test that a difference, at least -1, has a mean above zero: it may be looked at at any time.

The test bets on each difference d ≥ -1: with stake λ < 1 the wealth is multiplied by 1 + λ·d > 0. If the mean is at
most zero no bet gains on average, so (Ville) the wealth ever exceeds 1/α with probability at most α; how large d may
be does not matter. Several stakes bet side by side with equal parts of the wealth, since the best one, about mean /
mean square, depends on what is not known: so the bets adapt to it.

Waudby-Smith & Ramdas, Estimating means of bounded random variables by betting, JRSS B 86 (2024), section 4.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

STAKES = (0.03, 0.1, 0.3)
ALPHA = 0.05


def share_of_alpha(number: int) -> float:
    """Return the level of the `number`-th test (from 1): α / (n·(n + 1)), so that all together stay at α."""
    return ALPHA / (number * (number + 1))


@dataclass(slots=True)
class Bet:
    """The test's state: the log wealth of each stake, and how many differences it has seen."""

    logs: list[float] = field(default_factory=lambda: [0.0] * len(STAKES))
    seen: int = 0
    total: float = 0.0

    def add(self, difference: float) -> None:
        """Observe one difference, at least -1; less, or what is no number, counts as -1."""
        bounded = min(1e9, difference) if difference >= -1 else -1.0
        self.logs = [log + math.log1p(stake * bounded) for log, stake in zip(self.logs, STAKES, strict=True)]
        self.seen += 1
        self.total += bounded

    @property
    def wealth(self) -> float:
        """Evidence against "no better": 1 is none, 1/α refutes it at level α."""
        return sum(math.exp(min(log, 700.0)) for log in self.logs) / len(self.logs)

    @property
    def mean(self) -> float:
        """Mean difference so far."""
        return self.total / self.seen if self.seen else 0.0
