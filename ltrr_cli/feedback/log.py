"""Append-only logs: numbered files of JSON lines, each with a checksum of its own.

A line is compact UTF-8 JSON whose last member is `"crc32":"8 hex digits"`, the CRC-32 of the object's text without that
member. A crash can tear the last line only: it was not acknowledged; the next append closes it with `CANCELLED`, and
readers count and skip it.
"""

from __future__ import annotations

import json
import os
import re
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from ltrr_cli.errors import FeedbackError
from ltrr_cli.feedback.lines import parse_object
from ltrr_cli.index.files import file_mode, sync_file
from ltrr_cli.index.locks import exclusive
from ltrr_cli.records import Bad
from ltrr_cli.text import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

CANCELLED = b"\x18"
"""Ends a line that is known to hold nothing: torn by a crash and closed, or found damaged and given up."""
_CHECK = b'"crc32":"'
_CHECK_BYTES = len(_CHECK) + 8 + len(b'"}')
_BLOCK = 65536
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


class Position(NamedTuple):
    """A place in a log: the file's number from 1, and the byte in it. A tuple: there is one for every line read."""

    file: int = 1
    offset: int = 0


class Log:
    """One log of an index: the files `directory/name-000001.jsonl` and so on, written under the lock file `lock`.

    A file that holds more than `rotate_bytes` is written no more. Reading takes no lock and needs no right to write.
    """

    def __init__(self, directory: Path, name: str, *, lock: Path, rotate_bytes: int = 64 * 2**20) -> None:
        self.directory = directory
        self.name = name
        self._lock = lock
        self._rotate_bytes = rotate_bytes
        self._newest = 0  # the file that was written last, to be spared listing the directory for every line
        self._latest: tuple[Position, bytes] | None = None  # the line that was written last, to be spared reading it
        self._paths: dict[int, Path] = {}
        self._pattern = re.compile(rf"{re.escape(name)}-(\d{{6,}})\.jsonl", re.ASCII)

    def append(self, rows: Sequence[Mapping[str, Any]], *, sync: bool = True) -> list[Position]:
        """Write all rows or none, with `sync` through to the disk; returns where each line starts.

        Raises `FeedbackError` where they cannot be written (the log is then as it was) and `LockedError` where another
        writer does not finish.
        """
        lines = [encode_line(row) for row in rows]
        if not lines:
            return []
        with exclusive(self._lock):
            try:
                return self._append(lines, sync=sync)
            except OSError as error:
                raise FeedbackError(
                    f"cannot write the log: {error.strerror or error}",
                    where=str(self.directory / self.name),
                    next="nothing was recorded; free some space or check who may write here, then try again",
                ) from error

    def _append(self, lines: list[bytes], *, sync: bool) -> list[Position]:
        number, path = self._writable()
        handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, file_mode(self.directory))
        try:
            before = os.fstat(handle).st_size
            torn = before > 0 and os.pread(handle, 1, before - 1) != b"\n"
            closing = self._closing(path) if torn else b""
            try:
                if before == 0:
                    sync_file(self.directory)  # else the file's name may be lost while its content is kept
                _write(handle, closing + b"".join(lines))
                if sync:
                    os.fsync(handle)
            except BaseException:
                with suppress(OSError):
                    os.ftruncate(handle, before)
                raise
        finally:
            os.close(handle)
        positions = []
        offset = before + len(closing)
        for line in lines:
            positions.append(Position(number, offset))
            offset += len(line)
        self._latest = (positions[0], lines[0]) if len(lines) == 1 else None
        return positions

    def _closing(self, path: Path) -> bytes:
        """Return what ends a last line without a newline: only that was torn off, or the line holds nothing."""
        with path.open("rb") as source:
            source.seek(self.end().offset)
            try:
                decode_line(source.read())
            except ValueError:
                return CANCELLED + b"\n"
        return b"\n"

    def _writable(self) -> tuple[int, Path]:
        if not self._newest or not self._path(self._newest).exists() or self._path(self._newest + 1).exists():
            self.directory.mkdir(parents=True, exist_ok=True)
            self._newest = max(self._numbers(), default=0)
        if not self._newest:
            return 1, self._path(1)
        last = self._newest
        path = self._path(last)
        if path.stat().st_size <= self._rotate_bytes:
            return last, path
        if self.end().offset < path.stat().st_size:
            with path.open("ab") as torn:
                torn.write(self._closing(path))
        sync_file(path)  # `sync` flushes the newest file only
        return last + 1, self._path(last + 1)

    def paths(self) -> list[Path]:
        """Return the log's files, oldest first."""
        return [self._path(number) for number in self._numbers()]

    def held(self) -> AbstractContextManager[None]:
        """Keep everybody from appending."""
        return exclusive(self._lock)

    def sync(self) -> None:
        """Flush what was appended without `sync` to the disk; raises `FeedbackError` where that fails."""
        numbers = self._numbers()
        if numbers:
            path = self._path(numbers[-1])
            try:
                sync_file(path)
            except OSError as error:
                raise _failure("flush", path, error) from error

    def end(self) -> Position:
        """Return the position behind the last whole line: where the next line starts, or a torn one that it closes."""
        numbers = self._numbers()
        if not numbers:
            return Position()
        path = self._path(numbers[-1])
        try:
            with path.open("rb") as source:
                before = source.seek(0, os.SEEK_END)
                block = 1  # a log ends in a newline, but for a torn line
                while before > 0:
                    start = max(0, before - block)
                    source.seek(start)
                    newline = source.read(before - start).rfind(b"\n")
                    if newline >= 0:
                        return Position(numbers[-1], start + newline + 1)
                    before, block = start, _BLOCK
        except OSError as error:
            raise _failure("read", path, error) from error
        return Position(numbers[-1], 0)

    def holds(self, position: Position) -> bool:
        """Tell whether the log is at least as long as `position`: else it was cut, or replaced by an older one."""
        try:
            return self._path(position.file).stat().st_size >= position.offset
        except OSError:
            return position.offset == 0

    def reaches_beyond(self, position: Position) -> bool:
        """Tell whether anything stands behind `position`: two system calls, where `lines_after` lists a directory."""
        try:
            size = self._path(position.file).stat().st_size
        except OSError:
            size = 0
        return size > position.offset or self._path(position.file + 1).exists()

    def lines_after(self, start: Position | None = None) -> Iterator[tuple[Position, bytes]]:
        """Yield each whole line from `start` on, without its newline, and where it starts.

        A last line without a newline may be in the middle of being written, and waits for the next call; in a file that
        is no longer written it counts as a line.
        """
        start = start or Position()
        latest = self._latest
        if latest is not None and latest[0] == start and not self.reaches_beyond(_behind(*latest)):
            yield start, latest[1].removesuffix(b"\n")
            return
        numbers = [number for number in self._numbers() if number >= start.file]
        for number in numbers:
            path = self._path(number)
            try:
                with path.open("rb") as source:
                    offset = source.seek(start.offset if number == start.file else 0)
                    for line in source:
                        whole = line.endswith(b"\n")
                        if whole or number != numbers[-1]:
                            yield Position(number, offset), line[:-1] if whole else line
                        offset += len(line)
            except OSError as error:
                raise _failure("read", path, error) from error

    def replay(
        self, start: Position | None = None, *, on_bad: Callable[[Bad], None] | None = None
    ) -> Iterator[tuple[Position, dict[str, Any]]]:
        """Yield each row from `start` on and where its line starts; damaged lines go to `on_bad` and are skipped."""
        file = number = -1
        for position, line in self.lines_after(start):
            if position.file != file:
                file, number = position.file, -1
                first = position.offset
                before: int | None = None  # lines before the first one read; only damage asks for it
            number += 1
            try:
                row = decode_line(line)
            except ValueError as error:
                if on_bad is not None:
                    path = self._path(file)
                    before = _lines_before(path, first) if before is None else before
                    on_bad(Bad(source=str(path), line=before + number + 1, reason=str(error)))
            else:
                yield position, row

    def read_at(self, position: Position) -> dict[str, Any] | None:
        """Return the row whose line starts at `position`, None where no sound line does."""
        try:
            with self._path(position.file).open("rb") as source:
                source.seek(position.offset)
                return decode_line(source.readline())
        except (OSError, ValueError):
            return None

    def files(self) -> list[tuple[int, Path]]:
        """Return the files of the log and their numbers, the oldest first."""
        return [(number, self._path(number)) for number in self._numbers()]

    def ensure(self) -> None:
        """Make the first file, empty, where there is none. Holds: the log's lock."""
        if not self._numbers():
            self.directory.mkdir(parents=True, exist_ok=True)
            self._path(1).touch(file_mode(self.directory))

    def _numbers(self) -> list[int]:
        try:
            names = os.listdir(self.directory)  # noqa: PTH208 – names are all we need, for every query
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _failure("read", self.directory, error) from error
        return sorted(int(match[1]) for name in names if (match := self._pattern.fullmatch(name)))

    def _path(self, number: int) -> Path:
        if number not in self._paths:  # every query asks for it several times
            self._paths[number] = self.directory / f"{self.name}-{number:06d}.jsonl"
        return self._paths[number]


