"""User Behavior Insights 1.3 (https://github.com/o19s/ubi) ⇄ impressions and events.

What we add to the public schema, all of it in places the schema leaves open:

- queries: `query_attributes.session_id`; `query_attributes.filter`; `query_attributes.ltrr`, the trace; the user stands
  in `client_id`;
- events: `user_query`; `event_attributes.event_id`; `event_attributes.dwell_ms`;
- `time_s`, `dwell_s` among the attributes: the exact seconds, only where milliseconds do not hold them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ltrr_cli.feedback import fields
from ltrr_cli.feedback.times import format_time
from ltrr_cli.feedback.trace import trace_from_json, trace_to_json
from ltrr_cli.records import Event, Impression
from ltrr_cli.text import hash64

if TYPE_CHECKING:
    from collections.abc import Mapping

_APPLICATION = "ltrr"
_ID_FIELD = "id"
_EMPTY: Mapping[str, Any] = {}


def impression_to_ubi(impression: Impression) -> dict[str, Any]:
    """Return the queries row; `query_id` is its first key, so that a log can be searched without parsing it."""
    attributes: dict[str, Any] = {}
    if impression.session:
        attributes["session_id"] = impression.session
    if impression.filter:
        attributes["filter"] = impression.filter
    if not _whole_milliseconds(impression.time):
        attributes["time_s"] = impression.time
    if impression.trace is not None:
        attributes["ltrr"] = trace_to_json(impression.trace)
    row: dict[str, Any] = {"query_id": impression.query_id, "application": _APPLICATION}
    if impression.user:
        row["client_id"] = impression.user
    row["user_query"] = impression.text
    row["timestamp"] = format_time(impression.time)
    row["object_id_field"] = _ID_FIELD
    row["query_response_hit_ids"] = list(impression.shown)
    row["query_attributes"] = attributes
    return row


def impression_from_ubi(row: Mapping[str, Any]) -> Impression:
    """Return the impression; `ValueError` with the field's name where one is unusable.

    A trace that is missing, damaged or of another version is None: the impression then counts as another system's.
    """
    attributes = _object(row.get("query_attributes"))
    shown = row.get("query_response_hit_ids")
    filtered = attributes.get("filter")  # other systems' may be of any form: ours is a text
    if shown is None:
        shown = ()
    elif not isinstance(shown, list):
        raise ValueError("query_response_hit_ids: a list expected")
    return Impression(
        query_id=fields.identifier(row.get("query_id"), "query_id"),
        text=fields.query_text(row.get("user_query"), "user_query"),
        time=_time(row.get("timestamp"), attributes),
        shown=tuple([fields.identifier(found, "query_response_hit_ids") for found in shown]),
        user=fields.optional_identifier(_either(row.get("user_id"), row.get("client_id")), "client_id"),
        session=fields.optional_identifier(_either(row.get("session_id"), attributes.get("session_id")), "session_id"),
        trace=trace_from_json(attributes.get("ltrr")),
        filter=filtered if isinstance(filtered, str) else "",
    )


def event_to_ubi(event: Event) -> dict[str, Any]:
    """Return the events row; unknown fields are left out."""
    attributes: dict[str, Any] = {
        "event_id": event.id,
        "object": {"object_id": event.entity_id, "object_id_field": _ID_FIELD},
    }
    if event.position:
        attributes["position"] = {"ordinal": event.position}
    if event.dwell:
        milliseconds = round(event.dwell * 1000, 3)
        attributes["dwell_ms"] = int(milliseconds) if milliseconds.is_integer() else milliseconds
        if milliseconds / 1000 != event.dwell:
            attributes["dwell_s"] = event.dwell
    if not _whole_milliseconds(event.time):
        attributes["time_s"] = event.time
    row: dict[str, Any] = {
        "action_name": event.action,
        "timestamp": format_time(event.time),
        "application": _APPLICATION,
    }
    if event.query_id:
        row["query_id"] = event.query_id
    if event.session:
        row["session_id"] = event.session
    if event.user:
        row["user_id"] = event.user
    if event.text:
        row["user_query"] = event.text
    row["event_attributes"] = attributes
    return row


def event_from_ubi(row: Mapping[str, Any]) -> Event:
    """Return the event; `ValueError` with the field's name where one is unusable, or where no object is named."""
    attributes = _object(row.get("event_attributes"))
    entity_id = fields.identifier(object_of(row), "event_attributes.object.object_id")
    action = fields.action(row.get("action_name"), "action_name")
    time = _time(row.get("timestamp"), attributes)
    query_id = fields.optional_identifier(row.get("query_id"), "query_id")
    text = fields.query_text(row.get("user_query"), "user_query")
    user = fields.optional_identifier(_either(row.get("user_id"), row.get("client_id")), "user_id")
    session = fields.optional_identifier(row.get("session_id"), "session_id")
    position = _position(attributes.get("position"))
    own_id = fields.optional_identifier(attributes.get("event_id"), "event_attributes.event_id")
    return Event(
        id=own_id
        or event_identity(
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
        dwell=_dwell(attributes),
    )


def reads_back(event: Event) -> bool:
    """Tell whether the event's row, read again, gives the same event: what callers make need not be as we read it."""
    names = f"{event.entity_id}{event.action}{event.query_id}{event.user}{event.session}{event.id}"
    plain = (
        # the usual event, told without making its row
        len(names) <= fields.ID_BYTES
        and len(event.action) <= fields.ACTION_CHARACTERS
        and names.isascii()
        and names.isprintable()
        and " " not in names
        and event.entity_id != ""
        and event.action != ""
        and event.id != ""
        and event.action == event.action.lower()
        and len(event.text) <= fields.TEXT_CHARACTERS
        and event.text.isascii()
        and "\0" not in event.text
        and event.dwell == 0
        and type(event.position) is int
        and 0 <= event.position < 10**9
        and 0 <= event.time < 1e10
    )
    if plain:
        return True
    try:
        return event_from_ubi(event_to_ubi(event)) == event
    except (ValueError, TypeError, AttributeError, OverflowError):
        return False


def object_of(row: Mapping[str, Any]) -> Any:
    """Return the id of the object that an events row names, as it stands there; None where it names none."""
    return _object(_object(row.get("event_attributes")).get("object")).get("object_id")


def event_identity(
    *,
    entity_id: str,
    action: str,
    time: float,
    query_id: str = "",
    text: str = "",
    user: str = "",
    session: str = "",
    position: int = 0,
) -> str:
    """Return 16 hex digits that identify an event by what it says; `time` (seconds) counts to the millisecond.

    Two events that agree in all of these are one: the same log may be read twice, and a double click within a
    millisecond is a single click. Dwell does not count, since it may be filled in later.
    """
    # Ids hold no control characters and the text comes last, so the joined form is unambiguous.
    said = f"{query_id}\n{user}\n{session}\n{entity_id}\n{action}\n{round(time * 1000)}\n{position}\n{text}"
    return f"{hash64(said):016x}"


def _whole_milliseconds(seconds: float) -> bool:
    return round(seconds * 1000) / 1000 == seconds


def _time(value: object, attributes: Mapping[str, Any]) -> float:
    written = fields.time(value, "timestamp")
    exact = attributes.get("time_s")
    # The timestamp rules: an exact value that does not belong to it was left behind by an edit.
    return exact if isinstance(exact, float) and abs(exact - written) <= 0.001 else written


def _dwell(attributes: Mapping[str, Any]) -> float:
    written = fields.duration(attributes.get("dwell_ms"), "event_attributes.dwell_ms") / 1000
    exact = attributes.get("dwell_s")
    if isinstance(exact, float) and exact >= 0 and abs(exact - written) <= 0.001 + 1e-9 * written:
        return exact
    return written


def _position(value: object) -> int:
    """Read `{"ordinal": n}`; coordinates (`xy`) say nothing about the rank."""
    return fields.position(_object(value).get("ordinal"), "event_attributes.position.ordinal")


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else _EMPTY


def _either(first: object, second: object) -> object:
    return second if first is None or first == "" else first
