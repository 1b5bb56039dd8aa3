"""What has to do with one entity: by shared attributes, and by what people act on together with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.errors import NotFoundError
from ltrr_cli.memory.evidence import growth
from ltrr_cli.memory.person import Person
from ltrr_cli.records import Result
from ltrr_cli.retrieval.kin import kin

if TYPE_CHECKING:
    from ltrr_cli.engine.opened import Opened


def row_of(opened: Opened, entity_id: str) -> int:
    """Return the row of an entity. Raises `NotFoundError` where the index does not have it."""
    row = opened.row(entity_id) if isinstance(entity_id, str) else None
    if row is None:
        raise NotFoundError("the index has no such entity", where=str(entity_id)[:80], next="see ltrr query … --ids")
    return row


def related(opened: Opened, entity_id: str, k: int, now: float) -> tuple[Result, ...]:
    """Return the `k` entities that have most to do with one, with what makes them so as contributions."""
    seed = np.array([row_of(opened, entity_id)], np.int64)
    person = Person(opened.learned.people, opened.view, scale=growth(now, opened.config.half_life_s))
    found = kin(opened.view, seed, [1.0], person)
    order = np.lexsort((found.rows, -found.scores))[:k]
    ids = opened.view.ids(found.rows[order])
    results = []
    for place, (number, name) in enumerate(zip(order.tolist(), ids, strict=True)):
        entity = opened.view.entity(int(found.rows[number]))
        parts = {"shared attributes": float(found.shared[number]), "acted on together": float(found.together[number])}
        results.append(
            Result(
                rank=place + 1,
                id=name,
                type=entity.type,
                title=entity.title,
                text=entity.text,
                score=round(float(found.scores[number]), 6),
                strategies={},
                contributions={name: round(part, 6) for name, part in parts.items() if part > 0},
            )
        )
    return tuple(results)
