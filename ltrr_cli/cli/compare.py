"""`ltrr compare`: two indexes, policies, rankers or runs on the same judged queries."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
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
from ltrr_cli.engine.ways import FORMS, Way, parse_way
from ltrr_cli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ltrr_cli.engine import Engine
    from ltrr_cli.estimators.intervals import Interval
    from ltrr_cli.evaluation.compare import Comparison, Side
    from ltrr_cli.evaluation.notes import Notes
    from ltrr_cli.evaluation.sets import TestSet

HELP = """Compare two ways to answer the same judged queries: A against B.

A and B are each an index (its folder), a TREC run (a file, - is stdin), or a way to answer from the index of --index:
policy:live, policy:prior, policy:equal, ranker:live, ranker:prior, ranker:challenger, strategies:NAME[:DEPTH],…,
fixed:NAME:DEPTH,… or single:NAME.
Shows means, differences and their tests, how alike the rankings are, and latency. Nothing is learned or logged.
Indexes answer without exploration. For two runs no index is needed, and --qrels is enough.

With --interleaved, say which of two ways to answer people prefer by what they did on pages that ltrr query --interleave
showed: A is then an index (by default the nearest), or A and B are the two ways of interest."""
EPILOG = """\b
Examples:
  ltrr compare new.ltrr old.ltrr --queries queries.jsonl --qrels qrels.tsv
  ltrr compare policy:live policy:equal --queries beir/scifact --worst 10
  ltrr compare my.ltrr strategies:lexical:50,semantic:50 --queries beir/nq
  ltrr compare a.run b.run --qrels qrels.txt -m AP --html compare.html
  ltrr compare my.ltrr --interleaved
  ltrr compare ranker:live ranker:prior --interleaved --json
"""
_FORMS = f"name the folder of an index, a file with a TREC run, {FORMS}"


def compare(
    a: Annotated[str | None, typer.Argument(metavar="A", help="What is compared.", show_default=False)] = None,
    b: Annotated[str | None, typer.Argument(metavar="B", help="What it is compared with.", show_default=False)] = None,
    *,
    index: IndexOption = None,
    queries: QueriesOption = None,
    qrels: QrelsOption = None,
    split: SplitOption = None,
    measure: MeasureOption = None,
    held_out: Annotated[
        bool, typer.Option("--held-out", help="Only queries that the index (-i, or A) never learns from.")
    ] = False,
    worst: Annotated[
        int, typer.Option("--worst", metavar="N", min=0, help="Show the N queries A loses, and gains, most in.")
    ] = 0,
    interleaved: Annotated[
        bool, typer.Option("--interleaved", help="By what people did on interleaved pages of the index's own log.")
    ] = False,
    html: HtmlOption = None,
    chart: ChartOption = None,
    seed: SeedOption = 0,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Parse, compare, show."""
    from ltrr_cli.cli.console import bars
    from ltrr_cli.cli.text import notice, show_json

    if interleaved:
        from ltrr_cli.cli.interleaved import compare_interleaved

        if queries or qrels or split or measure or held_out or worst or chart:
            raise UsageError("--interleaved asks people, not judgments", next="it goes with -i, --html and --json only")
        check_outputs(html=html)
        compare_interleaved([word for word in (a, b) if word is not None], index, html, as_json=as_json)
        return
    if a is None or b is None:
        raise UsageError("both A and B are needed", next=_FORMS)
    kinds = (_kind(a), _kind(b))
    check_outputs(html=html, chart=chart, inputs=(a, b, queries, qrels))
    from ltrr_cli.engine import Engine
    from ltrr_cli.estimators.measures import parse_measures
    from ltrr_cli.evaluation.compare import compare as run
    from ltrr_cli.evaluation.compare_summary import of_comparison
    from ltrr_cli.evaluation.evaluate import MEASURES

    measures = parse_measures(measure or MEASURES)
    opened: dict[Path, Engine] = {}
    with ExitStack() as stack, bars(quiet=quiet) as tell:

        def engine_at(path: Path | None) -> Engine:
            root = (find_index(index) if path is None else path).resolve()
            if root not in opened:
                opened[root] = stack.enter_context(Engine.open(root))
            return opened[root]

        first, second = (_side(word, kind, engine_at) for word, kind in zip((a, b), kinds, strict=True))
        live = next(iter(opened), None)
        judged = _judged(index or live, queries, qrels, split=split, held_out=held_out, live=live is not None)
        _note_doubts((first, second), judged)
        result = run(first, second, judged, measures, seed=seed, progress=tell)
    for name, notes in (("", judged.notes), ("A: ", first.notes), ("B: ", second.notes)):
        for remark in notes.remarks:
            notice(f"note: {name}{remark}")
    sections = of_comparison(result, worst=worst)
    write_outputs("ltrr compare", sections, html=html, chart=chart)
    if as_json:
        show_json(_as_json(result, judged.notes, (first, second), worst))
    else:
        show_sections(sections)


