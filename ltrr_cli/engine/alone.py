"""What each arm finds by itself, without the policy's choice: to compare them, and to look back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ltrr_cli.engine.requests import context_of, make_request, relevance_of
from ltrr_cli.engine.search import fed
from ltrr_cli.engine.workers import Ran, applies, run
from ltrr_cli.errors import LtrrError
from ltrr_cli.policy.base import MAX_DEPTH
from ltrr_cli.records import Past
from ltrr_cli.retrieval.base import FIRST, Hits, after

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from ltrr_cli.engine.opened import Opened
    from ltrr_cli.records import Query
    from ltrr_cli.retrieval.base import Request, Strategy
    from ltrr_cli.retrieval.correction import Correction

_KEPT = 2_500
"""Texts of which is kept what feedback cannot change."""


def alone(opened: Opened, query: Query, depth: int) -> dict[str, list[tuple[str, float]]]:
    """Return what every arm finds by itself: (entity id, the arm's own score), best first.

    Raises `LtrrError` naming an arm that fails: beside the others it would pass for one that finds nothing.
    """
    found: dict[str, list[tuple[str, float]]] = {}
    hits: dict[str, Hits] = {}
    request = fed(make_request(opened, query), hits)  # each arm sees what those before it found
    for strategy in _in_turn(opened.strategies):
        ran = run(strategy, request, depth) if applies(strategy, request) else Ran(Hits.none(), 0.0)
        if ran.error:
            raise LtrrError(f"the strategy {strategy.name} failed: {ran.error}", where=f"query {query.text[:80]!r}")
        hits[strategy.name] = ran.hits
        found[strategy.name] = list(zip(opened.view.ids(ran.hits.rows), ran.hits.scores.tolist(), strict=True))
    return {strategy.name: found[strategy.name] for strategy in opened.strategies}


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What every arm of a query finds by itself, down to the deepest bucket, and the query's context."""

    hits: Mapping[str, Hits]
    context: Mapping[str, float]

    def ranks(self, row: int | None) -> dict[str, int]:
        """Return the rank (from 1, 0 = not found) that each arm gives the entity at a row."""
        return {name: _place(hits.rows, row) for name, hits in self.hits.items()}


def look(opened: Opened, query: Query) -> Looked:
    """Ask every arm of a query by itself; one that does not apply is no arm of the query, and learns nothing."""
    found: dict[str, Hits] = {}
    request = fed(make_request(opened, query), found)  # each arm sees what those before it found
    kept = _kept(opened, request)
    for strategy in _in_turn(opened.strategies):
        if applies(strategy, request):
            found[strategy.name] = _deepest(strategy, request, kept.hits)
    if kept.correction is None and "correction" in request.__dict__:
        kept.correction = request.correction
    first = {name: Ran(found[name], 0.0) for name in FIRST if name in found}
    hits = {arm.name: found[arm.name] for arm in opened.strategies if arm.name in found}
    return Looked(hits=hits, context=context_of(request, Past()) | relevance_of(request, first))


def _in_turn(strategies: Sequence[Strategy]) -> list[Strategy]:
    """Return the strategies, those that come after others last."""
    return sorted(strategies, key=lambda strategy: bool(after(strategy)))


def _place(rows: NDArray[np.int64], row: int | None) -> int:
    places = [] if row is None else (rows == row).nonzero()[0].tolist()
    return places[0] + 1 if places else 0


@dataclass(slots=True)
class Kept:
    """What feedback cannot change of a query, by its text: some arms' hits, its correction, its full-text queries."""

    text_queries: dict[tuple[str, str], Any]
    hits: dict[str, Hits] = field(default_factory=dict)
    correction: Correction | None = None


def _kept(opened: Opened, request: Request) -> Kept:
    """Return what is kept of a query, as it was typed and as it is read, and give the request of it what it has."""
    asked = (request.typed, request.query.text, request.query.filter)
    kept = opened.looked.get(asked)
    if kept is None:
        if len(opened.looked) >= _KEPT:
            opened.looked.clear()
        kept = opened.looked[asked] = Kept(request.text_queries)
    request.text_queries.update(kept.text_queries)
    if kept.correction is not None:
        request.__dict__["correction"] = kept.correction  # in place of working it out
    return kept


def _deepest(strategy: Strategy, request: Request, kept: dict[str, Hits]) -> Hits:
    """Return all that an arm finds; kept where feedback cannot change it."""
    known = kept.get(strategy.name)
    if known is not None:
        return known
    ran = run(strategy, request, MAX_DEPTH)
    if not strategy.learns and not ran.error:
        kept[strategy.name] = ran.hits
    return ran.hits
