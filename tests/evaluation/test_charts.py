"""Charts: the same bytes every time, whatever the numbers and names, and nothing of matplotlib's settings changed."""

from __future__ import annotations

import builtins
import math
import re
import warnings
import xml.etree.ElementTree as ET
from itertools import pairwise
from typing import TYPE_CHECKING

import matplotlib as mpl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ltrr_cli.errors import EvaluationError
from ltrr_cli.evaluation.chart import Chart, Curve
from ltrr_cli.evaluation.charts import check_installed, save, svg
from ltrr_cli.evaluation.marks import colour, style

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

NAN, INF = math.nan, math.inf
HOSTILE = "</text><script>alert(1)</script> $x_$ \\frac{ & \x00\x1b[31m \ud800 \ufffe \u202e ]]> <!--"
KINDS = ("lines", "area", "bars")


def _curve(name: str = "ltrr", y: tuple[float, ...] = (0.2, 0.5, 0.4), **more: tuple[float, ...]) -> Curve:
    return Curve(name=name, x=tuple(map(float, range(len(y)))), y=y, **more)


def _chart(*curves: Curve, kind: str = "lines", dates: bool = False, title: str = "A title") -> Chart:
    return Chart(title=title, x_label="queries", y_label="reward", curves=curves, kind=kind, dates=dates)


def _texts(drawn: str) -> list[str]:
    """Return the texts of an SVG, which has to be well-formed XML."""
    return ["".join(one.itertext()) for one in ET.fromstring(drawn).iter("{http://www.w3.org/2000/svg}text")]  # noqa: S314


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_chart_gives_the_same_bytes(kind: str, tmp_path: Path) -> None:
    """Twice drawn is twice the same, as SVG and as PNG, and no date is in it."""
    chart = _chart(_curve(low=(0.1, 0.4, 0.3), high=(0.3, 0.6, 0.5)), _curve("other"), kind=kind)
    assert svg(chart) == svg(chart)
    assert "date" not in svg(chart)
    for name in ("a.png", "b.png"):
        save(chart, tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


@pytest.mark.parametrize("kind", KINDS)
def test_texts_stay_text(kind: str) -> None:
    """Title, unit and names can be read and searched in the SVG."""
    texts = " ".join(_texts(svg(_chart(_curve("learning"), _curve("équal 音楽 نص 👍"), kind=kind))))
    for text in ("A title", "reward", "queries", "learning", "équal 音楽 نص 👍"):
        assert text in texts


def test_a_bar_shows_its_value() -> None:
    """Ticks name the bars, values stand beside them, negative ones too."""
    bar = _curve(y=(0.25, -0.125), low=(0.2, -0.2), high=(0.3, -0.1))
    texts = _texts(svg(Chart(title="", x_label="", y_label="", curves=(bar,), kind="bars", ticks=("IPS", "DR"))))
    assert {"IPS", "DR", "0.250", "−0.125"} <= set(texts)


@pytest.mark.parametrize("kind", KINDS)
def test_a_shared_axis_names_shares_as_percent_and_dates_as_dates(kind: str) -> None:
    """Areas have a percent axis; with `dates` the axis names months."""
    x = tuple(1_750_000_000.0 + 86_400 * 30 * day for day in range(6))
    drawn = _texts(
        svg(
            Chart(title="", x_label="", y_label="", kind=kind, dates=True, curves=(Curve(name="a", x=x, y=(0.5,) * 6),))
        )
    )
    assert ("100%" in drawn) == (kind == "area")
    assert ("Sep" in drawn) == (kind != "bars")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("suffix", ["svg", "png"])
def test_hostile_texts_are_texts(kind: str, suffix: str, tmp_path: Path) -> None:
    """Markup, formulas, control characters and halves of characters in every text neither break nor enter the file."""
    chart = Chart(
        title=HOSTILE * 5,
        x_label=HOSTILE,
        y_label=HOSTILE,
        curves=(_curve(HOSTILE), _curve("")),
        kind=kind,
        ticks=(HOSTILE,),
    )
    save([chart, chart], tmp_path / f"chart.{suffix}")
    if suffix == "svg":
        drawn = (tmp_path / "chart.svg").read_text()
        assert sum(text.startswith("</text><script>alert(1)</script> $x_$") for text in _texts(drawn)) >= 4
        assert "<script" not in drawn
        assert not re.search("[\x00-\x08\x0b-\x1f\u202e]", drawn)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "y", [(), (NAN,), (1.0,), (INF, -INF), (NAN, 1.0, NAN), (0.0, 0.0), (1e308, -1e308), (5e-324,), (1e17, 1e17 + 16)]
)
@pytest.mark.parametrize("dates", [False, True])
def test_odd_numbers_are_drawn(kind: str, y: tuple[float, ...], dates: bool) -> None:
    """Nothing, one point, gaps, infinities, huge and tiny numbers give a picture; what cannot be drawn says so."""
    texts = _texts(svg(_chart(_curve(y=y, low=y, high=y), kind=kind, dates=dates)))
    assert ("no data" in texts) == (not any(abs(value) < 1e200 for value in y))


numbers = st.floats() | st.floats(-1e9, 1e9)


