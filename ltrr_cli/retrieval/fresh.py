"""fresh: what matches and was hardly ever shown, the newest first: so that the new is seen at all.

Known entities have their clicks, and clicks bring them to the top; what nobody saw has none. Of the query's best
matches these are the ones that were shown less than a quarter as often as the ten best matches are on average. The
score is the match × novelty: 1 for what was never shown, and half more for what was added to the index later. Where
hardly anything was shown and nothing was added, all is new, and it is no arm.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.retrieval.base import Hits
from ltrr_cli.retrieval.lexical import knows, text_query

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ltrr_cli.memory.person import Weighted
    from ltrr_cli.retrieval.base import Request

WINDOW = 100
ENOUGH = 1000.0
"""Pages, in today's worth, before exposure means anything."""
_LITTLE = 0.25
_SEEN = 1.0
"""Shown once at the top, or as often further down: what was added later is no news then."""
_ADDED = 1.5
_NEWEST = 300
_BEST = 10


class Fresh:
    """New and under-exposed entities."""

    name = "fresh"
    learns = True

    def applies(self, request: Request) -> bool:
        """Whether anything can be new here, and the index knows a term of the query, or there is to be none."""
        if request.exposure is None or (request.pages < ENOUGH and request.view.added_from == request.view.rows):
            return False
        return request.query.recommend or knows(request)

    def retrieve(self, request: Request, depth: int) -> Hits:
        """Return the newest that match."""
        if request.exposure is None:
            return Hits.none()
        rows, match = _newest(request) if request.query.recommend else _matching(request)
        if not len(rows):
            return Hits.none()
        exposure = np.asarray(request.exposure(rows), np.float64)
        added = rows >= request.view.added_from
        usual = float(exposure[:_BEST].mean()) if request.pages >= ENOUGH else 0.0
        new = (exposure < _LITTLE * usual) | (added & (exposure < _SEEN))
        scores = match * np.where(added, _ADDED, 1.0) / (1 + exposure)
        good = new & request.new(rows)
        return Hits(*request.view.top(rows[good], scores[good].astype(np.float32), depth))


def _matching(request: Request) -> Weighted:
    """Return the query's best matches, best first, and how well they do, in (0, 1].

    Where the arm `lexical` has found so many, they are these.
    """
    known = request.before.get("lexical")
    if known is not None and len(known.rows) >= WINDOW:
        rows, scores = known.rows[:WINDOW], known.scores[:WINDOW]
    else:
        rows, scores = request.view.search(
            lambda segment, limit: segment.fulltext.search(text_query(segment, request), limit), WINDOW
        )
    return rows, (scores / max(float(scores.max(initial=0.0)), 1e-9)).astype(np.float64)


def _newest(request: Request) -> Weighted:
    """Return the best known and the newest, by their own dates or as they were added: rows, and how new, in (0, 1]."""
    view = request.view
    added = np.arange(view.rows - 1, max(view.added_from, view.rows - _NEWEST) - 1, -1)
    dated = view.search(lambda segment, limit: segment.standing.newest(limit), _NEWEST)[0]
    newest = np.concatenate([added[view.living(added)], dated[dated < view.added_from]])[:_NEWEST]
    known: NDArray[np.int64] = np.empty(0, np.int64)
    if request.rewarded is not None:  # first: what is usual is taken from the best
        liked = np.flatnonzero(request.rewarded)
        known = view.top(liked, request.rewarded[liked], _BEST)[0]
    rows = np.array(list(dict.fromkeys([*known.tolist(), *newest.tolist()])), np.int64)
    age = np.where(rows >= view.added_from, 1.0, np.nan_to_num(view.freshness(rows)))
    return rows, np.maximum(age, 1e-3)


strategy = Fresh
