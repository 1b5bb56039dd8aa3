"""structured: entities that have the attribute values which the query names, and numbers in the ranges it asks for.

Each reading of the query scores its probability × the value's idf, times the entity's own weight of the value where it
has one (from the catalogue, or of a suggestion); a range scores its probability × the idf of so many entities. Readings
of different spans add up, and popularity orders what matches equally. Soft: an entity with two of three values is found
after those with all three.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.index.dictionary import TITLE
from ltrr_cli.index.values import level_terms
from ltrr_cli.retrieval.base import Hits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ltrr_cli.index.segment import Segment
    from ltrr_cli.index.view import Found, View
    from ltrr_cli.records import Range, Understood
    from ltrr_cli.retrieval.base import Request

_LIKELY = 0.5
"""Titles alone, from this probability on, are enough to look for them."""
_DEEPER = 10
_MOST = 2000
"""Where ranges are asked for, so many times the depth, or at least so many, are looked at of what has a value."""


class Structured:
    """Attribute values and ranges found by query understanding."""

    name = "structured"
    learns = True
    """Feedback changes how far each kind of reading is trusted."""
    apart = True

    def applies(self, request: Request) -> bool:
        """Whether the query names any value or range, or likely a title: words that may be one are in most queries."""
        understood = request.understood
        return bool(understood.ranges) or any(
            tag.attribute != TITLE or tag.probability >= _LIKELY for tag in understood.tags
        )

    def retrieve(self, request: Request, depth: int) -> Hits:
        """Return the entities with the most, and the most telling, of the named values and ranges."""
        view, understood = request.view, request.understood
        asked = [(one, one.probability * view.idf(round(one.share * view.total))) for one in understood.ranges]

        def find(segment: Segment, limit: int) -> Found:
            wanted = _wanted(understood, view, segment)
            if not asked:
                return _valued(segment, wanted, limit)
            return _with_ranges(segment, wanted, asked, limit)

        return Hits(*view.search(find, depth))


def _wanted(understood: Understood, view: View, segment: Segment) -> list[tuple[str, float]]:
    """Return the terms of a segment that a query asks for, and what each is worth."""
    wanted: list[tuple[str, float]] = []
    for tag in understood.tags:
        worth = tag.probability * view.idf(min(tag.count, view.total))
        if tag.attribute in segment.weighted:
            wanted += [(term, worth * weight) for term, weight in level_terms(tag.term)]
        else:
            wanted.append((tag.term, worth))
        if tag.suggested:
            wanted.append((tag.suggested_term, worth * tag.suggested))
    return wanted


def _valued(segment: Segment, wanted: Sequence[tuple[str, float]], limit: int) -> Found:
    rows, scores = segment.fulltext.search(segment.fulltext.values(wanted), limit, by_popularity=True)
    return np.asarray(rows, np.int64), np.asarray(scores, np.float32)


def _with_ranges(
    segment: Segment, wanted: Sequence[tuple[str, float]], asked: Sequence[tuple[Range, float]], limit: int
) -> Found:
    """Return the best of what has a value or lies in a range: rows of the segment, and scores."""
    total = np.zeros(len(segment), np.float32)
    for one, worth in asked:
        inside = segment.numbers.within(one.attribute, one.low, one.high)
        if inside is not None:
            total[inside] += np.float32(worth)
    total *= segment.standing.factor  # as Tantivy weighs by popularity
    if wanted:
        rows, scores = _valued(segment, wanted, min(len(segment), max(_MOST, _DEEPER * limit)))
        total[rows] += scores
    return _best(total, limit)


def _best(total: NDArray[np.float32], limit: int) -> Found:
    """Return the rows with the highest scores above 0, equal ones by row."""
    found = total.nonzero()[0]
    if len(found) > limit:
        least = np.partition(total[found], len(found) - limit)[len(found) - limit]
        found = found[total[found] >= least]
    order = np.lexsort((found, -total[found]))[:limit]
    return found[order], total[found[order]]


strategy = Structured
