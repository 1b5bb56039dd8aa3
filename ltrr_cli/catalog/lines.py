"""Lines out of chunks, with a limit: a line of gigabytes is skipped without ever being held in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

MAX_RECORD = 16 * 1024 * 1024
"""Bytes that one record may have."""


def lines(
    pieces: Iterable[bytes],
    limit: int = MAX_RECORD,
    end: bytes = b"\n",
    broken: Callable[[], object] = lambda: False,
) -> Iterator[bytes | None]:
    """Yield every line without its end, None in place of one that is longer than `limit` bytes.

    The last line comes even where the source does not end in a newline, unless the source turns out to be `broken`:
    then it is torn.
    """
    parts: list[bytes] = []
    held = 0
    skipping = False
    for piece in pieces:
        first, *others = piece.split(end)
        held += len(first)
        skipping = skipping or held > limit
        if skipping:
            parts.clear()
        elif first:
            parts.append(first)
        if not others:
            continue
        yield None if skipping else b"".join(parts)
        last = others.pop()
        for line in others:
            yield line if len(line) <= limit else None
        skipping = len(last) > limit
        parts = [] if skipping or not last else [last]
        held = len(last)
    if (parts or skipping) and not broken():
        yield None if skipping else b"".join(parts)


def decoded(line: bytes) -> str | None:
    """Return a line as text, None if it is not UTF-8.

    Surrogates written as UTF-8 (CESU-8, some Java and MySQL exports) pass; `text.clean` joins them later.
    """
    try:
        return line.decode()
    except UnicodeDecodeError:
        try:
            return line.decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            return None
