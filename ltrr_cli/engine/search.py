"""Answering a query: understand, choose arms, retrieve, unite, rank – the way from text to results, in one place."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.engine.past import past_of
from ltrr_cli.engine.workers import WORKERS, Ran, applies, run
from ltrr_cli.errors import LtrrError
from ltrr_cli.memory.recall import recall
from ltrr_cli.policy.base import MAX_DEPTH, Budget
from ltrr_cli.policy.baselines import Fixed
from ltrr_cli.policy.thompson import ThompsonPolicy
from ltrr_cli.query.context import context, relevance
from ltrr_cli.query.understand import understand
from ltrr_cli.ranking.features import Subject, features
from ltrr_cli.ranking.registry import names
from ltrr_cli.records import Answer, Arm, Found, Impression, Reserved, Result, Trace
from ltrr_cli.retrieval.base import FIRST, Hits, Request
from ltrr_cli.retrieval.lexical import ceiling
from ltrr_cli.retrieval.pool import Pool, union

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from ltrr_cli.engine.opened import Opened
    from ltrr_cli.policy.base import Policy, Selection
    from ltrr_cli.ranking.linear import LinearRanker
    from ltrr_cli.records import Past, Query, Tag
    from ltrr_cli.retrieval.base import Strategy

_HINDSIGHT_KEPT = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """How to answer: `seed` decides all chance, `policy` and `ranker` override the learned ones.

    `explain` adds contributions.
    """

    seed: int
    explore: bool = True
    policy: Policy | None = None
    ranker: LinearRanker | None = None
    explain: bool = False


def answer(opened: Opened, query: Query, choice: Choice) -> Answer:
    """Answer one query. Deterministic given the opened index, the query and the choice."""
    started = time.perf_counter()
    asked = time.monotonic()
    request = make_request(opened, query)
    own = opened.profile(query.user, query.time) if query.user else None
    arms = [strategy for strategy in opened.strategies if applies(strategy, request)]
    first = {} if isinstance(choice.policy, Fixed) else _run_first(opened, arms, request, asked)
    past = past_of(opened, query, own)
    features_of_query = {
        **context(query, request.understood, request.recall, past),
        **scores_of(first, request),
        **opened.learned.teaching.history.features(request.key, [arm.name for arm in arms]),
    }
    budget = _budget(opened)
    selection, mode = _select(opened, features_of_query, [arm.name for arm in arms], budget, choice)
    found, ran = _retrieve(opened, arms, selection.depths, request, first, asked)
    pool = union(found)
    ranker = choice.ranker or opened.learned.ranker
    values, scores = _rank(opened, ranker, request, pool, own, past)
    order, reserved = _order(pool, scores, selection, query.k)
    ids = opened.view.ids(pool.rows)
    shown = _rounded(scores[order]).tolist()
    results = _results(opened, pool, order, ids, shown)
    took = (time.perf_counter() - started) * 1e3
    trace = Trace(
        now=query.time,
        k=query.k,
        segments=opened.view.names,
        learned=opened.manifest.learned.name,
        policy_version=opened.learned.policy.version if choice.policy is None else choice.policy.version,
        ranker_version=ranker.version,
        mode=mode,
        particle=selection.particle,
        epsilon=opened.config.epsilon if mode == "thompson" else 0.0,
        explored=bool(selection.explored),
        seed=choice.seed,
        context=features_of_query,
        arms=ran,
        propensity=selection.propensity,  # computed here: it takes longer than the choice, and no result waits for it
        pool_ids=tuple(ids),
        pool=_provenance(pool),
        feature_names=names(pool.arms),
        features=tuple(map(tuple, _rounded(values[order]).tolist())),
        scores=tuple(shown),
        reserved=_reserved(reserved, ids, query.k),
        available=tuple(arm.name for arm in arms),
        limit_ms=budget.ms if budget.ms < inf else 0.0,
        times=dict(budget.times),
    )
    return Answer(
        query_id=query.id,
        query=query.text,
        results=_explained(results, ranker, trace) if choice.explain else results,
        took_ms=took,
        trace=trace,
        readings=tuple(_reading(tag, request.understood.words) for tag in request.understood.tags),
    )


def candidates(opened: Opened, query: Query) -> tuple[Pool, NDArray[np.float32]]:
    """Return the pool that the policy's mean gives a query, and its candidates' feature values, (n, features)."""
    asked = time.monotonic()
    request = make_request(opened, query)
    arms = [strategy for strategy in opened.strategies if applies(strategy, request)]
    first = _run_first(opened, arms, request, asked)
    past = past_of(opened, query, None)
    known = {
        **context(query, request.understood, request.recall, past),
        **scores_of(first, request),
        **opened.learned.teaching.history.features(request.key, [arm.name for arm in arms]),
    }
    depths = opened.learned.policy.mean(known, [arm.name for arm in arms], _budget(opened)).depths
    found, _ = _retrieve(opened, arms, depths, request, first, asked)
    pool = union(found)
    return pool, _rank(opened, opened.learned.ranker, request, pool, None, past)[0]


def make_request(opened: Opened, query: Query) -> Request:
    """Understand a query, and look it up in the memory."""
    understood = understand(query.text, opened.view)
    remembered = recall(
        understood.words,
        opened.predicted,
        opened.learned.queries,
        opened.row,
        living=opened.view.living,
        now=query.time,
        half_life=opened.config.half_life_s,
    )
    return Request(query, understood, remembered, opened.view, opened.query_vector)


def impression_of(answered: Answer, query: Query) -> Impression:
    """Return what is logged of an answer."""
    return Impression(
        query_id=query.id,
        text=query.text,
        time=query.time,
        shown=tuple(result.id for result in answered.results),
        user=query.user,
        session=query.session,
        trace=answered.trace,
    )


def alone(opened: Opened, query: Query, depth: int) -> dict[str, list[tuple[str, float]]]:
    """Return what every arm finds by itself: (entity id, the arm's own score), best first.

    Raises `LtrrError` naming an arm that fails: beside the others it would pass for one that finds nothing.
    """
    request = make_request(opened, query)
    found = {}
    for strategy in opened.strategies:
        ran = run(strategy, request, depth) if applies(strategy, request) else Ran(Hits.none(), 0.0)
        if ran.error:
            raise LtrrError(f"the strategy {strategy.name} failed: {ran.error}", where=f"query {query.text[:80]!r}")
        found[strategy.name] = list(zip(opened.view.ids(ran.hits.rows), ran.hits.scores.tolist(), strict=True))
    return found


def all_ranks(opened: Opened, query: Query, entity_id: str) -> tuple[dict[str, int], dict[str, float]]:
    """Return the rank (from 1, 0 = not found) that each arm of the query gives an entity, and the context.

    Arms are known down to the deepest bucket; one that does not apply is no arm of the query, and learns nothing.
    """
    request = make_request(opened, query)
    row = opened.row(entity_id)
    ranks, first = {}, {}
    for strategy in opened.strategies:
        if not applies(strategy, request):
            continue
        hits = _deepest(opened, strategy, request)
        if strategy.name in FIRST:
            first[strategy.name] = Ran(hits, 0.0)
        rows = hits.rows
        places = np.flatnonzero(rows == row).tolist() if row is not None else []
        ranks[strategy.name] = places[0] + 1 if places else 0
    return ranks, {**context(query, request.understood, request.recall), **scores_of(first, request)}


def _deepest(opened: Opened, strategy: Strategy, request: Request) -> Hits:
    """Return all that an arm finds; kept by the query's text where feedback cannot change it."""
    kept = opened.hindsight.get((strategy.name, request.query.text))
    if kept is not None:
        return kept
    ran = run(strategy, request, MAX_DEPTH)
    if not strategy.learns and not ran.error:
        if len(opened.hindsight) >= _HINDSIGHT_KEPT:
            opened.hindsight.clear()
        opened.hindsight[strategy.name, request.query.text] = ran.hits
    return ran.hits


def _run_first(opened: Opened, arms: Sequence[Strategy], request: Request, asked: float) -> dict[str, Ran]:
    """Run the arms whose scores inform the choice of the others, as deep as any choice could go.

    They have half of the time, so that the others can answer where one hangs.
    """
    first = [(arm, MAX_DEPTH) for arm in arms if arm.name in FIRST]
    return _run(first, request, opened.config.timeout_ms / 2e3, asked)


def _run(wanted: Sequence[tuple[Strategy, int]], request: Request, timeout: float, asked: float) -> dict[str, Ran]:
    """Run strategies to their depths, by name; the query was `asked` then, by the monotonic clock."""
    ran = WORKERS.run(wanted, request, timeout, asked)
    return {strategy.name: one for (strategy, _), one in zip(wanted, ran, strict=True)}


def scores_of(first: Mapping[str, Ran], request: Request) -> dict[str, float]:
    """Return the features of what has run."""
    found: dict[str, float] = {}
    for arm, ran in first.items():
        if not ran.error:
            found |= relevance(arm, ran.hits.scores, ceiling(request))
    return found


def _budget(opened: Opened) -> Budget:
    config = opened.config
    if not config.arms_ms:
        return Budget(config.candidates)
    return Budget(config.candidates, config.arms_ms, opened.learned.teaching.history.times)


def _select(
    opened: Opened, features_of_query: Mapping[str, float], arms: Sequence[str], budget: Budget, choice: Choice
) -> tuple[Selection, str]:
    rng = np.random.default_rng(choice.seed)
    policy = opened.learned.policy if choice.policy is None else choice.policy
    if isinstance(policy, ThompsonPolicy) and not choice.explore:
        return policy.mean(features_of_query, arms, budget), "no-explore"
    return policy.select(features_of_query, arms, budget, rng), policy.name


def _retrieve(
    opened: Opened,
    arms: Sequence[Strategy],
    depths: Mapping[str, int],
    request: Request,
    first: Mapping[str, Ran],
    asked: float,
) -> tuple[dict[str, Hits], tuple[Arm, ...]]:
    """Run the chosen arms that have not run yet. One that fails, or takes too long, is noted, and the others answer."""
    chosen = [(strategy, depths[strategy.name]) for strategy in arms if depths.get(strategy.name, 0) > 0]
    later = [(strategy, depth) for strategy, depth in chosen if strategy.name not in first]
    ran = {**first, **_run(later, request, opened.config.timeout_ms / 1e3, asked)}
    found: dict[str, Hits] = {}
    told = []
    for strategy, depth in chosen:
        one = ran[strategy.name]
        hits = found[strategy.name] = Hits(one.hits.rows[:depth], one.hits.scores[:depth])
        told.append(Arm(name=strategy.name, depth=depth, returned=len(hits.rows), ms=one.ms, error=one.error))
    return found, tuple(told)


def _rank(
    opened: Opened,
    ranker: LinearRanker,
    request: Request,
    pool: Pool,
    own: tuple[NDArray[np.int64], NDArray[np.float64]] | None,
    past: Past,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the candidates' feature values and scores."""
    query = request.query
    subject = Subject(
        view=opened.view,
        understood=request.understood,
        recall=request.recall,
        vector=request.vector if query.text.strip() else None,
        rewarded=opened.rewarded,
        own=own,
        types=past.types,
        earlier=past.queries,
    )
    values = features(subject, pool.rows, pool.ranks, pool.scores, pool.arms)
    return values, ranker.score(names(pool.arms), values)


def _order(
    pool: Pool, scores: NDArray[np.float32], selection: Selection, k: int
) -> tuple[NDArray[np.intp], tuple[int, str] | None]:
    """Return the candidates to show, best first, and (candidate, arm) of the reserved slot if there is one.

    Where the selection explores, the page's last place is kept for the best candidate that only an explored arm found:
    a find that is never shown could never earn credit.
    """
    order = np.lexsort((pool.rows, -scores))
    page = order[:k]
    if not selection.explored or len(order) <= k or k < 2:
        return page, None
    explored = [number for number, arm in enumerate(pool.arms) if arm in selection.explored]
    others = [number for number, arm in enumerate(pool.arms) if arm not in selection.explored]
    found = pool.ranks > 0
    only: NDArray[np.bool_] = np.any(found[:, explored], axis=1) & ~np.any(found[:, others], axis=1)
    if only[page].any():
        return page, None
    rest = order[k:][only[order[k:]]]
    if not len(rest):
        return page, None
    candidate = int(rest[0])
    arm = next(pool.arms[number] for number in explored if pool.ranks[candidate, number])
    return np.concatenate([page[:-1], rest[:1]]), (candidate, arm)


def _reserved(found: tuple[int, str] | None, ids: Sequence[str], k: int) -> Reserved | None:
    return None if found is None else Reserved(position=k, entity_id=ids[found[0]], arm=found[1])


def _provenance(pool: Pool) -> dict[str, Found]:
    """Return what each arm found, in its order."""
    out = {}
    for number, arm in enumerate(pool.arms):
        candidates = np.argsort(pool.ranks[:, number], kind="stable")[np.count_nonzero(pool.ranks[:, number] == 0) :]
        scores = _rounded(pool.scores[candidates, number])
        out[arm] = Found(tuple(candidates.tolist()), tuple(scores.tolist()))
    return out


def _rounded(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the values with six decimals: what is logged is short, and exactly what was used to explain."""
    return np.asarray(values, np.float64).round(6)


def _results(
    opened: Opened, pool: Pool, order: NDArray[np.intp], ids: Sequence[str], scores: Sequence[float]
) -> tuple[Result, ...]:
    results = []
    for place, (candidate, row) in enumerate(zip(order.tolist(), pool.rows[order].tolist(), strict=True)):
        entity = opened.view.entity(row)
        found = pool.ranks[candidate].tolist()
        results.append(
            Result(
                rank=place + 1,
                id=ids[candidate],
                type=entity.type,
                title=entity.title,
                text=entity.text,
                score=scores[place],
                strategies={arm: rank for arm, rank in zip(pool.arms, found, strict=True) if rank},
            )
        )
    return tuple(results)


def _explained(results: Sequence[Result], ranker: LinearRanker, trace: Trace) -> tuple[Result, ...]:
    """Return the results with what each feature adds to their scores."""
    return tuple(
        replace(result, contributions=ranker.contributions(trace.feature_names, values))
        for result, values in zip(results, trace.features, strict=True)
    )


def _reading(tag: Tag, words: Sequence[str]) -> str:
    return f"{' '.join(words[tag.start : tag.end])} → {tag.attribute}: {tag.value} ({tag.probability:.0%})"
