"""lexical: BM25 over title, creator, attributes and text.

For each query term the best field counts, and the others a little (dis-max); titles count most, since people name what
they look for. Query words next to each other in a title count extra.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ltrr_cli.retrieval.base import Hits

if TYPE_CHECKING:
    from collections.abc import Callable

    from ltrr_cli.index.segment import Segment
    from ltrr_cli.index.view import View
    from ltrr_cli.retrieval.base import Request

FIELDS = (("title", 2.0), ("creator", 1.2), ("attributes", 1.0), ("text", 0.7))
TIE = 0.3
PHRASE = 1.0
_MOST_OFTEN = 2.2
"""k1 + 1, the weight of a term that occurs very often."""


def text_query(segment: Segment, request: Request) -> Any:
    """Return the Tantivy query for a request's stems, with idf taken over all segments."""
    stems = request.understood.stems
    weight, phrase = None, PHRASE
    if len(request.view.segments) > 1:
        weight = _global_idf(segment, request.view)
    parts = [segment.fulltext.terms(stems, FIELDS, TIE, weight)]
    if 1 < len(stems) <= 8:
        if weight is not None:  # a phrase weighs the sum of its terms' idf
            idf = [_idf(request.view, "title", stem) for stem in stems]
            phrase *= sum(idf) / sum(one / weight("title", stem) for one, stem in zip(idf, stems, strict=True))
        parts.append(segment.fulltext.phrase("title", stems, phrase))
    return segment.fulltext.either(parts)


def ceiling(request: Request) -> float:
    """Return about the highest score that an entity can have: all terms often, in its title."""
    return sum(request.understood.idf) * FIELDS[0][1] * _MOST_OFTEN


def _global_idf(segment: Segment, view: View) -> Callable[[str, str], float]:
    """Return the factor, idf over all segments / idf in this one, that makes scores of segments comparable."""

    def factor(field: str, stem: str) -> float:
        here = view.idf(segment.fulltext.document_frequency(field, stem), len(segment))
        return _idf(view, field, stem) / here

    return factor


def _idf(view: View, field: str, stem: str) -> float:
    return view.idf(view.document_frequency(field, stem))


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
