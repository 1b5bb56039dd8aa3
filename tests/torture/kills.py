"""Killing a writer: at the n-th call that changes the disk, or at any moment; with or without the power failing too.

The code under test has no hook. The functions of `os` are replaced in a forked child, and an audit hook sees files
being opened to be written. What NumPy, Tantivy and USearch write themselves is cut off by kills at random moments.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ltrr_cli.engine import Engine
from ltrr_cli.engine.expire import expire
from ltrr_cli.errors import NotFoundError
from ltrr_cli.feedback.ubi import event_identity
from ltrr_cli.records import Event

if TYPE_CHECKING:
    from collections.abc import Callable

CALLS = ("write", "pwrite", "fsync", "replace", "rename", "truncate", "ftruncate", "unlink", "rmdir", "mkdir")
LONG_AGO = 1.0e9
"""A time that `keep_days` no longer keeps."""
SHY = "shy"
"""A user who is forgotten each time."""
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """When to die: at call number `at` (from 1; 0 is never), `half` through it where it writes.

    With `power` what was written to logs and not flushed is lost, down to a random byte, as when the power fails.
    """

    at: int = 0
    half: bool = False
    power: bool = False
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One thing to do with the index at `root`; what is acknowledged is written to `acks`, line by line."""

    name: str
    root: Path
    acks: Path
    catalogs: tuple[Path, ...]
    number: int
    kill: Kill


