"""CSV, TSV and their relatives as records: column names from the first row, column types from the first 2,000."""

from __future__ import annotations

import csv
from itertools import chain, islice
from typing import TYPE_CHECKING

from ltrr_cli.catalog.cells import reader
from ltrr_cli.catalog.dialect import sniff
from ltrr_cli.catalog.lines import MAX_RECORD
from ltrr_cli.catalog.rows import Rows
from ltrr_cli.catalog.stream import HEAD
from ltrr_cli.errors import CatalogError
from ltrr_cli.records import Bad

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ltrr_cli.catalog.jsonl import Raw
    from ltrr_cli.catalog.source import Meter
    from ltrr_cli.catalog.stream import Stream

_SAMPLE_ROWS = 2000
_SAMPLE_CELLS = 1_000_000
_MAX_COLUMNS = 10_000


def read_delimited(stream: Stream, meter: Meter) -> Iterator[Raw]:
    """Yield the rows as records of column name → cell; `cells.reader` says what a cell becomes.

    Raises:
        CatalogError: the first row has more than 10,000 columns.
    """
    # The limit is one for the whole process; the module's default of 128 KiB is less than one long text.
    csv.field_size_limit(max(csv.field_size_limit(), MAX_RECORD))
    dialect = sniff(stream.head, whole=len(stream.head) < HEAD)
    if dialect.latin1:
        meter.note(f"{stream.name} is not UTF-8: latin-1 assumed")
    rows = Rows(stream, dialect)
    table = iter(rows)
    header: list[str] = []
    for line, row in table:
        if isinstance(row, list):
            header = row
            break
        yield line, row
    if len(header) > _MAX_COLUMNS:
        raise CatalogError(f"the first row has {len(header):,} columns", where=stream.name, next="check the delimiter")
    names = _names(header)
    rows.columns = len(names)
    sample = list(islice(table, max(1, min(_SAMPLE_ROWS, _SAMPLE_CELLS // max(1, len(names))))))
    cells = [row for _, row in sample if isinstance(row, list)]
    columns = [(name, reader(name, [row[index] for row in cells])) for index, name in enumerate(names)]
    for line, row in chain(sample, table):
        if isinstance(row, Bad):
            yield line, row
        else:
            yield line, {name: read(cell) for (name, read), cell in zip(columns, row, strict=True)}
    if stream.broken:
        yield rows.line + 1, Bad(source=stream.name, line=rows.line + 1, reason=stream.broken)


def _names(header: list[str]) -> list[str]:
    """Return the column names: stripped, never empty, each once."""
    names: dict[str, None] = {}
    for number, cell in enumerate(header, 1):
        name = base = cell.strip() or f"column {number}"
        again = 1
        while name in names:
            again += 1
            name = f"{base} {again}"
        names[name] = None
    return list(names)
