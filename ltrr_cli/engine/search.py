"""Answering a query: understand, choose arms, retrieve, unite, rank – the way from text to results, in one place."""

from __future__ import annotations

import time
from copy import copy
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.engine.agreement import agreements
from ltrr_cli.engine.arranging import arranged
from ltrr_cli.engine.meant import meant, suggestion
from ltrr_cli.engine.past import past_of
from ltrr_cli.engine.requests import context_of, fluency_of, make_request, relevance_of
from ltrr_cli.engine.showing import explained, provenance, results_of, rounded
from ltrr_cli.engine.workers import WORKERS, applies
from ltrr_cli.policy.base import MAX_DEPTH, Budget
from ltrr_cli.policy.baselines import Fixed
from ltrr_cli.policy.thompson import ThompsonPolicy
from ltrr_cli.query.speak import spoken
from ltrr_cli.ranking.features import Subject, features
from ltrr_cli.ranking.noise import log_propensity, perturbed
from ltrr_cli.ranking.registry import names
from ltrr_cli.records import Answer, Arm, Found, Reserved, Trace
from ltrr_cli.retrieval.base import FIRST, Hits, Request, after
from ltrr_cli.retrieval.pool import Pool, union

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from ltrr_cli.engine.opened import Opened
    from ltrr_cli.engine.workers import Ran
    from ltrr_cli.policy.base import Policy, Selection
    from ltrr_cli.ranking.diversity import Arranged, Cap
    from ltrr_cli.ranking.linear import LinearRanker
    from ltrr_cli.records import Past, Query
    from ltrr_cli.retrieval.base import Strategy


PAGE = 20
"""Results of a page up to which the budget is `candidates`; a longer page has as many times more."""
_NO_TIME = 1e-3
"""Milliseconds that stand for none: a budget has some."""
_NOISE = 2
"""Names the stream of chance of the order's noise, beside the policies' and the draft's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """How to answer: `seed` decides all chance, `policy` and `ranker` override the learned ones.

    `explain` adds contributions. `cap`, `diversity` and `noise`, a temperature, arrange the page.
    """

    seed: int
    explore: bool = True
    policy: Policy | None = None
    ranker: LinearRanker | None = None
    explain: bool = False
    cap: Cap | None = None
    diversity: float = 0.0
    noise: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A query before its arms are chosen: what is known of it, and what has run because the choice depends on it.

    `asked` is by the performance counter; `arms` are the strategies that apply.
    """

    query: Query
    request: Request
    past: Past
    arms: Sequence[Strategy]
    first: Mapping[str, Ran]
    context: Mapping[str, float]
    budget: Budget
    asked: float

    @property
    def names(self) -> list[str]:
        """The arms' names."""
        return [arm.name for arm in self.arms]


def answer(opened: Opened, query: Query, choice: Choice) -> Answer:
    """Answer one query. Deterministic given the opened index, the query and the choice."""
    started = time.perf_counter()
    ready = prepare(opened, query, informed=not isinstance(choice.policy, Fixed))
    selection, mode = select(opened, ready, choice)
    found, ran = retrieve(opened, ready, selection.depths)
    pool = union(found)
    ranker = choice.ranker or opened.learned.ranker
    values, scores = rank(opened, ready, ranker, pool)
    noise = choice.noise
    drawn = perturbed(scores, noise, np.random.default_rng([choice.seed, _NOISE])) if noise else scores
    best = best_first(pool, scores)
    diverse = arranged(opened, pool, scores, best, choice, query.k)
    by_merit = diverse.order if diverse is not None else best_first(pool, drawn) if noise else best
    ranked, reserved = _order(pool, by_merit, selection, query.k)
    order, rest = ranked[: query.k], ranked[query.k :]
    own = order[:-1] if reserved else order
    ids = opened.view.ids(pool.rows)
    shown = rounded(scores[order]).tolist()
    results = results_of(ready.request, pool, order, ids, shown)
    took = (time.perf_counter() - started) * 1e3
    trace = Trace(
        now=query.time,
        k=query.k,
        segments=opened.view.names,
        learned=opened.manifest.learned.name,
        policy_version=policy_version(opened, choice),
        ranker_version=ranker.version,
        mode=mode,
        particle=selection.particle,
        epsilon=opened.config.epsilon if mode == "thompson" else 0.0,
        explored=bool(selection.explored),
        seed=choice.seed,
        context=ready.context,
        arms=ran,
        propensity=selection.propensity,  # computed here: it takes longer than the choice, and no result waits for it
        pool_ids=tuple(ids),
        pool=provenance(pool),
        feature_names=names(pool.arms),
        features=tuple(map(tuple, rounded(values[order]).tolist())),
        scores=tuple(shown),
        reserved=_reserved(reserved, ids, query.k),
        available=tuple(ready.names),
        limit_ms=ready.budget.ms if ready.budget.ms < inf else 0.0,
        times=dict(ready.budget.times),
        noise=noise,
        agreements=agreements(opened.view, ready.request.understood, pool.rows[order]),
        order_log_propensity=_of_order(scores, own, noise, diverse),
        cap=str(choice.cap or ""),
        diversity=choice.diversity,
        rest=Found(tuple(rest.tolist()), tuple(np.asarray(scores[rest], np.float64).round(4).tolist())),
    )
    return Answer(
        query_id=query.id,
        query=query.text,
        results=explained(results, ranker, trace) if choice.explain else results,
        took_ms=took,
        trace=trace,
        readings=spoken(ready.request.understood),
        suggestion=suggestion(ready.request, ready.names),
        missing=tuple(sorted(ready.request.missing)),
    )


