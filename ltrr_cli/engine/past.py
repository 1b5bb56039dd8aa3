"""The past of a query: what its session asked before, and what its user has liked so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.records import Past

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ltrr_cli.engine.opened import Opened
    from ltrr_cli.records import Query

_QUERIES = 15
_ENTITIES = 20
"""A user's favourite types are those of so many entities that were rewarded most."""


def past_of(opened: Opened, query: Query, own: tuple[NDArray[np.int64], NDArray[np.float64]] | None) -> Past:
    """Return a query's past; `own` are the rows that its user has rewarded, and how much."""
    earlier = [one for one in opened.impressions.of_session(query.session) if one.time <= query.time]
    latest = sorted(earlier, key=lambda one: one.time)[-_QUERIES:][::-1]
    rewards = None
    if query.user:
        rewards = 0.0 if own is None else float(own[1].sum())
    return Past(
        queries=tuple(one.text for one in latest),
        since=query.time - latest[0].time if latest else 0.0,
        rewards=rewards,
        types={} if own is None else _types(opened, *own),
    )


def _types(opened: Opened, rows: NDArray[np.int64], masses: NDArray[np.float64]) -> dict[str, float]:
    """Return each type's share of the rewards of the most rewarded entities."""
    most = np.lexsort((rows, -masses))[:_ENTITIES]
    total = float(masses[most].sum())
    shares: dict[str, float] = {}
    if total > 0:
        for row, mass in zip(rows[most].tolist(), masses[most].tolist(), strict=True):
            kind = opened.type_of(row)
            shares[kind] = shares.get(kind, 0.0) + mass / total
    return {kind: share for kind, share in shares.items() if share > 0}
