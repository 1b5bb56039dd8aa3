"""Off-policy estimates as sections of tables and a chart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltrr_cli.evaluation.chart import Chart, Curve, Section, Table
from ltrr_cli.evaluation.ope_records import LOGGED

if TYPE_CHECKING:
    from ltrr_cli.estimators.intervals import Interval
    from ltrr_cli.evaluation.ope_records import Evaluated, Target

_HEADER = ("method", "estimate", "normal 95 %", "bootstrap 95 %", "Bernstein 95 %")
_CHARTED = ("sndr", "snips", "ips")
"""What stands for a policy in the chart: the first of these that there is."""


def of_ope(result: Evaluated) -> list[Section]:
    """Return a section for each policy, one for the rankers, and the policies side by side."""
    sections = [_policy(target, result) for target in result.targets]
    if result.rankers:
        rows = tuple(
            (one.name, _cell(one.normal.value), _bounds(one.normal), _bounds(one.bootstrap), f"{one.moved:.1%}")
            for one in result.rankers
        )
        table = Table(
            header=("ranker", "estimate", "normal 95 %", "bootstrap 95 %", "moved"), rows=rows, numeric=(1, 2, 3, 4)
        )
        text = ("Mean reward of a page, all its entities together, in the ranker's order, made up for position.",)
        sections.append(Section(heading="Rankers, on the pages that were shown", text=text, tables=(table,)))
    if len(result.targets) > 1:
        sections.append(Section(heading="Side by side", charts=(_chart(result),)))
    return sections


def _policy(target: Target, result: Evaluated) -> Section:
    found = target.valuation
    if target.name == LOGGED:
        rounds = "1 round" if result.rounds == 1 else f"{result.rounds:,} rounds"
        text = f"{rounds}, {result.rewarded:,} with a reward: what the logging policy did earn."
        estimates = found.estimates[:1]
    else:
        text = (
            f"The log is worth {found.effective:,.1f} rounds of it; it may take {found.supported:.1%} of the logged"
            f" actions; weights: mean {found.mean_weight:.3g}, largest {found.max_weight:.3g}."
        )
        estimates = found.estimates
    rows = [
        (
            "mean" if target.name == LOGGED else one.method,
            _cell(one.value),
            _bounds(one.normal),
            _bounds(one.bootstrap),
            "" if one.bernstein is None else _bounds(one.bernstein),
        )
        for one in estimates
    ]
    if target.own is not None:
        rows.append(("its own log", _cell(target.own.value), _bounds(target.own), "", ""))
    notes = tuple(f"{one.method}: {one.note}." for one in estimates if one.note and target.name != LOGGED)
    table = Table(header=_HEADER, rows=tuple(rows), numeric=(1, 2, 3, 4))
    return Section(heading=f"Policy {target.name}", text=(text, *notes), tables=(table,))


def _chart(result: Evaluated) -> Chart:
    chosen = [next(one for name in _CHARTED for one in t.valuation.estimates if one.method == name).normal
              for t in result.targets]  # fmt: skip
    curve = Curve(
        name="estimate",
        x=tuple(range(len(chosen))),
        y=tuple(one.value for one in chosen),
        low=tuple(one.low for one in chosen),
        high=tuple(one.high for one in chosen),
    )
    return Chart(
        title="Reward a round, with normal 95 % intervals",
        x_label="policy",
        y_label="reward",
        curves=(curve,),
        kind="bars",
        ticks=tuple(target.name for target in result.targets),
    )


def _cell(value: float) -> str:
    return f"{value:.5f}"


def _bounds(interval: Interval) -> str:
    return f"{interval.low:.5f} … {interval.high:.5f}"
