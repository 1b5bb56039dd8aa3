"""Feedback as a table: comma, semicolon or tab separated, with a header; every cell is text."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from ltrr_cli.catalog.lines import decoded
from ltrr_cli.feedback.plain import ENTITY
from ltrr_cli.records import Bad

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

FORMATS = ("csv", "tsv")


def looks_like_header(line: bytes, mapped: Collection[str] = ()) -> bool:
    """Tell whether a first line names an entity column, or one of those `mapped`, as no line of JSON does."""
    if line.lstrip()[:1] in (b"{", b"["):
        return False
    return any(name in ENTITY or name in mapped for name in columns(line))


def columns(line: bytes) -> list[str]:
    """Return the names of the columns in a header."""
    text = line.decode("utf-8", "replace").rstrip("\r")
    return _names(text.split(_delimiter(text)))


def is_table(lines: Sequence[bytes]) -> bool:
    """Tell whether the first lines are those of a table: a header of several names, and no JSON."""
    names = columns(lines[0]) if len(lines) > 1 else []
    return len(names) > 1 and all(names) and not any(line.lstrip()[:1] in (b"{", b"[") for line in lines)


def table_rows(
    lines: Iterator[tuple[int, bytes | None]], source: str, form: str
) -> Iterator[tuple[int, dict[str, str] | Bad]]:
    """Yield each row, or why it cannot be read, with the number of its first line.

    `lines` are numbered, without their ends, None for one that is too long. `form` is `csv`, `tsv`, or anything else:
    then the header tells the separator. Quotes mean nothing in a tab-separated log, where a query may start with one.
    """
    text = _Text(lines)
    header = next(text, "")
    delimiter = "\t" if form == "tsv" else _delimiter(header)
    names: list[str] = []
    lines_of_text = _after(header, text)
    if delimiter == "\t":
        reader = csv.reader(lines_of_text, delimiter=delimiter, quoting=csv.QUOTE_NONE)
    else:
        reader = csv.reader(lines_of_text, delimiter=delimiter)
    while True:
        text.first = 0 if names else text.first
        text.spoiled = ""
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            text.spoiled = f"not a table row: {error}"
            cells = []
        if text.spoiled:
            yield text.first, Bad(source=source, line=text.first, reason=text.spoiled)
        elif not names:
            names = _names(cells)
        elif len(cells) == len(names):
            yield text.first, dict(zip(names, cells, strict=True))
        elif cells:
            reason = f"{len(cells)} columns where the header has {len(names)}"
            yield text.first, Bad(source=source, line=text.first, reason=reason)


def _after(header: str, text: _Text) -> Iterator[str]:
    yield header
    yield from text


class _Text:
    """The lines as text for `csv.reader`, which needs to see one even where it is unusable.

    `first` is the number of the first line since it was set to 0, `spoiled` why the row being read is unusable.
    """

    def __init__(self, lines: Iterator[tuple[int, bytes | None]]) -> None:
        self._lines = lines
        self.first = 0
        self.spoiled = ""

    def __iter__(self) -> _Text:
        return self

    def __next__(self) -> str:
        number, line = next(self._lines)
        self.first = self.first or number
        if line is None:
            self.spoiled = "longer than 16 MiB"
            return "\n"
        text = decoded(line)
        if text is None:
            self.spoiled = "not UTF-8"
            return "\n"
        return f"{text}\n"


def _delimiter(header: str) -> str:
    if "\t" in header:
        return "\t"
    return ";" if ";" in header and "," not in header else ","


def _names(cells: list[str]) -> list[str]:
    return [cell.strip().strip('"').lower() for cell in cells]
