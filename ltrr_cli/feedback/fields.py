"""One field of a feedback record at a time: what it may hold, and the form in which we keep it.

Every function raises `ValueError` with the field's name. Ids, users and sessions are text of at most 512 bytes without
control characters; an action is lower-case text of at most 64 characters; a query's text is cut at 10,000 characters.
"""

from __future__ import annotations

import re

from ltrr_cli.feedback.times import parse_time
from ltrr_cli.text import clean

ID_BYTES = 512
ACTION_CHARACTERS = 64
TEXT_CHARACTERS = 10_000
_POSITIONS = 10**9
_DURATION = 1e12
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def identifier(value: object, name: str) -> str:
    """Return a non-empty id as text; whole numbers become their digits."""
    found = optional_identifier(value, name)
    if not found:
        raise ValueError(f"{name}: missing")
    return found


def optional_identifier(value: object, name: str) -> str:
    """Return an id as text, empty where there is none."""
    if value is None:
        return ""
    if not isinstance(value, str):
        return _digits(value, name)
    text = value.strip()
    if text.isascii() and text.isprintable() and len(text) <= ID_BYTES:
        return text
    if _CONTROL.search(text):
        raise ValueError(f"{name}: holds a control character")
    text = clean(text)
    if len(text.encode()) > ID_BYTES:
        raise ValueError(f"{name}: longer than {ID_BYTES} bytes")
    return text


def action(value: object, name: str) -> str:
    """Return an action in lower case."""
    found = identifier(value, name).lower()
    if len(found) > ACTION_CHARACTERS:
        raise ValueError(f"{name}: longer than {ACTION_CHARACTERS} characters")
    return found


def query_text(value: object, name: str) -> str:
    """Return a query's text as valid Unicode, empty where there is none; longer texts are cut."""
    if value is None:
        return ""
    if not isinstance(value, str):
        return _digits(value, name)  # a query like 1984, written as a number
    return clean(value[:TEXT_CHARACTERS])


def time(value: object, name: str) -> float:
    """Return seconds since 1970 (UTC)."""
    if value is None or value == "":
        raise ValueError(f"{name}: missing")
    try:
        return parse_time(value)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def position(value: object, name: str) -> int:
    """Return a position, counted from 1; 0 where it is unknown."""
    if value is None or value == "":
        return 0
    number = _number(value, name)
    if not number.is_integer() or not 0 <= number <= _POSITIONS:
        raise ValueError(f"{name}: not a position")
    return int(number)


def duration(value: object, name: str) -> float:
    """Return a length of time in the unit it was given in; 0 where it is unknown."""
    if value is None or value == "":
        return 0.0
    number = _number(value, name)
    if not 0 <= number <= _DURATION:  # also true for nan
        raise ValueError(f"{name}: not a length of time")
    return number


def _digits(value: object, name: str) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) <= 2**53:
        value = int(value)  # tables with gaps turn whole numbers into floats
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise ValueError(f"{name}: text expected, found {type(value).__name__}")


def _number(value: object, name: str) -> float:
    if isinstance(value, int | float | str) and not isinstance(value, bool):
        try:
            return float(value)
        except (ValueError, OverflowError):
            pass
    raise ValueError(f"{name}: not a number")
