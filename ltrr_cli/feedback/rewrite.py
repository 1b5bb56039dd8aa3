"""Rewriting logs, which nothing does but forgetting a person, or what is old: all files at once, or none.

The new files are written beside the old ones and flushed; a journal then names them, and from there on they will
replace the old ones, now or, after a crash, whenever `finish` is called. The caller holds the logs' locks.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from ltrr_cli.feedback.log import Position
from ltrr_cli.index.files import replace_file, sync_file

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from ltrr_cli.feedback.log import Log

JOURNAL = ".rewrite.json"
_PREFIX = ".rewrite-"


class Rewritten:
    """A log's new files, still beside the old ones: `moved` says where a place of the old log is in the new one."""

    def __init__(self, log: Log) -> None:
        self.files: list[tuple[Path, Path]] = []
        self._ends: dict[int, list[tuple[int, int]]] = {}
        self._log = log

    def write(self, change: Callable[[bytes], bytes | None], *, extra: Sequence[bytes] = ()) -> None:
        """Write new files: `change` returns what becomes of a line, without its newline, None to drop it.

        `extra` lines, with their newlines, come last.
        """
        paths = self._log.files()
        for number, path in paths:
            new = path.with_name(_PREFIX + path.name)
            ends = self._ends[number] = [(0, 0)]
            before = after = 0
            with path.open("rb") as source, new.open("wb") as out:
                os.fchmod(out.fileno(), path.stat().st_mode & 0o777)
                for line in source:
                    before += len(line)
                    kept = change(line.removesuffix(b"\n"))
                    if kept is not None:
                        after += out.write(kept + b"\n")
                    ends.append((before, after))
                if number == paths[-1][0]:
                    out.writelines(extra)
            sync_file(new)
            self.files.append((new, path))

    def moved(self, place: Position) -> Position:
        """Return where the line that started at a place starts now, or the next one that is left."""
        from bisect import bisect_right

        ends = self._ends.get(place.file, [(0, 0)])
        return Position(place.file, ends[bisect_right(ends, (place.offset, 1 << 62)) - 1][1])


def commit(directory: Path, files: Sequence[tuple[Path, Path]]) -> None:
    """Let new files replace old ones: from here on nothing can stop it."""
    names = [[new.name, old.name] for new, old in files]
    replace_file(directory / JOURNAL, json.dumps(names).encode() + b"\n")
    finish(directory)


def is_open(directory: Path) -> bool:
    """Tell whether a rewrite was begun and not `close`d."""
    return (directory / JOURNAL).exists()


def finish(directory: Path) -> None:
    """Replace the old files that have not been yet."""
    for new, old in json.loads((directory / JOURNAL).read_bytes()):
        if (directory / new).exists():
            (directory / new).replace(directory / old)
    sync_file(directory)


def close(directory: Path) -> None:
    """Forget the journal: nothing refers to the old files any more."""
    (directory / JOURNAL).unlink(missing_ok=True)
    sync_file(directory)


def clear(directory: Path) -> None:
    """Remove new files that a writer left who died before its journal. Where there is a journal, nothing."""
    if not is_open(directory):
        for path in directory.glob(_PREFIX + "*"):
            path.unlink(missing_ok=True)
