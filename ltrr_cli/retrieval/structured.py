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
    within = [(segment.numbers.within(one.attribute, one.low, one.high), np.float32(worth)) for one, worth in asked]
    ranges = [(inside, worth) for inside, worth in within if inside is not None]

    def in_range(rows: NDArray[np.int64]) -> NDArray[np.float32]:
        scores = np.zeros(len(rows), np.float32)
        for inside, worth in ranges:
            scores[inside[rows]] += worth
        scores *= segment.standing.factor[rows]  # as Tantivy weighs by popularity
        return scores

    rows = np.flatnonzero(np.logical_or.reduce([inside for inside, _ in ranges])) if ranges else np.empty(0, np.int64)
    rows, scores = _best(rows, in_range(rows), limit)  # of what has no value no other can be among the best
    if not wanted:
        return rows, scores
    valued, more = _valued(segment, wanted, min(len(segment), max(_MOST, _DEEPER * limit)))
    rows = np.union1d(rows, valued)
    scores = in_range(rows)
    scores[rows.searchsorted(valued)] += more
    return _best(rows, scores, limit)


def _best(rows: NDArray[np.int64], scores: NDArray[np.float32], limit: int) -> Found:
    """Return the rows, ascending, with the highest scores above 0, equal ones by row."""
    found = scores.nonzero()[0]
    if len(found) > limit:
        least = np.partition(scores[found], len(found) - limit)[len(found) - limit]
        found = found[scores[found] >= least]
    order = np.lexsort((found, -scores[found]))[:limit]
    return rows[found[order]], scores[found[order]]


strategy = Structured
