"""What the commands that measure have in common: their options, and where their results go."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ltrr_cli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ltrr_cli.estimators.intervals import Interval
    from ltrr_cli.evaluation.chart import Section
    from ltrr_cli.evaluation.evaluate import Paired

QueriesOption = Annotated[
    Path | None,
    typer.Option(
        "--queries",
        metavar="FILE|DIR",
        help="Queries: JSON lines, TREC topics (id, tab, text), or a BEIR folder.",
        show_default=False,
    ),
]
QrelsOption = Annotated[
    Path | None,
    typer.Option("--qrels", metavar="FILE", help="Judgments: TREC qrels, TSV or JSON lines.", show_default=False),
]
SplitOption = Annotated[
    str | None,
    typer.Option("--split", metavar="NAME", help="Only queries of this split (dev, test …).", show_default=False),
]
MeasureOption = Annotated[
    list[str] | None,
    typer.Option(
        "--measure",
        "-m",
        metavar="NAME",
        help="As in ir_measures; may be repeated; the first decides.",
        show_default=False,
    ),
]
HtmlOption = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="Write a report with charts.", show_default=False)
]
ChartOption = Annotated[
    Path | None, typer.Option("--chart", metavar="FILE", help="Write the charts as .svg or .png.", show_default=False)
]
SeedOption = Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Makes chance repeatable.")]


def check_outputs(
    *,
    html: Path | None = None,
    chart: Path | None = None,
    run: Path | None = None,
    inputs: Sequence[str | Path | None] = (),
) -> None:
    """Find out now, not after an hour of work, whether the results can be written.

    `inputs` are the files that will be read.

    Raises:
        UsageError: one file has two uses, a folder does not exist, or a chart's suffix is none that can be drawn.
        EvaluationError: what draws is not installed.
    """
    wanted = [path.resolve() for path in (html, chart, run) if path is not None and _is_own(path)]
    if len(set(wanted)) < len(wanted):
        raise UsageError("two results would be written to one file", next="give each a file of its own")
    read = {Path(source).resolve() for source in inputs if source is not None}
    if clash := [path for path in wanted if path in read]:
        raise UsageError("this file is read, it cannot be written too", where=str(clash[0]), next="name another")
    if sum(str(source) == "-" for source in inputs) > 1:
        raise UsageError("only one input can be standard input (-)")
    for path in (html, chart, run):
        if path is not None and not path.parent.is_dir():
            raise UsageError("this folder does not exist", where=str(path.parent), next="make it, or name another")
        if path is not None and path.is_dir():
            raise UsageError("this is a folder", where=str(path), next="name a file in it")
    if chart is not None and chart.suffix.lower() not in {".svg", ".png"}:
        raise UsageError(f"--chart: {chart.name!r} is neither .svg nor .png")
    if html is not None or chart is not None:
        from ltrr_cli.evaluation.charts import check_installed

        check_installed()


def _is_own(path: Path) -> bool:
    """Whether it is, or will be, a file: devices and pipes may take several results."""
    return not path.exists() or path.is_file()


def bounds(value: Interval) -> list[float | None]:
    """Return both bounds for JSON, None where one is not known."""
    from ltrr_cli.cli.text import number

    return [number(value.low), number(value.high)]


def paired_row(paired: Paired) -> dict[str, Any]:
    """Return a comparison for JSON."""
    from ltrr_cli.cli.text import number

    return {
        "difference": number(paired.difference.value),
        "interval": bounds(paired.difference),
        "p": number(paired.p),
        "wins": paired.wins,
        "ties": paired.ties,
        "losses": paired.losses,
    }


def show_sections(sections: Sequence[Section]) -> None:
    """Print text, tables and charts."""
    from ltrr_cli.cli.console import MIN_WIDTH, can_draw, make_console
    from ltrr_cli.cli.plot import draw
    from ltrr_cli.cli.tables import show
    from ltrr_cli.cli.text import safe, say

    width = max(MIN_WIDTH, make_console().width)
    for number, section in enumerate(sections):
        if number:
            say()
        say(safe(section.heading))
        for text in section.text:
            say(safe(text))
        for table in section.tables:
            show(table)
        for chart in section.charts:
            say()
            say(draw(chart, width, unicode=can_draw()))


def write_outputs(title: str, sections: Sequence[Section], *, html: Path | None, chart: Path | None) -> None:
    """Write the report and the charts that were asked for, and say so."""
    from ltrr_cli.cli.text import notice

    if html is not None:
        from ltrr_cli.evaluation.report import page, save

        save(page(title, sections), html)
        notice(f"wrote {html}")
    if chart is not None:
        from ltrr_cli.evaluation import charts

        charts.save([one for section in sections for one in section.charts], chart)
        notice(f"wrote {chart}")