@given(
    rows=st.lists(st.lists(st.tuples(numbers, numbers, numbers, numbers), max_size=5), max_size=4),
    names=st.lists(st.text(max_size=30), min_size=4, max_size=4),
    kind=st.sampled_from(KINDS),
    dates=st.booleans(),
)
@settings(max_examples=30, deadline=None)
def test_any_chart_is_drawn(
    rows: list[list[tuple[float, float, float, float]]], names: list[str], kind: str, dates: bool
) -> None:
    """Whatever the numbers and names, the SVG is well-formed and has no number that is none."""
    curves = []
    for name, row in zip(names, rows, strict=False):
        x, y, low, high = (tuple(column) for column in zip(*row, strict=True)) if row else ((),) * 4
        curves.append(Curve(name=name, x=x, y=y, low=low, high=high))
    drawn = svg(
        Chart(title=names[0], x_label="x", y_label="y", curves=tuple(curves), kind=kind, dates=dates, ticks=(names[1],))
    )
    ET.fromstring(drawn)  # noqa: S314
    assert not re.search(r'[ "](nan|inf)[ "]', re.sub(r">[^<]*<", "><", drawn))


def test_twenty_curves_have_twenty_names_that_do_not_overlap() -> None:
    """Each curve is named once beside the axes, all names at least a line apart."""
    curves = [_curve(f"curve {place}", (0.5, 0.5 + place * 1e-4)) for place in range(20)]
    texts = ET.fromstring(svg(_chart(*curves))).iter("{http://www.w3.org/2000/svg}text")  # noqa: S314
    heights = [float(one.attrib["y"]) for one in texts if (one.text or "").startswith("curve")]
    assert len(heights) == 20
    ordered = sorted(heights)
    assert min(b - a for a, b in pairwise(ordered)) > 9


def test_many_curves_look_different() -> None:
    """The first 28 curves differ in colour or dashes, and neighbours always in colour."""
    looks = [(colour(place), style(place)) for place in range(28)]
    assert len(set(looks)) == 28
    assert all(one[0] != other[0] for one, other in pairwise(looks))


@pytest.mark.parametrize(("kind", "count"), [("bars", 800), ("lines", 150)])
def test_very_many_bars_or_curves_still_make_a_picture(kind: str, count: int, tmp_path: Path) -> None:
    """Hundreds of bars get thinner, very many curves lose their names; the file stays of a usable size."""
    chart = (
        _chart(*[_curve(f"n{place}", (0.1, 0.2)) for place in range(count)])
        if kind == "lines"
        else _chart(Curve(name="a", x=tuple(map(float, range(count))), y=(0.5,) * count), kind="bars")
    )
    height = float(re.findall(r'height="([\d.]+)pt"', svg(chart))[0])
    assert 200 < height < 4200


def test_matplotlib_is_left_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings made for other figures neither change nor matter; warnings stay as they were."""
    before = svg(_chart(_curve()))
    monkeypatch.setitem(mpl.rcParams, "lines.linewidth", 17.0)
    monkeypatch.setitem(mpl.rcParams, "svg.fonttype", "path")
    kept, filters = dict(mpl.rcParams), list(warnings.filters)
    assert svg(_chart(_curve())) == before
    assert dict(mpl.rcParams) == kept
    assert list(warnings.filters) == filters


def test_without_matplotlib_there_is_advice(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A missing matplotlib is one clear error that names the extra, and nothing is written."""
    real = builtins.__import__

    def missing(name: str, *args: object) -> ModuleType:
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(EvaluationError, match=r"pip install 'ltrr\[plots\]'"):
        check_installed()
    with pytest.raises(EvaluationError, match=r"pip install 'ltrr\[plots\]'"):
        save(_chart(), tmp_path / "a.svg")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["chart.pdf", "chart", "chart.html"])
def test_other_files_are_refused(name: str, tmp_path: Path) -> None:
    """Only SVG and PNG are written."""
    with pytest.raises(EvaluationError, match=r"name a \.svg or \.png file"):
        save(_chart(), tmp_path / name)


def test_a_failed_save_leaves_the_old_file(tmp_path: Path) -> None:
    """A chart that cannot be drawn does not touch the file; one that can replaces it, also with a capital suffix."""
    path = tmp_path / "chart.SVG"
    path.write_text("old")
    with pytest.raises(EvaluationError, match=r"2 x, 1 y, 0 low, 0 high.*A title"):
        save(_chart(Curve(name="a", x=(1.0, 2.0), y=(1.0,))), path)
    assert path.read_text() == "old"
    save([], path)
    assert path.read_text().startswith("<?xml")
    assert [one.name for one in tmp_path.iterdir()] == ["chart.SVG"]
    with pytest.raises(EvaluationError, match="nowhere"):
        save(_chart(), tmp_path / "nowhere" / "chart.svg")


def test_charts_are_stacked(tmp_path: Path) -> None:
    """Several charts in one file are as high as all of them together, the first on top."""
    one, other = _chart(_curve(), title="first"), _chart(_curve(), kind="bars", title="second")
    save([one, other], tmp_path / "both.svg")
    both = (tmp_path / "both.svg").read_text()
    height = [float(re.findall(r'height="([\d.]+)pt"', drawn)[0]) for drawn in (svg(one), svg(other), both)]
    assert height[0] + height[1] == pytest.approx(height[2], abs=0.01)
    assert both.index(">first<") < both.index(">second<")


def test_unknown_kinds_are_refused() -> None:
    """A kind that nobody draws is an error that lists the others."""
    with pytest.raises(EvaluationError, match="lines, area, bars"):
        svg(_chart(kind="pie"))
