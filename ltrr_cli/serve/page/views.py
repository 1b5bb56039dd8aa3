"""What the templates are given: an answer as rows, facets and links that also work without JavaScript."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ltrr_cli.serve.page.shown import value_text
from ltrr_cli.serve.page.state import PAGE, State, is_value, label

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ltrr_cli.serve.page.about import About

MOST_VALUES = 7
"""Values of a facet that are offered."""
_LAST = 900


def view(state: State, about: About, answer: Mapping[str, Any], *, logged: bool, error: str = "") -> dict[str, Any]:
    """Return the context of `search.html`; `logged`: actions and further pages may name the answer."""
    results = answer.get("results", [])
    query_id = answer.get("query_id", "") if logged or (state.offset and state.query_id) else ""
    more = len(results) == PAGE and state.offset + PAGE <= _LAST and (state.q or state.filters)
    meant = answer.get("did_you_mean", "")
    return {
        "about": about,
        "state": state,
        "error": error,
        "results": [row(result) for result in results],
        "count": count(state, answer),
        "facets": facets(state, answer),
        "active": [{"label": label(part), "url": state.toggled(part)} for part in state.filters],
        "meant": {"text": meant, "url": state.asking(meant)} if meant else None,
        "previous": state.at(state.offset - PAGE, query_id) if state.offset else "",
        "next": state.at(state.offset + PAGE, query_id) if more else "",
        "unfiltered": State(q=state.q, user=state.user).url() if state.filters else "",
        "data": {
            "query_id": query_id,
            "logs": about.logs,
            "offset": state.offset,
            "filters": list(state.filters),
            "facets": list(about.choice.facets),
            "meant": meant,
        },
    }


def row(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return a result as the template shows it."""
    ordered = sorted(result["strategies"].items(), key=lambda item: (item[1], item[0]))
    return {
        **result,
        **result["shown"],
        "url": entity_url(result["id"]),
        "found": [f"{arm} {at}" for arm, at in ordered],
    }


def entity_url(entity_id: str) -> str:
    """Return the address of an entity's page."""
    return f"/entity/{quote(entity_id, safe='')}"


def count(state: State, answer: Mapping[str, Any]) -> str:
    """Say how many were found, as far as that is known: the candidates, or what the filter allows."""
    results, told = answer.get("results", []), answer.get("facets", {})
    if not results:
        return "No results"
    if not state.q:
        number = told.get("entities", len(results))
        return f"{number:,} {'entity' if number == 1 else 'entities'}, the best known first"
    number = max(told.get("entities", 0), len(results))
    time = f" in {answer['took_ms']:.0f} ms" if answer.get("took_ms") else ""
    return f"Best of {number:,} {'candidate' if number == 1 else 'candidates'}{time}"


def facets(state: State, answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the facets with more than one value to choose from, or with one that is chosen."""
    found = []
    for name, told in answer.get("facets", {}).get("fields", {}).items():
        values = []
        for one in told["values"][:MOST_VALUES]:
            part = is_value(name, str(one["value"]))
            values.append(
                {
                    "label": value_text(one["value"]),
                    "count": one["entities"],
                    "url": state.toggled(part),
                    "on": part in state.filters,
                }
            )
        if len(values) > 1 or any(one["on"] for one in values):
            found.append({"name": name.replace("_", " "), "choices": values})
    return found
