"""Charts in the terminal: lines that fit, blocks that mean what the numbers say, nothing raw."""

from __future__ import annotations

import math
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from ltrr_cli.cli.plot import draw
from ltrr_cli.errors import EvaluationError
from ltrr_cli.evaluation.chart import Chart, Curve

NAN = math.nan
EVIL = "\x1b[31mEvil\x1b]0;owned\x07 love\u202e \x9b2J\x7f end \ud800"


def _curve(name: str, *y: float, **bounds: tuple[float, ...]) -> Curve:
    return Curve(name=name, x=tuple(map(float, range(len(y)))), y=y, **bounds)


def _chart(*curves: Curve, kind: str = "lines", ticks: tuple[str, ...] = (), dates: bool = False) -> Chart:
    return Chart(title="Title", x_label="x", y_label="unit", curves=curves, kind=kind, ticks=ticks, dates=dates)


def test_lines_by_hand() -> None:
    """Eight points in eight cells give the eight blocks between first and last value; below stand both scales."""
    chart = _chart(_curve("up", 0, 1, 2, 3, 4, 5, 6, 7), _curve("flat", 7, 7, 7, 7, 7, 7, 7, 7))
    lines = draw(chart, 40, unicode=True).split("\n")
    assert lines[0] == "Title · unit"
    assert lines[-1] == "x 0 … 7 · height 0 … 7"
    up, flat = lines[1:-1]
    assert up.startswith("up    0 ▁")
    assert up.endswith("█ 7")
    assert flat == "flat  7 " + "█" * 30 + " 7"
    assert [*dict.fromkeys(up[8:-2])] == list("▁▂▃▄▅▆▇█")
    assert up[8:-2] == "".join(sorted(up[8:-2]))


def test_many_points_become_means() -> None:
    """A cell shows the mean of its points: a curve that jumps up and down all the time is flat in the middle."""
    jumps = _curve("jumps", *([0.0, 1.0] * 5000))
    course = draw(_chart(jumps, _curve("top", *[1.0] * 10_000)), 50, unicode=True).split("\n")[1].split()[2]
    assert set(course) <= set("▄▅")


def test_gaps_are_spaces() -> None:
    """Where a curve has no value there is a space, also before its first point and after its last."""
    gap = Curve(name="gap", x=(1.0, 2.0, 3.0, 4.0), y=(1.0, NAN, 1.0, 1.0))
    whole = Curve(name="all", x=(0.0, 5.0), y=(0.0, 1.0))
    line = draw(_chart(gap, whole), 40, unicode=True).split("\n")[1]
    course = line.removeprefix("gap  1 ").removesuffix(" 1")
    assert len(course) == 31
    assert course.startswith(" ")
    assert course.endswith(" ")
    assert course.strip().count(" ") > 5
    assert set(course) == {" ", "█"}


def test_areas_show_shares() -> None:
    """Each curve's share is a percentage of the whole, on one scale from 0."""
    chart = _chart(_curve("a", 1, 3), _curve("b", 3, 1), kind="area")
    lines = draw(chart, 60, unicode=True).split("\n")
    words = [line.split() for line in lines[1:3]]
    assert [(first, start, end) for first, start, *_, end in words] == [("a", "25%", "75%"), ("b", "75%", "25%")]
    assert lines[3] == "x 0 … 1 · height 0% … 75%"


def test_bars_by_hand() -> None:
    """A bar's length is its share of the longest, in eighths; value and bounds stand behind it."""
    bar = _curve("ltrr", 0.5, 1.0, 0.0, low=(0.4, 0.9, NAN), high=(0.6, 1.1, 0.5))
    lines = draw(_chart(bar, kind="bars", ticks=("half", "whole")), 50, unicode=True).split("\n")
    assert lines == [
        "Title · unit",
        "half   " + "█" * 10 + "▌" + " " * 10 + " 0.500 (0.400 … 0.600)",
        "whole  " + "█" * 21 + "     1 (0.900 … 1.100)",
        "3      " + " " * 21 + "     0",
    ]


def test_negative_bars_go_left() -> None:
    """Bars of both signs start from one column, to its two sides."""
    lines = draw(_chart(_curve("d", 1, -1), kind="bars", ticks=("a", "b")), 40, unicode=True).split("\n")[1:]
    up, down = (line[3:] for line in lines)
    assert up.index("█") == down.rindex("█") + 1
    assert up.count("█") == pytest.approx(down.count("█"), abs=1)


