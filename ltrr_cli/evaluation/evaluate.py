"""Systems side by side on judged queries: the whole pipeline, each strategy alone, and the textbook fusions.

Nothing is learned and nothing is logged by evaluating.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.engine.arguments import MAX_K
from ltrr_cli.errors import UsageError
from ltrr_cli.estimators.intervals import Interval, bootstrap
from ltrr_cli.estimators.paired import holm, randomisation
from ltrr_cli.evaluation.fusion import Ranking, convex, reciprocal_rank

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from ltrr_cli.engine import Engine
    from ltrr_cli.estimators.measures import Measure
    from ltrr_cli.evaluation.queries import EvalQuery

WHOLE = "ltrr"
HYBRID = ("lexical", "semantic")
"""What the textbook fusions fuse."""
MEASURES = ("nDCG@10", "RR@10", "R@100", "Judged@10")
DEPTH = 100
_AT_ONCE = 500
Rankings = dict[str, dict[str, Ranking]]
"""System → query id → what it answers, best first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """One system: for each measure its value for every query, in their order, and the mean with its interval."""

    name: str
    values: Mapping[str, tuple[float, ...]]
    means: Mapping[str, Interval]


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """Another system's difference to the first one, per query, in the first measure.

    `p` is Holm-adjusted over all others; `wins`, `ties` and `losses` are counts of queries from the first one's view.
    """

    name: str
    difference: Interval
    p: float
    wins: int
    ties: int
    losses: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """The result: queries, systems (the first is what the others are compared with), and their comparison."""

    measures: tuple[str, ...]
    queries: tuple[EvalQuery, ...]
    systems: tuple[Scored, ...]
    paired: tuple[Paired, ...]

    def best_other(self) -> Scored | None:
        """Return the system, other than the first, with the highest mean in the first measure."""
        others = self.systems[1:]
        return max(others, key=lambda scored: scored.means[self.measures[0]].value) if others else None

    def worst(self, count: int) -> list[tuple[EvalQuery, float, float]]:
        """Return the queries that the first system loses most to the best other: (query, its value, the other's)."""
        other = self.best_other()
        if other is None:
            return []
        mine, theirs = self.systems[0].values[self.measures[0]], other.values[self.measures[0]]
        rows = sorted(zip(self.queries, mine, theirs, strict=True), key=lambda row: (row[1] - row[2], row[1]))
        return rows[:count]


def depth_for(measures: Sequence[Measure]) -> int:
    """Return how many results the measures need of each system: DEPTH, or the largest cutoff above it.

    Raises `UsageError` for a cutoff that no answer reaches.
    """
    depth = max([DEPTH, *(measure.cutoff for measure in measures if measure.cutoff is not None)])
    if depth > MAX_K:
        raise UsageError(f"answers have at most {MAX_K} results, a cutoff of {depth} is too deep")
    return depth


def rank_all(
    engine: Engine,
    queries: Sequence[EvalQuery],
    *,
    depth: int = DEPTH,
    now: float | None = None,
    alone: bool = True,
    progress: Callable[[int], None] = lambda _: None,
) -> Rankings:
    """Answer every query with every system, `depth` (1…1000) results each.

    The whole pipeline answers as it would at `now` (by default the clock's time), without exploration. `alone` off
    leaves out the strategies alone and the fusions.
    """
    moment = time.time() if now is None else now
    systems: Rankings = {WHOLE: {}}
    for query in warmed([engine], queries):
        answer = engine.search(
            query.text, k=depth, user=query.user, session=query.session, now=moment, explore=False, log=False
        )
        systems[WHOLE][query.id] = [(result.id, result.score) for result in answer.results]
        if alone:
            found = engine.retrieve(query.text, depth=depth, now=moment)
            hybrid = {name: found[name] for name in HYBRID if name in found}
            if len(hybrid) == len(HYBRID):
                found = {**found, "rrf": reciprocal_rank(list(hybrid.values())), "convex": convex(hybrid)}
            for name, ranking in found.items():
                systems.setdefault(name, {})[query.id] = ranking[:depth]
        progress(1)
    return systems


def warmed(engines: Collection[Engine], queries: Sequence[EvalQuery]) -> Iterator[EvalQuery]:
    """Yield the queries; all engines have encoded a batch of them by then, faster than one by one."""
    for start in range(0, len(queries), _AT_ONCE):
        batch = queries[start : start + _AT_ONCE]
        for engine in engines:
            engine.warm_up([query.text for query in batch])
        yield from batch


def evaluate(
    systems: Mapping[str, Mapping[str, Sequence[str]]],
    queries: Sequence[EvalQuery],
    qrels: Mapping[str, Mapping[str, int]],
    measures: Sequence[Measure],
    *,
    seed: int = 0,
) -> Evaluation:
    """Score rankings (system → query id → entity ids, best first); the first system is compared with all others.

    A query that a system does not answer scores as an empty ranking. The intervals are percentile bootstraps over
    queries; p values come from two-sided randomisation tests in the first measure, Holm-adjusted.
    """
    scored = []
    for name, rankings in systems.items():
        values = {
            measure.name: tuple(measure.score(rankings.get(query.id, ()), qrels[query.id]) for query in queries)
            for measure in measures
        }
        means = {measure: bootstrap(list(each), seed=seed) for measure, each in values.items()}
        scored.append(Scored(name=name, values=values, means=means))
    first = measures[0].name
    mine = np.array(scored[0].values[first])
    differences = [mine - np.array(other.values[first]) for other in scored[1:]]
    adjusted = holm([randomisation(list(each), seed=seed) for each in differences])
    return Evaluation(
        measures=tuple(measure.name for measure in measures),
        queries=tuple(queries),
        systems=tuple(scored),
        paired=tuple(
            Paired(
                name=other.name,
                difference=bootstrap(list(each), seed=seed),
                p=p,
                wins=int((each > 0).sum()),
                ties=int((each == 0).sum()),
                losses=int((each < 0).sum()),
            )
            for other, each, p in zip(scored[1:], differences, adjusted, strict=True)
        ),
    )


def ids(systems: Mapping[str, Mapping[str, Sequence[tuple[str, float]]]]) -> dict[str, dict[str, list[str]]]:
    """Return rankings without their scores."""
    return {
        name: {query_id: [entity_id for entity_id, _ in ranking] for query_id, ranking in rankings.items()}
        for name, rankings in systems.items()
    }
