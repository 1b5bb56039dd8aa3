"""One chart on a matplotlib figure: title and unit on top, names beside what they name, the curves in what is left."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ltrr_cli.evaluation.marks import (
    GRID,
    INK,
    MUTED,
    TEXT_LINE,
    Dashes,
    End,
    colour,
    draw_area,
    draw_bars,
    draw_lines,
    style,
)
from ltrr_cli.evaluation.series import bars, cells, plain, points, spread, wrap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    from ltrr_cli.evaluation.chart import Chart

# All lengths are in points, 72 to the inch.
WIDTH = 620.0
PAD = 16.0
_TITLE_LINE, _UNIT_LINE, _KEY_LINE = 17.0, 17.0, 15.0
_PLOT = 210.0
_NOTHING = 50.0
_TALLEST = 4000.0
_NAMED = 40
_NAME_CELLS = 26
_LEADER = 16.0
_TICK_GAP = 5.0
_CELL = 5.2  # of a letter of 8.5 points, about


def height(chart: Chart) -> float:
    """Return how high a chart is: more for many names or bars."""
    head = PAD + len(_title(chart)) * _TITLE_LINE + (_UNIT_LINE if _unit(chart) else 0) + len(_key(chart)) * _KEY_LINE
    if not _has_data(chart):
        plot = _NOTHING
    elif chart.kind == "bars":
        groups = bars(chart)
        widest = max((len(found) for _, found in groups), default=1)
        plot = min(_TALLEST, max(60.0, len(groups) * max(24.0, 14.0 * widest + 8)))
    else:
        plot = max(_PLOT, min(_NAMED, len(chart.curves)) * (TEXT_LINE + 2))
    return head + 8 + plot + _foot(chart)


def draw(canvas: FigureCanvasAgg, chart: Chart, top: float) -> None:
    """Draw a chart into a figure `WIDTH` wide, from `top`, counted from the figure's lower end, downwards."""
    figure = canvas.figure
    whole = figure.get_size_inches()[1] * 72
    bottom = top - height(chart) + _foot(chart)

    def write(left: float, text: str, *, size: float, weight: str = "normal", color: str = INK) -> None:
        figure.text(left / WIDTH, top / whole, text, size=size, weight=weight, color=color, va="top")

    top -= PAD
    for line in _title(chart):
        write(PAD, line, size=12, weight="bold")
        top -= _TITLE_LINE
    if unit := _unit(chart):
        write(PAD, unit, size=9.5, color=MUTED)
        top -= _UNIT_LINE
    for row in _key(chart):
        left = PAD
        for place, name in row:
            write(left, "■", size=9, color=colour(place))
            write(left + 12, name, size=8.5)
            left += 12 + _CELL * (cells(name) + 3)
        top -= _KEY_LINE
    top -= 8

    def put(left: float, right: float) -> None:
        axes.set_position((left / WIDTH, bottom / whole, (WIDTH - left - right) / WIDTH, (top - bottom) / whole))

    axes = figure.add_axes((0.1, 0.1, 0.5, 0.5))
    put(100, 120)
    ends = _draw_marks(axes, chart, top - bottom)
    _style_axes(axes, chart)
    names = _named(ends)
    ticks = axes.yaxis.get_tightbbox(canvas.get_renderer())  # type: ignore[no-untyped-call]
    widest = max((cells(line) for _, lines in names for line in lines), default=0)
    room = _LEADER + 6 + _CELL * widest if names else 4
    put(PAD + (0 if ticks is None else ticks.width * 72 / figure.dpi + _TICK_GAP), PAD + room)
    _write_names(axes, names, top - bottom)


def _title(chart: Chart) -> list[str]:
    return wrap(plain(chart.title), 70, 3)


def _unit(chart: Chart) -> str:
    """Return the line below the title: what the values are."""
    label, places = plain(chart.y_label), plain(chart.x_label)
    return wrap(f"{label} by {places}" if chart.kind == "bars" and label and places else label, 96, 1)[0]


def _foot(chart: Chart) -> float:
    """Return the room for the text under the axes."""
    return PAD + (14 if chart.kind == "bars" or not plain(chart.x_label) else 28)


def _key(chart: Chart) -> list[list[tuple[int, str]]]:
    """Return the lines of the legend of grouped bars: numbers and names of the curves; none for a single one."""
    rows: list[list[tuple[int, str]]] = []
    if chart.kind == "bars" and len(chart.curves) > 1:
        room = 0
        for place, curve in enumerate(chart.curves[:_NAMED]):
            name = wrap(plain(curve.name), 44, 1)[0]
            if cells(name) + 5 > room:
                rows.append([])
                room = 104
            room -= cells(name) + 6
            rows[-1].append((place, name))
    return rows


def _has_data(chart: Chart) -> bool:
    return any(math.isfinite(point.y) for curve in chart.curves for point in points(curve, dates=chart.dates))


