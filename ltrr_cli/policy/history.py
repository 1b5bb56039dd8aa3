"""History: how each arm did for a query before, the features that an arm has of its own, and how long arms take.

Counted are the entities that users acted on: how often the arm ran (`tried`), and how often it then supplied the entity
(`success`); beside them how many hits it had for the query at last.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ltrr_cli.memory.table import Table
from ltrr_cli.policy.base import MAX_DEPTH
from ltrr_cli.text import hash64

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_PATIENCE = 4.0
"""Trials after which a history counts half."""
_SLOWER, _QUICKER = 0.05, 0.5
"""Weight of the newest time where it is longer, or shorter, than before: a start, or a busy machine, is no rule."""


class History:
    """Tables by (query, arm), and what each arm usually takes, in ms."""

    def __init__(self) -> None:
        self._tried, self._supplied, self._returned = Table(), Table(), Table()
        self.times: dict[str, float] = {}

    def features(self, query: str, arms: Sequence[str]) -> dict[str, float]:
        """Return `arm/success`, `arm/tried` and `arm/results`, each in [0, 1], of those arms that ran for the query."""
        found: dict[str, float] = {}
        for arm in arms:
            name = _name(query, arm)
            tried = self._tried[name]
            if tried:
                found[f"{arm}/success"] = self._supplied[name] / tried
                found[f"{arm}/tried"] = tried / (tried + _PATIENCE)
                found[f"{arm}/results"] = min(1.0, math.log1p(self._returned[name]) / math.log1p(MAX_DEPTH))
        return found

    def learn(self, query: str, returned: Mapping[str, int], ranks: Mapping[str, int]) -> None:
        """Count an entity that was acted on: hits of the arms that ran, and the entity's rank in those that had it."""
        for arm, count in returned.items():
            name = _name(query, arm)
            self._tried[name] += 1.0
            self._supplied[name] += float(ranks.get(arm, 0) > 0)
            self._returned[name] = float(count)

    def took(self, arm: str, ms: float) -> None:
        """Learn what an arm took."""
        if math.isfinite(ms) and ms >= 0:
            before = self.times.get(arm, ms)
            self.times[arm] = before + (_SLOWER if ms > before else _QUICKER) * (ms - before)

    def write(self, directory: Path) -> None:
        """Write the tables."""
        for table, name in self._tables():
            table.write(directory, name)

    @classmethod
    def open(cls, directory: Path, times: Mapping[str, float]) -> History:
        """Map the tables that `write` wrote; the times are kept elsewhere."""
        history = cls()
        history._tried, history._supplied, history._returned = (
            Table.open(directory, name) for _, name in history._tables()
        )
        history.times = {str(arm): float(ms) for arm, ms in times.items()}
        return history

    def _tables(self) -> list[tuple[Table, str]]:
        return [(self._tried, "arm-tried"), (self._supplied, "arm-supplied"), (self._returned, "arm-returned")]


def _name(query: str, arm: str) -> int:
    return hash64(f"{arm}\0{query}")
