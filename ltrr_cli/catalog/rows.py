"""The rows of a delimited file, each with the line it begins at; a quote never closed costs a line, not the rest."""

from __future__ import annotations

import csv
from collections import deque
from typing import TYPE_CHECKING

from ltrr_cli.catalog.jsonl import NOT_UTF8, TOO_LONG
from ltrr_cli.catalog.lines import decoded, lines
from ltrr_cli.records import Bad

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ltrr_cli.catalog.dialect import Dialect
    from ltrr_cli.catalog.stream import Stream

_MAX_REREAD = 64 << 20
"""Characters that may be read a second time; it bounds what a file made of stray quotes can cost."""


class Rows:
    """Iterates over (line, row or why it is bad); `line` is the last line read.

    Once `columns` is set, rows with another number of columns are bad. If such a row spans several lines, a stray quote
    has swallowed them: only its first line is bad, and the others are read again.
    """

    def __init__(self, stream: Stream, dialect: Dialect) -> None:
        self.line = 0
        self.columns = 0
        self._stream = stream
        self._dialect = dialect
        self._source = self._decoded()
        self._again: deque[tuple[str, str]] = deque()
        self._span: list[tuple[str, str]] = []  # the lines of the row being read, and what spoils each
        self._reread = 0

    def __iter__(self) -> Iterator[tuple[int, list[str] | Bad]]:
        """Yield every row but blank ones."""
        rows = self._parser()
        while True:
            start = self.line + 1
            self._span.clear()
            row: list[str] = []
            try:
                row = next(rows)
                reason = self._reason(row)
            except StopIteration:
                return
            except csv.Error as error:
                reason = f"not CSV: {error}"
            if not reason:
                if row:
                    yield start, row
                continue
            characters = sum(len(line) for line, _ in self._span)
            if len(self._span) > 1 and self._reread + characters <= _MAX_REREAD:
                self._reread += characters
                self._again.extendleft(reversed(self._span[1:]))
                self.line = start
                rows = self._parser()
                reason = reason if "quote" in reason else f"{reason} (is a quote not closed?)"
            yield start, Bad(source=self._stream.name, line=start, reason=reason)

    def _next_line(self) -> str:
        """Return the next line for the parser, remembering it."""
        line = self._again.popleft() if self._again else next(self._source)
        self._span.append(line)
        self.line += 1
        return line[0]

    def _parser(self) -> Iterator[list[str]]:
        def feed() -> Iterator[str]:
            while True:
                try:
                    yield self._next_line()
                except StopIteration:
                    return

        return self._dialect.parser(feed())

    def _reason(self, row: list[str]) -> str:
        """Return why a row cannot be used, "" if it can."""
        for _, spoiled in self._span:
            if spoiled:
                return spoiled
        if row and self.columns and len(row) != self.columns:
            return f"{len(row)} columns where the header has {self.columns}"
        # At the end of the file the parser closes an open quote silently.
        if len(self._span) > 1 and sum(line.count('"') for line, _ in self._span) % 2:
            return "a quote is not closed"
        return ""

    def _decoded(self) -> Iterator[tuple[str, str]]:
        """Yield the lines as text, each with what spoils it; the parser needs to see those as well."""
        for line in lines(self._stream, end=self._dialect.end, broken=lambda: self._stream.broken):
            if line is None:
                yield "\n", TOO_LONG
                continue
            text = line.decode("latin-1") if self._dialect.latin1 else decoded(line)
            yield ("\n", NOT_UTF8) if text is None else (f"{text}\n", "")
