"""JSON records: one object per line, or one array of objects."""

from __future__ import annotations

import json
import re
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeAlias

from ltrr_cli.catalog.lines import MAX_RECORD, decoded, lines
from ltrr_cli.records import Bad

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ltrr_cli.catalog.stream import Stream

Raw: TypeAlias = "tuple[int, Mapping[str, object] | Bad]"
"""A line number (from 1) and the record that begins there, or why there is none."""

TOO_LONG = f"longer than {MAX_RECORD >> 20} MiB"
NOT_UTF8 = "not UTF-8"

# NaN and Infinity are no JSON, but programs write them: read as "no value". Raw control characters inside strings are
# let through, since the values are cleaned later.
_DECODER = json.JSONDecoder(parse_constant=lambda _: None, strict=False)

# Everything up to the next bracket, over whole strings; directly inside the array up to the next comma, too. A quote is
# found only where its string does not end in what is at hand.
_STRING = rb'"(?:[^"\\]++|\\.)*+"'
_NESTED = re.compile(rb'(?:[^{}\[\]"]++|' + _STRING + rb')*+([{}\[\]"])', re.DOTALL)
_TOP = re.compile(rb'(?:[^{}\[\]",]++|' + _STRING + rb')*+([{}\[\]",])', re.DOTALL)
_INSIDE = re.compile(rb'(?:[^"\\]++|\\.)*+("?)', re.DOTALL)
_SPACE = b" \t\r\n"


def parse(line: bytes) -> dict[str, Any] | str:
    """Return the object that a piece of JSON, which begins without white space, holds; or why there is none."""
    text = decoded(line)
    if text is None:
        return NOT_UTF8
    try:
        value, end = _DECODER.raw_decode(text)
    except json.JSONDecodeError as error:
        return f"not JSON: {error.msg} at character {error.pos + 1}"
    except RecursionError:
        return "not usable JSON: nested too deep"
    except ValueError:  # Python refuses integers of more than 4,300 digits
        return "not usable JSON: a number is too long"
    if end < len(text) and (rest := text[end:].strip()):
        return f"not JSON: {rest[:20]!r} follows the value"
    return value if isinstance(value, dict) else f"not an object but {_kind(value)}"


def read_lines(stream: Stream) -> Iterator[Raw]:
    """Yield the records of JSON lines; blank lines are nothing."""
    number = 0
    for number, line in enumerate(lines(stream, broken=lambda: stream.broken), 1):
        if line is None:
            yield number, Bad(source=stream.name, line=number, reason=TOO_LONG)
        elif stripped := line.strip():
            value = parse(stripped)
            yield number, Bad(source=stream.name, line=number, reason=value) if isinstance(value, str) else value
    if stream.broken:
        yield number + 1, Bad(source=stream.name, line=number + 1, reason=stream.broken)


def read_array(stream: Stream, begin: int = 0) -> Iterator[Raw]:
    """Yield the records of one array, which begins at a byte of the head, element by element, without loading it."""
    pieces = iter(stream)
    head = next(pieces, b"")
    yield from _read(stream, elements(chain((head[begin:],), pieces), alone=begin > 0), head.count(b"\n", 0, begin))


def read_objects(stream: Stream) -> Iterator[Raw]:
    """Yield objects that follow each other, with white space of any kind between them, or none."""
    yield from _read(stream, elements(stream, apart=True), 0)


def _read(stream: Stream, found: Iterator[tuple[bytes | str, int]], before: int) -> Iterator[Raw]:
    line = 1 + before
    for element, newlines in found:
        start = line
        line += newlines
        if isinstance(element, bytes):
            body = element.lstrip(_SPACE)
            start += element[: len(element) - len(body)].count(b"\n")
            value = parse(body)
        else:
            value = element
        if not isinstance(value, str):
            yield start, value
        elif not stream.broken:
            yield start, Bad(source=stream.name, line=start, reason=value)
    if stream.broken:
        yield line, Bad(source=stream.name, line=line, reason=stream.broken)


def elements(  # noqa: C901, PLR0912 – a state machine
    pieces: Iterable[bytes], *, alone: bool = False, apart: bool = False
) -> Iterator[tuple[bytes | str, int]]:
    """Cut the text of an array into the texts of its elements, each with the newlines it holds.

    What is behind the array is no element, where it is `alone`. Where they are `apart` there is no array, and no comma,
    but one object or list after the other.

    A string in place of bytes is a reason: an element too long to hold, an array that is not closed. Only brackets,
    commas and quotes are looked at, so that one malformed element spoils no other.
    """
    depth = least = int(apart)
    quoted = False
    buffer = b""
    begin = position = 0  # of the element in the buffer; where to look on
    dropped = False
    newlines = 0  # in what was dropped
    for piece in pieces:
        if dropped or position - begin > MAX_RECORD:
            dropped = True
            newlines += buffer.count(b"\n", begin, position)
            begin = position
        buffer = buffer[begin:] + piece
        position -= begin
        begin = 0
        while found := (_INSIDE if quoted else _NESTED if depth > 1 or apart else _TOP).match(buffer, position):
            position = found.end()
            mark = found[1]
            if mark == b'"':
                quoted = not quoted
                continue
            if not mark:
                break  # the string goes on in the next piece
            if mark in b"{[":
                depth += 1
                begin = position if depth == 1 and not apart else begin
                continue
            depth = max(least, depth - (mark != b","))
            if depth > (mark == b"," or apart):
                continue
            body = buffer[begin : position - (not apart)]
            if dropped or len(body) > MAX_RECORD:
                yield TOO_LONG, newlines + body.count(b"\n")
            elif mark == b"," or body.strip(_SPACE):
                yield body, body.count(b"\n")
            else:
                newlines += body.count(b"\n")
            if alone and not depth:
                return
            begin, dropped, newlines = position, False, 0
        else:
            position = len(buffer)
    rest = buffer[begin:]
    if dropped or len(rest) > MAX_RECORD:
        yield TOO_LONG, newlines + rest.count(b"\n")
    elif rest.strip(_SPACE):
        yield rest, rest.count(b"\n")
    if depth > 0 and not apart:
        yield "the array is not closed", 0


def _kind(value: object) -> str:
    if isinstance(value, list):
        return "a list"
    return "null" if value is None else f"a {'truth value' if isinstance(value, bool) else type(value).__name__}"