class Points:
    """Counts the calls, and kills the process at one of them."""

    def __init__(self, kill: Kill) -> None:
        self.count = 0
        self._kill = kill
        self._real = {name: getattr(os, name) for name in CALLS}
        self._flushed: dict[str, int] = {}
        self._written: set[str] = set()

    def arm(self) -> None:
        """From now on, count."""
        for name in CALLS:
            setattr(os, name, self._wrapped(name))
        sys.addaudithook(self._opened)

    def _opened(self, event: str, args: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(args[2], int) and args[2] & _WRITING:
            self._point(lambda: None)

    def _wrapped(self, name: str) -> Callable[..., Any]:
        real = self._real[name]

        def call(*args: Any, **more: Any) -> Any:
            if name in ("write", "fsync"):
                self._note(name, args[0])
            half = (lambda: real(args[0], bytes(args[1])[: len(args[1]) // 2])) if name == "write" else lambda: None
            self._point(half)
            done = real(*args, **more)
            if name == "fsync":
                path = _path(args[0])
                if path in self._written or ".jsonl" in path:
                    self._flushed[path] = os.fstat(args[0]).st_size
            return done

        return call

    def _note(self, name: str, handle: int) -> None:
        path = _path(handle)
        if name == "write" and path.endswith(".jsonl") and path not in self._written:
            self._written.add(path)
            self._flushed.setdefault(path, os.fstat(handle).st_size)

    def _point(self, half: Callable[[], object]) -> None:
        self.count += 1
        if self.count == self._kill.at:
            if self._kill.half:
                half()
            self.die()

    def die(self) -> None:
        """Lose what the power would take, and end."""
        if self._kill.power:
            chance = random.Random(self._kill.seed)
            for path in self._written:
                with suppress(OSError):
                    flushed, size = self._flushed[path], Path(path).stat().st_size
                    if size > flushed:
                        self._real["truncate"](path, chance.randint(flushed, size))
        os.kill(os.getpid(), signal.SIGKILL)


def _path(handle: int) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{handle}")  # noqa: PTH115 – pathlib calls what we have replaced
    except OSError:  # no Linux: then no power fails
        return ""


def work(job: Job) -> None:
    """Do a job, in a process of its own, until it is killed; then leave the number of calls in `acks`."""
    os.environ["OMP_NUM_THREADS"] = "1"
    points = Points(job.kill)
    acks = os.open(job.acks, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    write = os.write

    def acknowledge(row: object) -> None:
        write(acks, json.dumps(row).encode() + b"\n")

    points.arm()
    JOBS[job.name](job, acknowledge)
    write(acks, json.dumps({"calls": points.count}).encode() + b"\n")


def _record(job: Job, acknowledge: Callable[[object], None]) -> None:
    with Engine.open(job.root) as engine:
        for turn in range(3):
            now = 1.75e9 + 100 * job.number + turn
            answer = engine.search(("love", "rain night", "gold")[turn], user=f"u{job.number % 5}", seed=turn, now=now)
            shown = answer.results[(job.number + turn) % len(answer.results)]
            engine.record(answer.query_id, shown.id, now=now)
            acknowledge([answer.query_id, shown.id, now])


def _ingest(job: Job, acknowledge: Callable[[object], None]) -> None:
    now = 1.76e9 + 100 * job.number
    named = [click(job.number + turn, now + turn) for turn in range(20)]
    with Engine.open(job.root) as engine:
        engine.ingest(named, now=now + 1000)
    for event in named:
        acknowledge(["", event.entity_id, event.time])


def click(number: int, time: float) -> Event:
    """Return a click of a plain search log, with the id that reading it from a file gives it."""
    text, user, entity_id = ("love", "winter")[number % 2], f"v{number % 3}", f"e{number % 40:02d}"
    event = Event(id="", entity_id=entity_id, action="click", time=time, text=text, user=user)
    return replace(event, id=event_identity(entity_id=entity_id, action="click", time=time, text=text, user=user))


def _build(job: Job, acknowledge: Callable[[object], None]) -> None:
    Engine.build(job.catalogs[job.number % 2], job.root)
    acknowledge({"built": job.number % 2})


def _add(job: Job, acknowledge: Callable[[object], None]) -> None:
    Engine.build(job.catalogs[2], job.root, add=True)
    acknowledge({"added": True})


def _delete(job: Job, acknowledge: Callable[[object], None]) -> None:
    missing = Engine.delete(job.root, [f"e{job.number % 40:02d}"])
    acknowledge({"deleted": f"e{job.number % 40:02d}", "missing": bool(missing)})


def _learn(job: Job, acknowledge: Callable[[object], None]) -> None:
    with Engine.open(job.root) as engine:
        engine.learn(now=1.77e9 + job.number)
    acknowledge({"learned": True})


def _relearn(job: Job, acknowledge: Callable[[object], None]) -> None:
    Engine.relearn(job.root)
    acknowledge({"learned": True})


def _roll_back(job: Job, acknowledge: Callable[[object], None]) -> None:
    with Engine.open(job.root) as engine:
        engine.reset_policy(now=1.77e9 + job.number)
        acknowledge({"reset": True})
        with suppress(NotFoundError):  # there may be no challenger
            engine.promote_ranker(now=1.77e9 + job.number)
            engine.rollback_ranker(now=1.77e9 + job.number)
    acknowledge({"rolled back": True})


def _repair(job: Job, acknowledge: Callable[[object], None]) -> None:
    for path in (job.root / "segments").glob("*/columns/popularity.npy"):
        content = bytearray(path.read_bytes())
        content[-1] ^= 1
        Path(path).write_bytes(content)
    Engine.repair(job.root)
    acknowledge({"repaired": True})


def _compact(job: Job, acknowledge: Callable[[object], None]) -> None:
    Engine.compact(job.root)
    acknowledge({"compacted": True})


def _expire(job: Job, acknowledge: Callable[[object], None]) -> None:
    with Engine.open(job.root) as engine:
        engine.ingest([click(job.number, LONG_AGO + job.number)], now=1.77e9)
    expire(job.root, now=1.77e9 + job.number)
    acknowledge({"expired": True})


def _forget(job: Job, acknowledge: Callable[[object], None]) -> None:
    with Engine.open(job.root) as engine:
        answer = engine.search("gold", user=SHY, session=f"s{job.number}", seed=1, now=1.75e9 + 100 * job.number)
        engine.record(answer.query_id, answer.results[0].id, now=1.75e9 + 100 * job.number + 50)
    Engine.forget_user(job.root, SHY, now=1.77e9 + job.number)
    acknowledge({"forgotten": True})


JOBS: dict[str, Callable[[Job, Callable[[object], None]], None]] = {
    "record": _record,
    "ingest": _ingest,
    "build": _build,
    "add": _add,
    "delete": _delete,
    "learn": _learn,
    "rebuild the learned state": _relearn,
    "roll back": _roll_back,
    "repair": _repair,
    "compact": _compact,
    "expire": _expire,
    "forget": _forget,
}