def test_groups_of_bars_stand_under_their_tick() -> None:
    """With several curves each tick is a line with the curves' bars below."""
    lines = draw(_chart(_curve("a", 1, 2), _curve("b", 3), kind="bars", ticks=("one", "two")), 40, unicode=True).split(
        "\n"
    )
    assert [line.split("█")[0].rstrip() for line in lines[1:]] == ["one", "  a", "  b", "two", "  a"]


def test_dates_are_dates() -> None:
    """With `dates` the axis is named by days."""
    chart = Chart(
        title="t", x_label="", y_label="", dates=True, curves=(Curve(name="a", x=(0.0, 86_400.0), y=(1.0, 2.0)),)
    )  # fmt: skip
    assert "1970-01-01 … 1970-01-02" in draw(chart, 60, unicode=True)


@pytest.mark.parametrize("kind", ["lines", "area", "bars"])
def test_without_unicode_only_ascii_is_drawn(kind: str) -> None:
    """A terminal that knows ASCII gets ASCII, whatever is drawn, cut or missing."""
    long = "a very long name " * 8
    curves = (
        _curve(long, 0.1, 0.55, NAN, 1.0, low=(0, 0, 0, 0), high=(1, 1, 1, 1)),
        _curve("none", NAN),
        _curve("m", -1),
    )
    for width in (20, 40, 80):
        assert draw(_chart(*curves, kind=kind, ticks=(long, "b")), width, unicode=False).isascii()
    levels = draw(_chart(_curve("up", *range(8))), 60, unicode=False).split("\n")[1].split()[2]
    assert [*dict.fromkeys(levels)] == list("_.:-=+*#")


@pytest.mark.parametrize("kind", ["lines", "area", "bars"])
def test_nothing_reaches_the_terminal_raw(kind: str) -> None:
    """Control characters in any text are shown as escapes."""
    chart = Chart(
        title=EVIL,
        x_label=EVIL,
        y_label=EVIL,
        curves=(_curve(EVIL, 1, 2), _curve(EVIL, 2, 1)),
        kind=kind,
        ticks=(EVIL,),
    )
    drawn = draw(chart, 200, unicode=True)
    assert "\\x1b[31mEvil" in drawn
    assert all(unicodedata.category(char) not in ("Cc", "Cs") for char in drawn.replace("\n", ""))
    assert "\u202e" not in drawn


@pytest.mark.parametrize("kind", ["lines", "area", "bars"])
@pytest.mark.parametrize("curves", [(), (_curve("a"),), (_curve("a", NAN, math.inf),)])
def test_without_data_it_says_so(kind: str, curves: tuple[Curve, ...]) -> None:
    """A chart without a finite value has a title, and says that there is no data; an area of nothing may show 0%."""
    drawn = draw(_chart(*curves, kind=kind), 60, unicode=True)
    assert drawn.startswith("Title · unit\n")
    assert "no data" in drawn or (kind == "area" and "0%" in drawn)


def test_inconsistent_charts_are_refused() -> None:
    """A curve with more x than y is one clear error."""
    with pytest.raises(EvaluationError, match="2 x, 1 y"):
        draw(_chart(Curve(name="a", x=(1.0, 2.0), y=(1.0,))), 60, unicode=True)


numbers = st.floats() | st.floats(-100, 100)


@given(
    rows=st.lists(st.lists(st.tuples(numbers, numbers, numbers, numbers), max_size=5), max_size=4),
    names=st.lists(st.text(max_size=40), min_size=4, max_size=4),
    kind=st.sampled_from(["lines", "area", "bars"]),
    dates=st.booleans(),
    width=st.integers(20, 130),
    unicode=st.booleans(),
)
@settings(max_examples=100, deadline=None)
def test_any_chart_fits(
    rows: list[list[tuple[float, float, float, float]]],
    names: list[str],
    kind: str,
    dates: bool,
    width: int,
    unicode: bool,
) -> None:
    """Whatever the numbers and names, no line is empty or wider than asked for."""
    curves = []
    for name, row in zip(names, rows, strict=False):
        x, y, low, high = (tuple(column) for column in zip(*row, strict=True)) if row else ((),) * 4
        curves.append(Curve(name=name, x=x, y=y, low=low, high=high))
    chart = Chart(
        title=names[0],
        x_label=names[1],
        y_label=names[2],
        curves=tuple(curves),
        kind=kind,
        dates=dates,
        ticks=(names[3],),
    )
    lines = draw(chart, width, unicode=unicode).split("\n")
    assert all(0 < cell_len(line) <= width for line in lines)
    assert all(line == line.rstrip() for line in lines)
