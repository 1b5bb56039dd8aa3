"""popular: the lexical match, biased by popularity: BM25 × log2(2 + 2 × popularity), which at most doubles it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltrr_cli.retrieval.base import Hits
from ltrr_cli.retrieval.lexical import text_query

if TYPE_CHECKING:
    from ltrr_cli.retrieval.base import Request


class Popular:
    """Full text, the well-known first."""

    name = "popular"
    learns = False

    def applies(self, request: Request) -> bool:
        """Whether the index knows a term of the query, and any popularity."""
        known = len(request.understood.stems) > request.understood.unseen
        return known and any(segment.has_popularity for segment in request.view.segments)

    def retrieve(self, request: Request, depth: int) -> Hits:
        """Return the best by popularity-weighted BM25."""
        found = request.view.search(
            lambda segment, limit: segment.fulltext.search(text_query(segment, request), limit, by_popularity=True),
            depth,
        )
        return Hits(*found)


strategy = Popular
