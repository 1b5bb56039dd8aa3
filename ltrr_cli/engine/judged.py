"""Training from judgments: what the index finds for judged queries, with the grades as gains."""

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

    from numpy.typing import NDArray

    from ltrr_cli.engine.opened import Opened

_TOGETHER = 500
HARDEST = 25
"""Of each query as many candidates as are best by the live ranker, and all that are relevant: the rest is easy."""


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
            opened.warm_up([one.text for one in queries[number : number + _TOGETHER]])
        progress(1)
        pool, values = candidates(opened, Query(id="", text=query.text, time=now))
        if len(pool.rows) < 2:
            continue
        grades = np.array([max(0, query.grades.get(one, 0)) for one in opened.view.ids(pool.rows)], np.float32)
        if grades.any():
            known = names(pool.arms)
            kept = hardest(opened.learned.ranker.score(known, values), grades)
            yield Sample(names=known, values=values[kept], gains=grades[kept] / grades.sum())


def hardest(scores: NDArray[np.float32], grades: NDArray[np.float32]) -> NDArray[np.intp]:
    """Return the places of the candidates to train on, ascending."""
    wanted = grades > 0
    wanted[np.argsort(-scores, kind="stable")[:HARDEST]] = True
    return np.flatnonzero(wanted)
