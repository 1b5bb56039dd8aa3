"""Freshness: when an entity came about, and numbers as shares of the catalogue."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.index.values import year_like

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ltrr_cli.records import Entity, Value

_NAMES = re.compile(r"(^|_)(year|date|released?|published|created|added|updated|timestamp|time)(_|$)")
_DATE = re.compile(r"(\d{4})-(\d\d)(-(\d\d))?(\D|$)")
_DAY = 86400.0
_EPOCH = 1e8
"""Larger numbers in a field named like a time are seconds since 1970; a thousand times larger ones milliseconds."""


def year_of(entity: Entity) -> float:
    """Return the latest date of an entity's attributes as years (2020.5), nan if none is named like a date."""
    found = [
        _years(value) for name, values in entity.attributes.items() if _NAMES.search(name.lower()) for value in values
    ]
    known = [year for year in found if not math.isnan(year)]
    return max(known, default=math.nan)


def _years(value: Value) -> float:
    if isinstance(value, str):
        date = _DATE.match(value)
        if date is None:
            return float(value) if re.fullmatch(r"[12]\d{3}", value) else math.nan
        return int(date[1]) + (int(date[2]) - 1) / 12 + (int(date[4] or 1) - 1) / 372
    if year_like(value):
        return value
    seconds = value / 1e3 if value > 1e3 * _EPOCH else value
    return 1970 + seconds / (365.25 * _DAY) if seconds > _EPOCH else math.nan


def shares_below(numbers: NDArray[np.float64], among: NDArray[np.float64] | None = None) -> NDArray[np.float32]:
    """Return the share of known numbers below each one, ties at their middle: (n,) in [0, 1], nan stays nan.

    `among` are the numbers that count, sorted, (m,); by default the known ones of `numbers` themselves.
    """
    known = np.sort(numbers[~np.isnan(numbers)]) if among is None else among
    low, high = np.searchsorted(known, numbers, "left"), np.searchsorted(known, numbers, "right")
    shares = (low + high) / max(1, 2 * len(known))
    return np.where(np.isnan(numbers), np.nan, shares).astype(np.float32)
