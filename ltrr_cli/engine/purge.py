"""Purging: lines go from the logs for good, and what is learned is learned again without them.

The only rewrite of a log, all files or none, whenever it is killed. What was computed from many people's feedback and
written down for good, the weights of trained rankers, stays. A control record says how many lines went.
"""

from __future__ import annotations

import base64
import json
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Protocol

from ltrr_cli.config import read_config
from ltrr_cli.engine.fold import UNDO, Logs
from ltrr_cli.engine.hindsight import KIND as HINDSIGHT
from ltrr_cli.engine.publish import publish
from ltrr_cli.engine.state import follow, new_state
from ltrr_cli.engine.unanswered import KIND as UNANSWERED
from ltrr_cli.errors import IndexDirectoryError, LockedError
from ltrr_cli.feedback.check import LOST
from ltrr_cli.feedback.log import Position, decode_line, encode_line
from ltrr_cli.feedback.rewrite import Rewritten, clear, close, commit, finish, is_open
from ltrr_cli.index.files import replace_file
from ltrr_cli.index.locks import exclusive
from ltrr_cli.index.manifest import read_manifest
from ltrr_cli.index.view import View

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ltrr_cli.feedback.log import Log

_LOGS = ("queries", "events", "control")


class Doomed(Protocol):
    """Which lines go: `queries`, `events` and `sessions` are the ids of those of which no line stays."""

    queries: set[str]
    events: set[str]
    sessions: set[str]
    acted: int  # events that go

    def is_query(self, row: dict[str, Any]) -> bool:
        """Whether a row of the queries log goes."""
        ...

    def is_event(self, row: dict[str, Any]) -> bool:
        """Whether a row of the events log goes."""
        ...

    def is_control(self, row: dict[str, Any]) -> bool:
        """Whether a control record goes, beside those that are about queries and events that go."""
        ...

    def is_damaged(self, line: bytes, *, after_gone: bool) -> bool:
        """Whether a line that cannot be read goes; `after_gone`: the line before it does."""
        ...


def purge(root: Path, note: dict[str, Any], choose: Callable[[Logs], Doomed], *, timeout: float = 30.0) -> Doomed:
    """Remove what `choose` chooses, once nobody else writes; returns it. `note` is the control record to leave.

    Nothing is changed where no query and no event goes. Raises `LockedError` after `timeout` seconds.
    """
    logs = Logs(root)
    with ExitStack() as held:
        held.enter_context(exclusive(root / "locks" / "build", timeout=min(5.0, timeout)))
        held.enter_context(exclusive(root / "locks" / "publish", timeout=timeout))
        for name in _LOGS:
            held.enter_context(exclusive(root / "locks" / f"log-{name}", timeout=timeout))
        if is_open(root / "log"):
            _complete(root)
        clear(root / "log")
        doomed = choose(logs)
        if doomed.queries or doomed.acted:
            queries, events, control = (Rewritten(log) for log in (logs.queries, logs.events, logs.control))
            queries.write(_left(doomed, doomed.is_query))
            events.write(_left(doomed, doomed.is_event))
            row = {**note, "queries": len(doomed.queries), "events": doomed.acted}
            logs.control.ensure()
            control.write(lambda line: _control(line, doomed, events), extra=[encode_line(row)])
            _clear_lost(root / "log" / LOST, doomed)
            commit(root / "log", [*queries.files, *events.files, *control.files])
            _complete(root)
    return doomed


def resume(root: Path) -> None:
    """Go on where one was killed while it purged. Whoever is at it now is left alone."""
    if not is_open(root / "log"):
        return
    try:
        with exclusive(root / "locks" / "publish", timeout=0):
            if is_open(root / "log"):
                _complete(root)
    except (LockedError, IndexDirectoryError):
        return


def rows(*logs: Log) -> Iterator[dict[str, Any]]:
    """Yield the sound rows of some logs."""
    for log in logs:
        for _, row in log.replay():
            yield row


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


def _left(doomed: Doomed, goes: Callable[[dict[str, Any]], bool]) -> Callable[[bytes], bytes | None]:
    """Return what becomes of a log's lines."""
    gone = False

    def change(line: bytes) -> bytes | None:
        nonlocal gone
        try:
            gone = goes(decode_line(line))
        except ValueError:
            gone = doomed.is_damaged(line, after_gone=gone)
        return None if gone else line

    return change


def _control(line: bytes, doomed: Doomed, events: Rewritten) -> bytes | None:
    """Return a control record without what goes, and with its place in the events log as it is now."""
    try:
        row = decode_line(line)
    except ValueError:
        return None
    if row.get("kind") in (HINDSIGHT, UNDO) and str(row.get("event_id")) in doomed.events:
        return None
    if doomed.is_control(row):
        return None
    if row.get("kind") == UNANSWERED:
        row["query_ids"] = [one for one in row["query_ids"] if one not in doomed.queries]
        row["closed"] = [one for one in row["closed"] if one not in doomed.sessions]
        if not row["query_ids"] and not row["closed"]:
            return None
    if "after" in row:
        place = events.moved(Position(*row["after"]))
        row["after"] = [place.file, place.offset]
    return encode_line(row).removesuffix(b"\n")


def _clear_lost(path: Path, doomed: Doomed) -> None:
    """Remove from what a repair kept of damaged lines those that would go from the log; what is no base64 goes too."""
    if not path.exists():
        return
    kept = []
    for line in path.read_bytes().splitlines():
        try:
            content = base64.b64decode(json.loads(line)["line"], validate=True)
        except (ValueError, LookupError, TypeError):
            continue
        if not doomed.is_damaged(content, after_gone=True):
            kept.append(line + b"\n")
    replace_file(path, b"".join(kept))
