"""`ltrr ranker`: the live ranker and the one in its test; position bias; promote, roll back, train on judgments."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path  # noqa: TC003 – typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import typer

from ltrr_cli.cli.options import IndexOption, JsonOption, QuietOption, find_index
from ltrr_cli.cli.text import say, show_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from ltrr_cli.engine import Engine
    from ltrr_cli.engine.rankers import RankerReport

app = typer.Typer(name="ranker", help="See, train, promote and roll back the ranker.", no_args_is_help=True)

VersionArgument = Annotated[
    int | None, typer.Argument(metavar="VERSION", min=0, help="Which version; 0 is the prior.", show_default=False)
]


@app.command(
    epilog="""\b
Examples:
  ltrr ranker show
  ltrr ranker show --json | jq '.features[] | {name, weight}'
"""
)
def show(*, index: IndexOption = None, as_json: JsonOption = False) -> None:
    """Show every feature with its weight in the live ranker, the prior and the challenger.

    Weights are of the features' values as --explain shows them.
    """
    found = _report(index)
    if as_json:
        show_json(asdict(found))
        return
    from ltrr_cli.cli.console import make_console
    from ltrr_cli.cli.ranker_table import show_features

    show_features(make_console(), found)


@app.command(
    epilog="""\b
Examples:
  ltrr ranker bias
  ltrr ranker bias --json
"""
)
def bias(*, index: IndexOption = None, as_json: JsonOption = False) -> None:
    """Show how likely each position was looked at, as the log itself tells, by three methods.

    harvest compares the same entity at several positions for the same query, em fits the position-based model, cascade
    a reader from the top. Training and tests use harvest. None of them can tell trust in what stands on top.
    """
    path = find_index(index)
    from ltrr_cli.engine import Engine

    with Engine.open(path) as engine:
        found = engine.bias()
    if as_json:
        show_json({name: asdict(estimate) for name, estimate in found.items()})
        return
    from ltrr_cli.cli.console import make_console
    from ltrr_cli.cli.ranker_table import show_bias

    show_bias(make_console(), found)


@app.command(
    epilog="""\b
Examples:
  ltrr ranker history
"""
)
def history(*, index: IndexOption = None, as_json: JsonOption = False) -> None:
    """Show what became of every version: trained, live, or kept aside, and why."""
    found = _report(index)
    if as_json:
        show_json([asdict(entry) for entry in found.history])
        return
    from ltrr_cli.cli.text import safe

    for entry in found.history:
        say(f"version {entry.version}: {entry.status} – {safe(entry.reason)}")
    say(safe(found.status))


@app.command(
    epilog="""\b
Examples:
  ltrr ranker promote
  ltrr ranker promote 3
"""
)
def promote(
    version: VersionArgument = None,
    *,
    index: IndexOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put a version live without waiting for its test, by default the challenger."""
    _change(index, lambda engine: engine.promote_ranker(version), as_json=as_json)


@app.command(
    epilog="""\b
Examples:
  ltrr ranker rollback
  ltrr ranker rollback 0
"""
)
def rollback(
    version: VersionArgument = None,
    *,
    index: IndexOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put an earlier version live again, by default the one that was live before; 0 is the prior."""
    _change(index, lambda engine: engine.rollback_ranker(version), as_json=as_json)


@app.command(
    epilog="""\b
Examples:
  ltrr ranker train --queries queries.jsonl --qrels qrels.tsv
  ltrr ranker train --queries queries.jsonl --qrels qrels.tsv --promote
"""
)
def train(
    *,
    queries: Annotated[Path, typer.Option("--queries", metavar="FILE", help="Queries, JSON lines or TSV.")],
    qrels: Annotated[
        Path | None, typer.Option("--qrels", metavar="FILE", help="Their judgments.", show_default=False)
    ] = None,
    split: Annotated[
        str | None, typer.Option("--split", metavar="NAME", help="Only queries of this split.", show_default=False)
    ] = None,
    loss: Annotated[str, typer.Option("--loss", metavar="NAME", help="pairwise or listwise.")] = "pairwise",
    live: Annotated[bool, typer.Option("--promote", help="Put it live at once, without a test.")] = False,
    index: IndexOption = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Train a ranker on judgments. It becomes the challenger, or live with --promote."""
    from ltrr_cli.cli.console import bars

    path = find_index(index)
    from ltrr_cli.engine import Engine
    from ltrr_cli.engine.judged import Judged
    from ltrr_cli.evaluation.sets import read_set

    judged = read_set(queries, qrels, split=split)
    lists = [Judged(text=query.text, grades=judged.qrels[query.id]) for query in judged.queries]
    with Engine.open(path) as engine, bars(quiet=quiet) as tell:
        version = engine.train_ranker(
            lists, loss=loss, promote=live, progress=lambda more: tell("queries", more, len(lists))
        )
        status = engine.rankers().status
    if as_json:
        show_json({"version": version, "queries": len(lists), "live": live, "ranker": status})
        return
    say(f"trained version {version} on {len(lists):,} judged queries")
    say(f"ranker: {status}")


def _report(index: Path | None) -> RankerReport:
    path = find_index(index)
    from ltrr_cli.engine import Engine

    with Engine.open(path) as engine:
        return engine.rankers()


def _change(index: Path | None, change: Callable[[Engine], int], *, as_json: bool) -> None:
    """Change which version is live, and say how to undo it."""
    path = find_index(index)
    from ltrr_cli.engine import Engine

    with Engine.open(path) as engine:
        before = engine.rankers().version
        after = change(engine)
    if as_json:
        show_json({"version": after, "before": before})
    elif before == after:
        say(f"nothing was changed: version {after} is live")
    else:
        say(f"ranker version {after} is live, in place of {before}; undo: ltrr ranker rollback {before}")
