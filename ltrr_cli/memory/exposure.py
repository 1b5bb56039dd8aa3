"""Exposure: how often an entity was shown: 1 for once at the top, 1/2 for the second place, 1/3 for the third.

Read off the queries log as it grows; half of it is forgotten in 90 days.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import orjson

from ltrr_cli.memory.evidence import growth
from ltrr_cli.memory.table import Table
from ltrr_cli.text import hash64

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

HALF_LIFE = 90 * 86400.0
_MOST = 20
"""Places of a page that count: hardly anybody looks further down."""


class Exposure:
    """Entity → how often it was shown, in places at the top."""

    def __init__(self, table: Table | None = None, total: float = 0.0) -> None:
        self.table = Table() if table is None else table
        self.total = total
        """Pages that showed anything, decayed as the entities are."""

    def add(self, shown: Sequence[str], time: float) -> None:
        """Count a page, shown at `time` (seconds)."""
        scale = growth(time, HALF_LIFE)
        for place, entity_id in enumerate(shown[:_MOST]):
            name = hash64(entity_id)
            self.table[name] += scale / (place + 1)
        if shown:
            self.total += scale

    def pages(self, now: float) -> float:
        """Return how many pages were shown, in today's worth."""
        return self.total / growth(now, HALF_LIFE)

    def of(self, entities: NDArray[np.uint64], now: float) -> NDArray[np.float32]:
        """Return the exposure of each entity, by `hash64` of its id: (n,) float32, in today's worth."""
        return (self.table.values(entities) / growth(now, HALF_LIFE)).astype(np.float32)


_SHOWN, _SHOWN_UP_TO = b'"query_response_hit_ids":[', b'],"'


def shown_on(line: bytes) -> list[str]:
    """Return the ids that a line of the queries log says were shown; none where it cannot be read.

    Inside a JSON string the quotes of `_SHOWN` would be escaped, so it cannot be found in what somebody typed; nor can
    what ends the ids.
    """
    start = line.find(_SHOWN) + len(_SHOWN) - 1
    end = line.find(_SHOWN_UP_TO, start) + 1
    if start < len(_SHOWN) - 1 or not end:
        return []
    try:
        found = orjson.loads(line[start:end])
    except ValueError:
        return []
    return [one for one in found if isinstance(one, str)]


def shown_at(line: bytes) -> str:
    """Return the timestamp of a line as it stands there, empty where it has none."""
    start = line.find(b'"timestamp":"')
    return line[start + 13 : line.find(b'"', start + 13)].decode("ascii", "replace") if start >= 0 else ""