def prepare(opened: Opened, query: Query, *, informed: bool) -> Ready:
    """Understand a query and, where the choice is to be `informed`, run what informs it.

    Meanwhile the memory is asked: Tantivy and the encoder need no interpreter.
    """
    asked = time.perf_counter()
    request = make_request(opened, query)
    opened.query_vectors.begin(request.query.text)
    running = _start_first(opened, request, asked) if informed else dict
    past = past_of(opened, query, request.person.own if request.person is not None else None)
    features_of_query = context_of(request, past)
    first = running()
    request = fed(request, {name: one.hits for name, one in first.items()})
    arms = [strategy for strategy in opened.strategies if strategy.name in first or applies(strategy, request)]
    features_of_query |= relevance_of(request, first)
    features_of_query |= opened.learned.teaching.history.features(request.key, [arm.name for arm in arms])
    return Ready(
        query=query,
        request=request,
        past=past,
        arms=arms,
        first=first,
        context=features_of_query,
        budget=_budget(opened, query, first),
        asked=asked,
    )


def candidates(opened: Opened, query: Query) -> tuple[Pool, NDArray[np.float32]]:
    """Return the pool that the policy's mean gives a query, and its candidates' feature values, (n, features)."""
    ready = prepare(opened, query, informed=True)
    depths = opened.learned.policy.mean(ready.context, ready.names, ready.budget).depths
    pool = union(retrieve(opened, ready, depths)[0])
    return pool, rank(opened, ready, opened.learned.ranker, pool)[0]


def _start_first(opened: Opened, request: Request, started: float) -> Callable[[], dict[str, Ran]]:
    """Begin to run the arms whose scores inform the choice of the others, as deep as any choice could go.

    What is returned waits for them. They have half of the time, so that the others can answer where one hangs.
    """
    first = [arm for arm in opened.strategies if arm.name in FIRST and applies(arm, request)]
    wait = WORKERS.start([(arm, MAX_DEPTH) for arm in first], request, opened.config.timeout_ms / 2e3, started)
    return lambda: {arm.name: ran for arm, ran in zip(first, wait(), strict=True)}


def _run(wanted: Sequence[tuple[Strategy, int]], request: Request, timeout: float, started: float) -> dict[str, Ran]:
    """Run strategies to their depths, by name; the query's answer `started` then."""
    ran = WORKERS.run(wanted, request, timeout, started)
    return {strategy.name: one for (strategy, _), one in zip(wanted, ran, strict=True)}


def _budget(opened: Opened, query: Query, first: Mapping[str, Ran]) -> Budget:
    """Return what may be spent; where time is limited, what has run took its usual time of it, and takes no more.

    A page longer than usual has a larger pool: of the arms' shares alone it could hardly be filled.
    """
    config, times = opened.config, opened.learned.teaching.history.times
    most = config.candidates * max(PAGE, query.k) // PAGE
    if not config.arms_ms:
        return Budget(most)
    left = config.arms_ms - sum(times.get(arm, 0.0) for arm in first)
    return Budget(most, max(_NO_TIME, left), {**times, **dict.fromkeys(first, 0.0)})


def select(opened: Opened, ready: Ready, choice: Choice) -> tuple[Selection, str]:
    """Choose arms and depths, and say what chose: the mode."""
    rng = np.random.default_rng(choice.seed)
    policy = opened.learned.policy if choice.policy is None else choice.policy
    if isinstance(policy, ThompsonPolicy) and not choice.explore:
        return policy.mean(ready.context, ready.names, ready.budget), "no-explore"
    return policy.select(ready.context, ready.names, ready.budget, rng), policy.name


