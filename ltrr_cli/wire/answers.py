"""An answer as programs read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ltrr_cli.records import NO_TEAM
from ltrr_cli.wire.text import number

if TYPE_CHECKING:
    from ltrr_cli.records import Answer, Facets, System


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
    if answer.missing:
        row |= {"partial": True, "missing": list(answer.missing)}
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
            teams = dict(enumerate(shared.teams, 1))
            for shown in row["results"]:
                team = teams.get(shown["rank"], NO_TEAM)
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
