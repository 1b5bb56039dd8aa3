"""Learning: events are logged, then folded; now and then the ranker is trained and the state written down."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ltrr_cli.engine.expire import DAY, expire, overdue
from ltrr_cli.engine.fold import Logs, Written
from ltrr_cli.engine.lookback import look_back
from ltrr_cli.engine.publish import publish
from ltrr_cli.engine.state import follow, new_state, open_state
from ltrr_cli.engine.training import acted_pages, curve_of, due, samples_of, trained_row
from ltrr_cli.engine.unanswered import closed_pages
from ltrr_cli.errors import LockedError, NotFoundError
from ltrr_cli.feedback.ubi import event_to_ubi, impression_to_ubi, reads_back
from ltrr_cli.index.locks import exclusive
from ltrr_cli.index.manifest import read_manifest
from ltrr_cli.index.view import View
from ltrr_cli.ranking.train import train
from ltrr_cli.records import Event, Impression
from ltrr_cli.text import hash64

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from ltrr_cli.engine.opened import Opened
    from ltrr_cli.feedback.log import Position
    from ltrr_cli.ranking.debias import Curve
    from ltrr_cli.ranking.linear import LinearRanker

_BATCH = 2_000
_PATIENCE = 600.0
"""Seconds that an ingest waits for another one's batch."""
_INGESTED = 100
"""Events after which an ingest writes the learned state down at its end: the next start need not replay them."""
_SWEEP_EVERY = 20
"""Events, recorded one by one, after which pages without an action are counted."""


@dataclass(slots=True, kw_only=True)
class Ingested:
    """What an ingest did: counts of records, and what the ranker's test says afterwards."""

    impressions: int = 0
    events: int = 0
    repeated: int = 0
    actions: dict[str, int] = field(default_factory=dict)
    unknown_actions: dict[str, int] = field(default_factory=dict)
    unknown_entities: int = 0
    unknown_queries: int = 0
    expired: int = 0  # events older than is kept: of this ingest, left out, or of before, and they went
    late: int = 0  # queries that came after events which name them
    ranker: str = ""


def ingest(
    opened: Opened,
    records: Iterable[Impression | Event],
    *,
    now: float,
    sync: bool = True,
    progress: Callable[[int], None] = lambda _: None,
) -> Ingested:
    """Log and learn records. Event times are clamped to `now`; what was seen before is counted and left out.

    When this returns everything is on the disk; without `sync` it is when the system comes to it.
    """
    done = Ingested()
    kept = _kept(records, now - opened.config.keep_days * DAY, done) if opened.config.keep_days else records
    for impressions, events in _batches(kept):
        # One batch at a time: what another process ingests meanwhile would be new to both.
        with exclusive(opened.root / "locks" / "ingest", timeout=_PATIENCE):
            opened.catch_up()
            _log_impressions(opened, impressions, done)
            log_events(opened, events, done, now, sync=sync)
        progress(len(impressions) + len(events))
    if sync:
        opened.logs.queries.sync()
    if done.late:
        rebuild(opened.root)  # their events were learned without knowing what was asked and shown
    elif done.events or done.repeated:  # repeated: an ingest that was killed may have logged them, and not gone on
        count_unanswered(opened, now)
        done.expired += learn_if_due(opened, now, min(_INGESTED, opened.config.checkpoint_every))
    return done


def _kept(records: Iterable[Impression | Event], limit: float, done: Ingested) -> Iterator[Impression | Event]:
    """Leave out what is older than the setting `keep_days` keeps: what happened before `limit`."""
    for record in records:
        if record.time >= limit:
            yield record
        else:
            done.expired += isinstance(record, Event)


def _batches(records: Iterable[Impression | Event]) -> Iterator[tuple[list[Impression], list[Event]]]:
    """Split the stream so that an impression is logged before its events, whatever the order of a batch."""
    impressions: list[Impression] = []
    events: list[Event] = []
    for record in records:
        if isinstance(record, Impression):
            impressions.append(record)
        else:
            events.append(record)
        if len(impressions) + len(events) >= _BATCH:
            yield impressions, events
            impressions, events = [], []
    if impressions or events:
        yield impressions, events


def _log_impressions(opened: Opened, impressions: list[Impression], done: Ingested) -> None:
    new = []
    fresh: set[str] = set()
    for impression in impressions:
        if impression.query_id in fresh or opened.impressions.known(impression.query_id):
            done.repeated += 1
        else:
            fresh.add(impression.query_id)
            new.append(impression)
        # also a repeated one: whoever logged it may have been killed before learning its events again
        done.late += opened.learned.waiting[hash64(impression.query_id)] > 0
    opened.logs.queries.append([impression_to_ubi(impression) for impression in new], sync=False)
    done.impressions += len(new)


