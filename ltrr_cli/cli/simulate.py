"""`ltrr simulate`: does the loop learn from people who click, before there are any?"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ltrr_cli.cli.options import IndexOption, JsonOption, QuietOption, find_index
from ltrr_cli.cli.outputs import (
    ChartOption,
    HtmlOption,
    QrelsOption,
    QueriesOption,
    SeedOption,
    SplitOption,
    check_outputs,
    show_sections,
    write_outputs,
)
from ltrr_cli.errors import UsageError

if TYPE_CHECKING:
    from ltrr_cli.evaluation.simulate import Simulated

HELP = """Let simulated users search and click, and watch the index learn from them.

Queries are drawn from a judged set; what is relevant attracts clicks as the click model says. The full loop runs
(query, impression, click, ingest, learn) on a scratch copy of the index that starts with nothing learned."""
EPILOG = """\b
Examples:
  ltrr simulate --queries queries.jsonl --qrels qrels.tsv --sessions 2000
  ltrr simulate --queries beir/scifact --model cascade --html simulation.html

Click models: position (a place is looked at with probability 1/rank), cascade (from the top to the first click),
dependent (goes on after a click with probability 1/2).
"""


def simulate(
    *,
    index: IndexOption = None,
    queries: QueriesOption = None,
    qrels: QrelsOption = None,
    split: SplitOption = None,
    sessions: Annotated[
        int, typer.Option("--sessions", "-n", metavar="N", min=1, max=10_000_000, help="How many sessions.")
    ] = 1000,
    model: Annotated[
        str, typer.Option("--model", metavar="position|cascade|dependent", help="How people read a page.")
    ] = "position",
    users: Annotated[int, typer.Option("--users", metavar="N", help="How many people; some search more.")] = 40,
    taste: Annotated[
        float, typer.Option("--taste", metavar="SHARE", help="How much less they click on kinds they dislike, 0 to 1.")
    ] = 0.0,
    noise: Annotated[
        float, typer.Option("--noise", metavar="SHARE", help="How often the irrelevant is clicked, 0 to 1.")
    ] = 0.1,
    learn_every: Annotated[
        int, typer.Option("--learn-every", metavar="N", min=1, help="Sessions between two ingests.")
    ] = 20,
    measure: Annotated[
        str, typer.Option("--measure", "-m", metavar="NAME", help="What to follow, as in ir_measures.")
    ] = "nDCG@10",
    html: HtmlOption = None,
    chart: ChartOption = None,
    seed: SeedOption = 0,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Parse, simulate, show."""
    from ltrr_cli.cli.console import bars
    from ltrr_cli.cli.text import notice, show_json

    path = find_index(index)
    check_outputs(html=html, chart=chart, inputs=(queries, qrels))
    from ltrr_cli.estimators.measures import parse_measures
    from ltrr_cli.evaluation.sets import read_set
    from ltrr_cli.evaluation.simulate import simulate as run
    from ltrr_cli.evaluation.summary import of_simulation
    from ltrr_cli.evaluation.users import Users, click_model

    if queries is None:
        raise UsageError("name --queries and --qrels: simulated users need to know what is relevant")
    judged = read_set(queries, qrels, split=split)
    with bars(quiet=quiet) as tell:
        result = run(
            path,
            judged.queries,
            judged.qrels,
            sessions=sessions,
            users=Users(users, taste=taste, noise=noise, seed=seed),
            model=click_model(model),
            measure=parse_measures([measure])[0],
            learn_every=learn_every,
            seed=seed,
            progress=tell,
        )
    for remark in judged.notes.remarks:
        notice(f"note: {remark}")
    sections = of_simulation(result)
    write_outputs(f"ltrr simulate: {path.name}", sections, html=html, chart=chart)
    if as_json:
        show_json(_as_json(result))
    else:
        show_sections(sections)


def _as_json(result: Simulated) -> dict[str, Any]:
    figures = ("score", "untrained", "regret", "untrained_regret")
    return {
        "measure": result.measure,
        "sessions": result.sessions,
        "clicks": result.clicks,
        **{name: round(result.mean(name), 6) for name in figures},
        "windows": [asdict(window) for window in result.windows],
        "ranker": result.ranker,
    }
