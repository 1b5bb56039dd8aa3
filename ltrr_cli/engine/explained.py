"""How one entity came to its place in an answer: from the arms that found it to the parts of its score.

All of it is from the answer's log, as it was at decision time, but for two things that are of today: what the policy
expects of each arm, and the readings of the query's words.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ltrr_cli.engine.pages import ranked
from ltrr_cli.engine.requests import understood_by
from ltrr_cli.errors import FeedbackError
from ltrr_cli.policy.report import report
from ltrr_cli.query.speak import spoken
from ltrr_cli.records import TEAM_B

if TYPE_CHECKING:
    from ltrr_cli.engine.opened import Opened
    from ltrr_cli.policy.report import ArmReport
    from ltrr_cli.records import Reserved, Trace


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmPart:
    """An arm that ran: the `rank` at which it found the entity (0: not), of `returned`, drawn to `depth`, in `ms`.

    `mean` and `deviation` are what the policy expects today of its first hits, after `pulls` queries.
    """

    name: str
    rank: int
    returned: int
    depth: int
    ms: float
    mean: float
    deviation: float
    pulls: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FeaturePart:
    """A feature's value, the ranker's weight, and their product; None for a ranker that is no longer kept."""

    name: str
    value: float
    weight: float | None
    part: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """`rank` in the answer's list, 0 where the entity was no candidate; `features` are kept for what was shown first.

    `features` stand in the order of their parts, the largest first.
    """

    query_id: str
    query: str
    id: str
    type: str
    title: str
    rank: int
    score: float
    arms: tuple[ArmPart, ...]
    features: tuple[FeaturePart, ...]
    readings: tuple[str, ...]
    reserved: Reserved | None
    policy_version: int
    ranker_version: int
    mode: str
    propensity: float
    explored: bool


def explain(opened: Opened, query_id: str, entity_id: str) -> Explained:
    """Explain the place of an entity in a logged answer.

    Raises `FeedbackError` where the answer, or how it came about, is not in the log, or the index has no such entity.
    """
    impression = opened.impressions.find(query_id)
    if impression is None or impression.trace is None:
        known = impression is not None
        what = "another system gave this answer" if known else "no query with this id was answered by this index"
        raise FeedbackError(what, where=query_id)
    listed = ranked(impression)
    rank = next((place for place, (one, _) in enumerate(listed, 1) if one == entity_id), 0)
    row = opened.row(entity_id)
    if row is None and not rank:
        raise FeedbackError("the index has no such entity", where=entity_id)
    entity = None if row is None else opened.view.entity(row)
    trace = impression.trace
    version = _ranker_version(trace, rank)
    return Explained(
        query_id=query_id,
        query=impression.text,
        id=entity_id,
        type=entity.type if entity else "",
        title=entity.title if entity else "",
        rank=rank,
        score=listed[rank - 1][1] if rank else 0.0,
        arms=_arms(opened, trace, entity_id),
        features=_features(opened, trace, rank, version),
        readings=spoken(understood_by(opened, impression.text, impression.time)),
        reserved=trace.reserved,
        policy_version=trace.policy_version,
        ranker_version=version,
        mode=trace.mode,
        propensity=trace.propensity,
        explored=trace.explored,
    )


def _ranker_version(trace: Trace, rank: int) -> int:
    """Return the version that gave the entity its score: on a page of two systems, that of its team."""
    shared = trace.interleaved
    if shared is not None and 0 < rank <= len(shared.teams) and shared.teams[rank - 1] == TEAM_B:
        return shared.b.ranker_version
    return trace.ranker_version


def _arms(opened: Opened, trace: Trace, entity_id: str) -> tuple[ArmPart, ...]:
    number = trace.pool_ids.index(entity_id) if entity_id in trace.pool_ids else -1
    learned: dict[str, ArmReport] = {
        one.name: one for one in report(opened.learned.policy, [arm.name for arm in trace.arms])
    }
    parts = []
    for arm in trace.arms:
        found = trace.pool.get(arm.name)
        first = learned[arm.name].buckets[0]
        parts.append(
            ArmPart(
                name=arm.name,
                rank=found.candidates.index(number) + 1 if found and number in found.candidates else 0,
                returned=arm.returned,
                depth=arm.depth,
                ms=arm.ms,
                mean=first.mean,
                deviation=first.deviation,
                pulls=first.pulled,
            )
        )
    return tuple(parts)


def _features(opened: Opened, trace: Trace, rank: int, version: int) -> tuple[FeaturePart, ...]:
    if not 0 < rank <= len(trace.features):
        return ()
    values = trace.features[rank - 1]
    present = {name: value for name, value in zip(trace.feature_names, values, strict=True) if math.isfinite(value)}
    ranker = opened.learned.contest.versions.get(version)
    if ranker is None:
        return tuple(FeaturePart(name=name, value=value, weight=None, part=None) for name, value in present.items())
    found = [
        FeaturePart(name=name, value=present[name], weight=part / present[name], part=part)
        for name, part in ranker.contributions(trace.feature_names, values).items()
        if name in present
    ]
    return tuple(found)
