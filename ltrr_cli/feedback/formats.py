"""One pass over feedback of any supported kind, detected record by record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO

from ltrr_cli.catalog import parquet
from ltrr_cli.catalog.jsonl import read_array
from ltrr_cli.catalog.lines import lines
from ltrr_cli.catalog.source import Meter, chunks, label, opened
from ltrr_cli.catalog.stream import Stream
from ltrr_cli.errors import CatalogError, FeedbackError, UsageError
from ltrr_cli.feedback import kinds, table
from ltrr_cli.feedback.lines import parse_object
from ltrr_cli.feedback.sources import feedback_error, find_sources
from ltrr_cli.records import Bad, Event, Impression

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

KEPT_BAD = 1000
_LOOKED_AT = 20
_FORMATS = ("jsonl", *table.FORMATS)


class Feedback:
    """Impressions and events from files, folders and standard input, in the order in which they stand there.

    Reads UBI queries and events, plain search logs (JSON lines, Parquet, or a table with a header), Metarank rankings
    and interactions; a file may mix them. `format` (`jsonl`, `csv`, `tsv`) overrules what a file begins with.
    `mapping` says what fields of plain logs are called there: {"entity_id": "sku"}.
    Records that cannot be used are left out: `bad_count` of them, the first 1,000 in `bad`; `on_bad` is told of each.
    `counts` has how many were read, by kind; `notes`, once all is read, says what was skipped on purpose. `bytes_read`
    of `bytes_total` (None for a stream) are done, as they lie on disk.

    Raises `FeedbackError` where a source is missing, cannot be read or is no text, or for a second pass; `UsageError`
    for an unknown format.
    """

    def __init__(
        self,
        sources: Sequence[str | Path],
        *,
        stdin: BinaryIO | None = None,
        format: str | None = None,  # noqa: A002 – the word users write
        mapping: Mapping[str, str] | None = None,
        on_bad: Callable[[Bad], None] | None = None,
    ) -> None:
        if format is not None and format not in _FORMATS:
            raise UsageError(f"unknown feedback format {format!r}", next=f"use one of {', '.join(_FORMATS)}")
        self._sources, self.bytes_total = find_sources(sources)
        self._stdin = stdin
        self._format = format
        self._ours = {name: ours for ours, theirs in (mapping or {}).items() for name in (theirs, theirs.lower())}
        self._on_bad = on_bad
        self._started = False
        self._meter = Meter()
        self.bad: list[Bad] = []
        self.bad_count = 0
        self.counts = dict.fromkeys(kinds.READ, 0)
        self.notes: list[str] = []

    @property
    def bytes_read(self) -> int:
        """Bytes taken from the sources so far, before decompression."""
        return self._meter.bytes_read

    def __iter__(self) -> Iterator[Impression | Event]:
        """Read all sources, once."""
        if self._started:
            raise FeedbackError("feedback is read only once", next="make a new Feedback to read it again")
        self._started = True
        return self._read_all()

    def _read_all(self) -> Iterator[Impression | Event]:
        for source in self._sources:
            try:
                yield from self._read(source)
            except CatalogError as error:
                raise feedback_error(error) from error
        left_out = [(self.counts.get(kind, 0), what) for kind, what in kinds.NOTES.items()]
        self.notes = [f"left out {count:,} {what}" for count, what in left_out if count]

    def _read(self, source: str | Path) -> Iterator[Impression | Event]:
        with opened(source, self._stdin) as file:
            stream = Stream(chunks(file, self._meter), label(source))
            counts = self.counts
            for number, row in self._rows(stream):
                if isinstance(row, Bad):
                    self._leave_out(row)
                    continue
                try:
                    kind, record = kinds.record_of(self._mapped(row) if self._ours else row)
                except ValueError as error:
                    self._leave_out(Bad(source=stream.name, line=number, reason=str(error)))
                    continue
                counts[kind] = counts.get(kind, 0) + 1
                if record is not None:
                    yield record

    def _rows(self, stream: Stream) -> Iterator[tuple[int, Mapping[str, Any] | Bad]]:
        if stream.head.startswith(parquet.MAGIC):
            yield from parquet.spooled(stream, self._meter)
            return
        form = self._format or _form(stream, {theirs.lower() for theirs in self._ours})
        if form == "array":
            yield from read_array(stream)
            return
        if form == "":
            columns = ", ".join(table.columns(stream.head.lstrip().split(b"\n", 1)[0]))
            reason = (
                f"no column is called like one of entities: {columns[:200]}; say which is, with --map entity_id=COLUMN"
            )
            yield 1, Bad(source=stream.name, line=1, reason=reason)
            return
        numbered = enumerate(lines(stream), 1)
        line = 1
        rows = _json_rows(numbered, stream.name) if form == "jsonl" else table.table_rows(numbered, stream.name, form)
        for line, row in rows:
            yield line, row
        if stream.broken:
            yield line, Bad(source=stream.name, line=line, reason=stream.broken)

    def _mapped(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a row with the names that `mapping` gives its fields."""
        return {self._ours.get(name, self._ours.get(name.lower(), name)): value for name, value in row.items()}

    def _leave_out(self, bad: Bad) -> None:
        self.bad_count += 1
        if len(self.bad) < KEPT_BAD:
            self.bad.append(bad)
        if self._on_bad is not None:
            self._on_bad(bad)


def _form(stream: Stream, mapped: set[str]) -> str:
    """Return how a source is laid out, "" for a table without a column of entities."""
    begin = stream.head.lstrip()
    if begin.startswith(b"{"):
        return "jsonl"
    if table.looks_like_header(begin.split(b"\n", 1)[0], mapped):
        return "table"
    stream.refuse_binary()
    if begin.startswith(b"["):
        return "array"
    first = begin.split(b"\n", _LOOKED_AT)[:_LOOKED_AT]
    return "" if table.is_table(first) else "jsonl"


def _json_rows(numbered: Iterator[tuple[int, bytes | None]], source: str) -> Iterator[tuple[int, dict[str, Any] | Bad]]:
    for number, line in numbered:
        if line is None:
            yield number, Bad(source=source, line=number, reason="longer than 16 MiB")
        elif line and not line.isspace():
            try:
                row: dict[str, Any] | Bad = parse_object(line)
            except ValueError as error:
                row = Bad(source=source, line=number, reason=str(error))
            yield number, row
