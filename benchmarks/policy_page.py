"""The page of the policy benchmark: its tables in Markdown, and its chart."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ltrr_cli.estimators.intervals import bootstrap, normal
from ltrr_cli.evaluation.chart import Chart, Curve

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mixed import Stream
    from numpy.typing import NDArray

EQUAL, SINGLE, FIXED, TOLD, ORACLE = ("equal split", "best single arm", "best fixed split", "told the set", "oracle")
BANDIT, HINDSIGHT, MEAN = "bandit", "hindsight", "no exploration"
QUICK = "bandit, time has a price"
LEARNED = (BANDIT, HINDSIGHT, MEAN)
LAST = "last 2,000"
PERIODS = {"all": slice(None), "first 500": slice(500), LAST: slice(-2000, None)}
KEPT = 0.99
"""Share of the coverage of all arms run deep that fewer candidates have to keep."""


def results(
    systems: Mapping[str, NDArray[np.bool_]], drawn: Sequence[Stream], *, budget: int, fitted: int
) -> list[str]:
    """Return the page's head and its main table; systems give (seeds, n) covered."""
    lines = [
        "# Learning to retrieve",
        "",
        f"Made by `python benchmarks/policy.py`: {len(drawn)} streams of {len(drawn[0]):,} requests, {budget}",
        f"candidates for each, arms {', '.join(drawn[0].arms)}; the package's constants.",
        f"Share of requests with a relevant entity in the pool, and how much more than the {EQUAL} that is: means",
        "over the streams, with normal 95 % intervals of the paired differences. The streams share the catalogue and",
        "many of the queries: the intervals tell how much the sample and the order matter, not how another catalogue",
        "would do. The schema is inferred: lastfm's popularity counts plays that may be later than what is predicted.",
        "",
        f"*{BANDIT}*: only the arms that ran teach, as deep as they ran; *{HINDSIGHT}*: every arm does; *{MEAN}*:",
        f"bandit feedback, by the posterior mean. *{FIXED}* and *{SINGLE}* are chosen with all labels; *{TOLD}*",
        f"is the best split for each set, chosen with the labels of the first {fitted:,} requests (so only its",
        f"{LAST} count).",
        "",
        f"| system | {' | '.join(f'{period} | more' for period in PERIODS)} |",
        "|---|" + "--:|" * 2 * len(PERIODS),
    ]
    for name, outcomes in systems.items():
        cells = []
        for period, part in PERIODS.items():
            means = outcomes[:, part].mean(1)
            if name == TOLD and period != LAST:
                cells += ["", ""]
            else:
                more = means - systems[EQUAL][:, part].mean(1)
                cells += [f"{means.mean():.4f}", "" if name == EQUAL else spread(more)]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return [*lines, *closed(systems), "", "![cumulative regret](policy.svg)"]


def spread(differences: NDArray[np.float64]) -> str:
    """Return the mean of paired differences with its normal interval."""
    interval = normal(differences)
    bounds = f" ({interval.low:+.4f} … {interval.high:+.4f})" if len(differences) > 1 else ""
    return f"{interval.value:+.4f}{bounds}"


def closed(systems: Mapping[str, NDArray[np.bool_]]) -> list[str]:
    """Return how much of what knowing the set is worth each system gains without being told."""
    means = {name: outcomes[:, PERIODS[LAST]].mean(1) for name, outcomes in systems.items()}
    lines = ["", f"Share of the way from the {EQUAL} to *{TOLD}*, {LAST} requests (bootstrap over streams):", ""]
    for name in (FIXED, *LEARNED):
        interval = bootstrap((means[name] - means[EQUAL]) / (means[TOLD] - means[EQUAL]), seed=0)
        bounds = f" ({interval.low:.0%} … {interval.high:.0%})" if len(means[name]) > 1 else ""
        lines.append(f"- {name}: {interval.value:.0%}{bounds}")
    return lines


def by_set(
    systems: Mapping[str, NDArray[np.bool_]],
    drawn: Sequence[Stream],
    splits: Mapping[str, tuple[int, ...]],
    *,
    budget: int,
) -> list[str]:
    """Return coverage of the last requests by set, the first stream's best `splits`, and what the arms can do."""
    names = np.unique(drawn[0].sets).tolist()
    lines = ["", f"## By set, {LAST} requests", "", f"| system | {' | '.join(names)} |", "|---|" + "--:|" * len(names)]
    own = {name: np.array([stream.sets == name for stream in drawn])[:, PERIODS[LAST]] for name in names}
    for system, outcomes in systems.items():
        cells = [f"{outcomes[:, PERIODS[LAST]][own[name]].mean():.3f}" for name in names]
        lines.append(f"| {system} | {' | '.join(cells)} |")
    arms = drawn[0].arms
    listed = [f"{name} {'/'.join(map(str, splits[name]))}" for name in (FIXED, *names)]
    lines += ["", f"Best splits of the first stream, before what is left is spread ({'/'.join(arms)}):", ""]
    lines += [f"{'; '.join(listed)}."]
    lines += [
        "",
        f"| arm | applies to | median ms, full depth, encoding apart | covers at depth {budget} |",
        "|---|--:|--:|--:|",
    ]
    for number, arm in enumerate(arms):
        applies = np.concatenate([stream.applies[:, number] for stream in drawn])
        ms = np.concatenate([stream.ms[:, number] for stream in drawn])[applies]
        best = np.concatenate([stream.best[:, number] for stream in drawn])
        reached = ((best > 0) & (best <= budget)).mean()
        cost = f"{np.median(ms):.2f}" if len(ms) else ""
        lines.append(f"| {arm} | {applies.mean():.0%} | {cost} | {reached:.3f} |")
    return lines


