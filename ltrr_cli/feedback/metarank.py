"""Metarank events (https://docs.metarank.ai): `ranking` is an impression, `interaction` an event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ltrr_cli.feedback import fields
from ltrr_cli.feedback.ubi import event_identity
from ltrr_cli.records import Event, Impression

if TYPE_CHECKING:
    from collections.abc import Mapping


def impression_from_ranking(row: Mapping[str, Any]) -> Impression:
    """Return what a `ranking` event says was shown; `ValueError` with the field's name."""
    items = row.get("items")
    if not isinstance(items, list):
        raise ValueError("items: a list expected")  # noqa: TRY004 – one error for all fields
    return Impression(
        query_id=fields.identifier(row.get("id"), "id"),
        text=_query(row.get("fields")),
        time=fields.time(row.get("timestamp"), "timestamp"),
        shown=tuple([_item(item) for item in items]),
        user=fields.optional_identifier(row.get("user"), "user"),
        session=fields.optional_identifier(row.get("session"), "session"),
    )


def event_from_interaction(row: Mapping[str, Any]) -> Event:
    """Return what an `interaction` event says was done; its ranking is the query id. `ValueError` names the field."""
    entity_id = fields.identifier(row.get("item"), "item")
    action = fields.action(row.get("type"), "type")
    time = fields.time(row.get("timestamp"), "timestamp")
    query_id = fields.optional_identifier(row.get("ranking"), "ranking")
    text = _query(row.get("fields"))
    user = fields.optional_identifier(row.get("user"), "user")
    session = fields.optional_identifier(row.get("session"), "session")
    return Event(
        id=event_identity(
            query_id=query_id, text=text, user=user, session=session, entity_id=entity_id, action=action, time=time
        ),
        entity_id=entity_id,
        action=action,
        time=time,
        query_id=query_id,
        text=text,
        user=user,
        session=session,
    )


def _item(item: object) -> str:
    if not isinstance(item, dict):
        raise ValueError("items.id: missing")  # noqa: TRY004 – one error for all fields
    return fields.identifier(item.get("id"), "items.id")


def _query(named: object) -> str:
    """Return the value of the field called `query`: text, or a list of words."""
    if isinstance(named, list):
        for entry in named:
            if isinstance(entry, dict) and entry.get("name") == "query":
                value = entry.get("value")
                if isinstance(value, list):
                    return " ".join(fields.query_text(word, "fields.query") for word in value)
                return fields.query_text(value, "fields.query")
    return ""
