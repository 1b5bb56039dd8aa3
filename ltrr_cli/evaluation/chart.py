"""What a chart shows, whoever draws it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One named line: `x` and `y` have equal lengths; `low` and `high`, if given, bound a band around it."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Curves over one axis. `kind` is `lines`, `area` (shares of a whole, stacked) or `bars`.

    Bars have one curve per group, whose x are places from 0, named by `ticks`; their `low` and `high` are whiskers.
    `dates`: x are seconds since 1970.
    """

    title: str
    x_label: str
    y_label: str
    curves: tuple[Curve, ...]
    kind: str = "lines"
    ticks: tuple[str, ...] = ()
    dates: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of text under a header; cells of `numeric` columns (by place) are aligned right."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[int, ...] = ()
    caption: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of a report: a heading, paragraphs of plain text, then tables, then charts."""

    heading: str
    text: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    charts: tuple[Chart, ...] = ()
