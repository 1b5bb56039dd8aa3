"""Teaching the policy: from events, and from pages that nobody acted on, to credit; and going back on it."""

from __future__ import annotations

from bisect import bisect_left
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import numpy as np

from ltrr_cli.memory.table import Table
from ltrr_cli.policy.base import BUCKETS
from ltrr_cli.policy.credit import ORDERS, no_action, walk
from ltrr_cli.policy.history import History
from ltrr_cli.policy.thompson import ThompsonPolicy
from ltrr_cli.ranking.debias import examination
from ltrr_cli.text import hash64, key

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ltrr_cli.config import Config
    from ltrr_cli.engine.hindsight import Hindsight
    from ltrr_cli.policy.credit import Credit
    from ltrr_cli.policy.model import Sums
    from ltrr_cli.records import Event, Impression, Trace

_ACTED, _NOBODY = 1.0, 2.0


class Teaching:
    """The policy, each arm's history, and which pages were counted.

    `answered` holds for query ids 1 where somebody acted, 2 where it was counted that nobody did.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self.policy = ThompsonPolicy(epsilon=config.epsilon, half_life=config.policy_half_life_days * 86400)
        self.history = History()
        self.answered = Table()
        self.missed = False
        self._wanted: set[int] = {0}  # versions that a later control record goes back to
        self._kept: dict[int, Sums] = {0: self.policy.evidence()}

    def credit(self, event: Event, impression: Impression | None, hindsight: Hindsight | None, reward: float) -> None:
        """Learn from the first rewarded action on an entity, which the impression or hindsight places; reward > 0."""
        trace = impression.trace if impression is not None else None
        ranks, known, ran = _ranks(trace, event.entity_id)
        if impression is not None:
            self.answered[hash64(impression.query_id)] = _ACTED
            if trace is not None:  # before hindsight: what an arm would have found deeper down it did not supply
                returned = {arm.name: arm.returned for arm in trace.arms if not arm.error}
                self.history.learn(key(impression.text), returned, ranks)
                for arm in trace.arms:
                    self.history.took(arm.name, arm.ms)
        context: Mapping[str, float] = trace.context if trace is not None else {}
        if hindsight is not None:
            context = context or hindsight.context
            for name, rank in hindsight.ranks.items():
                if not ranks.get(name):
                    ranks[name] = rank if rank > ran.get(name, 0) else 0
                known[name] = hindsight.depth
        if known:
            rng, budget = np.random.default_rng(hash64(event.id)), self._budget(ran)
            worth = min(1.0, reward)
            self._teach(walk(context, ranks, known, ran, worth, rng, budget=budget, time=event.time, orders=ORDERS))

    def nobody_acted(self, query_id: str, impression: Impression | None) -> bool:
        """Count a page that nobody acted on; False if it is none, or was counted."""
        name = hash64(query_id)
        if impression is None or self.answered[name] or self._config.is_held_out(impression.text):
            return False  # held out perhaps only since it was written down
        self.answered[name] = _NOBODY
        trace = impression.trace
        if trace is None:  # another system's: nobody knows what its arms found
            return False
        ran = {arm.name: arm.depth for arm in trace.arms if not arm.error}
        seen: dict[tuple[str, int], float] = {}
        for place, entity_id in enumerate(impression.shown):
            for arm, rank in _ranks(trace, entity_id)[0].items():
                item = (arm, bisect_left(BUCKETS, rank))
                seen[item] = max(seen.get(item, 0.0), examination(place + 1))
        rng, budget = np.random.default_rng(name), self._budget(ran)
        self._teach(no_action(trace.context, ran, seen, rng, budget=budget, time=impression.time))
        return True

    def _budget(self, ran: Mapping[str, int]) -> int:
        return max(self._config.candidates, sum(ran.values()))

    def _teach(self, credit: Credit) -> None:
        self.policy.update(credit)
        self._keep()

    def look_ahead(self, row: Mapping[str, Any]) -> None:
        """Note what a control record, which is to come, will need."""
        if row.get("kind") == "policy" and isinstance(row.get("version"), int):
            self._wanted.add(row["version"])
            self._keep()

    def go_back(self, version: int) -> None:
        """Take a version's evidence for the policy's.

        One that was not kept is `missed`: a new fold over the logs, which knows from the start what to keep, has it.
        """
        kept = self._kept.get(version)
        self.missed |= kept is None
        if kept is not None:
            self.policy.go_back(deepcopy(kept))
            self._keep()

    def _keep(self) -> None:
        """Keep this version's evidence where a later control record goes back to it."""
        version = self.policy.version
        if version in self._wanted and version not in self._kept:
            self._kept[version] = self.policy.evidence()

    def write(self, directory: Path) -> None:
        """Write everything but the arms' times, which belong to the state's other numbers."""
        self.answered.write(directory, "answered")
        self.history.write(directory)
        self.policy.save(directory / "policy.npz")

    def open(self, directory: Path, times: Mapping[str, float]) -> None:
        """Read what `write` wrote; ValueError or OSError if it is damaged."""
        self.answered = Table.open(directory, "answered")
        self.history = History.open(directory, times)
        self.policy.load(directory / "policy.npz")


def _ranks(trace: Trace | None, entity_id: str) -> tuple[dict[str, int], dict[str, int], dict[str, int]]:
    """Return each arm's rank of the entity, the depth down to which that is known, and the depth it ran to."""
    if trace is None:
        return {}, {}, {}
    ran = {arm.name: arm.depth for arm in trace.arms if not arm.error}
    try:
        candidate = trace.pool_ids.index(entity_id)
    except ValueError:
        candidate = -1
    ranks = {
        arm: found.candidates.index(candidate) + 1 for arm, found in trace.pool.items() if candidate in found.candidates
    }
    return ranks, dict(ran), ran
