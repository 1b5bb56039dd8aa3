"""What the log holds, counted: actions, positions, users, days."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ltrr_cli.records import Event, Impression

POSITIONS = 20
"""Positions that are counted one by one."""
_DAY = 86400


@dataclass(slots=True, kw_only=True)
class Activity:
    """Counts. `shown` and `acted` map positions (1 to 20) to how often something stood there, or was acted on there.

    `events_by_day` and `impressions_by_day` map days since 1970 (UTC); `first` and `last` are seconds since 1970, 0
    where there is no record.
    """

    impressions: int = 0
    empty: int = 0
    events: int = 0
    acted_impressions: int = 0
    first: float = 0.0
    last: float = 0.0
    actions: Counter[str] = field(default_factory=Counter)
    shown: Counter[int] = field(default_factory=Counter)
    acted: Counter[int] = field(default_factory=Counter)
    users: Counter[str] = field(default_factory=Counter)
    queries: Counter[str] = field(default_factory=Counter)
    sessions: set[str] = field(default_factory=set)
    events_by_day: Counter[int] = field(default_factory=Counter)
    impressions_by_day: Counter[int] = field(default_factory=Counter)


def count(impressions: Iterable[Impression], events: Iterable[Event]) -> Activity:
    """Count them, one pass over each."""
    found = Activity()
    acted: set[str] = set()
    for event in events:
        found.events += 1
        found.actions[event.action] += 1
        found.events_by_day[int(event.time // _DAY)] += 1
        if event.user:
            found.users[event.user] += 1
        if event.session:
            found.sessions.add(event.session)
        if event.query_id:
            acted.add(event.query_id)
        if 0 < event.position <= POSITIONS:
            found.acted[event.position] += 1
        _extend(found, event.time)
    for impression in impressions:
        found.impressions += 1
        found.empty += not impression.shown
        found.acted_impressions += impression.query_id in acted
        found.queries[impression.text] += 1
        found.impressions_by_day[int(impression.time // _DAY)] += 1
        found.shown.update(range(1, min(POSITIONS, len(impression.shown)) + 1))
        if impression.session:
            found.sessions.add(impression.session)
        _extend(found, impression.time)
    return found


def _extend(found: Activity, time: float) -> None:
    found.first = min(found.first or time, time)
    found.last = max(found.last, time)
