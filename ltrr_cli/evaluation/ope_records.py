"""What off-policy evaluation found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ltrr_cli.estimators.intervals import Interval
    from ltrr_cli.estimators.offpolicy import Valuation
    from ltrr_cli.evaluation.ope_ranking import Reranked

LOGGED = "logged"
"""The policy that logged, and the order that was shown: what the others are compared with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A policy and what it would have earned; `own` is what it did earn, where another log of it shows that."""

    name: str
    valuation: Valuation
    own: Interval | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """All that was found from one log of `rounds` rounds; `targets` begins with the logging policy itself."""

    rounds: int
    rewarded: int
    targets: tuple[Target, ...]
    rankers: tuple[Reranked, ...] = ()
    warnings: tuple[str, ...] = ()
