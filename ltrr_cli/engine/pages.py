"""Further pages of an answer: the ranked list that was logged with it, whatever has been learned since."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ltrr_cli.errors import FeedbackError, UsageError
from ltrr_cli.records import Answer, Result

if TYPE_CHECKING:
    from ltrr_cli.engine.opened import Opened
    from ltrr_cli.records import Impression, Query, Trace


def check_id(opened: Opened, query: Query) -> None:
    """Refuse to answer a query under the id of another: what was done with that answer would count for this one.

    Asked again, the same query has the id's later answer.
    """
    before = opened.impressions.find(query.id)
    if before is not None and (before.text, before.filter) != (query.text, query.filter):
        raise UsageError(
            f"the query with this id was {before.text[:80]!r}{' with another filter' * (before.text == query.text)}",
            where=query.id[:80],
            next="give each query an id of its own, or none",
        )


def page(opened: Opened, query_id: str, offset: int, k: int) -> Answer:
    """Return `k` results behind the first `offset` of an answer's list; deleted entities leave a gap in the ranks.

    Raises `FeedbackError` for an id that was never answered here, or whose list was not kept.
    """
    started = time.perf_counter()
    impression = opened.impressions.find(query_id)
    if impression is None:
        raise FeedbackError("no query with this id was answered by this index", where=query_id)
    trace = impression.trace
    if trace is None:
        raise FeedbackError(
            "only the page that was shown is known of this answer, not the list behind it", where=query_id
        )
    listed = ranked(impression)
    results = [_result(opened, trace, rank + 1, *listed[rank]) for rank in range(offset, min(offset + k, len(listed)))]
    return Answer(
        query_id=query_id,
        query=impression.text,
        results=tuple(result for result in results if result is not None),
        took_ms=(time.perf_counter() - started) * 1e3,
        trace=trace,
    )


def ranked(impression: Impression) -> list[tuple[str, float]]:
    """Return (entity id, score) of everything that was ranked, best first: the page, then the rest."""
    trace = impression.trace
    scores = trace.scores if trace is not None and len(trace.scores) == len(impression.shown) else ()
    listed = list(zip(impression.shown, scores or (0.0,) * len(impression.shown), strict=True))
    if trace is not None:
        rest = zip(trace.rest.candidates, trace.rest.scores, strict=True)
        listed += [(trace.pool_ids[one], score) for one, score in rest]
    return listed


def place_of(impression: Impression, entity_id: str) -> int:
    """Return the rank, from 1, that the entity had in the impression's list; 0 if it was not in it."""
    if entity_id in impression.shown:
        return impression.shown.index(entity_id) + 1
    listed = (place for place, (listed_id, _) in enumerate(ranked(impression), 1) if listed_id == entity_id)
    return next(listed, 0)


def _result(opened: Opened, trace: Trace, rank: int, entity_id: str, score: float) -> Result | None:
    row = opened.row(entity_id)
    if row is None:
        return None
    entity = opened.view.entity(row)
    number = trace.pool_ids.index(entity_id)
    found = {arm: one.candidates.index(number) + 1 for arm, one in trace.pool.items() if number in one.candidates}
    return Result(
        rank=rank,
        id=entity_id,
        type=entity.type,
        title=entity.title,
        text=entity.text,
        score=score,
        strategies=found,
    )
