"""How queries are asked, and the JSON of an answer."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ltrr_cli.cli.text import notice, number
from ltrr_cli.errors import UsageError
from ltrr_cli.records import NO_TEAM

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ltrr_cli.engine import Engine
    from ltrr_cli.records import Answer, Facets, System, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Everything about a query but its text; the meaning is that of `Engine.search`.

    `offset` leaves out the best results. With the `query_id` of an earlier answer they are the next ones of its list.
    """

    k: int = 10
    user: str = ""
    session: str = ""
    seed: int | None = None
    explore: bool = True
    depths: Mapping[str, int] | None = None
    explain: bool = False
    log: bool = True
    context: Mapping[str, Value] = field(default_factory=dict)
    interleave: tuple[str, str] | None = None
    filter: str = ""
    facets: tuple[str, ...] = ()
    cap: str | None = None
    diversity: float | None = None
    offset: int | None = None
    query_id: str = ""

    def ask(self, engine: Engine, text: str) -> Answer:
        """Ask."""
        offset = self.offset or 0
        if self.query_id and self.offset is not None and (offset or not text.strip()):
            return self.page(engine, text, offset)
        whole = engine.search(
            text,
            k=self.k + offset,
            user=self.user,
            session=self.session,
            seed=self.seed,
            explore=self.explore,
            depths=self.depths,
            explain=self.explain,
            log=self.log,
            context=self.context,
            interleave=self.interleave,
            filter=self.filter,
            facets=self.facets,
            cap=self.cap,
            diversity=self.diversity,
            query_id=self.query_id,
        )
        return replace(whole, results=whole.results[offset:]) if offset else whole

    def page(self, engine: Engine, text: str, offset: int) -> Answer:
        """Return a page of the list that an earlier answer began with; a `text` has to be that answer's."""
        if self.filter or self.facets:
            raise UsageError(
                "a further page has its answer's filter, and no facets",
                next="leave them out, or ask anew without the id",
            )
        found = engine.page(self.query_id, offset=offset, k=self.k)
        if text and text.strip() != found.query.strip():
            raise UsageError(f"the query with this id was {found.query[:80]!r}", next="leave out the text, or the id")
        return found


def tell_failures(answer: Answer, told: set[str] | None = None) -> None:
    """Say on standard error which strategies failed, and what of a filter may surprise; with `told`, each once."""
    known = set() if told is None else told
    for note in answer.notes:
        if note not in known:
            notice(f"note: {note}")
            known.add(note)
    for arm in answer.trace.arms:
        if arm.error and arm.name not in known:
            notice(f"the strategy {arm.name} failed, the others answered: {arm.error}")
            known.add(arm.name)


def answer_json(answer: Answer, *, explain: bool = False) -> dict[str, Any]:
    """Return an answer as scripts read it; with `explain` also how it came about."""
    row: dict[str, Any] = {
        "query_id": answer.query_id,
        "query": answer.query,
        "results": [
            {
                "rank": result.rank,
                "id": result.id,
                "type": result.type,
                "title": result.title,
                "score": number(result.score),
                "strategies": dict(result.strategies),
                **({"passage": result.passage} if result.passage else {}),
            }
            for result in answer.results
        ],
        "took_ms": number(answer.took_ms, 3),
    }
    if answer.filter:
        row["filter"] = {"text": answer.filter, "entities": answer.allowed}
    if answer.facets is not None:
        row["facets"] = _facets(answer.facets)
    if answer.notes:
        row["notes"] = list(answer.notes)
    if answer.suggestion:
        row["did_you_mean"] = answer.suggestion
    if explain:
        trace = answer.trace
        for shown, result in zip(row["results"], answer.results, strict=True):
            shown["contributions"] = {name: number(part) for name, part in result.contributions.items()}
        row["readings"] = list(answer.readings)
        row["context"] = {name: number(value) for name, value in trace.context.items()}
        row["arms"] = [
            {"name": a.name, "depth": a.depth, "returned": a.returned, "ms": number(a.ms, 3), "error": a.error}
            for a in trace.arms
        ]
        row["propensity"] = float(trace.propensity)
        row["mode"] = trace.mode
        if trace.interleaved is not None:
            shared = trace.interleaved
            row["interleaved"] = {"a": _system(shared.a), "b": _system(shared.b)}
            for shown, team in zip(row["results"], shared.teams, strict=True):
                shown["team"] = None if team == NO_TEAM else team
    return row


def _facets(facets: Facets) -> dict[str, Any]:
    return {
        "of": facets.of,
        "entities": facets.entities,
        "fields": {
            one.field: {
                "values": [{"value": value, "entities": count} for value, count in one.values],
                "others": one.others,
            }
            for one in facets.facets
        },
    }


def _system(one: System) -> dict[str, Any]:
    return {
        "name": one.name,
        "mode": one.mode,
        "policy_version": one.policy_version,
        "ranker_version": one.ranker_version,
        "propensity": float(one.propensity),
        "depths": dict(one.depths),
        "found": one.found,
    }
