"""What is shown of a pool, and what is noted of how it came about."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.records import Found, Impression, Result

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ltrr_cli.ranking.linear import LinearRanker
    from ltrr_cli.records import Answer, Query, Trace
    from ltrr_cli.retrieval.base import Request
    from ltrr_cli.retrieval.pool import Pool


def results_of(
    request: Request, pool: Pool, order: NDArray[np.intp], ids: Sequence[str], scores: Sequence[float]
) -> tuple[Result, ...]:
    """Return what is shown of the candidates in `order`; `ids` are those of the whole pool."""
    view = request.view
    vector = request.vector if view.has_passages and request.query.text.strip() else None
    results = []
    for place, (candidate, row) in enumerate(zip(order.tolist(), pool.rows[order].tolist(), strict=True)):
        entity = view.face(row)
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


def provenance(pool: Pool) -> dict[str, Found]:
    """Return what each arm found, in its order."""
    missed = (len(pool.rows) - np.count_nonzero(pool.ranks, axis=0)).tolist()  # rank 0, before the others
    order = pool.ranks.argsort(0, kind="stable")
    candidates, scores = order.T.tolist(), rounded(np.take_along_axis(pool.scores, order, 0)).T.tolist()
    return {
        arm: Found(tuple(candidates[number][first:]), tuple(scores[number][first:]))
        for number, (arm, first) in enumerate(zip(pool.arms, missed, strict=True))
    }


def rounded(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the values with six decimals: what is logged is short, and exactly what was used to explain."""
    return np.asarray(values, np.float64).round(6)


def explained(results: Sequence[Result], ranker: LinearRanker, trace: Trace) -> tuple[Result, ...]:
    """Return the results with what each feature adds to their scores."""
    return tuple(
        replace(result, contributions=ranker.contributions(trace.feature_names, values))
        for result, values in zip(results, trace.features, strict=True)
    )


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
