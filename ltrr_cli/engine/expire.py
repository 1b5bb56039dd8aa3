"""Expiry: lines of the logs that are older than `keep_days` go, and with them what was learned from them.

Learned state stays a fold over what is kept. The other way, to keep the effect of what is gone in a checkpoint, would
make that checkpoint something that nothing can rebuild or verify, and would keep what a person did for ever, only
summed up. Trained rankers' weights stay, as they do when a person is forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ltrr_cli.config import read_config
from ltrr_cli.engine.fold import Logs
from ltrr_cli.engine.purge import purge, rows
from ltrr_cli.feedback.log import Position
from ltrr_cli.feedback.people import event_id_of, session_of
from ltrr_cli.feedback.times import parse_time

if TYPE_CHECKING:
    from pathlib import Path

    from ltrr_cli.config import Config
    from ltrr_cli.feedback.log import Log

KIND = "expired"
DAY = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Expired:
    """How many queries and events went."""

    queries: int
    events: int


def expire(root: Path, *, now: float, timeout: float = 30.0) -> Expired:
    """Remove what is older than the setting `keep_days`, in days before `now`; nothing where that is 0.

    Raises `LockedError` where others write for `timeout` seconds.
    """
    days = read_config(root).keep_days
    if not days or not _oldest(root, now - days * DAY):
        return Expired(queries=0, events=0)
    before = now - days * DAY
    note = {"kind": KIND, "time": now, "before": before}
    gone = purge(root, note, lambda logs: _Old.of(logs, before), timeout=timeout)
    return Expired(queries=len(gone.queries), events=gone.acted)


def overdue(logs: Logs, config: Config, now: float) -> bool:
    """Tell whether a file of the logs begins with what should have gone a day ago: a look at each file's first line."""
    if not config.keep_days:
        return False
    limit = now - (config.keep_days + 1) * DAY
    return any(_begins_before(log, limit) for log in (logs.queries, logs.events))


def _begins_before(log: Log, limit: float) -> bool:
    firsts = (log.read_at(Position(number, 0)) for number, _ in log.files())
    return any(row is not None and _is_before(row, limit) for row in firsts)


def _oldest(root: Path, limit: float) -> bool:
    """Tell whether any line is older than that: else no lock is taken, and nothing is rewritten."""
    logs = Logs(root)
    return any(_is_before(row, limit) for row in rows(logs.queries, logs.events))


def _is_before(row: dict[str, Any], limit: float) -> bool:
    """Whether a row is of a time before that; one without a time, which no ltrr writes, is."""
    try:
        return parse_time(row.get("timestamp")) < limit
    except ValueError:
        return True


class _Old:
    """Which lines are of a time before a limit, and the sessions of which nothing later is left."""

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self.queries: set[str] = set()
        self.events: set[str] = set()
        self.acted = 0
        self.sessions: set[str] = set()

    @classmethod
    def of(cls, logs: Logs, limit: float) -> _Old:
        """Go through the logs once."""
        old = cls(limit)
        later: set[str] = set()
        for row in rows(logs.queries):
            goes = old.is_query(row)
            (old.sessions if goes else later).add(session_of(row))
            if goes:
                old.queries.add(str(row.get("query_id")))
        for row in rows(logs.events):
            goes = old.is_event(row)
            (old.sessions if goes else later).add(session_of(row))
            if goes:
                old.events.add(event_id_of(row))
                old.acted += 1
        old.sessions -= later | {""}
        return old

    def is_query(self, row: dict[str, Any]) -> bool:
        """Whether a query is old."""
        return _is_before(row, self.limit)

    def is_event(self, row: dict[str, Any]) -> bool:
        """Whether an event is old; one that is not stays, also where its query goes."""
        return _is_before(row, self.limit)

    def is_control(self, row: dict[str, Any]) -> bool:
        """Whether it went back to a version of the policy that is not made any more, or notes an earlier expiry."""
        time = row.get("time")
        return row.get("kind") in ("policy", KIND) and isinstance(time, int | float) and time < self.limit

    def is_damaged(self, line: bytes, *, after_gone: bool) -> bool:
        """As old as the line before it."""
        del line
        return after_gone