class Point(NamedTuple):
    """What a budget gives, on average: coverage, different candidates, and ms of all arms together."""

    coverage: float
    candidates: float
    ms: float


def saving(
    curves: Mapping[str, Sequence[Point]], *, budgets: Sequence[int], depth: int, whole: Point, streams: int
) -> list[str]:
    """Return how many candidates, and how much time, keep the coverage of `whole`: every arm at `depth`.

    Curves give a point for each of the `budgets`, ascending.
    """
    lines = [
        "",
        "## Candidates and time saved",
        "",
        f"Every arm at depth {depth} covers {whole.coverage:.4f} of the {LAST} requests, with",
        f"{whole.candidates:.1f} candidates in {whole.ms:.2f} ms on average ({streams} streams; the time is the sum",
        "of the arms' medians at full depth, encoding apart). A smaller budget: coverage (different candidates, ms);",
        f"*{QUICK}*: with `arms_ms` set to what all arms take together.",
        "",
        f"| budget | {' | '.join(curves)} |",
        "|--:|" + "--:|" * len(curves),
    ]
    for budget, *points in zip(budgets, *curves.values(), strict=True):
        cells = [f"{point.coverage:.4f} ({point.candidates:.1f}, {point.ms:.2f})" for point in points]
        lines.append(f"| {budget} | {' | '.join(cells)} |")
    lines.append("")
    for name, curve in curves.items():
        needed = needed_for(KEPT * whole.coverage, curve)
        lines.append(
            f"- {name}: {KEPT:.0%} of that coverage takes more than {budgets[-1]} candidates."
            if needed is None
            else f"- {name}: {KEPT:.0%} of that coverage takes about {needed.candidates:.0f} different candidates "
            f"({needed.candidates / whole.candidates:.0%}) and {needed.ms:.2f} ms ({needed.ms / whole.ms:.0%}), "
            "interpolated between budgets."
        )
    return lines


def needed_for(coverage: float, curve: Sequence[Point]) -> Point | None:
    """Return the point at which a curve reaches a coverage, linear between its points; None where it ends below."""
    before = Point(0.0, 0.0, 0.0)
    for point in curve:
        if point.coverage >= coverage:
            share = (coverage - before.coverage) / (point.coverage - before.coverage)
            return Point(*(one + share * (other - one) for one, other in zip(before, point, strict=True)))
        before = point
    return None


def exposure(rows: Mapping[str, Sequence[tuple[float, float]]]) -> list[str]:
    """Return what is left where only what is shown can be acted on.

    Rows give (coverage, share acted on) by mode, for the pool, the page, and the page with a reserved slot.
    """
    lines = [
        "",
        "## Acting on the page only",
        "",
        "Above, somebody acts on whatever is in the pool; here only on the ten that the prior ranker shows, with and",
        "without the slot that is kept for what was explored (first stream). Coverage of the pool, share of requests",
        f"acted on, {LAST} requests:",
        "",
        "| mode | whole pool | page | page, a slot reserved |",
        "|---|--:|--:|--:|",
    ]
    for name, cells in rows.items():
        lines.append(f"| {name} | {' | '.join(f'{pool:.4f}, {acted:.4f}' for pool, acted in cells)} |")
    return lines


def regret(systems: Mapping[str, NDArray[np.bool_]], against: str) -> Chart:
    """Return curves of how many requests more `against` has covered so far, mean over streams with its interval."""
    steps = list(range(0, systems[against].shape[1], 25))
    curves = []
    for name in (EQUAL, FIXED, *LEARNED):
        if name == against:
            continue
        missed = (systems[against].astype(int) - systems[name].astype(int)).cumsum(axis=1)[:, steps]
        bands = [normal(column) for column in missed.T]
        known = len(missed) > 1
        curves.append(
            Curve(
                name=name,
                x=tuple(float(step + 1) for step in steps),
                y=tuple(band.value for band in bands),
                low=tuple(band.low for band in bands) if known else (),
                high=tuple(band.high for band in bands) if known else (),
            )
        )
    return Chart(
        title=f"Cumulative regret against the {against}",
        x_label="requests",
        y_label="requests that it covers and the system does not",
        curves=tuple(curves),
    )
