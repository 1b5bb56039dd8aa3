"""The pool: the union of what the arms found, one candidate list with who found each and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from ltrr_cli.retrieval.base import Hits


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
    flat = [hits.rows for hits in found.values()]
    rows = np.unique(np.concatenate(flat)) if flat else np.empty(0, np.int64)
    ranks = np.zeros((len(rows), len(arms)), np.int32)
    scores = np.full((len(rows), len(arms)), np.nan, np.float32)
    for number, hits in enumerate(found.values()):
        places = np.searchsorted(rows, hits.rows)
        ranks[places, number] = np.arange(1, len(hits.rows) + 1)
        scores[places, number] = hits.scores
    return Pool(rows, arms, ranks, scores)
