"""Readings as people read them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ltrr_cli.records import Range, Understood


def spoken(understood: Understood) -> tuple[str, ...]:
    """Return a line for each reading: the words, what they may mean, how probably."""
    words = understood.words
    lines = []
    for tag in understood.tags:
        kinds = ", ".join(kind for kind, _ in tag.types if kind)
        what = f"{tag.value} ({kinds})" if kinds else tag.value
        lines.append(f"{' '.join(words[tag.start : tag.end])} → {tag.attribute}: {what} ({tag.probability:.0%})")
    for one in understood.ranges:
        what = f"{one.attribute}: {bounds(one)}"
        lines.append(f"{' '.join(words[one.start : one.end])} → {what} ({one.probability:.0%})")
    return tuple(lines)


def bounds(one: Range) -> str:
    """Return a range as `< 1999`, `≥ 4`, `2010 – 2015`."""
    if math.isinf(one.low):
        return _side(one.high, "<", "≤", math.inf)
    if math.isinf(one.high):
        return _side(one.low, ">", "≥", -math.inf)
    return f"{one.low:.10g} – {one.high:.10g}"


def _side(value: float, strict: str, loose: str, towards: float) -> str:
    """Return one side; a number just beside a round one stands for the round one, left out."""
    near = math.nextafter(value, towards)
    return f"{strict} {near:.10g}" if len(repr(near)) < len(repr(value)) else f"{loose} {value:.10g}"
