"""Events from many people at once: checked against what was shown, logged in one go, learned; the rest comes later.

`Engine.record` is for one action of somebody at this machine. Here come rows that others wrote, several at a time, some
of them twice. Each is accepted or refused on its own. Training and writing the learned state down take seconds: they
are left to `tend`, so that nobody who clicks waits for them; `sweep` tells when it is time to.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from ltrr_cli.engine.learn import Ingested, count_unanswered, is_due, learn_if_due, log_events
from ltrr_cli.engine.pages import place_of
from ltrr_cli.feedback.ubi import event_from_ubi, event_identity, impression_from_ubi
from ltrr_cli.index.locks import exclusive
from ltrr_cli.text import hash64

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ltrr_cli.engine.opened import Opened
    from ltrr_cli.records import Event

_PATIENCE = 30.0
"""Seconds to wait for another process's batch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What became of an event: `recorded` is on the disk, `repeated` was there before, `refused` has a `reason`.

    `event_id` is the one by which it can be taken back, "" for a refused one. `known_action`: it has a reward.
    """

    status: Literal["recorded", "repeated", "refused"]
    event_id: str = ""
    reason: str = ""
    known_action: bool = True


def receive(opened: Opened, rows: Sequence[object], *, now: float, sync: bool = True) -> list[Received]:
    """Log and learn UBI events, all in one write; when this returns, what is `recorded` is on the disk.

    Without `sync` it is there once the logs are flushed, the queries' before this call and the events' after it.

    An event names an answer of this index and an entity of it. Its text and position are those of the answer; the user
    and the session too, where it names none. Without a timestamp it happened `now`, and none happens later than that.
    """
    # Held until they are logged: the same event, sent to two processes at once, would be new to both.
    with exclusive(opened.root / "locks" / "ingest", timeout=_PATIENCE):
        opened.catch_up()
        found = [_checked(opened, row, now) for row in rows]
        before = {one.id for one in found if not isinstance(one, str) and opened.learned.seen[hash64(one.id)]}
        told: list[Received] = []
        new: dict[str, Event] = {}
        for one in found:
            if isinstance(one, str):
                told.append(Received(status="refused", reason=one))
                continue
            repeated = one.id in before or one.id in new
            if not repeated:
                new[one.id] = one
            known = one.action in opened.config.rewards
            told.append(Received(status="repeated" if repeated else "recorded", event_id=one.id, known_action=known))
        log_events(opened, list(new.values()), Ingested(), now, sync=sync)
    return told


def log_answers(opened: Opened, rows: Sequence[Mapping[str, object]]) -> int:
    """Log answers that were given elsewhere, through to the disk; returns how many were not there yet."""
    with exclusive(opened.root / "locks" / "ingest", timeout=_PATIENCE):
        new = [row for row in rows if not _logged(opened, row)]
        opened.logs.queries.append(new)
    return len(new)


def _logged(opened: Opened, row: Mapping[str, object]) -> bool:
    """Tell whether this answer is in the log: who asks again under the same id does so at another time."""
    own = impression_from_ubi(row)
    found = opened.impressions.find(own.query_id)
    return found is not None and found.time == own.time


def sweep(opened: Opened, *, now: float) -> bool:
    """Count what nobody acted on; tell whether there is anything for `tend` to do."""
    count_unanswered(opened, now)
    return is_due(opened, now, opened.config.checkpoint_every)


def tend(opened: Opened, *, now: float) -> None:
    """Count what nobody acted on, train the ranker and write the learned state down, where it is time to."""
    count_unanswered(opened, now)
    learn_if_due(opened, now, opened.config.checkpoint_every)


def _checked(opened: Opened, row: object, now: float) -> Event | str:
    """Return the event of a row, or why there is none."""
    try:
        return _event(opened, row, now)
    except ValueError as error:
        return str(error)


def _event(opened: Opened, row: object, now: float) -> Event:
    """Return the event of a row; `ValueError` with the field's name where it cannot be used."""
    if not isinstance(row, dict):
        raise ValueError("no JSON object")  # noqa: TRY004 – of what somebody sent
    if not row.get("query_id"):
        raise ValueError("query_id: missing; it is the one of the answer that was acted on")
    given = row if row.get("timestamp") not in (None, "") else {**row, "timestamp": now}
    event = event_from_ubi(given)
    impression = opened.impressions.find(event.query_id)
    if impression is None:
        raise ValueError("query_id: no query with this id was answered by this index, or it was not logged")
    if event.entity_id not in impression.shown and opened.row(event.entity_id) is None:
        raise ValueError("event_attributes.object.object_id: the index has no such entity")
    told = replace(
        event,
        time=round(min(event.time, now), 3),
        text=impression.text,
        user=event.user or impression.user,
        session=event.session or impression.session,
        position=place_of(impression, event.entity_id),
    )
    attributes = row.get("event_attributes")
    if isinstance(attributes, dict) and attributes.get("event_id"):
        return told
    identity = event_identity(
        query_id=told.query_id,
        text=told.text,
        user=told.user,
        session=told.session,
        entity_id=told.entity_id,
        action=told.action,
        time=told.time,
        position=told.position,
    )
    return replace(told, id=identity)
