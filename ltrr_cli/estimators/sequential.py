"""An anytime-valid test that a bounded difference has a mean above zero: it may be looked at after every observation.

The test bets on each difference d in [-1, 1]: with stake λ the wealth is multiplied by 1 + λ·d. If the mean is at most
zero no bet gains on average, so (Ville) the wealth ever exceeds 1/α with probability at most α. Several stakes bet side
by side with equal parts of the wealth, since the best one depends on the unknown mean.

Waudby-Smith & Ramdas, Estimating means of bounded random variables by betting, JRSS B 86 (2024), section 4.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

STAKES = (0.05, 0.1, 0.2, 0.4, 0.8)
ALPHA = 0.05


@dataclass(slots=True)
class Bet:
    """The test's state: the log wealth of each stake, and how many differences it has seen."""

    logs: list[float] = field(default_factory=lambda: [0.0] * len(STAKES))
    seen: int = 0
    total: float = 0.0

    def add(self, difference: float) -> None:
        """Observe one difference in [-1, 1]."""
        bounded = min(1.0, max(-1.0, difference))
        self.logs = [log + math.log1p(stake * bounded) for log, stake in zip(self.logs, STAKES, strict=True)]
        self.seen += 1
        self.total += bounded

    @property
    def wealth(self) -> float:
        """Evidence against "no better": 1 is none, 20 refutes it at α = 0.05."""
        return sum(math.exp(min(log, 700.0)) for log in self.logs) / len(self.logs)

    @property
    def mean(self) -> float:
        """Mean difference so far."""
        return self.total / self.seen if self.seen else 0.0

    @property
    def better(self) -> bool:
        """Whether the mean is above zero, at level ALPHA for all times together."""
        return self.wealth >= 1 / ALPHA
