"""Fusions of several rankings: the textbook hybrids that a learned pipeline has to beat."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RRF_K = 60
Ranking = list[tuple[str, float]]
"""(entity id, score), best first."""
LOWEST = {"semantic": -1.0}
"""Smallest score that a strategy can give, where that is not 0: cosines reach down to -1."""


def reciprocal_rank(rankings: Sequence[Sequence[tuple[str, float]]], k: int = RRF_K) -> Ranking:
    """Fuse by Σ 1 / (k + rank) (Cormack, Clarke & Büttcher, SIGIR 2009); ties by id."""
    scores: dict[str, float] = {}
    for ranking in rankings:
        for rank, (entity_id, _) in enumerate(ranking, 1):
            scores[entity_id] = scores.get(entity_id, 0.0) + 1 / (k + rank)
    return _ordered(scores)


def convex(rankings: Mapping[str, Sequence[tuple[str, float]]]) -> Ranking:
    """Fuse by the mean of the normalised scores, each strategy with the same weight; ties by id.

    Scores are normalised per query by the theoretical minimum and the observed maximum (Bruch, Gai & Ingber, An
    Analysis of Fusion Functions for Hybrid Retrieval, TOIS 2023, eq. 4); an entity that a strategy did not find has 0.
    """
    scores: dict[str, float] = {}
    for name, ranking in rankings.items():
        if not ranking:
            continue
        lowest = min(LOWEST.get(name, 0.0), ranking[-1][1])
        span = ranking[0][1] - lowest
        for entity_id, score in ranking:
            part = (score - lowest) / span if span > 0 else 1.0
            scores[entity_id] = scores.get(entity_id, 0.0) + part / len(rankings)
    return _ordered(scores)


def _ordered(scores: Mapping[str, float]) -> Ranking:
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))
