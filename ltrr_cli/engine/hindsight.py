"""Hindsight: at what rank would each arm have found what the user acted on? Computed once, before the event is learned.

Kept as a control record, since it cannot be computed again later: memory and popularity have moved on by then.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

KIND = "hindsight"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hindsight:
    """Ranks (from 1, 0 = not found) of one event's entity in each arm, known down to `depth`, in this context."""

    event_id: str
    depth: int
    ranks: Mapping[str, int]
    context: Mapping[str, float]

    def to_row(self) -> dict[str, Any]:
        """Return the control record."""
        context = {name: round(value, 6) for name, value in self.context.items()}
        return {
            "kind": KIND,
            "event_id": self.event_id,
            "depth": self.depth,
            "ranks": dict(self.ranks),
            "context": context,
        }

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Hindsight:
        """Read `to_row`'s form; KeyError, TypeError or ValueError if it is not one."""
        return cls(
            event_id=str(row["event_id"]),
            depth=int(row["depth"]),
            ranks={str(arm): int(rank) for arm, rank in row["ranks"].items()},
            context={str(name): float(value) for name, value in row["context"].items()},
        )
