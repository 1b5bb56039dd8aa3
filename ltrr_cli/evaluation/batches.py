"""A log cut into batches in time order, each to be predicted before it is learned."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ltrr_cli.engine.arguments import LATEST
from ltrr_cli.records import Event, Impression

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

PERIODS = ("day", "week", "month")


def in_order(records: Iterable[Impression | Event]) -> list[Impression | Event]:
    """Return the records in time order, impressions first where times are equal; of those that repeat, the first."""
    found: dict[tuple[bool, str], Impression | Event] = {}
    for record in sorted(records, key=lambda record: (record.time, isinstance(record, Event))):
        event = isinstance(record, Event)
        found.setdefault((event, record.id if isinstance(record, Event) else record.query_id), record)
    return list(found.values())


def moment_of(record: Impression | Event) -> float:
    """Return when a record was made, within what an engine takes for a time: logs also hold the years 1 and 9999."""
    return min(max(0.0, record.time), LATEST - 1)


def cut(ordered: Sequence[Impression | Event], batch: int | str) -> list[list[Impression | Event]]:
    """Split by calendar, or after every `batch` events; records of one time stay together."""
    out: list[list[Impression | Event]] = []
    events = 0
    for record, before in zip(ordered, [None, *ordered], strict=False):
        if before is None:
            fresh = True
        elif isinstance(batch, str):
            fresh = _period(record.time, batch) != _period(before.time, batch)
        else:
            fresh = events >= batch and record.time != before.time
        if fresh:
            out.append([])
            events = 0
        out[-1].append(record)
        events += isinstance(record, Event)
    return out


def _period(time: float, name: str) -> tuple[int, ...]:
    date = datetime.fromtimestamp(time, UTC).date()
    if name == "day":
        return (date.toordinal(),)
    return (date.year, date.month) if name == "month" else tuple(date.isocalendar()[:2])
