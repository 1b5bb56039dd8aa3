"""Recall: what the memory knows for a query, predicted and observed together.

Score of an entity: (a + κ·p₀) / (n + κ). a is the entity's decayed reward under this query and, discounted by the
square of their similarity and by κ / (n' + κ), under queries that share words with it, where n' is the query's own
reward: what others asked speaks only as long as little is known of the query itself, and, for each entity, only up to
MOST_LENT: many queries of one frame ("add … to my playlist") shall not overrule the words of a new one. n is the sum of
a over all entities; p₀ is the predicted score. With κ = 4 one click on an unpredicted entity scores 0.2, and 300 of
1,000 score 0.299.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.memory.evidence import Evidence, growth

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from ltrr_cli.memory.keys import Keys

KAPPA = 4.0
ENOUGH = 4 * KAPPA
"""Rewards under the query itself from which on what others mean hardly adds: it counts a fifth or less."""
MOST_LENT = 4 * KAPPA
"""Rewards that all other queries together lend an entity at most: l of them count l · MOST_LENT / (l + MOST_LENT)."""
_OWN, _LENT, _PRIOR = range(3)


@dataclass(frozen=True, slots=True)
class Recall:
    """Entities that the memory connects with a query, best first, with the evidence behind them.

    `rows` (n,) int64; `scores` (n,) in [0, 1]; `observed` (n,) the entity's share of the most rewarded entity's mass;
    `predicted` (n,) p₀ in [0, 1]; `evidence`: n in rewards, today's worth; `known`: the query itself has been acted on.
    """

    rows: NDArray[np.int64]
    scores: NDArray[np.float32]
    observed: NDArray[np.float32]
    predicted: NDArray[np.float32]
    evidence: float
    known: bool


def recall(
    words: Sequence[str],
    predicted: Sequence[tuple[Keys, int]],
    observed: Evidence,
    row: Callable[[str], int | None],
    *,
    living: Callable[[NDArray[np.int64]], NDArray[np.bool_]],
    now: float,
    half_life: float,
    near: Callable[[], Sequence[tuple[int, float]]] | None = None,
) -> Recall:
    """Look a query's words up.

    `predicted` gives each segment's table and first row, `living` tells which rows are not deleted; times in seconds.
    `near` gives (hash of the key, likeness) of remembered queries that mean nearly the same; it is asked only where the
    query's own evidence is less than ENOUGH.
    """
    rows: list[NDArray[np.int64]] = []
    values: list[NDArray[np.float64]] = []
    kinds: list[NDArray[np.int8]] = []

    def add(kind: int, refs: NDArray[np.int64], own: NDArray[np.float64]) -> None:
        alive = living(refs)
        rows.append(refs[alive])
        values.append(own[alive])
        kinds.append(np.full(len(rows[-1]), kind, np.int8))

    scale = 1 / growth(now, half_life)
    exact = observed.exact(" ".join(words), row)
    own = 0.0
    if exact is not None:
        own = max(0.0, float(exact[1].sum()) * scale)
        add(_OWN, exact[0], exact[1] * scale)
    for similarity, (refs, mass) in observed.similar(
        words, row, near() if near is not None and words and own < ENOUGH else ()
    ):
        add(_LENT, refs, mass * (scale * similarity**2))
    for table, base in predicted:
        found = table.similar(words)
        if found:
            refs, scores = table.gather([(number, similarity**2) for number, similarity in found])
            add(_PRIOR, refs + base, scores)
    if not sum(map(len, rows)):
        empty = np.empty(0, np.float32)
        return Recall(np.empty(0, np.int64), empty, empty, empty, 0.0, known=False)
    unique, inverse = np.unique(np.concatenate(rows), return_inverse=True)
    value, kind = np.concatenate(values), np.concatenate(kinds)
    acted, lent = (np.bincount(inverse[kind == one], value[kind == one], len(unique)) for one in (_OWN, _LENT))
    a = np.maximum(acted + lent * MOST_LENT / (np.abs(lent) + MOST_LENT) * KAPPA / (own + KAPPA), 0)
    p0 = np.zeros(len(unique))
    np.maximum.at(p0, inverse[kind == _PRIOR], value[kind == _PRIOR])
    n = float(a.sum())
    score = (a + KAPPA * p0) / (n + KAPPA)
    top = float(a.max())
    order = np.lexsort((unique, -score))
    return Recall(
        unique[order],
        score[order].astype(np.float32),
        (a[order] / top if top > 0 else np.zeros(len(order))).astype(np.float32),
        p0[order].astype(np.float32),
        n,
        known=exact is not None,
    )
