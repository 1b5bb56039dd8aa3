"""What every drawing of a chart needs first, on a page or in a terminal: usable points, shares, texts."""

from __future__ import annotations

import math
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

from ltrr_cli.errors import EvaluationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ltrr_cli.evaluation.chart import Chart, Curve

KINDS = ("lines", "area", "bars")
_LARGEST = 1e200  # beyond it the length of an axis overflows
_SMALLEST = 1e-200
_FIRST_DATE, _LAST_DATE = -30_610_224_000.0, 221_845_392_000.0  # the years 1000 and 9000: calendars end soon after
_NOT_TEXT = {"Cc", "Cs", "Cn", "Zl", "Zp"}
_DIRECTIONS = set("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class Point(NamedTuple):
    """A place on a curve: `x` is finite; `y`, `low` and `high` are finite or nan."""

    x: float
    y: float
    low: float
    high: float


def check(chart: Chart) -> None:
    """Check that a chart can be drawn.

    Raises:
        EvaluationError: it is of no known kind, or a curve's x, y, low and high do not have equal lengths.
    """
    if chart.kind not in KINDS:
        raise EvaluationError(f"no chart is of kind {chart.kind!r}", next=f"use one of {', '.join(KINDS)}")
    for curve in chart.curves:
        lengths = {len(curve.x), len(curve.y), *(len(bound) for bound in (curve.low, curve.high) if bound)}
        if len(lengths) > 1:
            found = f"{len(curve.x)} x, {len(curve.y)} y, {len(curve.low)} low, {len(curve.high)} high"
            raise EvaluationError(f"the curve {plain(curve.name)!r} has {found}", where=plain(chart.title))


def points(curve: Curve, *, dates: bool = False) -> list[Point]:
    """Return the points of a curve by ascending x; what is not finite is left out as x, and nan as y.

    Numbers beyond ±1e200 count as not finite; with `dates` also those outside the years 1000 to 9000. There is a band
    only where a curve has both `low` and `high`.
    """
    none = (math.nan,) * len(curve.x)
    low, high = (curve.low, curve.high) if curve.low and curve.high else (none, none)
    found = [Point(*map(_usable, four)) for four in zip(curve.x, curve.y, low, high, strict=True)]
    first, last = (_FIRST_DATE, _LAST_DATE) if dates else (-math.inf, math.inf)
    return sorted((point for point in found if first <= point.x <= last), key=lambda point: point.x)


def shares(chart: Chart) -> tuple[list[float], list[list[float]]]:
    """Return all x of an area chart, and for each curve its share there, from 0 to 1.

    Between its points a curve is straight, before the first and after the last it is 0. Where the curves add up to
    more than 1 they are divided by their sum.
    """
    import numpy as np

    curves = [points(curve, dates=chart.dates) for curve in chart.curves]
    places = sorted({point.x for curve in curves for point in curve})
    rows = np.zeros((len(curves), len(places)))
    for row, curve in zip(rows, curves, strict=True):
        if curve:
            heights = [max(0.0, point.y) if math.isfinite(point.y) else 0.0 for point in curve]
            row[:] = np.interp(places, [point.x for point in curve], heights, left=0.0, right=0.0)
    return places, (rows / np.maximum(rows.sum(axis=0), 1.0)).tolist()


def bars(chart: Chart) -> list[tuple[str, list[tuple[int, Point]]]]:
    """Return for each tick its name and, for each curve that has a bar there, its number and the bar.

    Ticks without a name are numbered from 1; a bar without a finite value is left out.
    """
    found: dict[int, list[tuple[int, Point]]] = {place: [] for place in range(len(chart.ticks))}
    for number, curve in enumerate(chart.curves):
        for point in points(curve):
            if math.isfinite(point.y):
                found.setdefault(round(point.x), []).append((number, point))
    names = dict(enumerate(chart.ticks))
    return [(names.get(place, str(place + 1)), found[place]) for place in sorted(found)]


def plain(text: str) -> str:
    """Return one line that SVG and HTML may hold: control and direction characters as spaces, runs of them as one."""
    kept = (" " if unicodedata.category(char) in _NOT_TEXT or char in _DIRECTIONS else char for char in text)
    return " ".join("".join(kept).split())


def number(value: float) -> str:
    """Return a value as people read it: three decimals, of small numbers two digits, thousands apart."""
    if not math.isfinite(value):
        return "–"
    size = abs(value)
    if size and not 1e-2 <= size < 1e9:
        return f"{value:.2g}"
    return f"{value:,.0f}" if size >= 1000 or value == int(value) else f"{value:.{1 if size >= 100 else 3}f}"


def wrap(text: str, width: int, lines: int) -> list[str]:
    """Break `plain` text into at most so many lines of at most so many cells; an ellipsis says that there is more."""
    out: list[str] = [""]
    for word in text.split():
        joined = f"{out[-1]} {word}" if out[-1] else word
        if cells(joined) <= width:
            out[-1] = joined
            continue
        rest = joined if len(out[-1]) < width // 3 else word
        if rest is word:
            out.append("")
        while cells(rest) > width:
            head = _head(rest, width)
            out[-1] = head
            out.append("")
            rest = rest[len(head) :].lstrip()
        out[-1] = rest
    if len(out) <= lines:
        return out
    return [*out[: lines - 1], _head(out[lines - 1], width - 1) + "…"]


def cells(text: str) -> int:
    """Return how wide a text is, in widths of a Latin letter: East Asian letters take two, marks none."""
    return sum(0 if unicodedata.combining(char) else 1 + (unicodedata.east_asian_width(char) in "WF") for char in text)


def _head(text: str, width: int) -> str:
    """Return as much of the start of a text as fits, at least one character."""
    taken = 0
    for place, char in enumerate(text):
        taken += cells(char)
        if taken > width and place:
            return text[:place]
    return text


def _usable(value: float) -> float:
    if abs(value) < _SMALLEST:
        return 0.0
    return value if abs(value) <= _LARGEST else math.nan


def spread(wanted: Sequence[float], sizes: Sequence[float], room: float) -> list[float]:
    """Return places for labels near the wanted ones, in ascending order, so that none overlap within [0, room].

    The squared distances are the least possible: after taking off the sizes it is an isotonic regression, solved by
    pooling neighbours that are out of order (Ayer et al., 1955). Without enough room for all, they run over the end.
    """
    offsets: list[float] = []
    for place, size in enumerate(sizes):
        offsets.append(offsets[-1] + (sizes[place - 1] + size) / 2 if place else size / 2)
    pools: list[tuple[float, int]] = []
    for target, offset in zip(wanted, offsets, strict=True):
        mean, count = target - offset, 1
        while pools and pools[-1][0] > mean:
            before, more = pools.pop()
            mean, count = (before * more + mean * count) / (more + count), count + more
        pools.append((mean, count))
    free = max(0.0, room - sum(sizes))
    levels = [min(max(mean, 0.0), free) for mean, count in pools for _ in range(count)]
    return [level + offset for level, offset in zip(levels, offsets, strict=True)]
