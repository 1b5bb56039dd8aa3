"""A comparison as sections of tables and charts: the same for the terminal and for a report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltrr_cli.estimators.overlap import TOP, P
from ltrr_cli.evaluation.chart import Chart, Curve, Section, Table
from ltrr_cli.evaluation.compare import LATENCY
from ltrr_cli.evaluation.summary import interval, p_value

if TYPE_CHECKING:
    from ltrr_cli.evaluation.compare import Comparison
    from ltrr_cli.evaluation.evaluate import Evaluation


def of_comparison(compared: Comparison, *, worst: int = 0) -> list[Section]:
    """Return both sides' means, their differences, what they have in common, how fast they are, and where they part."""
    first = compared.evaluations[0]
    a, b = compared.names
    sections = [
        Section(
            heading=f"{a} against {b}",
            text=(f"{len(first.queries):,} judged queries; means with 95 % bootstrap intervals over queries.",),
            tables=(_means(compared),),
            charts=(_means_chart(compared),),
        ),
        Section(
            heading="Difference, A less B",
            text=(
                "Mean difference per query with its 95 % bootstrap interval; wins are A's.",
                "p: paired two-sided randomisation test, of each measure by itself; the first measure decides.",
            ),
            tables=(_differences(compared),),
            charts=(_differences_chart(first),),
        ),
        Section(
            heading="Agreement",
            text=("How alike the two rankings of a query are, whatever is relevant: 1 is the same, 0 nothing shared.",),
            tables=(
                Table(
                    header=("", "mean (95 % interval)"),
                    rows=(
                        (f"share of the top {TOP} in common", interval(compared.common)),
                        (f"rank-biased overlap, p = {P}", interval(compared.overlap)),
                    ),
                    numeric=(1,),
                ),
            ),
        ),
    ]
    timed = [(name, one) for name, one in zip(compared.names, compared.latencies, strict=True) if one is not None]
    if timed:
        rows = tuple((name, f"{one.median:.2f}", f"{one.p95:.2f}") for name, one in timed)
        table = Table(header=("", "median, ms", "95th percentile, ms"), rows=rows, numeric=(1, 2))
        sections.append(Section(heading="Latency", text=(LATENCY,), tables=(table,)))
    if worst:
        sections.append(_apart(compared, "Worst queries: where A loses most", worst, sign=-1))
        sections.append(_apart(compared, "Best queries: where A gains most", worst, sign=1))
    return sections


def _means(compared: Comparison) -> Table:
    rows = tuple(
        (one.measures[0], *(interval(scored.means[one.measures[0]]) for scored in one.systems))
        for one in compared.evaluations
    )
    return Table(header=("measure", *compared.names), rows=rows, numeric=(1, 2))


def _differences(compared: Comparison) -> Table:
    rows = tuple(
        (
            measure,
            interval(paired.difference, sign=True),
            p_value(paired.p),
            f"{paired.wins:,}",
            f"{paired.ties:,}",
            f"{paired.losses:,}",
        )
        for measure, paired in compared.paired()
    )
    header = ("measure", "difference (95 % interval)", "p", "wins", "ties", "losses")
    return Table(header=header, rows=rows, numeric=(1, 2, 3, 4, 5))


def _apart(compared: Comparison, heading: str, count: int, *, sign: int) -> Section:
    """Return where one side is ahead; of runs the texts of the queries may not be known."""
    found = compared.apart(count, sign=sign)
    if not found:
        return Section(heading=heading, text=("There is none.",))
    with_text = any(query.text for query, _, _ in found)
    rows = tuple(
        (query.id, *([query.text] if with_text else []), f"{mine:.4f}", f"{theirs:.4f}", f"{mine - theirs:+.4f}")
        for query, mine, theirs in found
    )
    header = ("id", *(["query"] if with_text else []), "A", "B", "difference")
    table = Table(header=header, rows=rows, numeric=tuple(range(len(header) - 3, len(header))))
    return Section(heading=f"{heading}, {compared.evaluations[0].measures[0]}", tables=(table,))


def _means_chart(compared: Comparison) -> Chart:
    measures = tuple(one.measures[0] for one in compared.evaluations)
    curves = []
    for place, name in enumerate(compared.names):
        means = [one.systems[place].means[one.measures[0]] for one in compared.evaluations]
        curves.append(
            Curve(
                name=name,
                x=tuple(map(float, range(len(means)))),
                y=tuple(mean.value for mean in means),
                low=tuple(mean.low for mean in means),
                high=tuple(mean.high for mean in means),
            )
        )
    return Chart(
        title="Means and 95 % intervals", x_label="", y_label="", kind="bars", ticks=measures, curves=tuple(curves)
    )


def _differences_chart(first: Evaluation) -> Chart:
    measure = first.measures[0]
    mine, theirs = (scored.values[measure] for scored in first.systems)
    ordered = sorted((one - other for one, other in zip(mine, theirs, strict=True)), reverse=True)
    places = tuple(map(float, range(1, len(ordered) + 1)))
    return Chart(
        title=f"{measure}, A less B, query by query",
        x_label="queries, from A's largest gain to its largest loss",
        y_label="difference",
        curves=(Curve(name="A less B", x=places, y=tuple(ordered)),),
    )
