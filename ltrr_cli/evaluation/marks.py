"""The marks of a chart on matplotlib axes: lines with bands, stacked areas, bars with whiskers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from ltrr_cli.evaluation.series import Point, bars, number, plain, points, shares, wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ltrr_cli.evaluation.chart import Chart

INK, MUTED, GRID, PAPER = "#1f2430", "#5c6370", "#e3e5e9", "#fdfdfe"
"""Text, lesser text, grid and background; a report replaces them where the reader's screen is dark."""
DAY = 86_400
THIN = 8.0
"""Bars thinner than this, in points, have no room for their values."""
TEXT_LINE = 11.0
"""The height of a line of small text, in points."""
_MANY_POINTS = 30
_TICK_CELLS = 30
# Okabe & Ito, Color Universal Design (2008), without the yellow, that white paper swallows, and black, that dark does
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7d7d7d")
_STYLES: tuple[Dashes, ...] = ("-", (0, (4, 1.5)), (0, (1, 1.2)), (0, (5, 1.2, 1, 1.2)))


Dashes: TypeAlias = Literal["-"] | tuple[float, tuple[float, ...]]
"""A pattern of dashes as matplotlib takes it."""


class End(NamedTuple):
    """What a curve's name is put beside: the curve's number, its name, and its last point in data units."""

    number: int
    name: str
    x: float
    y: float


def colour(place: int) -> str:
    """Return the colour of a curve: seven that colour-blind people tell apart, then paler ones."""
    base = _COLOURS[place % len(_COLOURS)]
    pale = min(place // len(_COLOURS), 3) * 0.22
    parts = (int(base[start : start + 2], 16) for start in (1, 3, 5))
    return "#" + "".join(f"{round(part + (255 - part) * pale):02x}" for part in parts)


def style(place: int) -> Dashes:
    """Return the dashes of a curve: another pattern each time the colours start again."""
    return _STYLES[place // len(_COLOURS) % len(_STYLES)]


def draw_lines(axes: Axes, chart: Chart) -> list[End]:
    """Draw a line for each curve, with its band and with gaps where it has no value."""
    unit = DAY if chart.dates else 1
    axes.margins(x=0.02)
    ends = []
    for place, curve in enumerate(chart.curves):
        found = points(curve, dates=chart.dates)
        x, y = [point.x / unit for point in found], [point.y for point in found]
        bounds = [(point.low, point.high) for point in found]
        if any(math.isfinite(low) and math.isfinite(high) for low, high in bounds):
            lows, highs = [low for low, _ in bounds], [high for _, high in bounds]
            axes.fill_between(x, lows, highs, color=colour(place), alpha=0.16, linewidth=0)
        axes.plot(x, y, color=colour(place), linestyle=style(place), linewidth=1.8, solid_capstyle="round")
        drawn = [one for one in zip(x, y, strict=True) if math.isfinite(one[1])]
        dots = drawn if len(found) <= _MANY_POINTS else _alone(x, y)
        axes.plot(*_columns(dots), color=colour(place), linestyle="none", marker="o", markersize=3.6)
        if drawn:
            ends.append(End(place, plain(curve.name), *drawn[-1]))
    return ends


def draw_area(axes: Axes, chart: Chart) -> list[End]:
    """Draw the curves' shares on top of each other, the first one lowest; a single point becomes a column."""
    unit = DAY if chart.dates else 1
    places, rows = shares(chart)
    x = [place / unit for place in places]
    if len(x) == 1:
        x, rows = [x[0] - 0.5, x[0] + 0.5], [row * 2 for row in rows]
    ends, base = [], [0.0] * len(x)
    for place, (curve, row) in enumerate(zip(chart.curves, rows, strict=True)):
        top = [low + share for low, share in zip(base, row, strict=True)]
        axes.fill_between(x, base, top, facecolor=colour(place), edgecolor=PAPER, linewidth=0.6)
        if x:
            ends.append(End(place, plain(curve.name), x[-1], (base[-1] + top[-1]) / 2))
        base = top
    if x:
        axes.set_ylim(0, 1)
        if x[0] < x[-1]:
            axes.set_xlim(x[0], x[-1])
    return ends


def draw_bars(axes: Axes, chart: Chart, *, height: float) -> None:
    """Draw horizontal bars, the first on top, with whiskers and values; `height` is the room for them in points."""
    groups = bars(chart)
    slot = height / max(1, len(groups))
    thick = 0.78 / max(1, *(len(found) for _, found in groups))
    placed: dict[int, list[tuple[float, Point]]] = {}
    for place, (_, found) in enumerate(groups):
        for index, (curve, bar) in enumerate(found):
            placed.setdefault(curve, []).append((place + (index - (len(found) - 1) / 2) * thick, bar))
    for curve, row in placed.items():
        _draw_row(axes, row, colour(curve), slot * thick)
    reach = [0.0, *(_tip(bar, side) for _, found in groups for _, bar in found for side in (-1, 1))]
    low, high = min(reach), max(reach)
    room = 0.14 * (high - low or 1.0)  # for the values beside the bars
    axes.set_xlim(low - room if low < 0 else 0, high + room if high > 0 or low == 0 else 0)
    axes.set_ylim(max(1, len(groups)) - 0.5, -0.5)
    every = math.ceil(TEXT_LINE / slot)
    lines = max(1, min(3, int(slot / TEXT_LINE)))
    names = ["\n".join(wrap(plain(name), _TICK_CELLS, lines)) for name, _ in groups]
    axes.set_yticks(range(0, len(groups), every), names[::every])
    axes.axvline(0, color=MUTED, linewidth=0.8)


def _draw_row(axes: Axes, row: list[tuple[float, Point]], fill: str, size: float) -> None:
    """Draw a curve's bars, each `size` points thick, with their whiskers, and their values if there is room."""
    # as lines: one object for all of them, where a rectangle each takes seconds for thousands
    axes.hlines([at for at, _ in row], 0, [bar.y for _, bar in row], colors=fill, linewidth=size * 0.9)
    spans = [(at, bar.low, bar.high) for at, bar in row if math.isfinite(bar.low) and math.isfinite(bar.high)]
    if spans:
        at, low, high = zip(*spans, strict=True)
        axes.hlines(at, low, high, colors=INK, linewidth=1.1)
        mark = min(5.0, size)
        axes.plot([*low, *high], [*at, *at], color=INK, linestyle="none", marker="|", markersize=mark)
    for place, bar in row if size >= THIN else ():
        side = -1 if bar.y < 0 else 1
        axes.annotate(
            number(bar.y).replace("-", "−"),
            (_tip(bar, side), place),
            xytext=(5 * side, 0),
            textcoords="offset points",
            ha="left" if side > 0 else "right",
            va="center",
            color=INK,
            fontsize=8.5,
        )


def _tip(bar: Point, side: int) -> float:
    """Return where a bar with its whisker ends on a side, -1 or 1."""
    return side * max(side * value for value in bar[1:] if math.isfinite(value))


def _alone(x: list[float], y: list[float]) -> list[tuple[float, float]]:
    """Return the points with gaps on both sides: a line does not show them."""
    known = [False, *map(math.isfinite, y), False]
    return [
        (a, b)
        for a, b, before, here, after in zip(x, y, known, known[1:], known[2:], strict=False)
        if here and not (before or after)
    ]


def _columns(pairs: list[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return [x for x, _ in pairs], [y for _, y in pairs]
