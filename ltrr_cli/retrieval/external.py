"""vectors:NAME: the entities nearest by vectors that were made elsewhere.

No text has such a vector. A query's is the mean of those of the entities that are found for it by words and by memory,
and of what the user has rewarded, each weighted by its score: pseudo-relevance feedback (Rocchio 1971), in another
space. Or the caller gives it: `Engine.search(vectors={NAME: …})`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.retrieval.base import Hits
from ltrr_cli.retrieval.lexical import Lexical, knows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ltrr_cli.index.segment import Segment
    from ltrr_cli.index.view import View
    from ltrr_cli.retrieval.base import Request

PREFIX = "vectors:"
_SEEDS = 5
"""Entities of each source that a query's vector is made of."""
_USER = 0.5
"""What the user has rewarded counts half: it is not about this query."""
_KAPPA = 4.0


class ExternalVectors:
    """One set of vectors made elsewhere."""

    learns = True

    def __init__(self, of: str) -> None:
        self.of = of
        self.name = f"{PREFIX}{of}"

    def applies(self, request: Request) -> bool:
        """Whether a vector is given, or anything by which one could be made."""
        return self.of in request.query.vectors or len(request.recall.rows) > 0 or knows(request)

    def retrieve(self, request: Request, depth: int) -> Hits:
        """Return the nearest by cosine."""
        given = request.query.vectors.get(self.of)
        vector = np.array(given, np.float32) if given is not None else self._made(request)
        if vector is None:
            return Hits.none()

        def find(segment: Segment, limit: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
            external = segment.external.get(self.of)
            return (
                (np.empty(0, np.int64), np.empty(0, np.float32))
                if external is None
                else external.nearest(vector, limit)
            )

        return Hits(*request.view.search(find, depth))

    def _made(self, request: Request) -> NDArray[np.float32] | None:
        rows, weights = _seeds(request)
        total: NDArray[np.float32] | None = None
        for places, vectors in _vectors(request.view, self.of, rows):
            part = np.einsum("n,nd->d", weights[places], vectors)
            total = part if total is None else total + part
        length = 0.0 if total is None else float(np.sqrt(np.einsum("d,d->", total, total)))
        return None if total is None or length < 1e-6 else total / np.float32(length)


def _seeds(request: Request) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the rows that stand for a query, and their weights; a row may come from several sources."""
    lexical, recall = Lexical(), request.recall
    sources: list[tuple[NDArray[np.int64], NDArray[np.float32], float]] = []
    sure = recall.evidence / (recall.evidence + _KAPPA)
    if lexical.applies(request):
        hits = lexical.retrieve(request, _SEEDS)
        sources.append((hits.rows, hits.scores, 1.0 - sure / 2))
    if len(recall.rows):
        sources.append((*request.view.top(recall.rows, recall.scores, 2 * _SEEDS), 1.0 + sure))
    own = None if request.person is None else request.person.own
    if own is not None:
        sources.append((*request.view.top(own[0], own[1].astype(np.float32), _SEEDS), _USER))
    rows, weights = [np.empty(0, np.int64)], [np.empty(0, np.float32)]
    for found, scores, weight in sources:
        best = float(scores[0]) if len(scores) else 0.0
        if best > 0:
            rows.append(found)
            weights.append((np.maximum(scores, 0) * (weight / best)).astype(np.float32))
    return np.concatenate(rows), np.concatenate(weights)


def _vectors(view: View, of: str, rows: NDArray[np.int64]) -> list[tuple[NDArray[np.intp], NDArray[np.float32]]]:
    """Return (places among the rows, vectors) of those that have one, by segment."""
    found = []
    for segment, places, own in view.by_segment(rows) if len(rows) else ():
        external = segment.external.get(of)
        if external is not None:
            has, vectors = external.of(own)
            found.append((places[has], vectors))
    return found


def arms(view: View) -> list[ExternalVectors]:
    """Return an arm for each name that any segment has vectors of."""
    return [ExternalVectors(name) for name in view.external]
