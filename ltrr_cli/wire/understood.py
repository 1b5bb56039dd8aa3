"""How a query was read, as programs read it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ltrr_cli.wire.text import number

if TYPE_CHECKING:
    from ltrr_cli.records import Understood


def understood_json(understood: Understood) -> dict[str, Any]:
    """Return what scripts read; an open side of a range is null."""
    words = understood.words
    return {
        "query": understood.text,
        "words": list(words),
        "readings": [
            {
                "text": " ".join(words[tag.start : tag.end]),
                "start": tag.start,
                "end": tag.end,
                "attribute": tag.attribute,
                "value": tag.value,
                "probability": number(tag.probability),
                "entities": tag.count,
                "types": {kind: number(share) for kind, share in tag.types if kind},
            }
            for tag in understood.tags
        ],
        "ranges": [
            {
                "text": " ".join(words[one.start : one.end]),
                "start": one.start,
                "end": one.end,
                "attribute": one.attribute,
                "low": one.low if math.isfinite(one.low) else None,
                "high": one.high if math.isfinite(one.high) else None,
                "probability": number(one.probability),
            }
            for one in understood.ranges
        ],
        "types": [{"type": kind, "probability": number(likely)} for kind, likely in understood.types],
    }
