"""personal: what fits the query and suits who asks.

An entity suits a person who acted on it, who acted on what others act on together with it, or whose taste, as a vector,
is near it. It fits a query by full text, memory or vector, whichever says most. The score is √fit × suits: what fits
best need not be somebody's first choice, but what does not fit at all is not meant. A recommendation has no query: then
it is taste alone, and what the person knows already is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.index.passages import cosines
from ltrr_cli.memory.person import values_at
from ltrr_cli.retrieval.base import Hits
from ltrr_cli.retrieval.lexical import knows, text_query

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ltrr_cli.memory.person import Person, Weighted
    from ltrr_cli.retrieval.base import Request

WINDOW = 200
_REMEMBERED = 300
_NEAR = 0.3
"""What a vector says of taste, or of fitting, beside what people did."""
_OWN = 0.5


class Personal:
    """Tastes."""

    name = "personal"
    learns = True

    def applies(self, request: Request) -> bool:
        """Whether the person is known to like anything, and there is a query or there is to be none."""
        if request.person is None or not (request.query.recommend or request.query.text.strip()):
            return False
        return request.person.known

    def retrieve(self, request: Request, depth: int) -> Hits:
        """Return what suits the person best."""
        person = request.person
        if person is None or not person.known:
            return Hits.none()
        recommend = request.query.recommend
        rows, fit = _near(request, person) if recommend else _fitting(request, person)
        if not len(rows):
            return Hits.none()
        scores = np.sqrt(fit) * _suits(request, person, rows)
        good = (scores > 0) & (request.new(rows) if recommend else True)
        return Hits(*request.view.top(rows[good], scores[good].astype(np.float32), depth))


def _suits(request: Request, person: Person, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    scores = values_at(rows, person.company)
    if person.own is not None:
        mass = values_at(rows, person.own)
        scores += _OWN * mass / (mass + 1)
    vectors = [vector for vector in (person.vector, person.session_vector) if vector is not None]
    if vectors:
        found = request.view.vectors(rows)
        scores += _NEAR * np.maximum(0, np.max([cosines(found, vector) for vector in vectors], axis=0))
    return scores


def _near(request: Request, person: Person) -> Weighted:
    """Return rows that may suit the person, whatever he asks: in company with what he likes, or near his taste."""
    parts = [person.company[0]]
    for vector in (person.session_vector, person.vector):
        if vector is not None:
            taste = vector
            parts.append(request.view.search(lambda segment, limit: segment.vectors.nearest(taste, limit), WINDOW)[0])  # noqa: B023 – called at once
    rows = np.unique(np.concatenate(parts))
    return rows, np.ones(len(rows))


def _fitting(request: Request, person: Person) -> Weighted:
    """Return rows that fit the query, ascending, and how well, in (0, 1]."""
    recall = request.recall
    parts: list[tuple[NDArray[np.int64], NDArray[np.floating]]] = []
    if len(recall.rows):
        best = max(float(recall.scores[0]), 1e-9)
        parts.append((recall.rows[:_REMEMBERED], recall.scores[:_REMEMBERED] / best))
    if knows(request):
        found, scores = request.view.search(
            lambda segment, limit: segment.fulltext.search(text_query(segment, request), limit), WINDOW
        )
        if len(found):
            parts.append((found, scores / max(float(scores[0]), 1e-9)))
    near = person.company[0] if person.own is None else np.union1d(person.company[0], person.own[0])
    if len(near):
        parts.append((near, _NEAR * np.maximum(0, cosines(request.view.vectors(near), request.vector))))
    if not parts:
        return np.empty(0, np.int64), np.empty(0)
    rows, inverse = np.unique(np.concatenate([part for part, _ in parts]), return_inverse=True)
    fit = np.zeros(len(rows))
    np.maximum.at(fit, inverse, np.concatenate([scores for _, scores in parts]))
    return rows, fit


strategy = Personal
