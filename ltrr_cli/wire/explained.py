"""How a result came to its place, as programs read it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ltrr_cli.wire.text import number

if TYPE_CHECKING:
    from ltrr_cli.engine.explained import Explained


def explained_json(found: Explained) -> dict[str, Any]:
    """Return the arms that found it, the parts of its score (the largest first) and how the arms were chosen."""
    reserved = found.reserved
    return {
        "query_id": found.query_id,
        "query": found.query,
        "id": found.id,
        "type": found.type,
        "title": found.title,
        "rank": found.rank,
        "score": number(found.score),
        "arms": [
            {**asdict(arm), "ms": number(arm.ms, 3), "mean": number(arm.mean), "deviation": number(arm.deviation)}
            for arm in found.arms
        ],
        "features": [
            {
                "name": one.name,
                "value": number(one.value),
                "weight": None if one.weight is None else number(one.weight),
                "part": None if one.part is None else number(one.part),
            }
            for one in found.features
        ],
        "readings": list(found.readings),
        "reserved": None if reserved is None else {"arm": reserved.arm, "position": reserved.position},
        "policy": {
            "version": found.policy_version,
            "mode": found.mode,
            "propensity": number(found.propensity),
            "explored": found.explored,
        },
        "ranker_version": found.ranker_version,
    }
