"""semantic: the entities whose vectors are nearest to the query's, by cosine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.retrieval.base import Hits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ltrr_cli.index.segment import Segment
    from ltrr_cli.retrieval.base import Request


class Semantic:
    """Dense vectors of the sentence encoder."""

    name = "semantic"
    learns = False
    apart = True
    waits = True

    def applies(self, request: Request) -> bool:
        """Whether there is any text to encode, and vectors to compare it with: they follow the texts into an index."""
        return bool(request.query.text.strip()) and request.view.unencoded < request.view.rows

    def retrieve(self, request: Request, depth: int) -> Hits:
        """Return the nearest."""
        vector = request.vector

        def find(segment: Segment, limit: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
            if not segment.encoded:
                return np.empty(0, np.int64), np.empty(0, np.float32)
            return segment.vectors.nearest(vector, limit)

        return Hits(*request.view.search(find, depth))


strategy = Semantic