def encode_line(row: Mapping[str, Any]) -> bytes:
    """Return the line for `row`, newline included; a `crc32` member that it already has is replaced.

    What is not a finite number is null. Raises `TypeError` for what JSON cannot hold (bytes, …).
    """
    if "crc32" in row:
        row = {name: value for name, value in row.items() if name != "crc32"}
    try:
        body = orjson.dumps(row)
    except TypeError:  # lone surrogates, from JSON escapes; numbers of more than 64 bits; other mappings than dict
        body = clean(_ENCODER.encode(dict(row))).encode()
    comma = b"," if row else b""
    return b'%b%b%b%08x"}\n' % (body[:-1], comma, _CHECK, zlib.crc32(body))


def decode_line(line: bytes) -> dict[str, Any]:
    """Return the row of a line, without its checksum; `ValueError` where the checksum or the JSON is wrong."""
    line = line.removesuffix(b"\n")
    start, check = line[:-_CHECK_BYTES], line[-_CHECK_BYTES:]
    if start == b"{":
        body = b"{}"
    elif start.endswith(b","):
        body = start[:-1] + b"}"
    else:
        raise ValueError("torn line: no checksum at its end")
    if check != b'%b%08x"}' % (_CHECK, zlib.crc32(body)):
        raise ValueError("damaged line: the checksum does not match")
    return parse_object(body)


def _behind(position: Position, line: bytes) -> Position:
    return Position(position.file, position.offset + len(line))


def _write(handle: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(handle, rest) :]


def _lines_before(path: Path, offset: int) -> int:
    with path.open("rb") as source:
        return source.read(offset).count(b"\n")


def _failure(what: str, path: Path, error: OSError) -> FeedbackError:
    reason = error.strerror or str(error)
    return FeedbackError(f"cannot {what} the log: {reason}", where=str(path), next="check the disk and who may read it")
