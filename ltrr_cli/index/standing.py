"""How the rows of a segment stand among each other, whatever is asked: by popularity, and by date.

Each order is made when it is first asked for, and takes four bytes a row. So who looks for the best known, or the
newest, need not look at all.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Best = tuple["NDArray[np.int64]", "NDArray[np.float32]"]
"""Rows and scores, best first."""


class Standing:
    """The orders of one segment. `popularity` and `freshness` are (rows,) in [0, 1], nan where unknown."""

    def __init__(self, popularity: NDArray[np.float32], freshness: NDArray[np.float32] | None) -> None:
        self._popularity = popularity
        self._freshness = freshness

    def best_known(self, limit: int) -> Best:
        """Return the most popular rows and their popularity, 0 where it is unknown; equal ones by row."""
        rows = self._by_popularity[:limit].astype(np.int64)
        return rows, np.nan_to_num(self._popularity[rows])

    def newest(self, limit: int) -> Best:
        """Return the latest of the rows that have a date, and their freshness; of equal ones the later row first."""
        if self._freshness is None:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        rows = self._by_date[:limit].astype(np.int64)
        return rows, self._freshness[rows]

    @cached_property
    def factor(self) -> NDArray[np.float32]:
        """What full text multiplies each row's score with for its popularity, log2(2 + 2 × popularity): (rows,)."""
        return np.log2(2 + 2 * np.nan_to_num(self._popularity)).astype(np.float32)

    @cached_property
    def _by_popularity(self) -> NDArray[np.int32]:
        return (-np.nan_to_num(self._popularity)).argsort(kind="stable").astype(np.int32)

    @cached_property
    def _by_date(self) -> NDArray[np.int32]:
        if self._freshness is None:
            return np.empty(0, np.int32)
        dated = np.flatnonzero(self._freshness > 0)[::-1]  # nan is not above 0
        return dated[(-self._freshness[dated]).argsort(kind="stable")].astype(np.int32)
