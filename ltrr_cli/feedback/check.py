"""Checking and mending logs: every line by its checksum."""

from __future__ import annotations

import base64
import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ltrr_cli.feedback.log import CANCELLED, decode_line
from ltrr_cli.index.files import sync_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ltrr_cli.feedback.log import Log

LOST = "lost.jsonl"
"""What damaged lines held, as base64, for whoever can read more in it: {"file", "offset", "line"}."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """A line that cannot be read: `offset` is its first byte, `number` counts from 1, `content` lacks its newline.

    `damaged`: its bytes are not those that were written. `torn`: the log's last line, whose writer died; nobody was
    told that it was recorded. `cancelled`: known from before, and closed.
    """

    path: Path
    number: int
    offset: int
    content: bytes
    kind: Literal["damaged", "torn", "cancelled"]


@dataclass(slots=True)
class Checked:
    """How many lines and bytes were looked at."""

    lines: int = 0
    bytes: int = 0


def check(log: Log, checked: Checked) -> Iterator[Flaw]:
    """Yield every flaw of a log, oldest first, and count into `checked`; takes no lock and writes nothing."""
    paths = log.paths()
    for path in paths:
        offset = 0
        with path.open("rb") as source:
            for number, line in enumerate(source, 1):
                checked.lines += 1
                checked.bytes += len(line)
                content = line.removesuffix(b"\n")
                kind = _kind(content, whole=content != line, newest=path == paths[-1])
                if kind is not None:
                    yield Flaw(path=path, number=number, offset=offset, content=content, kind=kind)
                offset += len(line)


def _kind(content: bytes, *, whole: bool, newest: bool) -> Literal["damaged", "torn", "cancelled"] | None:
    if whole and _reads(content):
        return None
    if whole:
        # An empty line holds nothing that could be lost.
        return "cancelled" if content.endswith(CANCELLED) or not content else "damaged"
    if newest and _reads(content):
        return None  # only the newline is missing: the next append writes it
    return "torn" if newest and _lost_newline(content) is None else "damaged"


def _reads(content: bytes) -> bool:
    try:
        decode_line(content)
    except ValueError:
        return False
    return True


@dataclass(slots=True)
class Mended:
    """What became of a log's flaws, in lines."""

    cut: int = 0
    restored: int = 0
    given_up: int = 0


def mend(log: Log) -> Mended:
    """Cut a torn last line, restore lines of which only the newline is damaged, and cancel the other damaged ones.

    Every other line stays where it is, since positions are part of what is learned. What is given up is kept in `LOST`
    beside the log. Killed at any moment, it can be done again.
    """
    done = Mended()
    with log.held():
        while flaws := [flaw for flaw in check(log, Checked()) if flaw.kind != "cancelled"]:
            for flaw in flaws:
                _mend(flaw, log.directory / LOST, done)
    return done


def _mend(flaw: Flaw, lost: Path, done: Mended) -> None:
    if flaw.kind == "torn":
        os.truncate(flaw.path, flaw.offset)
        done.cut += 1
    elif (place := _lost_newline(flaw.content)) is not None:
        _put(flaw.path, flaw.offset + place, b"\n")
        done.restored += 1
    else:
        _keep(flaw, lost)
        _put(flaw.path, flaw.offset + len(flaw.content) - 1, CANCELLED)
        done.given_up += 1
    sync_file(flaw.path)


def _lost_newline(content: bytes) -> int | None:
    """Return where in a damaged line a newline has stood: behind a line that is sound."""
    place = content.find(b'"}')
    while place >= 0:
        end = place + 2
        if end < len(content) and _reads(content[:end]):
            return end
        place = content.find(b'"}', end)
    return None


def _put(path: Path, offset: int, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.pwrite(handle, content, offset)
    finally:
        os.close(handle)


def _keep(flaw: Flaw, path: Path) -> None:
    row = {"file": flaw.path.name, "offset": flaw.offset, "line": base64.b64encode(flaw.content).decode()}
    with path.open("a") as out:
        out.write(json.dumps(row) + "\n")
        out.flush()
        os.fsync(out.fileno())
    sync_file(path.parent)
