"""Plain search logs: one flat record for each action, or for each page that was shown.

An action: `{query, entity_id, action, ts | timestamp, user_id?, session_id?, query_id?, rank | position?, dwell_s?}`.
A page: `{query_id, query, results: [{entity_id}], ts | timestamp, user_id?, session_id?}`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ltrr_cli.feedback import fields
from ltrr_cli.feedback.ubi import event_identity
from ltrr_cli.records import Event, Impression

if TYPE_CHECKING:
    from collections.abc import Mapping

ENTITY = ("entity_id", "item_id", "doc_id", "object_id", "product_id", "clicked")
FIELDS = ("query", "entity_id", "action", "ts", "user_id", "session_id", "query_id", "rank", "dwell_s")
"""Fields of an action that a mapping may name."""
TIME = ("ts", "timestamp")
_FLAGS = ("click", "clicked")
_NO = frozenset({"", "0", "0.0", "false", "no"})


def entity_field(row: Mapping[str, Any]) -> str | None:
    """Return the name under which the record holds its entity, or None."""
    for name in ENTITY:
        if name in row:
            return name
    return None


def not_clicked(row: Mapping[str, Any], entity: str) -> bool:
    """Tell whether the record says of itself, with `click` or `clicked` = 0, that nothing was done to its entity."""
    if "action" in row:
        return False
    return any(name in row and name != entity and str(row[name]).strip().lower() in _NO for name in _FLAGS)


def event_from_plain(row: Mapping[str, Any], entity: str) -> Event:
    """Return the event; `entity` names the field that holds the entity's id. An absent action is a click.

    Raises `ValueError` with the field's name.
    """
    entity_id = fields.identifier(row[entity], entity)
    action = row.get("action")
    action = "click" if action is None else fields.action(action, "action")
    time = _time(row)
    query_id = fields.optional_identifier(row.get("query_id"), "query_id")
    text = fields.query_text(row.get("query"), "query")
    user = fields.optional_identifier(row.get("user_id"), "user_id")
    session = fields.optional_identifier(row.get("session_id"), "session_id")
    rank = "position" if row.get("rank") is None else "rank"
    position = fields.position(row.get(rank), rank)
    return Event(
        id=event_identity(
            query_id=query_id,
            text=text,
            user=user,
            session=session,
            entity_id=entity_id,
            action=action,
            time=time,
            position=position,
        ),
        entity_id=entity_id,
        action=action,
        time=time,
        query_id=query_id,
        text=text,
        user=user,
        session=session,
        position=position,
        dwell=fields.duration(row.get("dwell_s"), "dwell_s"),
    )


def impression_from_plain(row: Mapping[str, Any]) -> Impression:
    """Return the impression; `ValueError` with the field's name."""
    results = row["results"]
    if not isinstance(results, list):
        raise ValueError("results: a list expected")  # noqa: TRY004 – one error for all fields
    return Impression(
        query_id=fields.identifier(row.get("query_id"), "query_id"),
        text=fields.query_text(row.get("query"), "query"),
        time=_time(row),
        shown=tuple([_shown(result) for result in results]),
        user=fields.optional_identifier(row.get("user_id"), "user_id"),
        session=fields.optional_identifier(row.get("session_id"), "session_id"),
    )


def _shown(result: object) -> str:
    if not isinstance(result, dict):
        return fields.identifier(result, "results")
    for name in (*ENTITY[:-1], "id"):
        if name in result:
            return fields.identifier(result[name], f"results.{name}")
    raise ValueError("results.entity_id: missing")


def _time(row: Mapping[str, Any]) -> float:
    for name in TIME:
        value = row.get(name)
        if value is not None:
            return fields.time(value, name)
    raise ValueError("ts: missing")
