"""A router's outbox: what it has to log, kept on the disk until the recorder says that it is in the index's logs.

    outbox/<router>.jsonl    {"kind": "query" or "event", "row": UBI}, a line each with its
                             checksum, in order; gone when all is recorded

The router holds a lock on its file while it lives, so that the recorder knows whose files nobody will send again.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import threading
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal

from ltrr_cli.engine.workers import WORKERS
from ltrr_cli.errors import LtrrError
from ltrr_cli.feedback.log import decode_line, encode_line
from ltrr_cli.index.files import file_mode, writing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from ltrr_cli.engine.receiving import Received

FOLDER = "outbox"
BATCH = 500
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
        self._waiting: deque[tuple[Line, Future[Received]]] = deque()
        self._lock = threading.Lock()
        """Holds what waits, and the file; nobody waits for the recorder with it."""
        self._sending = threading.Lock()
        self._begun = False
        self._handle: int | None = None

    def put(self, row: Mapping[str, Any]) -> None:
        """Keep an answer; it is sent at once, in another thread, with all that comes meanwhile."""
        with self._lock:
            if len(self._waiting) >= _MOST:
                return
            self._keep([Line("query", row)], sync=False)
            begun, self._begun = self._begun, True
        if not begun:
            WORKERS.begin(self.flush)

    def deliver(self, rows: Sequence[Mapping[str, Any]]) -> list[Received] | None:
        """Keep events, on the disk, and send all there is; returns what became of these, None if that is to come."""
        with self._lock:
            own = self._keep([Line("event", row) for row in rows], sync=True)
        self.flush()
        return [one.result() for one in own] if all(one.done() for one in own) else None

    def flush(self) -> bool:
        """Send what waits; returns whether the recorder has it all."""
        with self._sending:
            self._begun = False
            while True:
                with self._lock:
                    batch = list(islice(self._waiting, BATCH))
                    if not batch:
                        if self._handle is not None:  # all of it is in the logs
                            os.ftruncate(self._handle, 0)
                        return True
                try:
                    told = iter(self._send([line for line, _ in batch]))
                except LtrrError:  # it is away, or cannot write: what waits is sent again
                    return False
                with self._lock:
                    for line, future in batch:
                        self._waiting.popleft()
                        if line.kind == "event":
                            future.set_result(next(told))

    def close(self) -> None:
        """Send what waits; what the recorder does not take now it finds later."""
        done = self.flush()
        with self._lock:
            if self._handle is not None:
                if done:
                    self._path.unlink(missing_ok=True)
                os.close(self._handle)
                self._handle = None

    def _keep(self, lines: Sequence[Line], *, sync: bool) -> list[Future[Received]]:
        with writing(self._folder.parent):
            if self._handle is None:
                self._folder.mkdir(exist_ok=True)
                flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
                self._handle = os.open(self._path, flags, file_mode(self._folder))
                fcntl.flock(self._handle, fcntl.LOCK_EX)
            os.write(self._handle, b"".join(encode_line({"kind": one.kind, "row": one.row}) for one in lines))
            if sync:
                os.fsync(self._handle)
        futures: list[Future[Received]] = [Future() for _ in lines]
        self._waiting.extend(zip(lines, futures, strict=True))
        return futures


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
        row = decode_line(text)
        return Line(row["kind"], row["row"])
    except (ValueError, KeyError):
        return None