def log_events(opened: Opened, events: list[Event], done: Ingested, now: float, *, sync: bool = True) -> None:
    """Write queries through to the disk, then hindsight, then the events; then learn them."""
    opened.catch_up()
    learned, config = opened.learned, opened.config
    fresh: dict[int, Event] = {}  # by the hash of its id
    for event in events:
        event_hash = hash64(event.id)
        if event_hash in fresh or learned.seen[event_hash]:
            done.repeated += 1
            continue
        fresh[event_hash] = event if event.time <= now else replace(event, time=now)  # 2099 must not outweigh the rest
        counts = done.actions if event.action in config.rewards else done.unknown_actions
        counts[event.action] = counts.get(event.action, 0) + 1
        done.unknown_entities += opened.row(event.entity_id) is None
    if not fresh:
        return
    rows = list(fresh.values())
    if sync and any(event.query_id for event in rows):
        opened.logs.queries.sync()
    with opened.impressions.kept(len(rows)):
        opened.logs.control.append([one.to_row() for one in look_back(opened, fresh, done)], sync=sync)
        starts = opened.logs.events.append([event_to_ubi(event) for event in rows], sync=sync)
        done.events += len(rows)
        opened.catch_up(Written(starts, rows, list(fresh)) if all(map(reads_back, rows)) else None)


def record(opened: Opened, event: Event, *, now: float) -> bool:
    """Log and learn one event; False if it was known. When this returns it is on the disk."""
    done = Ingested()
    log_events(opened, [event], done, now)
    if done.events:
        if opened.learned.counts["events"] % _SWEEP_EVERY == 0:
            count_unanswered(opened, now)
        learn_if_due(opened, now, opened.config.checkpoint_every)
    return done.events > 0


def count_unanswered(opened: Opened, now: float) -> None:
    """Write down which pages count as those that nobody acted on, and learn it."""
    with at_the_end(opened) as end:
        row = closed_pages(opened.learned, opened.impressions, end, now=now)
        if row is not None:
            opened.logs.control.append([row])
    opened.catch_up()


@contextmanager
def at_the_end(opened: Opened) -> Iterator[Position]:
    """Hold the events' log at its end, all of it learned, to write a control record that takes effect right there.

    No event may come between the end that the record names and the record: whoever learns that event has then seen the
    record, and takes it up at the same place as a replay does.
    """
    with opened.logs.events_held():
        opened.catch_up()
        yield opened.logs.events.end()


def go_back(opened: Opened, version: int, *, now: float) -> None:
    """Let the policy forget what it learned after a version was made; 0 forgets all.

    Raises `NotFoundError` for a version that was not made yet.
    """
    with at_the_end(opened) as end:
        live = opened.learned.policy.version
        if not 0 <= version <= live:
            raise NotFoundError(f"the policy has no version {version}", next=f"its latest is {live}")
        row = {"kind": "policy", "time": now, "version": version, "after": [end.file, end.offset]}
        opened.logs.control.append([row])
    opened.catch_up()
    checkpoint(opened)


def is_due(opened: Opened, now: float, checkpoint_every: int) -> bool:
    """Tell whether `learn_if_due` would do anything."""
    waits = opened.learned.since_checkpoint >= checkpoint_every
    return waits or due(opened) or overdue(opened.logs, opened.config, now)


def learn_if_due(opened: Opened, now: float, checkpoint_every: int) -> int:
    """Learn, or write the learned state down, or remove what is too old, where it is time to and nobody else publishes.

    Returns how many events went. What was logged is safe without it; where many record at once, each waiting for its
    turn, some would wait too long.
    """
    with suppress(LockedError):
        if overdue(opened.logs, opened.config, now):
            return expire(opened.root, now=now, timeout=0).events
        if due(opened):
            learn(opened, now=now, timeout=0)
        elif opened.learned.since_checkpoint >= checkpoint_every:
            checkpoint(opened, timeout=0)
    return 0


def checkpoint(opened: Opened, *, timeout: float = 30.0) -> None:
    """Write the learned state down; where another process has published since, go on from that generation.

    Raises `LockedError` where others have been publishing for `timeout` seconds.
    """
    root = opened.root
    with exclusive(root / "locks" / "publish", timeout=timeout):
        before = read_manifest(root)
        if before.generation == opened.manifest.generation:
            state, view = opened.state, opened.view
        else:
            state, view = open_state(root, before, opened.config, opened.logs), View(root, before.segments)
        publish(
            root,
            before=before,
            encoder=before.encoder,
            segments=before.segments,
            view=view,
            state=state,
            logs=opened.logs,
            encode=opened.query_vectors.many if before.encoder == opened.manifest.encoder else None,
        )


def learn(opened: Opened, *, now: float, timeout: float = 30.0) -> None:
    """Train the ranker if enough was clicked since the last time, and write the learned state down."""
    count_unanswered(opened, now)
    if due(opened):
        pages = acted_pages(opened)
        curve = curve_of(pages)
        add_ranker(opened, train(list(samples_of(pages, curve))), now=now, curve=curve)
    checkpoint(opened, timeout=timeout)


def add_ranker(opened: Opened, ranker: LinearRanker, *, now: float, curve: Curve) -> None:
    """Write down what was trained on clicks; another process may have been quicker."""
    with at_the_end(opened):
        if due(opened):
            opened.logs.control.append([trained_row(opened, ranker, now, source="clicks", curve=curve)])
    opened.catch_up()


def rebuild(root: Path, *, progress: Callable[[int], None] = lambda _: None) -> None:
    """Make the learned state again, from the logs alone."""
    from ltrr_cli.config import read_config

    logs = Logs(root)
    with exclusive(root / "locks" / "publish"):
        before = read_manifest(root)
        config = read_config(root)
        state, _ = follow(new_state(config, logs), config, logs, progress=progress)
        publish(
            root,
            before=before,
            encoder=before.encoder,
            segments=before.segments,
            view=View(root, before.segments),
            state=state,
            logs=logs,
        )
