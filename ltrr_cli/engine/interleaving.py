"""Two systems answer one query, and share the page: team draft, where stages meet.

Both see the same request, context and instant. Each arm runs once, as deep as either wants, and each system sees of it
what it asked for; so neither is the slower, or the luckier with a time limit.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.engine.agreement import agreements
from ltrr_cli.engine.arranging import arranged
from ltrr_cli.engine.meant import suggestion
from ltrr_cli.engine.search import (
    Choice,
    best_first,
    cut,
    policy_version,
    prepare,
    rank,
    retrieve,
    select,
)
from ltrr_cli.engine.showing import provenance, results_of, rounded
from ltrr_cli.policy.baselines import Fixed
from ltrr_cli.query.speak import spoken
from ltrr_cli.ranking.draft import team_draft
from ltrr_cli.ranking.registry import names
from ltrr_cli.records import INTERLEAVED, TEAM_B, Answer, Found, Interleaved, System, Trace
from ltrr_cli.retrieval.pool import union

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from ltrr_cli.engine.opened import Opened
    from ltrr_cli.engine.search import Ready
    from ltrr_cli.policy.base import Selection
    from ltrr_cli.ranking.linear import LinearRanker
    from ltrr_cli.records import Query, Result
    from ltrr_cli.retrieval.base import Hits

_DRAFT = 1
"""Names the draft's own stream of chance, beside the policies'."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A way to answer under its name."""

    name: str
    choice: Choice


def answer_interleaved(opened: Opened, query: Query, a: Named, b: Named) -> Answer:
    """Answer one query with both, on one page; the seed of A's choice decides all chance.

    No place is kept for finds of an exploring arm: who explores would show more than its ranking.
    """
    started = time.perf_counter()
    seed = a.choice.seed
    ready = prepare(opened, query, informed=not all(isinstance(one.choice.policy, Fixed) for one in (a, b)))
    first = select(opened, ready, a.choice)
    # the same policy with the same seed chooses the same
    second = first if a.choice.policy is b.choice.policy else select(opened, ready, replace(b.choice, seed=seed))
    wanted = (first[0].depths, second[0].depths)
    found, ran = retrieve(opened, ready, {arm: max(one.get(arm, 0) for one in wanted) for arm in ready.names})
    sides = [_Ranked(opened, ready, a.choice, *first, found), _Ranked(opened, ready, b.choice, *second, found)]
    pool = union(found)
    listed = team_draft(sides[0].listed, sides[1].listed, len(pool.rows), np.random.default_rng([seed, _DRAFT]))
    drafted, behind = listed[: query.k], listed[query.k :]
    order = np.searchsorted(pool.rows, np.array([row for row, _ in drafted], np.int64))
    ids = opened.view.ids(pool.rows)
    rest = np.searchsorted(pool.rows, np.array([row for row, _ in behind], np.int64))
    suppliers = [sides[1] if team == TEAM_B or row not in sides[0].scores else sides[0] for row, team in listed]
    scores = [side.scores[row] for side, (row, _) in zip(suppliers, listed, strict=True)]
    shown = scores[: query.k]
    results = results_of(ready.request, pool, order, ids, shown)
    took = (time.perf_counter() - started) * 1e3
    values, _ = rank(opened, ready, sides[0].ranker, pool)
    trace = Trace(
        now=query.time,
        k=query.k,
        segments=opened.view.names,
        learned=opened.manifest.learned.name,
        policy_version=policy_version(opened, a.choice),
        ranker_version=sides[0].ranker.version,
        mode=INTERLEAVED,
        particle=-1,
        epsilon=0.0,
        explored=False,
        seed=seed,
        context=ready.context,
        arms=ran,
        propensity=1.0,
        pool_ids=tuple(ids),
        pool=provenance(pool),
        feature_names=names(pool.arms),
        features=tuple(map(tuple, rounded(values[order]).tolist())),
        scores=tuple(shown),
        available=tuple(ready.names),
        limit_ms=ready.budget.ms if ready.budget.ms < inf else 0.0,
        times=dict(ready.budget.times),
        cap=str(a.choice.cap or ""),
        diversity=a.choice.diversity,
        interleaved=Interleaved(
            a=sides[0].system(opened, a),
            b=sides[1].system(opened, b),
            teams=tuple(team for _, team in drafted),
        ),
        agreements=agreements(opened.view, ready.request.understood, pool.rows[order]),
        rest=Found(tuple(rest.tolist()), tuple(scores[query.k :])),
    )
    if a.choice.explain:
        results = tuple(
            side.explained(result, row)
            for side, result, (row, _) in zip(suppliers[: query.k], results, drafted, strict=True)
        )
    return Answer(
        query_id=query.id,
        query=query.text,
        results=results,
        took_ms=took,
        trace=trace,
        readings=spoken(ready.request.understood),
        suggestion=suggestion(ready.request, ready.names),
    )


class _Ranked:
    """What one system makes of what was found: `listed`, its rows, best first, and the `scores` of these."""

    def __init__(
        self,
        opened: Opened,
        ready: Ready,
        choice: Choice,
        selection: Selection,
        mode: str,
        found: Mapping[str, Hits],
    ) -> None:
        self._selection, self._mode = selection, mode
        self.ranker: LinearRanker = choice.ranker or opened.learned.ranker
        pool = union(
            {arm: cut(hits, selection.depths[arm]) for arm, hits in found.items() if selection.depths.get(arm)}
        )
        values, scores = rank(opened, ready, self.ranker, pool)
        best = best_first(pool, scores)
        diverse = arranged(opened, pool, scores, best, replace(choice, noise=0.0), ready.query.k)
        order = best if diverse is None else diverse.order
        self.listed: list[int] = pool.rows[order].tolist()
        self.scores: dict[int, float] = dict(zip(self.listed, rounded(scores[order]).tolist(), strict=True))
        self._found = min(len(order), ready.query.k)
        self._names = names(pool.arms)
        self._values: dict[int, NDArray[np.float64]] = dict(zip(self.listed, rounded(values[order]), strict=True))

    def system(self, opened: Opened, named: Named) -> System:
        """Return what is logged of it; its propensity is computed here, as no result waits for it."""
        return System(
            name=named.name,
            mode=self._mode,
            policy_version=policy_version(opened, named.choice),
            ranker_version=self.ranker.version,
            propensity=self._selection.propensity,
            depths=dict(self._selection.depths),
            found=self._found,
        )

    def explained(self, result: Result, row: int) -> Result:
        """Return the result with what each feature, as this system saw it, adds to its score."""
        return replace(result, contributions=self.ranker.contributions(self._names, self._values[row].tolist()))