def _kind(word: str) -> str:
    """Tell what a word names: an index, a run, or a way to answer.

    Raises:
        UsageError: none of these.
    """
    if parse_way(word) is not None:
        return "way"
    if word == "-":
        return "run"
    path = Path(word)
    if not path.exists():
        raise UsageError(f"there is nothing called {word!r} to compare", next=_FORMS)
    return "index" if path.is_dir() else "run"


def _side(word: str, kind: str, engine_at: Callable[[Path | None], Engine]) -> Side:
    """Open what a word of this kind names."""
    from ltrr_cli.evaluation.compare import Live, Side
    from ltrr_cli.evaluation.runs import read_run

    if kind == "run":
        rankings, notes = read_run(word)
        return Side(name="stdin" if word == "-" else Path(word).name, answers=rankings, notes=notes)
    if kind == "index":
        path = Path(word)
        return Side(name=path.resolve().name, answers=Live(engine=engine_at(path)))
    way = parse_way(word) or Way(name=word)
    live = Live(engine=engine_at(None), policy=way.policy, ranker=way.ranker, depths=way.depths)
    return Side(name=word, answers=live)


def _judged(
    index: Path | None, queries: Path | None, qrels: Path | None, *, split: str | None, held_out: bool, live: bool
) -> TestSet:
    """Return the queries to compare on. Two runs bring their own queries: then judgments are enough."""
    from ltrr_cli.evaluation.honest import choose_set
    from ltrr_cli.evaluation.sets import read_set

    if live or held_out:
        return choose_set(find_index(index), queries, qrels, split=split, honest=held_out)
    if queries is None and qrels is None:
        raise UsageError("name --qrels", next="and --queries, to have the queries' texts shown")
    if queries is None and split is not None:
        raise UsageError("--split needs --queries")
    return read_set(queries, qrels, split=split)


def _note_doubts(sides: tuple[Side, Side], judged: TestSet) -> None:
    """Note what makes an index's numbers doubtful: with the side it is for, or for both if they are of one index."""
    from dataclasses import replace

    from ltrr_cli.evaluation.compare import Live
    from ltrr_cli.evaluation.honest import note_doubts

    live = [(side, side.answers.engine) for side in sides if isinstance(side.answers, Live)]
    if len(live) == 2 and live[0][1] is live[1][1]:
        note_doubts(live[0][1], judged)
        return
    for side, engine in live:
        note_doubts(engine, replace(judged, notes=side.notes))


def _as_json(result: Comparison, notes: Notes, sides: tuple[Side, Side], worst: int) -> dict[str, Any]:
    from ltrr_cli.cli.text import number
    from ltrr_cli.evaluation.compare import LATENCY, PAGE

    def rounded(value: Interval) -> dict[str, Any]:
        return {"value": number(value.value), "interval": bounds(value)}

    def of_side(place: int) -> dict[str, Any]:
        latency = result.latencies[place]
        return {
            "name": sides[place].name,
            "measures": {
                one.measures[0]: rounded(one.systems[place].means[one.measures[0]]) for one in result.evaluations
            },
            "latency": None
            if latency is None
            else {"median_ms": number(latency.median, 3), "p95_ms": number(latency.p95, 3)},
            "notes": dict(sides[place].notes.counts),
        }

    def apart(sign: int) -> list[dict[str, Any]]:
        return [
            {"query_id": query.id, "query": query.text, "a": number(mine), "b": number(theirs)}
            for query, mine, theirs in result.apart(worst, sign=sign)
        ]

    return {
        "queries": len(result.evaluations[0].queries),
        "a": of_side(0),
        "b": of_side(1),
        "compared": {measure: paired_row(paired) for measure, paired in result.paired()},
        "common_at_10": rounded(result.common),
        "rank_biased_overlap": rounded(result.overlap),
        "losses": apart(-1),
        "gains": apart(1),
        "latency": {"page": PAGE, "remark": LATENCY} if any(result.latencies) else None,
        "notes": dict(notes.counts),
    }
