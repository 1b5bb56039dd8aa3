"""What kind of feedback a row is, and the record that it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from ltrr_cli.feedback import metarank, plain, ubi

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ltrr_cli.records import Event, Impression

Found: TypeAlias = "tuple[str, Impression | Event | None]"
"""A kind and the record, None where rows of that kind are left out on purpose."""

READ = ("ubi queries", "ubi events", "plain", "metarank", "answers")
"""The kinds that every count shows."""

NOTES = {
    "answers": "of our own answers, logged when they were given",
    "not clicked": "records that say nothing was clicked",
    "ubi events without object": "UBI events that name no object",
    "metarank metadata": "Metarank item and user events, which describe and report nothing",
}
"""What is left out on purpose, in words."""


def record_of(row: Mapping[str, Any]) -> Found:
    """Return the kind of a row and its record; `ValueError` where it is of no known kind or a field is unusable."""
    if "action_name" in row:
        return _ubi_event(row)
    if "user_query" in row and ("query_response_hit_ids" in row or "query_attributes" in row):
        return "ubi queries", ubi.impression_from_ubi(row)
    entity = plain.entity_field(row)
    if entity is not None:
        skip = plain.not_clicked(row, entity)
        return ("not clicked", None) if skip else ("plain", plain.event_from_plain(row, entity))
    if "event" in row:
        return _metarank(row)
    if "results" in row and "query_id" in row:
        # Our answers carry no time; with one it is another system's log of what was shown.
        own = not any(name in row for name in plain.TIME)
        return ("answers", None) if own else ("plain", plain.impression_from_plain(row))
    raise ValueError("no known kind of feedback: it has none of action_name, user_query, entity_id, event, results")


def _ubi_event(row: Mapping[str, Any]) -> Found:
    if ubi.object_of(row) is None:
        return "ubi events without object", None
    return "ubi events", ubi.event_from_ubi(row)


def _metarank(row: Mapping[str, Any]) -> Found:
    kind = row["event"]
    if kind == "ranking":
        return "metarank", metarank.impression_from_ranking(row)
    if kind == "interaction":
        return "metarank", metarank.event_from_interaction(row)
    if kind in ("item", "user"):
        return "metarank metadata", None
    raise ValueError("event: neither ranking nor interaction")
