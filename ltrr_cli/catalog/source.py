"""Open what the user named: a file or standard input, never a folder; count what is read for a progress bar."""

from __future__ import annotations

import difflib
import os
import stat
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from ltrr_cli.errors import CatalogError

if TYPE_CHECKING:
    from collections.abc import Iterator

STDIN = "-"
CHUNK = 1 << 18
"""Bytes read at once."""


@dataclass(slots=True)
class Meter:
    """What a reading tells while it runs: compressed bytes read so far, and remarks for the user, each once."""

    bytes_read: int = 0
    notes: list[str] = field(default_factory=list)

    def note(self, remark: str) -> None:
        """Add a remark unless it was made before."""
        if remark not in self.notes:
            self.notes.append(remark)


def label(source: str | Path) -> str:
    """Return the name under which messages speak of a source."""
    return "stdin" if str(source) == STDIN else str(source)


def size(source: str | Path) -> int | None:
    """Return the size of a regular file in bytes; None for a stream, which has none and cannot be read twice.

    Raises:
        CatalogError: there is no such file, it is a folder, or it may not be looked at.
    """
    if str(source) == STDIN:
        return None
    path = Path(source)
    try:
        status = path.stat()
    except FileNotFoundError:
        raise CatalogError(f"there is no file {str(path)!r}", where=str(path), next=_nearest(path)) from None
    except (OSError, ValueError) as error:
        raise CatalogError(
            f"cannot open {str(path)!r}: {_why(error)}", where=str(path), next="check the path"
        ) from None
    if stat.S_ISDIR(status.st_mode):
        advice = f"name its files, for example {path / '*.jsonl'}"
        raise CatalogError(f"{str(path)!r} is a folder", where=str(path), next=advice)
    return status.st_size if stat.S_ISREG(status.st_mode) else None


@contextmanager
def opened(source: str | Path, stdin: BinaryIO | None = None) -> Iterator[BinaryIO]:
    """Open a source for reading bytes; standard input stays open afterwards.

    Raises:
        CatalogError: it cannot be opened, or an operating system error ends the reading.
    """
    size(source)
    try:
        if str(source) == STDIN:
            yield stdin if stdin is not None else sys.stdin.buffer
        else:
            with Path(source).open("rb") as file:
                yield file
    except (OSError, ValueError) as error:
        raise CatalogError(f"cannot read: {_why(error)}", where=label(source), next="check the file") from None


def chunks(file: BinaryIO, meter: Meter) -> Iterator[bytes]:
    """Yield what a file holds as it comes, without waiting until a pipe has filled a chunk."""
    read = getattr(file, "read1", file.read)
    while piece := read(CHUNK):
        meter.bytes_read += len(piece)
        yield piece


def _why(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _nearest(path: Path) -> str:
    """Return advice for a path that does not exist: the nearest name beside it, where there is one."""
    try:
        names = sorted(os.listdir(path.parent))  # noqa: PTH208 – names are all we need, in folders of any size
    except OSError:
        return f"there is no folder {str(path.parent)!r} either"
    near = difflib.get_close_matches(path.name, names[:10_000], n=1)
    return f"did you mean {str(path.parent / near[0])!r}?" if near else "check the path"
