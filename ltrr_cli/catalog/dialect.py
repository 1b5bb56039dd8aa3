"""How a delimited file is written, found from its beginning: delimiter, quoting, encoding, line ends."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ltrr_cli.catalog.lines import decoded

if TYPE_CHECKING:
    from collections.abc import Iterator

_SAMPLE_LINES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """A delimiter, whether quotes mean anything, the encoding (latin-1, else UTF-8) and the line end."""

    delimiter: str
    quoted: bool = True
    latin1: bool = False
    end: bytes = b"\n"

    def parser(self, text: Iterator[str]) -> Iterator[list[str]]:
        """Return the csv module's reader of these lines."""
        return csv.reader(text, delimiter=self.delimiter, quoting=csv.QUOTE_MINIMAL if self.quoted else csv.QUOTE_NONE)


def sniff(head: bytes, *, whole: bool) -> Dialect:
    """Return the dialect of a file from its beginning; `whole` says that there is no more.

    The delimiter is the one that cuts most lines as the header is cut. Quotes in a TSV mean nothing where reading them
    as quotes spoils more rows (IMDb's files hold titles that begin with a lone quote). The encoding is latin-1 if none
    of the lines that are more than ASCII is UTF-8; a few such lines in a file of UTF-8 are bad lines.
    """
    end = b"\r" if b"\r" in head and b"\n" not in head else b"\n"
    rows = head.split(end)
    if not whole and len(rows) > 1:
        rows.pop()  # torn by the limit of the head, not by the file
    foreign = [row for row in rows if not row.isascii()]
    latin1 = bool(foreign) and all(decoded(row) is None for row in foreign)
    sample = [row.decode("latin-1" if latin1 else "utf-8", "replace") for row in rows[:_SAMPLE_LINES] if row.strip()]
    candidates = [
        Dialect(delimiter=delimiter, quoted=quoted, latin1=latin1, end=end)
        for delimiter, quoted in ((",", True), ("\t", True), ("\t", False), (";", True), ("|", True))
    ]
    return max(candidates, key=lambda dialect: _fit(sample, dialect))


def _fit(sample: list[str], dialect: Dialect) -> tuple[int, int]:
    """Return how many rows have as many columns as the header, and how many columns that is; (0, 0) below two."""
    try:
        rows = list(dialect.parser(f"{line}\n" for line in sample))
    except csv.Error:
        return 0, 0
    if not rows or len(rows[0]) < 2:
        return 0, 0
    return sum(len(row) == len(rows[0]) for row in rows), len(rows[0])
