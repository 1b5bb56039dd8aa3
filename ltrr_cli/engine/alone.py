"""What each arm finds by itself, without the policy's choice: to compare them, and to look back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.engine.requests import context_of, make_request, relevance_of
from ltrr_cli.engine.search import fed
from ltrr_cli.engine.workers import Ran, applies, run
from ltrr_cli.errors import LtrrError
from ltrr_cli.policy.base import MAX_DEPTH
from ltrr_cli.records import Past
from ltrr_cli.retrieval.base import FIRST, Hits, after

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ltrr_cli.engine.opened import Opened
    from ltrr_cli.records import Query
    from ltrr_cli.retrieval.base import Request, Strategy

_HINDSIGHT_KEPT = 10_000


def alone(opened: Opened, query: Query, depth: int) -> dict[str, list[tuple[str, float]]]:
    """Return what every arm finds by itself: (entity id, the arm's own score), best first.

    Raises `LtrrError` naming an arm that fails: beside the others it would pass for one that finds nothing.
    """
    request = make_request(opened, query)
    found: dict[str, list[tuple[str, float]]] = {}
    hits: dict[str, Hits] = {}
    for strategy in _in_turn(opened.strategies):
        seen = fed(request, hits) if after(strategy) else request
        ran = run(strategy, seen, depth) if applies(strategy, request) else Ran(Hits.none(), 0.0)
        if ran.error:
            raise LtrrError(f"the strategy {strategy.name} failed: {ran.error}", where=f"query {query.text[:80]!r}")
        hits[strategy.name] = ran.hits
        found[strategy.name] = list(zip(opened.view.ids(ran.hits.rows), ran.hits.scores.tolist(), strict=True))
    return {strategy.name: found[strategy.name] for strategy in opened.strategies}


def all_ranks(opened: Opened, query: Query, entity_id: str) -> tuple[dict[str, int], dict[str, float]]:
    """Return the rank (from 1, 0 = not found) that each arm of the query gives an entity, and the context.

    Arms are known down to the deepest bucket; one that does not apply is no arm of the query, and learns nothing.
    """
    request = make_request(opened, query)
    row = opened.row(entity_id)
    ranks, first = {}, {}
    found: dict[str, Hits] = {}
    for strategy in _in_turn(opened.strategies):
        if not applies(strategy, request):
            continue
        hits = _deepest(opened, strategy, fed(request, found) if after(strategy) else request)
        found[strategy.name] = hits
        if strategy.name in FIRST:
            first[strategy.name] = Ran(hits, 0.0)
        rows = hits.rows
        places = np.flatnonzero(rows == row).tolist() if row is not None else []
        ranks[strategy.name] = places[0] + 1 if places else 0
    features = context_of(request, Past()) | relevance_of(request, first)
    return {arm.name: ranks[arm.name] for arm in opened.strategies if arm.name in ranks}, features


def _in_turn(strategies: Sequence[Strategy]) -> list[Strategy]:
    """Return the strategies, those that come after others last."""
    return sorted(strategies, key=lambda strategy: bool(after(strategy)))


def _deepest(opened: Opened, strategy: Strategy, request: Request) -> Hits:
    """Return all that an arm finds; kept by the query's text where feedback cannot change it."""
    asked = (strategy.name, request.typed, request.query.filter)
    kept = opened.hindsight.get(asked)
    if kept is not None:
        return kept
    ran = run(strategy, request, MAX_DEPTH)
    if not strategy.learns and not ran.error:
        if len(opened.hindsight) >= _HINDSIGHT_KEPT:
            opened.hindsight.clear()
        opened.hindsight[asked] = ran.hits
    return ran.hits
