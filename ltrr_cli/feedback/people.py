"""Whose a row or a record is, and records under other names."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ltrr_cli.feedback.ubi import event_identity
from ltrr_cli.records import Event, Impression

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def user_of(row: Mapping[str, Any]) -> str:
    """Return the user whom a row of a log names, "" for none."""
    return str(row.get("user_id") or row.get("client_id") or "")


def session_of(row: Mapping[str, Any]) -> str:
    """Return the session that a row of a log names, "" for none."""
    attributes = row.get("query_attributes")
    own = attributes.get("session_id") if isinstance(attributes, dict) else None
    return str(row.get("session_id") or own or "")


def event_id_of(row: Mapping[str, Any]) -> str:
    """Return the id of a row of the events log, "" for none."""
    attributes = row.get("event_attributes")
    return str(attributes.get("event_id", "")) if isinstance(attributes, dict) else ""


def renamed(record: Impression | Event, name: Callable[[str], str]) -> Impression | Event:
    """Return the record with what `name` makes of its user.

    An event that is known by what it says is known by what it says now: its id was made of the user's, and who tries
    enough users would find the one that fits.
    """
    user = name(record.user)
    if user == record.user or isinstance(record, Impression):
        return replace(record, user=user)
    said = {
        "query_id": record.query_id,
        "text": record.text,
        "session": record.session,
        "entity_id": record.entity_id,
        "action": record.action,
        "time": record.time,
        "position": record.position,
    }
    known_by_itself = record.id == event_identity(user=record.user, **said)  # type: ignore[arg-type]
    event_id = event_identity(user=user, **said) if known_by_itself else record.id  # type: ignore[arg-type]
    return replace(record, user=user, id=event_id)
