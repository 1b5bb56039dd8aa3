"""`ltrr evaluate`: the index's answers against judgments."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 – typer reads the annotations
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ltrr_cli.cli.options import IndexOption, JsonOption, QuietOption, find_index
from ltrr_cli.cli.outputs import (
    ChartOption,
    HtmlOption,
    MeasureOption,
    QrelsOption,
    QueriesOption,
    SeedOption,
    SplitOption,
    bounds,
    check_outputs,
    paired_row,
    show_sections,
    write_outputs,
)

if TYPE_CHECKING:
    from ltrr_cli.evaluation.evaluate import Evaluation
    from ltrr_cli.evaluation.notes import Notes

HELP = """Measure the index on judged queries: the whole pipeline, each strategy alone, and textbook fusions.

Shows means with 95 % intervals, paired randomisation tests (Holm-adjusted), and wins and losses per query. Nothing is
learned and nothing is logged. rrf and convex fuse the lexical and the semantic strategy."""
EPILOG = """\b
Examples:
  ltrr evaluate --queries queries.jsonl --qrels qrels.tsv
  ltrr evaluate --queries beir/scifact -m nDCG@10 -m R@100 --html report.html
  ltrr evaluate --queries queries.jsonl --qrels qrels.txt --worst 20
  ltrr evaluate --queries queries.jsonl --qrels qrels.txt --run my.run --json
"""


def evaluate(
    *,
    index: IndexOption = None,
    queries: QueriesOption = None,
    qrels: QrelsOption = None,
    split: SplitOption = None,
    measure: MeasureOption = None,
    held_out: Annotated[
        bool, typer.Option("--held-out", help="Only queries that the index never learns from (holdout in ltrr.toml).")
    ] = False,
    worst: Annotated[int, typer.Option("--worst", metavar="N", min=0, help="Show the N queries it loses most in.")] = 0,
    run: Annotated[
        Path | None, typer.Option("--run", metavar="FILE", help="Write the answers as a TREC run.", show_default=False)
    ] = None,
    html: HtmlOption = None,
    chart: ChartOption = None,
    seed: SeedOption = 0,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Parse, measure, show."""
    from ltrr_cli.cli.console import bars
    from ltrr_cli.cli.text import notice, show_json

    path = find_index(index)
    check_outputs(html=html, chart=chart, run=run, inputs=(queries, qrels))
    from ltrr_cli.engine import Engine
    from ltrr_cli.estimators.measures import parse_measures
    from ltrr_cli.evaluation.evaluate import MEASURES, WHOLE, depth_for, ids, rank_all
    from ltrr_cli.evaluation.evaluate import evaluate as score
    from ltrr_cli.evaluation.honest import choose_set, note_doubts
    from ltrr_cli.evaluation.runs import check_names, write_run
    from ltrr_cli.evaluation.summary import of_evaluation

    measures = parse_measures(measure or MEASURES)
    depth = depth_for(measures)
    with Engine.open(path) as engine, bars(quiet=quiet) as tell:
        judged = choose_set(path, queries, qrels, split=split, honest=held_out)
        note_doubts(engine, judged)
        if run is not None:
            check_names(query.id for query in judged.queries)
        count = len(judged.queries)
        systems = rank_all(engine, judged.queries, depth=depth, progress=lambda more: tell("queries", more, count))
        result = score(ids(systems), judged.queries, judged.qrels, measures, seed=seed)
    for remark in judged.notes.remarks:
        notice(f"note: {remark}")
    sections = of_evaluation(result, worst=worst)
    write_outputs(f"ltrr evaluate: {path.name}", sections, html=html, chart=chart)
    try:
        if as_json:
            show_json(_as_json(result, judged.notes, worst))
        else:
            show_sections(sections)
    finally:  # last, since an entity's id with white space cannot stand in a run; also where nobody reads to the end
        if run is not None:
            write_run(run, systems[WHOLE], tag=WHOLE)
            notice(f"wrote {run}")


def _as_json(result: Evaluation, notes: Notes, worst: int) -> dict[str, Any]:
    other = result.best_other()
    return {
        "queries": len(result.queries),
        "measures": list(result.measures),
        "systems": {
            scored.name: {measure: round(mean.value, 6) for measure, mean in scored.means.items()}
            for scored in result.systems
        },
        "intervals": {
            scored.name: {measure: bounds(mean) for measure, mean in scored.means.items()} for scored in result.systems
        },
        "compared": {paired.name: paired_row(paired) for paired in result.paired},
        "worst": [
            {"query_id": query.id, "query": query.text, "value": round(mine, 6), "best_other": round(theirs, 6)}
            for query, mine, theirs in result.worst(worst)
        ],
        "best_other": None if other is None else other.name,
        "notes": dict(notes.counts),
    }