def policy_version(opened: Opened, choice: Choice) -> int:
    """Return the version of the policy that a choice names."""
    return opened.learned.policy.version if choice.policy is None else choice.policy.version


def retrieve(opened: Opened, ready: Ready, depths: Mapping[str, int]) -> tuple[dict[str, Hits], tuple[Arm, ...]]:
    """Run the chosen arms that have not run yet. One that fails, or takes too long, is noted, and the others answer."""
    chosen = [(strategy, depths[strategy.name]) for strategy in ready.arms if depths.get(strategy.name, 0) > 0]
    later = [(strategy, depth) for strategy, depth in chosen if strategy.name not in ready.first]
    ran = dict(ready.first)
    while later:  # what needs others' hits runs when they are there
        waiting = {strategy.name for strategy, _ in later}
        stage = [pair for pair in later if not waiting.intersection(after(pair[0]))] or later
        request = fed(ready.request, {name: one.hits for name, one in ran.items()})
        ran |= _run(stage, request, opened.config.timeout_ms / 1e3, ready.asked)
        later = [pair for pair in later if pair not in stage]
    found: dict[str, Hits] = {}
    told = []
    for strategy, depth in chosen:
        one = ran[strategy.name]
        hits = found[strategy.name] = cut(one.hits, depth)
        told.append(Arm(name=strategy.name, depth=depth, returned=len(hits.rows), ms=one.ms, error=one.error))
    return found, tuple(told)


def fed(request: Request, found: Mapping[str, Hits]) -> Request:
    """Return the request as the strategies see it that come after others: with what those found.

    What was worked out of it once is kept.
    """
    seen = copy(request)
    object.__setattr__(seen, "before", found)
    return seen


def cut(hits: Hits, depth: int) -> Hits:
    """Return the best `depth` of the hits."""
    return Hits(hits.rows[:depth], hits.scores[:depth])


def rank(
    opened: Opened, ready: Ready, ranker: LinearRanker, pool: Pool
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the candidates' feature values and scores."""
    query, request = ready.query, ready.request
    subject = Subject(
        view=opened.view,
        understood=request.understood,
        recall=request.recall,
        vector=request.vector if query.text.strip() else None,
        rewarded=opened.rewarded,
        person=request.person,
        types=ready.past.types,
        earlier=ready.past.queries,
        corrected=meant(opened, request, pool.arms),
        fluency=fluency_of(opened.view, query.text, request.understood),
    )
    values = features(subject, pool.rows, pool.ranks, pool.scores, pool.arms)
    return values, ranker.score(names(pool.arms), values)


def _of_order(scores: NDArray[np.float32], order: NDArray[np.intp], noise: float, diverse: Arranged | None) -> float:
    """Return the logarithm of the probability that the noise gives this order."""
    if diverse is not None:
        return float(diverse.chances[: len(order)].sum())
    return log_propensity(scores, order, noise) if noise else 0.0


def _order(
    pool: Pool, order: NDArray[np.intp], selection: Selection, k: int
) -> tuple[NDArray[np.intp], tuple[int, str] | None]:
    """Return all candidates, best first, the page's `k` before the rest, and (candidate, arm) of the reserved slot.

    Where the selection explores, the page's last place is kept for the best candidate that only an explored arm found:
    a find that is never shown could never earn credit.
    """
    page = order[:k]
    if not selection.explored or len(order) <= k or k < 2:
        return order, None
    explored = [number for number, arm in enumerate(pool.arms) if arm in selection.explored]
    others = [number for number, arm in enumerate(pool.arms) if arm not in selection.explored]
    found = pool.ranks > 0
    only: NDArray[np.bool_] = np.any(found[:, explored], axis=1) & ~np.any(found[:, others], axis=1)
    rest = order[k:]
    alone = rest[only[rest]]
    if only[page].any() or not len(alone):
        return order, None
    candidate = int(alone[0])
    arm = next(pool.arms[number] for number in explored if pool.ranks[candidate, number])
    return np.concatenate([page[:-1], alone[:1], page[-1:], rest[rest != candidate]]), (candidate, arm)


def best_first(pool: Pool, scores: NDArray[np.float32]) -> NDArray[np.intp]:
    """Return the candidates by score; equal ones keep the catalogue's order."""
    return np.lexsort((pool.rows, -scores))


def _reserved(found: tuple[int, str] | None, ids: Sequence[str], k: int) -> Reserved | None:
    return None if found is None else Reserved(position=k, entity_id=ids[found[0]], arm=found[1])
