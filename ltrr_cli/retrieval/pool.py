"""The pool: the union of what the arms found, one candidate list with who found each and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from ltrr_cli.retrieval.base import Hits


_NO_ROWS: NDArray[np.int64] = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class Pool:
    """The candidates, n of them, from m arms.

    `rows` (n,) ascending; `arms` names the arms; `ranks` (n, m) from 1, 0 where an arm did not find it; `scores` (n, m)
    float32, nan where it did not.
    """

    rows: NDArray[np.int64]
    arms: tuple[str, ...]
    ranks: NDArray[np.int32]
    scores: NDArray[np.float32]


def union(found: Mapping[str, Hits]) -> Pool:
    """Unite the arms' hits."""
    arms = tuple(found)
    lists = list(found.values())
    sizes = [len(hits.rows) for hits in lists]
    rows, places = np.unique(np.concatenate([hits.rows for hits in lists] or [_NO_ROWS]), return_inverse=True)
    ranks = np.zeros((len(rows), len(arms)), np.int32)
    scores = np.full((len(rows), len(arms)), np.nan, np.float32)
    if lists:
        numbers = np.arange(len(arms)).repeat(sizes)
        ranks[places, numbers] = np.concatenate([np.arange(1, size + 1) for size in sizes])
        scores[places, numbers] = np.concatenate([hits.scores for hits in lists])
    return Pool(rows, arms, ranks, scores)
