"""Charts in the terminal: a line of blocks for each curve, horizontal bars, names and values as text."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ltrr_cli.cli.text import safe
from ltrr_cli.evaluation.series import Point, bars, check, number, points, shares, wrap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ltrr_cli.evaluation.chart import Chart

_BLOCKS, _PLAIN_BLOCKS = "▁▂▃▄▅▆▇█", "_.:-=+*#"
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_LONGEST = 72
_LEAST_BAR = 10


def draw(chart: Chart, width: int, *, unicode: bool) -> str:
    """Return a chart as lines of plain text, none wider than `width` cells, of which there are at least 20.

    Lines and areas: name, first value, course, last value of each curve, all on one scale; bars: one line each, with
    value and (low … high). Without `unicode` only ASCII is drawn with.

    Raises:
        EvaluationError: the chart is of no known kind, or its curves are not consistent.
    """
    check(chart)
    pen = _Pen(max(20, width), unicode=unicode)
    title, unit = safe(chart.title), safe(chart.y_label)
    head = pen.join(title, unit if unit != title else "")
    body = _bars(chart, pen) if chart.kind == "bars" else _curves(chart, pen)
    lines = [*pen.wrap(head, 4), *(body or ["no data"])]
    fitted = (pen.fit(line, pen.width).rstrip() for line in lines)
    return "\n".join(line for line in fitted if line)


class _Pen:
    """What can be drawn with, and how much of a line there is."""

    def __init__(self, width: int, *, unicode: bool) -> None:
        self.width = width
        self.unicode = unicode

    def fit(self, text: str, width: int, *, right: bool = False) -> str:
        """Return text cut, with a mark, or filled to exactly so many cells."""
        from rich.cells import cell_len, set_cell_size

        missing = width - cell_len(text)
        if missing < 0:
            mark = "…" if self.unicode else "."
            return set_cell_size(text, max(0, width - 1)) + mark[:width]
        return " " * missing + text if right else text + " " * missing

    def wrap(self, text: str, lines: int) -> list[str]:
        """Return text broken into at most so many lines, which keep its indent."""
        indent = " " * (len(text) - len(text.lstrip(" ")))
        found = wrap(text, self.width - len(indent), lines)
        return [indent + (line if self.unicode or not line.endswith("…") else line[:-1] + ".") for line in found]

    def join(self, *parts: str) -> str:
        """Return the parts that are not empty with a dot between them."""
        return (" · " if self.unicode else " - ").join(part for part in parts if part)

    def value(self, value: float) -> str:
        """Return a number."""
        text = number(value)
        return text if self.unicode else text.replace("–", "-")

    def span(self, low: str, high: str) -> str:
        """Return `low … high`."""
        return f"{low} {'…' if self.unicode else '..'} {high}"

    def course(self, values: Sequence[float], low: float, high: float) -> str:
        """Return a block for each value, higher for more; a space for nan."""
        blocks = _BLOCKS if self.unicode else _PLAIN_BLOCKS
        top = len(blocks) - 1
        reach = high - low
        apart = reach > 0 and math.isfinite(reach)
        return "".join(
            " "
            if math.isnan(value)
            else blocks[round((min(max(value, low), high) - low) / reach * top) if apart else top // 2]
            for value in values
        )

    def bar(self, value: float, cells: int, low: float, high: float) -> str:
        """Return a bar from zero to the value on a scale from low ≤ 0 to high ≥ 0, `cells` wide."""
        reach = high - low or 1.0
        zero = round(-low / reach * cells)
        size = min(abs(value) / reach * cells, zero if value < 0 else cells - zero)
        full = "█" if self.unicode else "#"
        if value < 0:
            blocks = max(1, round(size))
            return " " * (zero - blocks) + full * blocks + " " * (cells - zero)
        whole, part = divmod(round(size * 8), 8)
        tip = (_EIGHTHS[part] if self.unicode else "#" if part >= 4 else " ") if part else ""
        return self.fit(" " * zero + full * whole + tip, cells)


def _curves(chart: Chart, pen: _Pen) -> list[str]:
    """Return a line for each curve, and one for the scales."""
    if chart.kind == "area":
        places, rows = shares(chart)
        nan = math.nan
        curves = [[Point(x, y, nan, nan) for x, y in zip(places, row, strict=True)] for row in rows]
    else:
        curves = [points(curve, dates=chart.dates) for curve in chart.curves]
    known = [[point for point in curve if math.isfinite(point.y)] for curve in curves]
    heights = [point.y for curve in known for point in curve]
    if not heights:
        return []
    write = _percent if chart.kind == "area" else pen.value
    ends = [(write(curve[0].y), write(curve[-1].y)) if curve else (write(math.nan),) * 2 for curve in known]
    first, last = (max(len(end[side]) for end in ends) for side in (0, 1))
    names = _Names([safe(curve.name) for curve in chart.curves], pen, pen.width - first - last - 4)
    low, high = (0.0 if chart.kind == "area" else min(heights)), max(heights)
    left, right = (chosen(point.x for curve in known for point in curve) for chosen in (min, max))
    lines = []
    for curve, (start, end), name in zip(curves, ends, names.names, strict=True):
        course = pen.course(_resample(curve, names.rest, left, right), low, high)
        lines += [*name[:-1], f"{name[-1]}  {start:>{first}} {course} {end:>{last}}"]
    place = _date if chart.dates else pen.value
    x_label = safe(chart.x_label)
    across = pen.span(place(left), place(right))
    scale = f"height {pen.span(write(low), write(high))}"
    return [*lines, *pen.wrap(pen.join(f"{x_label} {across}".lstrip(), scale), 3)]


def _bars(chart: Chart, pen: _Pen) -> list[str]:
    """Return a line for each bar; several of one tick stand below its name."""
    groups = [(safe(name), found) for name, found in bars(chart)]
    every = [bar for _, found in groups for _, bar in found]
    if not every:
        return []
    low, high = min(0.0, *(bar.y for bar in every)), max(0.0, *(bar.y for bar in every))
    values = max(len(pen.value(bar.y)) for bar in every)
    bounds = max(len(_bounds(bar, pen)) for bar in every)
    if pen.width - values - bounds < _LEAST_BAR:
        bounds = 0
    grouped = len(chart.curves) > 1
    rows = [
        (name, "  " + safe(chart.curves[curve].name) if grouped else name, bar)
        for name, found in groups
        for curve, bar in found
    ]
    names = _Names([name for _, name, _ in rows], pen, pen.width - values - bounds - 4)
    lines, before = [], ""
    for (tick, _, bar), name in zip(rows, names.names, strict=True):
        if grouped and tick != before:
            lines += pen.wrap(tick, 2)
            before = tick
        drawn = pen.bar(bar.y, names.rest, low, high)
        around = _bounds(bar, pen) if bounds else ""
        lines += [*name[:-1], f"{name[-1]}  {drawn} {pen.value(bar.y):>{values}} {around}"]
    return lines


class _Names:
    """Names in a column of their own where there is room beside the drawing, else on lines above it.

    `names` holds each one's lines, of which the last starts the drawing's; `rest` is the room for the drawing.
    """

    def __init__(self, names: list[str], pen: _Pen, room: int) -> None:
        from rich.cells import cell_len

        longest = max(map(cell_len, names), default=0)
        column = min(longest, max(pen.width // 3, room - _LONGEST))
        if room - column >= _LEAST_BAR:
            self.names = [[pen.fit(name, column)] for name in names]
            self.rest = min(_LONGEST, room - column)
        else:
            self.names = [[*pen.wrap(name, 2), ""] for name in names]
            self.rest = max(1, min(_LONGEST, room))


def _bounds(bar: Point, pen: _Pen) -> str:
    if not (math.isfinite(bar.low) and math.isfinite(bar.high)):
        return ""
    return f"({pen.span(pen.value(bar.low), pen.value(bar.high))})"


def _resample(curve: Sequence[Point], cells: int, left: float, right: float) -> list[float]:
    """Return the curve's mean in each of the cells from left to right.

    Where a cell has no point the curve is straight between its neighbours; nan where it has no value.
    """
    sums = [0.0] * cells
    counts, seen = [0] * cells, [0] * cells
    for point in curve:
        if left <= point.x <= right:
            cell = min(cells - 1, int((point.x - left) / (right - left or 1.0) * cells))
            seen[cell] += 1
            if math.isfinite(point.y):
                sums[cell] += point.y
                counts[cell] += 1
    out = []
    after = 0
    for cell in range(cells):
        if seen[cell]:
            out.append(sums[cell] / counts[cell] if counts[cell] else math.nan)
            continue
        middle = left + (cell + 0.5) / cells * (right - left)
        while after < len(curve) and curve[after].x < middle:
            after += 1
        out.append(_between(curve[after - 1], curve[after], middle) if 0 < after < len(curve) else math.nan)
    return out


def _between(before: Point, after: Point, x: float) -> float:
    return before.y + (after.y - before.y) * (x - before.x) / (after.x - before.x or 1.0)


def _percent(share: float) -> str:
    return "" if math.isnan(share) else f"{share:.0%}"


def _date(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")