def _draw_marks(axes: Axes, chart: Chart, plot: float) -> list[End]:
    if not _has_data(chart):
        axes.set_xticks([])
        axes.set_yticks([])
        axes.spines[:].set_visible(False)
        axes.text(0.5, 0.5, "no data", transform=axes.transAxes, ha="center", va="center", color=MUTED)
        return []
    if chart.kind == "bars":
        draw_bars(axes, chart, height=plot)
        return []
    return draw_area(axes, chart) if chart.kind == "area" else draw_lines(axes, chart)


def _style_axes(axes: Axes, chart: Chart) -> None:
    """Make the grid light, and write numbers, shares and dates as people do."""
    axes.set_facecolor("none")
    axes.tick_params(length=0, pad=_TICK_GAP, labelsize=8.5)
    axes.spines[:].set_visible(False)
    if not _has_data(chart):
        return
    flat = chart.kind == "bars"
    axes.set_axisbelow(chart.kind != "area")
    alpha = 0.6 if chart.kind == "area" else 1
    axes.grid(visible=True, axis="x" if flat else "y", color=GRID, linewidth=0.8, alpha=alpha)
    if flat:
        axes.tick_params(axis="y", labelcolor=INK)
        _number_axis(axes.xaxis, 5)
        return
    axes.spines["bottom"].set_visible(True)
    axes.set_xlabel(wrap(plain(chart.x_label), 80, 1)[0], color=MUTED, size=9)
    axes.tick_params(axis="x", length=3, color=GRID)
    if chart.dates:
        _date_axis(axes.xaxis)
    else:
        _number_axis(axes.xaxis, 7)
    _number_axis(axes.yaxis, 5, percent=chart.kind == "area")


def _number_axis(axis: Axis, most: int, *, percent: bool = False) -> None:
    """Write round numbers, all of an axis with as many digits."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    def text(value: float, _: object) -> str:
        if percent:
            return f"{value:.0%}"
        places = axis.get_majorticklocs()
        step = abs(float(places[1] - places[0])) if len(places) > 1 else abs(value)
        largest = max(map(abs, places), default=0.0)
        if largest >= 1e9 or 0 < step < 1e-6:
            return f"{value:.6g}".replace("-", "−")
        digits = next((digits for digits in range(8) if abs(round(step, digits) - step) < step * 1e-3), 8)
        return f"{value:,.{digits}f}".replace("-", "−")

    axis.set_major_locator(MaxNLocator(most, steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter(FuncFormatter(text))


def _date_axis(axis: Axis) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(minticks=3, maxticks=8, tz="UTC")  # type: ignore[no-untyped-call]
    axis.set_major_locator(locator)
    axis.set_major_formatter(ConciseDateFormatter(locator, tz="UTC"))  # type: ignore[no-untyped-call]


def _named(ends: Sequence[End]) -> list[tuple[End, list[str]]]:
    """Return what to write beside the curves; of very many only the first have names."""
    shown = [(end, wrap(end.name, _NAME_CELLS, 2 if len(ends) <= 10 else 1)) for end in ends[:_NAMED]]
    return [(end, lines) for end, lines in shown if any(lines)]


def _write_names(axes: Axes, names: Sequence[tuple[End, list[str]]], plot: float) -> None:
    """Write the names to the right of the axes, as near as possible to the ends of their curves."""
    if not names:
        return
    to_axes = axes.transData + axes.transAxes.inverted()
    at = [tuple(map(float, to_axes.transform((end.x, end.y)))) for end, _ in names]
    order = sorted(range(len(names)), key=lambda place: (at[place][1], -place))
    sizes = [(TEXT_LINE * len(names[place][1]) + 2) / plot for place in order]
    middles = spread([at[place][1] for place in order], sizes, 1.0)
    width = axes.get_position().width * WIDTH
    for place, middle in zip(order, middles, strict=True):
        end, lines = names[place]
        fill, dashes = colour(end.number), style(end.number)
        _line(axes, [1 + 4 / width, 1 + _LEADER / width], [middle, middle], fill, dashes, 2.4)
        x, y = at[place]
        if abs(y - middle) * plot > 3 and x > 0.9:  # too far to see that they belong together
            _line(axes, [x, 1 + 4 / width], [y, middle], fill, "-", 0.6)
        text = "\n".join(lines)
        axes.text(1 + (_LEADER + 5) / width, middle, text, transform=axes.transAxes, va="center", size=8.5)


def _line(axes: Axes, x: list[float], y: list[float], fill: str, dashes: Dashes, width: float) -> None:
    """Draw a line in parts of the axes, also outside of them."""
    from matplotlib.lines import Line2D

    line = Line2D(x, y, transform=axes.transAxes, color=fill, linestyle=dashes, linewidth=width, clip_on=False)
    axes.add_artist(line)
