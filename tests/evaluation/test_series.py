"""What drawings have in common: usable points, shares, bars, texts, labels that do not overlap."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_cli.evaluation.chart import Chart, Curve
from ltrr_cli.evaluation.series import bars, cells, number, plain, points, shares, spread, wrap

NAN, INF = math.nan, math.inf


def test_points_by_hand() -> None:
    """Points come by x, with nan for what is no number, and a band only where there are both bounds."""
    curve = Curve(name="a", x=(2.0, 1.0, NAN, 1e300), y=(INF, 3.0, 4.0, 5.0), low=(0.0,) * 4, high=(9.0,) * 4)
    first, second = points(curve)
    assert first == (1.0, 3.0, 0.0, 9.0)
    assert second[0] == 2.0
    assert math.isnan(second.y)
    assert math.isnan(points(Curve(name="a", x=(1.0,), y=(1.0,), low=(0.0,)))[0].low)
    assert points(Curve(name="a", x=(1e15,), y=(1.0,)), dates=True) == []


def test_shares_by_hand() -> None:
    """Curves on other places are straight between their points; more than a whole is divided by its sum."""
    chart = Chart(
        title="",
        x_label="",
        y_label="",
        kind="area",
        curves=(
            Curve(name="a", x=(0.0, 2.0), y=(0.2, 0.6)),
            Curve(name="b", x=(1.0, 2.0), y=(0.5, 1.8)),
            Curve(name="c", x=(), y=()),
        ),
    )
    places, rows = shares(chart)
    assert places == [0.0, 1.0, 2.0]
    assert rows[0] == pytest.approx([0.2, 0.4, 0.25])
    assert rows[1] == pytest.approx([0.0, 0.5, 0.75])
    assert rows[2] == [0.0, 0.0, 0.0]


def test_bars_by_hand() -> None:
    """Ticks come in order, with the bars that are there; a place without a name is numbered from 1."""
    chart = Chart(
        title="", x_label="", y_label="", kind="bars", ticks=("a", "b"),
        curves=(Curve(name="x", x=(0.0, 2.0), y=(1.0, 2.0)), Curve(name="y", x=(0.0, 1.0), y=(3.0, NAN))),
    )  # fmt: skip
    found = [(name, [(curve, bar.y) for curve, bar in group]) for name, group in bars(chart)]
    assert found == [("a", [(0, 1.0), (1, 3.0)]), ("b", []), ("3", [(0, 2.0)])]


def test_numbers_as_people_read_them() -> None:
    """Thousands are apart, small numbers keep their digits, and what is no number is a dash."""
    values = (0.0, 3.0, -0.5, 0.88012, 12.5, 123.44, 1234.4, 1234567.0, -0.00123, 1e-7, 2e12, NAN)
    shown = ["0", "3", "-0.500", "0.880", "12.500", "123.4", "1,234", "1,234,567", "-0.0012", "1e-07", "2e+12", "–"]
    assert [number(value) for value in values] == shown


@given(text=st.text(max_size=80), width=st.integers(3, 30), lines=st.integers(1, 4))
def test_wrapped_text_fits(text: str, width: int, lines: int) -> None:
    """Lines are at most so many, so wide; without an ellipsis nothing but spaces is lost."""
    out = wrap(plain(text), width, lines)
    assert 1 <= len(out) <= lines
    assert all(cells(line) <= width for line in out)
    if not out[-1].endswith("…"):
        assert "".join(out).replace(" ", "") == plain(text).replace(" ", "")


@given(st.lists(st.tuples(st.floats(-1, 2), st.floats(0.01, 0.1)), max_size=9))
def test_labels_spread_without_overlap(labels: list[tuple[float, float]]) -> None:
    """Labels keep their order, do not overlap and stay inside; where they fit as wished they do not move."""
    labels.sort()
    wanted, sizes = [place for place, _ in labels], [size for _, size in labels]
    places = spread(wanted, sizes, 1.0)
    edges = [edge for place, size in zip(places, sizes, strict=True) for edge in (place - size / 2, place + size / 2)]
    assert all(a <= b + 1e-9 for a, b in pairwise(edges))
    assert all(-1e-9 <= edge <= 1 + 1e-9 for edge in edges)
    assert spread(places, sizes, 1.0) == pytest.approx(places)


def test_labels_spread_around_their_middle() -> None:
    """Two labels that want one place share the way: each moves by half its size."""
    assert spread([0.5, 0.5], [0.2, 0.2], 1.0) == pytest.approx([0.4, 0.6])
