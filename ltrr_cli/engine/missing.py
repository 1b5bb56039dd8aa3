"""Why an entity is not among the results: not in the index, not found (by which strategy, how far), ranked below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ltrr_cli.engine.alone import alone
from ltrr_cli.engine.pages import place_of
from ltrr_cli.errors import FeedbackError
from ltrr_cli.records import Query

if TYPE_CHECKING:
    from ltrr_cli.engine.opened import Opened

LOOKED = 1000
"""Hits of each strategy that are searched for the entity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmMissing:
    """One strategy: how deep it was drawn from (0: not at all), and at what rank it has the entity (0: not at all)."""

    name: str
    drawn: int
    rank: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """`rank` is the place in the answer's list of `candidates` (0: it was none of them); `shown` of these were shown.

    `known`: the index has the entity. `arms` tell today where each strategy has it, and how deep the answer drew.
    """

    entity_id: str
    title: str
    known: bool
    rank: int
    shown: int
    candidates: int
    arms: tuple[ArmMissing, ...]

    @property
    def reason(self) -> str:
        """Say it in a sentence."""
        if not self.known:
            return "the index has no entity with this id"
        if 0 < self.rank <= self.shown:
            return f"it was shown, at rank {self.rank}"
        if self.rank:
            return (
                f"it was a candidate, and ranked below: {self.rank} of {self.candidates}, of which {self.shown} shown"
            )
        near = [arm for arm in self.arms if arm.rank]
        if not near:
            return f"no strategy has it among its best {LOOKED:,}"
        best = min(near, key=lambda arm: (max(1, arm.rank - arm.drawn), arm.name))
        return f"it was no candidate: {best.name} has it at {best.rank}, and {best.drawn} were drawn from it"


def missing(opened: Opened, query_id: str, entity_id: str) -> Missing:
    """Look it up. Raises `FeedbackError` for a query id that was never answered here."""
    impression = opened.impressions.find(query_id)
    if impression is None:
        raise FeedbackError("no query with this id was answered by this index", where=query_id)
    row = opened.row(entity_id)
    trace = impression.trace
    drawn = {arm.name: arm.depth for arm in trace.arms} if trace is not None else {}
    found = alone(opened, Query(id="", text=impression.text, time=impression.time, user=impression.user), LOOKED)
    arms = []
    for name, hits in found.items():
        ids = [one for one, _ in hits]
        rank = ids.index(entity_id) + 1 if entity_id in ids else 0
        arms.append(ArmMissing(name=name, drawn=drawn.get(name, 0), rank=rank))
    return Missing(
        entity_id=entity_id,
        title="" if row is None else opened.view.entity(row).title,
        known=row is not None,
        rank=place_of(impression, entity_id),
        shown=len(impression.shown),
        candidates=len(trace.pool_ids) if trace is not None else len(impression.shown),
        arms=tuple(arms),
    )
