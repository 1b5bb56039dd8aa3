"""The lines of an evaluation file, plain or compressed; a damaged one is an error: its loss would bend numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltrr_cli.catalog.lines import lines
from ltrr_cli.catalog.source import Meter, chunks, label, opened
from ltrr_cli.catalog.stream import Stream
from ltrr_cli.errors import CatalogError, EvaluationError
from ltrr_cli.feedback.lines import parse_object

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import Any

    from ltrr_cli.evaluation.notes import Notes

_TEXT_ADVICE = "name a text file in UTF-8, plain or compressed with gzip or Zstandard"
_UTF16_ADVICE = "save it as UTF-8, for example with: iconv -f UTF-16 -t UTF-8"


def read_lines(path: str | Path, notes: Notes, *, holds: str) -> Iterator[tuple[str, str]]:
    """Yield `file:line` and the text of every line that is not empty, without its end; `-` is standard input.

    `holds` names in the plural what the file should hold. Empty lines are noted; a byte order mark and CRLF are fine.

    Raises:
        EvaluationError: there is no such file, it is empty, binary, damaged or not UTF-8.
    """
    name = label(path)
    found = False
    try:
        with opened(path) as file:
            stream = Stream(chunks(file, Meter()), name)
            _refuse_foreign(stream)
            number = 0
            for number, line in enumerate(lines(stream, broken=lambda: stream.broken), 1):
                text = _text(line, f"{name}:{number}")
                if not text or text.isspace():
                    notes.add("empty_lines", "empty lines", first=f"{name}:{number}")
                    continue
                found = True
                yield f"{name}:{number}", text
    except CatalogError as error:
        raise EvaluationError(error.what, where=error.where, next=error.next) from error
    if stream.broken:
        raise EvaluationError(stream.broken, where=f"{name}:{max(number, 1)}", next="fetch or write the file again")
    if not found:
        raise EvaluationError(f"this file holds no {holds}", where=name, next="check that it is the right file")


def parse_line(text: str, where: str) -> dict[str, Any]:
    """Return the JSON object in a line.

    Raises:
        EvaluationError: the line is something else.
    """
    try:
        return parse_object(text.encode())
    except ValueError as error:
        raise EvaluationError(str(error), where=where, next="every line has to hold one JSON object") from None


def first_of(row: Mapping[str, object], names: Sequence[str]) -> object:
    """Return the first value that a row has under one of these names, None if it has none."""
    return next((row[name] for name in names if row.get(name) is not None), None)


def wrong_columns(where: str, *, expected: str, found: int, advice: str = "") -> EvaluationError:
    """Return the error for a line with another number of columns than `expected`, which says how many and which."""
    return EvaluationError(f"{expected} expected, found {found}", where=where, next=advice or "correct the line")


def _refuse_foreign(stream: Stream) -> None:
    if stream.recoded:
        raise EvaluationError("this file is UTF-16", where=stream.name, next=_UTF16_ADVICE)
    begin = stream.head[:4096]
    if begin.startswith(b"PAR1"):
        raise EvaluationError("this is a Parquet file", where=stream.name, next=_TEXT_ADVICE)
    if b"\0" in begin and (begin[::2].strip(b"\0") == b"" or begin[1::2].strip(b"\0") == b""):
        raise EvaluationError("this file looks like UTF-16", where=stream.name, next=_UTF16_ADVICE)
    if any(byte in begin for byte in (b"\0\0", b"\x01", b"\x02")):  # one NUL alone is reported with its line
        raise EvaluationError("this is not a text file", where=stream.name, next=_TEXT_ADVICE)
    if b"\0" not in begin:
        stream.refuse_binary()


def _text(line: bytes | None, where: str) -> str:
    if line is None:
        raise EvaluationError("the line is longer than 16 MiB", where=where, next="check that it is the right file")
    if b"\0" in line:
        raise EvaluationError("the line holds a NUL byte", where=where, next="write the file again as UTF-8 text")
    try:
        return line.decode().rstrip("\r")
    except UnicodeDecodeError as error:
        byte = f"byte {error.start + 1} of the line is 0x{line[error.start]:02x}"
        raise EvaluationError(f"not UTF-8: {byte}", where=where, next="save the file as UTF-8") from None
