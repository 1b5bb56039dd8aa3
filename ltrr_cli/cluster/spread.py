"""A strategy whose segments are searched by their replicas; what they find is put together by score, ties by row."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.cluster.asked import Asked
from ltrr_cli.retrieval.base import Hits

if TYPE_CHECKING:
    from ltrr_cli.cluster.fleet import Fleet
    from ltrr_cli.retrieval.base import Request, Strategy


class Spread:
    """An arm that scores each entity by itself, spread over a fleet."""

    waits = True

    def __init__(self, strategy: Strategy, fleet: Fleet) -> None:
        self._strategy = strategy
        self._fleet = fleet
        self.name = strategy.name
        self.learns = strategy.learns

    def applies(self, request: Request) -> bool:
        """Whether it could find anything."""
        return self._strategy.applies(request)

    def retrieve(self, request: Request, depth: int) -> Hits:
        """Return the best of all segments that answer in time; the others are named in the request."""
        if request.query.recommend:  # by what all people like: that is known here
            return self._strategy.retrieve(request, depth)
        view = request.view
        asked = Asked.of(request, self.name, depth)
        wanted = {one.name: replace(asked, depth=depth + view.dead_in(one)) for one in view.segments if len(one)}
        found, missing = self._fleet.search(wanted)
        request.missing.update(missing)
        errors = [f"segment {name}: {one.error}" for name, one in found.items() if one.error]
        if errors:
            raise RuntimeError(errors[0])
        rows, scores = [np.empty(0, np.int64)], [np.empty(0, np.float32)]
        for segment in view.segments:
            if segment.name in found:
                hits = found[segment.name].hits
                rows.append(hits.rows + segment.base)
                scores.append(hits.scores)
        return Hits(*view.top(np.concatenate(rows), np.concatenate(scores), depth))
