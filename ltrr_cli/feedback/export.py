"""Our log as other programs read it: UBI 1.3, or Metarank's events. What is exported can be ingested again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ltrr_cli.feedback.times import format_time
from ltrr_cli.feedback.ubi import event_to_ubi, impression_to_ubi
from ltrr_cli.records import Impression

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ltrr_cli.records import Event


def to_ubi(record: Impression | Event) -> dict[str, Any]:
    """Return a row of UBI's queries or events."""
    return impression_to_ubi(record) if isinstance(record, Impression) else event_to_ubi(record)


def to_metarank(record: Impression | Event) -> dict[str, Any]:
    """Return a `ranking` or `interaction` event (https://docs.metarank.ai): without position and dwell."""
    if isinstance(record, Impression):
        row: dict[str, Any] = {"event": "ranking", "id": record.query_id, "timestamp": format_time(record.time)}
        named = {"user": record.user, "session": record.session}
        items = [{"id": entity_id} for entity_id in record.shown]
        rest: dict[str, Any] = {"fields": [{"name": "query", "value": record.text}], "items": items}
    else:
        row = {"event": "interaction", "id": record.id, "timestamp": format_time(record.time)}
        named = {"ranking": record.query_id, "user": record.user, "session": record.session}
        rest = {"type": record.action, "item": record.entity_id}
        if not record.query_id:
            rest["fields"] = [{"name": "query", "value": record.text}]
    return row | {name: value for name, value in named.items() if value} | rest


FORMATS: Mapping[str, Callable[[Impression | Event], dict[str, Any]]] = {"ubi": to_ubi, "metarank": to_metarank}
"""Forms of one JSON line for each record."""
