"""Two ways to answer the same judged queries, side by side: measures, agreement, latency.

Nothing is learned and nothing is logged by comparing.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.errors import EvaluationError
from ltrr_cli.estimators.intervals import Interval, bootstrap
from ltrr_cli.estimators.overlap import common_share, rank_biased_overlap
from ltrr_cli.evaluation.evaluate import DEPTH, evaluate, warmed
from ltrr_cli.evaluation.notes import Notes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ltrr_cli.engine import Engine
    from ltrr_cli.estimators.measures import Measure
    from ltrr_cli.evaluation.evaluate import Evaluation, Paired
    from ltrr_cli.evaluation.queries import EvalQuery
    from ltrr_cli.evaluation.sets import TestSet

PAGE = 10
"""Results asked for where latency is measured."""
LATENCY = (
    f"Milliseconds for a page of {PAGE}, after a pass that warmed up; two that answer take turns (A B, B A, A B …). "
    "The queries' vectors are kept from before: encoding is not in these times."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """An index that answers, without exploration; the rest as in `Engine.search`."""

    engine: Engine
    policy: str = "live"
    ranker: str = "live"
    depths: Mapping[str, int] | None = None

    def ask(self, query: EvalQuery, *, k: int, now: float) -> list[str]:
        """Return the ids of the best `k` entities."""
        answer = self.engine.search(
            query.text,
            k=k,
            user=query.user,
            session=query.session,
            now=now,
            explore=False,
            log=False,
            depths=self.depths,
            policy=self.policy,
            ranker=self.ranker,
        )
        return [result.id for result in answer.results]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What is compared: `answers` come from an index, or are made already: a run (query id → ids, best first)."""

    name: str
    answers: Live | Mapping[str, Sequence[str]]
    notes: Notes = field(default_factory=Notes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Milliseconds per query: the median and the 95th percentile."""

    median: float
    p95: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A (the first of each pair) against B: an evaluation of both for each measure, and what they have in common.

    `common` (share of the first ten results that both have) and `overlap` (rank-biased, p = .9) are means over
    queries. A run has no latency.
    """

    names: tuple[str, str]
    evaluations: tuple[Evaluation, ...]
    common: Interval
    overlap: Interval
    latencies: tuple[Latency | None, Latency | None]

    def paired(self) -> list[tuple[str, Paired]]:
        """Return for each measure its name and A's difference to B; `p` is not adjusted for several measures."""
        return [(one.measures[0], one.paired[0]) for one in self.evaluations]

    def apart(self, count: int, *, sign: int) -> list[tuple[EvalQuery, float, float]]:
        """Return the queries in which A loses most to B (`sign` -1) or gains most (+1): (query, A's value, B's)."""
        first = self.evaluations[0]
        mine, theirs = (scored.values[first.measures[0]] for scored in first.systems)
        rows = [row for row in zip(first.queries, mine, theirs, strict=True) if sign * (row[1] - row[2]) > 0]
        return sorted(rows, key=lambda row: sign * (row[2] - row[1]))[:count]


def compare(
    a: Side,
    b: Side,
    judged: TestSet,
    measures: Sequence[Measure],
    *,
    seed: int = 0,
    now: float | None = None,
    progress: Callable[[str, int, int], None] = lambda *_: None,
    clock: Callable[[], float] = time.perf_counter,
) -> Comparison:
    """Answer the judged queries with both sides at `now` (by default the clock's time), and score the answers.

    An index answers with DEPTH results; a run that is compared with one is cut there. What a run lacks or has in
    excess is added to its side's notes; a query that it lacks scores as an empty ranking. `progress` is told (step,
    queries since the last call, queries in all); `clock` gives the seconds of the latencies.

    Raises:
        EvaluationError: a run has none of the judged queries.
        UsageError: an index lacks what a side asks it for (a strategy, a challenger).
    """
    moment, count = time.time() if now is None else now, len(judged.queries)
    sides = (a, b)
    live = {place: side.answers for place, side in enumerate(sides) if isinstance(side.answers, Live)}
    rankings: list[dict[str, list[str]]] = [
        {} if isinstance(side.answers, Live) else _fitted(side.answers, side, judged, DEPTH if live else None)
        for side in sides
    ]
    engines, queries = [one.engine for one in live.values()], judged.queries if live else ()
    for query in warmed(engines, queries):
        for place, one in live.items():
            rankings[place][query.id] = one.ask(query, k=DEPTH, now=moment)
        progress("ranking", 1, count)
    spent: dict[int, list[float]] = {place: [] for place in live}
    for number, query in enumerate(warmed(engines, queries)):
        # who comes second may profit from what the first has just touched: they take turns
        for place in sorted(live, reverse=number % 2 == 1):
            started = clock()
            live[place].ask(query, k=PAGE, now=moment)
            spent[place].append((clock() - started) * 1e3)
        progress("timing", 1, count)
    names = (f"A: {a.name}", f"B: {b.name}")
    systems = dict(zip(names, rankings, strict=True))
    pairs = [(rankings[0].get(query.id, []), rankings[1].get(query.id, [])) for query in judged.queries]
    return Comparison(
        names=names,
        evaluations=tuple(evaluate(systems, judged.queries, judged.qrels, [one], seed=seed) for one in measures),
        common=bootstrap([common_share(*pair) for pair in pairs], seed=seed),
        overlap=bootstrap([rank_biased_overlap(*pair) for pair in pairs], seed=seed),
        latencies=(_latency(spent.get(0, [])), _latency(spent.get(1, []))),
    )


def _fitted(run: Mapping[str, Sequence[str]], side: Side, judged: TestSet, depth: int | None) -> dict[str, list[str]]:
    """Return the judged part of a run, down to `depth`, and note what it lacks and what is left out."""
    fitted = {query.id: list(run[query.id][:depth]) for query in judged.queries if query.id in run}
    if not fitted:
        theirs = next(iter(run), "")
        raise EvaluationError(
            f"none of the {len(judged.queries):,} judged queries is in the run",
            where=side.name,
            next=f"its queries are like {theirs!r}, those of the judgments like {judged.queries[0].id!r}",
        )
    lacking = [query.id for query in judged.queries if query.id not in run]
    strange = [query for query in run if query not in fitted]
    deep = [query for query, ranking in fitted.items() if len(run[query]) > len(ranking)]
    for name, text, found in (
        ("lacking_queries", "judged queries that the run lacks; they score 0", lacking),
        ("other_queries", "queries of the run that are not among the judged ones, left out", strange),
        ("cut_queries", f"queries cut at {depth} results, as deep as an index answers", deep),
    ):
        side.notes.add(name, text, first=f"query {found[0]}" if found else "", count=len(found))
    return fitted


def _latency(spent: Sequence[float]) -> Latency | None:
    if not spent:
        return None
    median, p95 = np.quantile(spent, [0.5, 0.95]).tolist()
    return Latency(median=median, p95=p95)
