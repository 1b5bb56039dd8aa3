"""Results as sections of tables and charts: the same for the terminal and for a report."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ltrr_cli.evaluation.chart import Chart, Curve, Section, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ltrr_cli.estimators.intervals import Interval
    from ltrr_cli.evaluation.evaluate import Evaluation
    from ltrr_cli.evaluation.replay import Replayed, Step
    from ltrr_cli.evaluation.simulate import Simulated, Window

_LATE = 5
"""The last part of a course that its tables show beside the whole: one of so many."""


def of_evaluation(evaluation: Evaluation, *, worst: int = 0) -> list[Section]:
    """Return the systems with their means, how the first compares with the others, and the queries it does worst in."""
    first, measure = evaluation.systems[0].name, evaluation.measures[0]
    sections = [
        Section(
            heading="Systems",
            text=(f"Judged queries: {len(evaluation.queries):,}. Means with 95 % bootstrap intervals over queries.",),
            tables=(_systems(evaluation),),
            charts=(_means(evaluation),),
        )
    ]
    if evaluation.paired:
        sections.append(
            Section(
                heading=f"{first} against each other system, {measure}",
                text=(
                    "Mean difference per query with its 95 % bootstrap interval.",
                    "p: paired two-sided randomisation test, Holm-adjusted over the systems.",
                ),
                tables=(_paired(evaluation),),
            )
        )
    other = evaluation.best_other()
    if worst and other is not None:
        rows = tuple(
            (query.id, query.text, f"{mine:.4f}", f"{theirs:.4f}", f"{mine - theirs:+.4f}")
            for query, mine, theirs in evaluation.worst(worst)
        )
        sections.append(
            Section(
                heading=f"Worst queries: where {first} loses most to {other.name}",
                tables=(Table(header=("id", "query", first, other.name, "difference"), rows=rows, numeric=(2, 3, 4)),),
            )
        )
    return sections


def of_replay(replayed: Replayed) -> list[Section]:
    """Return each system's means over the whole log and its last part, and how they went over time."""
    late = replayed.steps[-max(1, len(replayed.steps) // _LATE) :]
    spans = (("whole log", replayed.steps), ("last fifth of batches", late))
    predicted = sum(step.predicted for step in replayed.steps)
    rows = tuple(
        (
            system,
            *(f"{replayed.mean(system, measure, steps):.4f}" for measure in replayed.measures for _, steps in spans),
        )
        for system in replayed.systems
    )
    header = ("system", *(f"{measure}, {name}" for measure in replayed.measures for name, _ in spans))
    return [
        Section(
            heading="Predicted before learned",
            text=(
                f"Actions predicted: {predicted:,}, batches: {len(replayed.steps):,}, {_dates(replayed.steps)}.",
                "No system learns anything of a batch before it is scored.",
                f"Ranker: {replayed.ranker}.",
            ),
            tables=(Table(header=header, rows=rows, numeric=tuple(range(1, len(header)))),),
            charts=replayed.charts(),
        )
    ]


def of_simulation(simulated: Simulated) -> list[Section]:
    """Return what learning changed, over all sessions and at their end, and the courses over time."""
    late = simulated.windows[-max(1, len(simulated.windows) // _LATE) :]
    spans: tuple[tuple[str, Sequence[Window]], ...] = (("all", simulated.windows), ("last fifth", late))
    rows = [
        (
            f"{what}, {name} sessions",
            *(f"{simulated.mean(figure, windows):.4f}" for figure in figures),
            f"{simulated.mean(figures[0], windows) - simulated.mean(figures[1], windows):+.4f}",
        )
        for what, figures in (
            (simulated.measure, ("score", "untrained")),
            ("regret per session", ("regret", "untrained_regret")),
        )
        for name, windows in spans
    ]
    return [
        Section(
            heading="Simulated sessions",
            text=(
                f"Sessions: {simulated.sessions:,}, clicks: {simulated.clicks:,}.",
                "Regret: expected clicks of the best page less those of the page shown.",
                f"Ranker: {simulated.ranker}.",
            ),
            tables=(Table(header=("", "learning", "untrained", "difference"), rows=tuple(rows), numeric=(1, 2, 3)),),
            charts=simulated.charts(),
        )
    ]


def interval(value: Interval, *, sign: bool = False) -> str:
    """Return `.8797 (.8731–.8862)` as people read it."""
    form = "+.4f" if sign else ".4f"
    return f"{value.value:{form}} ({value.low:{form}} … {value.high:{form}})"


def p_value(value: float) -> str:
    """Return a p value; below .0001 the bound."""
    return "< .0001" if value < 1e-4 else f"{value:.4f}"


def _systems(evaluation: Evaluation) -> Table:
    first, *others = evaluation.measures
    return Table(
        header=("system", f"{first} (95 % interval)", *others),
        rows=tuple(
            (scored.name, interval(scored.means[first]), *(f"{scored.means[name].value:.4f}" for name in others))
            for scored in evaluation.systems
        ),
        numeric=tuple(range(1, len(evaluation.measures) + 1)),
    )


def _paired(evaluation: Evaluation) -> Table:
    return Table(
        header=("system", "difference (95 % interval)", "p", "wins", "ties", "losses"),
        rows=tuple(
            (
                paired.name,
                interval(paired.difference, sign=True),
                p_value(paired.p),
                f"{paired.wins:,}",
                f"{paired.ties:,}",
                f"{paired.losses:,}",
            )
            for paired in evaluation.paired
        ),
        numeric=(1, 2, 3, 4, 5),
    )


def _means(evaluation: Evaluation) -> Chart:
    measure = evaluation.measures[0]
    means = [scored.means[measure] for scored in evaluation.systems]
    return Chart(
        title=f"{measure}, mean and 95 % interval",
        x_label="",
        y_label=measure,
        kind="bars",
        ticks=tuple(scored.name for scored in evaluation.systems),
        curves=(
            Curve(
                name=measure,
                x=tuple(float(place) for place in range(len(means))),
                y=tuple(mean.value for mean in means),
                low=tuple(mean.low for mean in means),
                high=tuple(mean.high for mean in means),
            ),
        ),
    )


def _dates(steps: Sequence[Step]) -> str:
    first, last = (datetime.fromtimestamp(moment, UTC).date() for moment in (steps[0].start, steps[-1].end))
    return f"{first} to {last}"
