"""popular: the lexical match, biased by popularity: BM25 × log2(2 + 2 × popularity) ^ p.

Popularity is a share of the catalogue, in [0, 1], so that the factor saturates: the best known count 2^p times what the
unknown do. p is the setting `popularity`, by default learned (memory/power.py). Tantivy knows p = 1 (and p = 0: none);
for another p the best `WINDOW` of that order are weighed again.

Where nothing is asked, or a filter is all, it finds all that may be found, the best known first. A recommendation has
no text either: there it is what was rewarded most, and half of the catalogue's popularity.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.retrieval.base import Hits
from ltrr_cli.retrieval.lexical import knows, text_query

if TYPE_CHECKING:
    from ltrr_cli.index.segment import Segment
    from ltrr_cli.index.view import Found
    from ltrr_cli.retrieval.base import Request

WINDOW = 500
"""Hits that are weighed again where p is neither 0 nor 1; there are no more then."""


def _browses(request: Request) -> bool:
    """Whether a filter is all that is asked, or nothing at all."""
    return (request.view.allowed is not None or request.query.empty) and not request.understood.words


class Popular:
    """Full text, the well-known first."""

    name = "popular"
    learns = True
    apart = True

    def applies(self, request: Request) -> bool:
        """Whether the index knows a term of the query, and any popularity; or whether there is no text to know."""
        if request.query.recommend:
            liked = request.rewarded is not None and bool(request.rewarded.any())
            return liked or any(segment.has_popularity for segment in request.view.segments)
        if _browses(request):
            return True
        return any(segment.has_popularity for segment in request.view.segments) and knows(request)

    def retrieve(self, request: Request, depth: int) -> Hits:
        """Return the best by popularity-weighted BM25."""
        if request.query.recommend:
            return _liked(request, depth)
        if _browses(request):
            return Hits(*request.view.search(_best_known, depth))
        power = request.popularity
        plain = power in {0.0, 1.0}
        rows, scores = request.view.search(
            lambda segment, limit: segment.fulltext.search(
                text_query(segment, request), limit, by_popularity=power != 0.0
            ),
            depth if plain else WINDOW,
        )
        if plain or not len(rows):
            return Hits(rows, scores)
        factor = np.log2(2 + 2 * np.nan_to_num(request.view.popularity(rows)))
        return Hits(*request.view.top(rows, (scores * factor ** (power - 1)).astype(np.float32), depth))


def _best_known(segment: Segment, limit: int) -> Found:
    return segment.standing.best_known(limit)


def _liked(request: Request, depth: int) -> Hits:
    """Return what all like best, but what the person knows.

    Of what nobody was rewarded by only the best known can be among the best.
    """
    view, rewarded = request.view, request.rewarded
    rows = view.search(_best_known, depth + len(request.known))[0]
    if rewarded is not None:
        rows = np.union1d(rows, np.flatnonzero(rewarded))
    known = np.nan_to_num(view.popularity(rows))
    scores = (known if rewarded is None else rewarded[rows] + known / 2).astype(np.float32)
    good = (scores > 0) & request.new(rows)
    return Hits(*view.top(rows[good], scores[good], depth))


strategy = Popular
