"""fuzzy: what the query finds where its words are taken for the words they are mistyped from, or are the start of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltrr_cli.retrieval.base import Hits
from ltrr_cli.retrieval.spans import fuzzy_query

if TYPE_CHECKING:
    from ltrr_cli.retrieval.base import Request


class Fuzzy:
    """BM25 over the weighted variants of doubtful words."""

    name = "fuzzy"
    learns = False
    apart = True

    def applies(self, request: Request) -> bool:
        """Whether a word is unknown, incomplete, or does not go with the others, and a near one would do."""
        return bool(request.correction.text)

    def retrieve(self, request: Request, depth: int) -> Hits:
        """Return the best by BM25, weighted by popularity."""
        correction, view = request.correction, request.view
        if not correction.text:
            return Hits.none()
        found = view.search(
            lambda segment, limit: segment.fulltext.search(
                fuzzy_query(segment, view, correction.typed, correction.spans, correction.text),
                limit,
                by_popularity=True,
            ),
            depth,
        )
        return Hits(*found)


strategy = Fuzzy
