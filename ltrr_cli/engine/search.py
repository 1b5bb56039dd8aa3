"""Answering a query: understand, choose arms, retrieve, unite, rank – the way from text to results, in one place."""

from __future__ import annotations

import time
from copy import copy
from dataclasses import dataclass, replace
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.analysis.language import guess, script_of, scripts
from ltrr_cli.engine.agreement import agreements
from ltrr_cli.engine.arranging import arranged
from ltrr_cli.engine.asker import exposure_of, person_of
from ltrr_cli.engine.meant import as_meant, meant, suggestion
from ltrr_cli.engine.nearby import nearby
from ltrr_cli.engine.past import past_of
from ltrr_cli.engine.workers import WORKERS, applies
from ltrr_cli.memory.evidence import growth
from ltrr_cli.memory.recall import recall
from ltrr_cli.policy.base import MAX_DEPTH, Budget
from ltrr_cli.policy.baselines import Fixed
from ltrr_cli.policy.thompson import ThompsonPolicy
from ltrr_cli.query.context import context, relevance
from ltrr_cli.query.speak import spoken
from ltrr_cli.query.understand import understand
from ltrr_cli.ranking.features import Subject, features
from ltrr_cli.ranking.noise import log_propensity, perturbed
from ltrr_cli.ranking.registry import names
from ltrr_cli.records import Answer, Arm, Found, Impression, Reserved, Result, Trace
from ltrr_cli.retrieval.base import FIRST, Hits, Request, after
from ltrr_cli.retrieval.lexical import ceiling
from ltrr_cli.retrieval.pool import Pool, union

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from ltrr_cli.engine.opened import Opened
    from ltrr_cli.engine.workers import Ran
    from ltrr_cli.policy.base import Policy, Selection
    from ltrr_cli.ranking.diversity import Arranged, Cap
    from ltrr_cli.ranking.linear import LinearRanker
    from ltrr_cli.records import Past, Query, Understood
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
    diverse = arranged(opened, pool, scores, best_first(pool, scores), choice, query.k)
    by_merit = best_first(pool, drawn) if diverse is None else diverse.order
    ranked, reserved = _order(pool, by_merit, selection, query.k)
    order, rest = ranked[: query.k], ranked[query.k :]
    own = order[:-1] if reserved else order
    ids = opened.view.ids(pool.rows)
    shown = rounded(scores[order]).tolist()
    results = results_of(ready, pool, order, ids, shown)
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
        results=_explained(results, ranker, trace) if choice.explain else results,
        took_ms=took,
        trace=trace,
        readings=readings(ready),
        suggestion=suggestion(ready.request, ready.names),
    )


def prepare(opened: Opened, query: Query, *, informed: bool) -> Ready:
    """Understand a query and, where the choice is to be `informed`, run what informs it."""
    asked = time.perf_counter()
    request = make_request(opened, query)
    opened.query_vectors.begin(request.query.text)
    arms = [strategy for strategy in opened.strategies if applies(strategy, request)]
    first = _run_first(opened, arms, request, asked) if informed else {}
    past = past_of(opened, query, request.person.own if request.person is not None else None)
    features_of_query = context_of(request, first, past)
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


def make_request(opened: Opened, query: Query) -> Request:
    """Understand a query, and look it up in the memory."""
    understood = understood_by(opened, query.text, query.time)
    if not understood.unseen:  # else it may turn out to be mistyped
        opened.query_vectors.begin(query.text)
    remembered = recall(
        understood.words,
        opened.predicted,
        opened.learned.queries,
        opened.row,
        living=opened.view.living,
        now=query.time,
        half_life=opened.config.half_life_s,
        near=lambda: nearby(opened, query.text, " ".join(understood.words)),
    )
    request = Request(
        query,
        understood,
        remembered,
        opened.filters.view(query.filter),
        opened.query_vectors.of,
        popularity=opened.learned.popularity,
        remade=lambda text: make_request(opened, replace(query, text=text)),
        person=person_of(opened, query),
        rewarded=opened.rewarded,
        exposure=exposure_of(opened, query),
        pages=opened.impressions.exposure.pages(query.time),
        weigh=opened.weigh,
    )
    return as_meant(opened, request)


def understood_by(opened: Opened, text: str, now: float) -> Understood:
    """Understand a text by what is in the index, and by how far feedback up to now says to trust each reading."""
    return understand(text, opened.view, opened.learned.trust, growth(now, opened.config.half_life_s))


def context_of(request: Request, first: Mapping[str, Ran], past: Past) -> dict[str, float]:
    """Return the features of a query, and those of the scores of what has run already."""
    found = context(request.query, request.understood, request.recall, past)
    for arm, ran in first.items():
        if not ran.error:
            found |= relevance(arm, ran.hits.scores, ceiling(request))
    return found


def fluency_of(request: Request) -> float:
    """Return how well the encoder knows the query's language, in [0, 1]."""
    text = request.query.text
    return request.view.fluency.of(guess(text, request.understood.words, scripts(text)), script_of(text))


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
        filter=query.filter,
    )


def _run_first(opened: Opened, arms: Sequence[Strategy], request: Request, started: float) -> dict[str, Ran]:
    """Run the arms whose scores inform the choice of the others, as deep as any choice could go.

    They have half of the time, so that the others can answer where one hangs.
    """
    first = [(arm, MAX_DEPTH) for arm in arms if arm.name in FIRST]
    return _run(first, request, opened.config.timeout_ms / 2e3, started)


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
        fluency=fluency_of(request),
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


def provenance(pool: Pool) -> dict[str, Found]:
    """Return what each arm found, in its order."""
    out = {}
    for number, arm in enumerate(pool.arms):
        candidates = np.argsort(pool.ranks[:, number], kind="stable")[np.count_nonzero(pool.ranks[:, number] == 0) :]
        scores = rounded(pool.scores[candidates, number])
        out[arm] = Found(tuple(candidates.tolist()), tuple(scores.tolist()))
    return out


def rounded(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the values with six decimals: what is logged is short, and exactly what was used to explain."""
    return np.asarray(values, np.float64).round(6)


def results_of(
    ready: Ready, pool: Pool, order: NDArray[np.intp], ids: Sequence[str], scores: Sequence[float]
) -> tuple[Result, ...]:
    """Return what is shown of the candidates in `order`; `ids` are those of the whole pool."""
    view, text = ready.request.view, ready.query.text
    vector = ready.request.vector if text.strip() else None
    results = []
    for place, (candidate, row) in enumerate(zip(order.tolist(), pool.rows[order].tolist(), strict=True)):
        entity = view.entity(row)
        part = None if vector is None else view.passage(row, vector)
        found = pool.ranks[candidate].tolist()
        results.append(
            Result(
                rank=place + 1,
                id=ids[candidate],
                type=entity.type,
                title=entity.title,
                text=entity.text,
                passage=entity.text[slice(*part)] if part else "",
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


def readings(ready: Ready) -> tuple[str, ...]:
    """Say how the query's words were read."""
    return spoken(ready.request.understood)
