"""Entities as programs read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ltrr_cli.wire.text import number

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ltrr_cli.records import Entity, Result


def entity_json(entity: Entity, suggested: Sequence[tuple[str, str, float]]) -> dict[str, Any]:
    """Return what scripts read; `weights` has the weights of values where the catalogue gives any."""
    return {
        "id": entity.id,
        "type": entity.type,
        "title": entity.title,
        "text": entity.text,
        "popularity": entity.popularity,
        "attributes": {name: list(values) for name, values in entity.attributes.items()},
        "weights": {name: list(weights) for name, weights in entity.weights.items()},
        "suggested": [
            {"attribute": name, "value": value, "weight": number(weight, 3)} for name, value, weight in suggested
        ],
    }


def related_json(entity_id: str, found: Iterable[Result]) -> dict[str, Any]:
    """Return what has to do with an entity; `contributions` says by what, each in [0, 1]."""
    rows = [
        {
            "rank": one.rank,
            "id": one.id,
            "type": one.type,
            "title": one.title,
            "score": number(one.score),
            "contributions": {name: number(part) for name, part in one.contributions.items()},
        }
        for one in found
    ]
    return {"id": entity_id, "results": rows}
