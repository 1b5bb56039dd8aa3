"""popular: the lexical match, biased by popularity: BM25 × log2(2 + 2 × popularity) ^ p.

Popularity is a share of the catalogue, in [0, 1], so that the factor saturates: the best known count 2^p times what the
unknown do. p is the setting `popularity`, by default learned (memory/power.py). Tantivy knows p = 1 (and p = 0: none);
for another p the best `WINDOW` of that order are weighed again.

Where a filter is all that is asked, it finds what the filter allows, the best known first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.retrieval.base import Hits
from ltrr_cli.retrieval.lexical import knows, text_query

if TYPE_CHECKING:
    from ltrr_cli.retrieval.base import Request

WINDOW = 500
"""Hits that are weighed again where p is neither 0 nor 1; there are no more then."""


def _browses(request: Request) -> bool:
    return request.view.allowed is not None and not request.understood.words


class Popular:
    """Full text, the well-known first."""

    name = "popular"
    learns = True

    def applies(self, request: Request) -> bool:
        """Whether the index knows a term of the query, and any popularity; or whether there is but a filter."""
        if _browses(request):
            return True
        return any(segment.has_popularity for segment in request.view.segments) and knows(request)

    def retrieve(self, request: Request, depth: int) -> Hits:
        """Return the best by popularity-weighted BM25."""
        if request.view.allowed is not None and _browses(request):
            allowed = np.flatnonzero(request.view.allowed)
            return Hits(*request.view.top(allowed, np.nan_to_num(request.view.popularity(allowed)), depth))
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


strategy = Popular
