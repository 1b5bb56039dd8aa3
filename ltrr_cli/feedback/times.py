"""Points in time: RFC 3339 text and epoch numbers ⇄ seconds since 1970 (UTC)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_S = -62_135_596_800.0  # 0001-01-01
_LAST_S = 253_402_300_799.0  # the last second of 9999, so that rounding stays inside
_MILLISECONDS_ABOVE = 1e11  # as seconds that is the year 5138, as milliseconds 1973
_LONGEST = 64
_NUMBER = re.compile(r"[+-]?\d{9,}(\.\d+)?", re.ASCII)
_LEAP_SECOND = re.compile(r"(?<=:\d\d):60(?![\d:])")


def parse_time(value: object) -> float:
    """Return seconds since 1970 (UTC), within the years 1 to 9999.

    Reads RFC 3339 with an offset, the same without one (UTC is assumed), a date alone (midnight UTC), and epoch
    numbers, as numbers or as text of at least nine digits: above 1e11 they are milliseconds, else seconds.
    Raises `ValueError` for everything else.
    """
    if isinstance(value, str):
        if len(value) > _LONGEST:
            raise ValueError("not a time: too long")
        return _parse_text(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _parse_number(value)
    raise ValueError(f"not a time: {type(value).__name__}")


def format_time(seconds: float) -> str:
    """Return RFC 3339 with milliseconds (nearest) and offset `+00:00`; `ValueError` outside the years 1 to 9999."""
    try:
        minute, rest = divmod(round(seconds * 1000), 60_000)
        return f"{_minute(minute)}:{rest // 1000:02d}.{rest % 1000:03d}+00:00"
    except (OverflowError, ValueError) as error:  # infinite or too far, nan
        raise ValueError(f"not a time: {seconds!r}") from error


@lru_cache(maxsize=4096)  # logs are in the order of time
def _minute(number: int) -> str:
    return (_EPOCH + timedelta(minutes=number)).isoformat(timespec="minutes").removesuffix("+00:00")


@lru_cache(maxsize=4096)  # logs of dates alone repeat them by the thousand
def _parse_text(value: str) -> float:
    text = value.strip()
    # Digits alone come first: fromisoformat takes some 13-digit numbers for basic dates (17040611 1 2359).
    if text[4:5] != "-" and _NUMBER.fullmatch(text):
        return _parse_number(float(text))
    try:
        moment = datetime.fromisoformat(text)
        late = 0.0
    except ValueError:
        moment, late = _parse_unusual(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return _within((moment - _EPOCH).total_seconds() + late, value)


def _parse_unusual(text: str) -> tuple[datetime, float]:
    """Read what RFC 3339 allows and `fromisoformat` does not: small letters, a leap second; also a trailing ` UTC`."""
    upper = text.upper()
    if upper.endswith(" UTC"):
        upper = upper[:-4] + "+00:00"
    plain = _LEAP_SECOND.sub(":59", upper)
    try:
        return datetime.fromisoformat(plain), 0.0 if plain == upper else 1.0
    except ValueError:
        raise ValueError(f"not a time: {text!r}") from None


def _parse_number(value: float) -> float:
    try:
        seconds = float(value)
    except OverflowError:
        raise ValueError("not a time: number out of range") from None
    if abs(seconds) > _MILLISECONDS_ABOVE:
        seconds /= 1000
    return _within(seconds, value)


def _within(seconds: float, value: object) -> float:
    if not _FIRST_S <= seconds <= _LAST_S:  # also false for nan
        raise ValueError(f"not a time: {value!r} is outside the years 1 to 9999")
    return seconds
