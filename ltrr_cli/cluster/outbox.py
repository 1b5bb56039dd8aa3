"""A router's outbox: what it has to log, kept on the disk until the recorder says that it is in the index's logs.

    outbox/<router>.jsonl    {"kind": "query" or "event", "row": UBI}, a line each, in order; gone when all is recorded

The router holds a lock on its file while it lives, so that the recorder knows whose files nobody will send again.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import orjson

from ltrr_cli.engine.workers import WORKERS
from ltrr_cli.errors import LtrrError
from ltrr_cli.index.files import file_mode, writing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from ltrr_cli.engine.receiving import Received

FOLDER = "outbox"
BATCH = 500
_TOGETHER = 50
"""Answers that wait, at most, before they are sent on their own; an event takes all before it along."""
_MOST = 100_000
"""Lines that may wait: beyond, the recorder has been away for too long, and answers are no longer logged."""


@dataclass(frozen=True, slots=True)
class Line:
    """An answer or an event to be logged, as User Behavior Insights writes it."""

    kind: Literal["query", "event"]
    row: Mapping[str, Any]


class Outbox:
    """Keeps lines, and hands them to `send` in order; what that returns for events is what became of them."""

    def __init__(self, root: Path, send: Callable[[Sequence[Line]], Sequence[Received]]) -> None:
        self._folder = root / FOLDER
        self._path = self._folder / f"{secrets.token_hex(8)}.jsonl"
        self._send = send
        self._waiting: deque[Line] = deque()
        self._lock = threading.RLock()
        self._handle: int | None = None

    def put(self, row: Mapping[str, Any]) -> None:
        """Keep an answer; it is sent with others, soon."""
        with self._lock:
            if len(self._waiting) >= _MOST:
                return
            self._keep([Line("query", row)], sync=False)
            if len(self._waiting) % _TOGETHER == 0:
                WORKERS.begin(self.flush)

    def deliver(self, rows: Sequence[Mapping[str, Any]]) -> Sequence[Received] | None:
        """Keep events, on the disk, and send all there is; returns what became of these, None if that is to come."""
        with self._lock:
            self._keep([Line("event", row) for row in rows], sync=True)
            return self.flush(len(rows))

    def flush(self, last: int = 0) -> Sequence[Received] | None:
        """Send what waits; returns what became of the `last` events of it, None where the recorder is away."""
        told: list[Received] = []
        with self._lock:
            try:
                while self._waiting:
                    batch = [self._waiting[place] for place in range(min(BATCH, len(self._waiting)))]
                    told += self._send(batch)
                    for _ in batch:
                        self._waiting.popleft()
            except LtrrError:  # it is away, or cannot write: what waits is sent again
                return None
            if self._handle is not None:  # all of it is in the logs
                os.ftruncate(self._handle, 0)
        return told[len(told) - last :]

    def close(self) -> None:
        """Send what waits; what the recorder does not take now it finds later."""
        with self._lock:
            done = self.flush() is not None
            if self._handle is not None:
                if done:
                    self._path.unlink(missing_ok=True)
                os.close(self._handle)
                self._handle = None

    def _keep(self, lines: Sequence[Line], *, sync: bool) -> None:
        with writing(self._folder.parent):
            if self._handle is None:
                self._folder.mkdir(exist_ok=True)
                flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
                self._handle = os.open(self._path, flags, file_mode(self._folder))
                fcntl.flock(self._handle, fcntl.LOCK_EX)
            os.write(self._handle, b"".join(orjson.dumps({"kind": one.kind, "row": one.row}) + b"\n" for one in lines))
            if sync:
                os.fsync(self._handle)
        self._waiting.extend(lines)


def abandoned(root: Path) -> Iterator[tuple[Path, list[Line]]]:
    """Yield the outboxes of routers that are dead, and what is in them; a line that was torn is left out."""
    for path in sorted((root / FOLDER).glob("*.jsonl")):
        with path.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield path, [line for text in file if (line := _line(text)) is not None]


def _line(text: bytes) -> Line | None:
    try:
        row = orjson.loads(text)
        return Line(row["kind"], row["row"])
    except (ValueError, KeyError, TypeError):
        return None
