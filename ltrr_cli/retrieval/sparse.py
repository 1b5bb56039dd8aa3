"""sparse: entities by the terms that a masked-language model finds in, or adds to, query and text (SPLADE).

The score is the product of both sides' weights, summed over the terms. The arm is there where the index was built with
such a model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.retrieval.base import Hits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ltrr_cli.index.segment import Segment
    from ltrr_cli.index.view import View
    from ltrr_cli.retrieval.base import Request

NAME = "sparse"


class SparseTerms:
    """Inverted lists of a model's terms."""

    name = NAME
    learns = False
    waits = True

    def applies(self, request: Request) -> bool:
        """Whether there is any text, and a model for it."""
        return request.weigh is not None and bool(request.query.text.strip())

    def retrieve(self, request: Request, depth: int) -> Hits:
        """Return the entities with the greatest sum."""
        terms, weights = request.terms
        if not len(terms):
            return Hits.none()

        def find(segment: Segment, limit: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
            if segment.sparse is None:
                return np.empty(0, np.int64), np.empty(0, np.float32)
            return segment.sparse.search(terms, weights, limit)

        return Hits(*request.view.search(find, depth))


def by_idf(view: View, terms: NDArray[np.int32], weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the weights times the idf that each term has over all segments."""
    counts = sum((one.sparse.frequencies(terms) for one in view.segments if one.sparse), np.zeros(len(terms), np.int64))
    return weights * np.array([view.idf(min(int(count), view.rows)) for count in counts], np.float32)


def arms(view: View) -> list[SparseTerms]:
    """Return the arm, if any segment has sparse vectors."""
    return [SparseTerms()] if any(segment.sparse is not None for segment in view.segments) else []
