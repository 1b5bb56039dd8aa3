"""Training from judgments: what the index finds for judged queries, with the grades as gains.

All of the pool is trained on. Only its best, with what is relevant below them, would teach that what stands low is
relevant: on Cranfield that lost two thirds of nDCG@10.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.engine.search import candidates
from ltrr_cli.ranking.registry import names
from ltrr_cli.ranking.train import Sample
from ltrr_cli.records import Query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ltrr_cli.engine.opened import Opened

_TOGETHER = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One judged query: its text, and {entity id: grade}, those above 0 relevant."""

    text: str
    grades: Mapping[str, int]


def judged_samples(
    opened: Opened, queries: Sequence[Judged], *, now: float, progress: Callable[[int], None] = lambda _: None
) -> Iterator[Sample]:
    """Yield a list for each query that finds something relevant. What nobody judged counts as not relevant."""
    for number, query in enumerate(queries):
        if number % _TOGETHER == 0:
            opened.query_vectors.make(
                [opened.filters.read(one.text, "")[0] for one in queries[number : number + _TOGETHER]]
            )
        progress(1)
        words, written = opened.filters.read(query.text, "")
        pool, values = candidates(opened, Query(id="", text=words, time=now, filter=written))
        if len(pool.rows) < 2:
            continue
        grades = np.array([max(0, query.grades.get(one, 0)) for one in opened.view.ids(pool.rows)], np.float32)
        if grades.any():
            yield Sample(names=names(pool.arms), values=values, gains=grades / grades.sum())
