"""A strategy whose segments are searched by their replicas; what they find is put together by score, ties by row."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.cluster.asked import Asked
from ltrr_cli.retrieval.base import Hits

if TYPE_CHECKING:
    from ltrr_cli.cluster.asked import Found
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
        asked, limits = Asked.of(request, self.name, depth), view.limits(depth)
        found: dict[str, Found] = {}
        while limits:
            now, missing = self._fleet.search({name: replace(asked, depth=limit) for name, limit in limits.items()})
            request.missing.update(missing)
            errors = [f"segment {name}: {one.error}" for name, one in now.items() if one.error]
            if errors:
                raise RuntimeError(errors[0])
            found |= now
            again = {
                one.name: view.deeper(one, now[one.name].hits.rows, limits[one.name], depth)
                for one in view.segments
                if one.name in now
            }
            limits = {name: limit for name, limit in again.items() if limit}
        rows, scores = [np.empty(0, np.int64)], [np.empty(0, np.float32)]
        for segment in view.segments:
            if segment.name in found:
                hits = found[segment.name].hits
                rows.append(hits.rows + segment.base)
                scores.append(hits.scores)
        return Hits(*view.top(np.concatenate(rows), np.concatenate(scores), depth))
