"""lexical: BM25 over title, creator, attributes and text.

For each query term the best field counts, and the others a little (dis-max); titles count most, since people name what
they look for. Query words next to each other in a title count extra.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ltrr_cli.retrieval.base import Hits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ltrr_cli.index.segment import Segment
    from ltrr_cli.retrieval.base import Request

FIELDS = (("title", 2.0), ("creator", 1.2), ("attributes", 1.0), ("text", 0.7))
TIE = 0.3
PHRASE = 1.0


def text_query(segment: Segment, request: Request) -> Any:
    """Return the Tantivy query for a request's terms, with idf taken over all segments."""
    understood = request.understood
    terms = [(stem, 1.0) for stem in understood.stems]
    if len(request.view.segments) > 1:
        terms = _with_global_idf(segment, request, understood.stems)
    parts = [segment.fulltext.terms(terms, FIELDS, TIE)]
    if 1 < len(understood.stems) <= 8:
        parts.append(segment.fulltext.phrase("title", understood.stems, PHRASE))
    return segment.fulltext.either(parts)


def _with_global_idf(segment: Segment, request: Request, stems: Sequence[str]) -> list[tuple[str, float]]:
    """Weight each term by idf over all segments / idf here, so that scores of segments can be compared."""
    view = request.view
    weighted = []
    for stem, idf in zip(stems, request.understood.idf, strict=True):
        here = max(segment.fulltext.document_frequency(field, stem) for field, _ in FIELDS)
        weighted.append((stem, idf / view.idf(here, len(segment))))
    return weighted


class Lexical:
    """BM25 (k1 1.2, b 0.75) with English stemming."""

    name = "lexical"
    learns = False

    def applies(self, request: Request) -> bool:
        """Whether the index knows any of the query's terms."""
        return len(request.understood.stems) > request.understood.unseen

    def retrieve(self, request: Request, depth: int) -> Hits:
        """Return the best by BM25."""
        found = request.view.search(
            lambda segment, limit: segment.fulltext.search(text_query(segment, request), limit), depth
        )
        return Hits(*found)


strategy = Lexical
