"""Forgetting a person: everything he did goes from the logs, and what is learned is learned again without him.

The only rewrite of a log. His are the queries and events that bear his id; of the sessions in which nobody else is
named also those that bear none; and events that refer to his queries. What was computed from many people's feedback and
written down for good, the weights of trained rankers, stays.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ltrr_cli.config import read_config
from ltrr_cli.engine.fold import Logs
from ltrr_cli.engine.hindsight import KIND as HINDSIGHT
from ltrr_cli.engine.publish import publish
from ltrr_cli.engine.state import follow, new_state
from ltrr_cli.engine.unanswered import KIND as UNANSWERED
from ltrr_cli.errors import IndexDirectoryError, LockedError, UsageError
from ltrr_cli.feedback.log import Position, decode_line, encode_line
from ltrr_cli.feedback.rewrite import Rewritten, clear, close, commit, finish, is_open
from ltrr_cli.index.locks import exclusive
from ltrr_cli.index.manifest import read_manifest
from ltrr_cli.index.view import View

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ltrr_cli.feedback.log import Log

KIND = "forgot"
_LOGS = ("queries", "events", "control")


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """How many queries and events went, and the files of the index that still hold the id as a word of their own.

    What is left is somebody else's: a query in which the id was typed, an entity that bears it.
    """

    user: str
    queries: int
    events: int
    left: tuple[str, ...]


def forget(root: Path, user: str, *, now: float) -> Forgotten:
    """Remove a person from the logs and from what is learned; one of whom nothing is known changes nothing."""
    if not user:
        raise UsageError("nobody is named", next="name the user to forget")
    logs = Logs(root)
    with ExitStack() as held:
        held.enter_context(exclusive(root / "locks" / "build", timeout=5))
        held.enter_context(exclusive(root / "locks" / "publish"))
        for name in _LOGS:
            held.enter_context(exclusive(root / "locks" / f"log-{name}"))
        if is_open(root / "log"):
            _complete(root)
        clear(root / "log")
        his = _His.of(logs, user)
        if his.queries or his.acted:
            queries, events, control = (Rewritten(log) for log in (logs.queries, logs.events, logs.control))
            queries.write(his.left_of(his.is_query))
            events.write(his.left_of(his.is_event))
            note = {"kind": KIND, "time": now, "queries": len(his.queries), "events": his.acted}
            logs.control.ensure()
            control.write(lambda line: _control(line, his, events), extra=[encode_line(note)])
            commit(root / "log", [*queries.files, *events.files, *control.files])
            _complete(root)
    return Forgotten(user=user, queries=len(his.queries), events=his.acted, left=tuple(_left(root, user)))


def resume(root: Path) -> None:
    """Go on where one was killed while it forgot somebody. Whoever is at it now is left alone."""
    if not is_open(root / "log"):
        return
    try:
        with exclusive(root / "locks" / "publish", timeout=0):
            if is_open(root / "log"):
                _complete(root)
    except (LockedError, IndexDirectoryError):
        return


def _complete(root: Path) -> None:
    """Put the new logs in place, and learn from them alone. Holds: the publish lock."""
    finish(root / "log")
    logs, config, before = Logs(root), read_config(root), read_manifest(root)
    state, _ = follow(new_state(config, logs), config, logs)
    publish(
        root,
        before=before,
        encoder=before.encoder,
        segments=before.segments,
        view=View(root, before.segments),
        state=state,
        logs=logs,
    )
    close(root / "log")


class _His:
    """Which lines are a person's: ids of his queries and events, and the sessions that are his alone."""

    def __init__(self, user: str) -> None:
        self.user = user
        self.queries: set[str] = set()
        self.events: set[str] = set()
        self.acted = 0
        self.sessions: set[str] = set()
        self._bytes = user.encode("utf-8", "surrogatepass")

    @classmethod
    def of(cls, logs: Logs, user: str) -> _His:
        """Go through the logs twice: first for the sessions, which say whose the nameless lines are."""
        his = cls(user)
        others: set[str] = set()
        for row in _rows(logs.queries, logs.events):
            who, session = _who(row), _session(row)
            if session and who:
                (his.sessions if who == user else others).add(session)
        his.sessions -= others
        his.queries = {str(row.get("query_id")) for row in _rows(logs.queries) if his.is_query(row)}
        for row in _rows(logs.events):
            if his.is_event(row):
                his.events.add(_event_id(row))
                his.acted += 1
        return his

    def is_query(self, row: dict[str, Any]) -> bool:
        """Whether a row of the queries log is his."""
        who = _who(row)
        return who == self.user if who else _session(row) in self.sessions

    def is_event(self, row: dict[str, Any]) -> bool:
        """Whether a row of the events log is his."""
        return self.is_query(row) or (not _who(row) and str(row.get("query_id", "")) in self.queries)

    def left_of(self, is_his: Callable[[dict[str, Any]], bool]) -> Callable[[bytes], bytes | None]:
        """Return what becomes of a log's lines; a damaged one in which his id stands goes too."""

        def change(line: bytes) -> bytes | None:
            try:
                row = decode_line(line)
            except ValueError:
                return None if self._bytes in line else line
            return None if is_his(row) else line

        return change


def _control(line: bytes, his: _His, events: Rewritten) -> bytes | None:
    """Return a control record without him, and with its place in the events log as it is now."""
    try:
        row = decode_line(line)
    except ValueError:
        return None
    if row.get("kind") == HINDSIGHT and row.get("event_id") in his.events:
        return None
    if row.get("kind") == UNANSWERED:
        row["query_ids"] = [one for one in row["query_ids"] if one not in his.queries]
        row["closed"] = [one for one in row["closed"] if one not in his.sessions]
    if "after" in row:
        place = events.moved(Position(*row["after"]))
        row["after"] = [place.file, place.offset]
    return encode_line(row).removesuffix(b"\n")


def _rows(*logs: Log) -> Iterator[dict[str, Any]]:
    for log in logs:
        for _, row in log.replay():
            yield row


def _who(row: dict[str, Any]) -> str:
    return str(row.get("user_id") or row.get("client_id") or "")


def _session(row: dict[str, Any]) -> str:
    attributes = row.get("query_attributes")
    own = attributes.get("session_id") if isinstance(attributes, dict) else None
    return str(row.get("session_id") or own or "")


def _event_id(row: dict[str, Any]) -> str:
    attributes = row.get("event_attributes")
    return str(attributes.get("event_id", "")) if isinstance(attributes, dict) else ""


def _left(root: Path, user: str) -> Iterator[str]:
    """Yield the files of logs and learned state that hold the id, as a JSON string of its own."""
    import json

    wanted = json.dumps(user, ensure_ascii=False).encode("utf-8", "surrogatepass")
    for folder in ("log", "learned"):
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and wanted in path.read_bytes():
                yield path.relative_to(root).as_posix()
