"""What the cells of a CSV column mean, judged by the whole column: numbers, truth values, lists or plain text.

A cell that is a list or an object as JSON or Python writes it is read as such in a column of texts, too, but not in one
that is called a title, a text or an id.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

from ltrr_cli.catalog.literals import EXACT_DIGITS, NUMBER, is_sure, literal
from ltrr_cli.catalog.names import is_identifier, is_prose

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Read: TypeAlias = Callable[[str], object]
    """Reads one cell; a cell that does not fit its column stays text."""

MISSING = frozenset({"", "\\N"})  # \N is what MySQL and IMDb write
_NO_NUMBER = frozenset({"nan", "na", "n/a", "null", "none", "nil", "-", "inf", "+inf", "-inf", "infinity", "-infinity"})
_TRUTH = {"true": True, "false": False}
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)\.[0-9]+")
_SHORT = 256
"""Characters of a list that is kept."""


def reader(name: str, cells: Sequence[str]) -> Read:
    """Return how to read the cells of a column, judged by a sample of them.

    A column with leading zeros ("007") or with integers of more than 15 digits, which no float holds exactly, stays
    text. A column whose name says that it holds ids takes no exponents: "12e4" is an id there.
    """
    present = [cell for cell in (cell.strip() for cell in cells) if cell not in MISSING]
    pattern = re.compile(rf"{_DECIMAL.pattern}|{_INTEGER.pattern}") if is_identifier(name) else NUMBER
    numeric = [cell for cell in present if cell.lower() not in _NO_NUMBER]
    if numeric and all(pattern.fullmatch(cell) and _is_exact(cell) for cell in numeric):
        return lambda cell: _number(cell, pattern)
    if present and all(cell.lower() in _TRUTH for cell in present):
        return lambda cell: None if cell in MISSING else _TRUTH.get(cell.strip().lower(), cell)
    if present and sum(literal(cell) is not None for cell in present) * 10 >= len(present) * 9:
        return _literal_or_text
    if is_prose(name) or is_identifier(name):
        return lambda cell: None if cell in MISSING else cell
    if _is_piped(present):
        return lambda cell: None if cell in MISSING else cell.split("|")
    return lambda cell: None if cell in MISSING else _literal_or_text(cell) if is_sure(cell) else cell


def _is_exact(cell: str) -> bool:
    return len(cell) <= EXACT_DIGITS or _INTEGER.fullmatch(cell) is None


def _number(cell: str, pattern: re.Pattern[str]) -> object:
    cell = cell.strip()
    if cell.isdecimal() and cell.isascii() and cell[0] != "0" and len(cell) <= EXACT_DIGITS:
        return int(cell)  # most cells; the rest of this function would give the same, but slower
    if _INTEGER.fullmatch(cell):
        return int(cell) if len(cell) <= EXACT_DIGITS else cell
    if pattern.fullmatch(cell):
        return float(cell)
    return None if cell in MISSING or cell.lower() in _NO_NUMBER else cell


def _is_piped(cells: Sequence[str]) -> bool:
    """Tell whether a column holds lists such as `Action|Comedy`: one cell in five does, and all parts are short."""
    piped = [cell for cell in cells if "|" in cell]
    if len(piped) * 5 < len(cells) or not piped:
        return False
    return all(part == part.strip() and 0 < len(part) <= 64 for cell in piped for part in cell.split("|"))


def _literal_or_text(cell: str) -> object:
    """Return the list or object in a cell; one that is none stays a text."""
    if cell in MISSING:
        return None
    found = _kept(cell) if len(cell) <= _SHORT else literal(cell)
    return cell if found is None else found


@lru_cache(maxsize=1 << 14)
def _kept(cell: str) -> object:
    """Return the same of a cell that may well repeat, as lists of genres do (nobody changes a raw record)."""
    return literal(cell)
