"""related: entities that have to do with the first that full text finds, and with the first that the memory knows.

A query that names an album also means its songs and its artist; one that people answered with something may be answered
by what they act on together with it. A recommendation starts from what is liked here and now.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.retrieval.base import Hits
from ltrr_cli.retrieval.kin import kin

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ltrr_cli.retrieval.base import Request

SEEDS = 3
"""So many of each: the more, the less they have in common with the query."""


class Related:
    """Kin of other arms' hits."""

    name = "related"
    learns = True
    after = ("lexical",)

    def applies(self, request: Request) -> bool:
        """Whether there is anything that others can be related to."""
        if request.query.recommend:
            return request.person is not None and request.person.known
        return len(request.recall.rows) > 0

    def retrieve(self, request: Request, depth: int) -> Hits:
        """Return the seeds' kin, those of better seeds first."""
        seeds, weights = _seeds(request)
        if not len(seeds):
            return Hits.none()
        found = kin(request.view, seeds, weights, request.person)
        good = request.new(found.rows) & (found.scores > 0)
        return Hits(*request.view.top(found.rows[good], found.scores[good].astype(np.float32), depth))


def _seeds(request: Request) -> tuple[NDArray[np.int64], list[float]]:
    """Return the rows to start from, each once, and their weights: 1 for a first, 1/2 for a second, and so on."""
    weights: dict[int, float] = {}
    lists = []
    if request.query.recommend and request.person is not None:
        _, rows, liking = request.person.taste
        liked = np.flatnonzero(liking > 0)
        lists.append(rows[liked[np.lexsort((rows[liked], -liking[liked]))]])
    else:
        recall = request.recall
        lists += [hits.rows for name, hits in request.before.items() if name in Related.after]
        lists.append(recall.rows[recall.observed > 0] if recall.known else recall.rows)
    for rows in lists:
        for place, row in enumerate(rows[:SEEDS].tolist()):
            weights[row] = weights.get(row, 0.0) + 1 / (place + 1)
    return np.array(list(weights), np.int64), list(weights.values())


strategy = Related
