"""Many rows of a text and some numbers, gathered one by one, in little memory: a build has fifteen for each entity.

As Python objects a row would take half a kilobyte; as columns of Polars it takes some tens of bytes.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

_TOGETHER = 1 << 18
"""Rows that wait as Python objects."""


class Gathered:
    """Rows of (key, number, weight, kind), in the order of adding."""

    def __init__(self) -> None:
        self._parts: list[pl.DataFrame] = []
        self._clear()

    def _clear(self) -> None:
        self._keys: list[str] = []
        self._numbers, self._weights, self._kinds = array("q"), array("d"), array("B")

    def add(self, key: str, number: int, weight: float, kind: int = 0) -> None:
        """Add a row; `kind` in 0…255."""
        self._keys.append(key)
        self._numbers.append(number)
        self._weights.append(weight)
        self._kinds.append(kind)
        if len(self._keys) == _TOGETHER:
            self._settle()

    def table(self) -> pl.DataFrame:
        """Return all rows: key (String), number (Int64), weight (Float64), kind (UInt8)."""
        import polars as pl

        self._settle()
        table = pl.concat(self._parts)
        self._parts = [table]
        return table

    def _settle(self) -> None:
        import numpy as np
        import polars as pl

        columns = {
            "key": pl.Series(self._keys, dtype=pl.String),
            "number": pl.Series(np.array(self._numbers, np.int64)),
            "weight": pl.Series(np.array(self._weights, np.float64)),
            "kind": pl.Series(np.array(self._kinds, np.uint8)),
        }
        self._parts.append(pl.DataFrame(columns))
        self._clear()
