"""Raw values as entities hold them: clean text of one line, finite numbers, ids that survive a tab-separated file."""

from __future__ import annotations

import math
import re
from functools import lru_cache

from ltrr_cli.text import clean

MAX_ID = 512
"""Bytes (UTF-8) of an id."""
_EXACT = 2**53  # a float holds every integer below

_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ufffe\uffff]")
# Tabs, newlines of any kind and control characters; an id with one would break the files and tables that ids go to.
_NOT_IN_ID = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def one_line(value: object) -> str:
    """Return a title, type or value as one line: clean, no control characters, white space collapsed."""
    if not isinstance(value, str):
        return _written(value)
    # What is printable holds no control character, no surrogate and no white space but plain spaces.
    return " ".join((value if value.isprintable() else _CONTROL.sub("", clean(value))).split())


def lines(value: object) -> str:
    """Return a long text: clean, no control characters, lines kept; the items of a list are lines."""
    if isinstance(value, (list, tuple)):
        return "\n".join(filter(None, map(lines, (item for item in value if not isinstance(item, (list, tuple))))))
    if not isinstance(value, str):
        return _written(value)
    return (value if value.isprintable() else _CONTROL.sub("", clean(value))).strip()


def entity_id(value: object) -> tuple[str, str]:
    """Return an id as text and, where it is none, the reason."""
    if not isinstance(value, str):
        written = _written(value)
        if not written:
            kind = "missing" if value is None else "neither text nor a number"
            return "", f"the id is {kind}"
        return written, ""
    text = value.strip()
    if not text:
        return "", "the id is empty"
    if not text.isprintable():
        text = clean(text) if "\0" not in text else text
        if _NOT_IN_ID.search(text):
            return "", "the id holds a control character, a tab or a newline"
    if len(text) * 4 > MAX_ID and len(text.encode("utf-8", "replace")) > MAX_ID:
        return "", f"the id is longer than {MAX_ID} bytes"
    return text, ""


def number(value: object) -> float | None:
    """Return a finite number, also where it is written as text; None where there is none."""
    if isinstance(value, (str, int, float)):
        try:
            found = float(value)
        except (ValueError, OverflowError):
            return None
        return found if math.isfinite(found) else None
    return None


def attribute(value: object, *, reference: bool = False) -> str | float | None:
    """Return one attribute value, None where there is none.

    Integers that no float holds exactly are text, and so are those of a `reference`, which name other entities.
    """
    if isinstance(value, str):
        return _repeated(value) or None
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, (int, float)):
        if reference or (isinstance(value, int) and not -_EXACT <= value <= _EXACT):
            return _written(value) or None
        return float(value) if math.isfinite(value) else None
    return None


@lru_cache(maxsize=1 << 16)
def _repeated(value: str) -> str:
    """Return `one_line` of a value that many entities share: cleaned once, and held in memory once."""
    return one_line(value)


def _written(value: object) -> str:
    """Return a number as people write it: 1.0 as `1`; "" for what is no number."""
    if isinstance(value, float) and math.isfinite(value):
        return str(int(value)) if value.is_integer() and abs(value) < _EXACT else repr(value)
    if isinstance(value, int) and not isinstance(value, bool):
        try:
            return str(value)
        except ValueError:  # more than 4,300 digits
            return ""
    return ""
