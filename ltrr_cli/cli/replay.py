"""`ltrr replay`: how well would the index have predicted a log, had it learned from it as it came?"""

from __future__ import annotations

import sys
from pathlib import Path  # noqa: TC003 – typer reads the annotations
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ltrr_cli.cli.options import IndexOption, JsonOption, QuietOption, find_index
from ltrr_cli.cli.outputs import (
    ChartOption,
    HtmlOption,
    MeasureOption,
    check_outputs,
    show_sections,
    write_outputs,
)
from ltrr_cli.errors import UsageError

if TYPE_CHECKING:
    from ltrr_cli.evaluation.replay import Replayed

HELP = """Replay a log in time order: predict every action, score the prediction, then learn.

Works on a scratch copy of the index that starts with nothing learned; the index itself is not touched. Shows the whole
pipeline, each strategy alone, and plain counts of query and entity that learn at the same pace."""
EPILOG = """\b
Examples:
  ltrr replay clicks.jsonl
  ltrr replay clicks.jsonl --by day --sample 0.1 --html replay.html
  ltrr replay my.ltrr/log --batch 500
  ltrr replay clicks.jsonl --out replay/     stopped? the same command goes on
"""


def replay(
    logs: Annotated[list[str], typer.Argument(metavar="LOG", help="Logs, also compressed, or folders; - is stdin.")],
    *,
    index: IndexOption = None,
    batch: Annotated[
        int | None,
        typer.Option("--batch", metavar="N", min=1, help="Learn after every N events (1000).", show_default=False),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option("--by", metavar="day|week|month", help="Learn at the end of each.", show_default=False),
    ] = None,
    sample: Annotated[
        float, typer.Option("--sample", metavar="SHARE", help="Predict only a share of the events.")
    ] = 1.0,
    measure: MeasureOption = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Keep the work here, to go on if stopped.", show_default=False),
    ] = None,
    html: HtmlOption = None,
    chart: ChartOption = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Parse, replay, show."""
    from ltrr_cli.cli.console import bars
    from ltrr_cli.cli.text import left_out, notice, plural, show_json

    if batch is not None and by is not None:
        raise UsageError("--batch and --by exclude each other")
    path = find_index(index)
    check_outputs(html=html, chart=chart, inputs=logs)
    from ltrr_cli.estimators.measures import parse_measures
    from ltrr_cli.evaluation.replay import MEASURES
    from ltrr_cli.evaluation.replay import replay as run
    from ltrr_cli.evaluation.summary import of_replay
    from ltrr_cli.feedback.formats import Feedback

    read = Feedback(logs, stdin=sys.stdin.buffer if sys.stdin is not None else None)
    try:
        with bars(quiet=quiet) as tell:
            result = run(
                path,
                read,
                measures=parse_measures(measure or MEASURES),
                batch=by or batch or 1000,
                sample=sample,
                out=out,
                progress=tell,
            )
    finally:  # why a log is of no use is told too
        for remark in read.notes:
            notice(f"note: {remark}")
        if read.bad:
            left_out(read.bad_count, "bad line", read.bad[0])
    if result.resumed:
        notice(f"{plural(result.resumed, 'batch', 'batches')} done before; went on from there")
    sections = of_replay(result)
    write_outputs(f"ltrr replay: {path.name}", sections, html=html, chart=chart)
    if as_json:
        show_json({**_as_json(result), "bad": read.bad_count})
    else:
        show_sections(sections)


def _as_json(result: Replayed) -> dict[str, Any]:
    return {
        "measures": list(result.measures),
        "predicted": sum(step.predicted for step in result.steps),
        "systems": {
            system: {measure: round(result.mean(system, measure), 6) for measure in result.measures}
            for system in result.systems
        },
        "batches": [
            {
                "start": step.start,
                "end": step.end,
                "events": step.events,
                "predicted": step.predicted,
                "systems": {
                    system: {measure: round(result.mean(system, measure, [step]), 6) for measure in result.measures}
                    for system in step.sums
                },
            }
            for step in result.steps
        ],
        "ranker": result.ranker,
    }
