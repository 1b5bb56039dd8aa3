"""What another ranker would have earned on the pages that were shown, made up for position.

The page is ordered anew by the logged feature values. An entity that was rewarded at position i and would stand at j
counts its reward × P(examined at j) / P(examined at i), the ratio cut at `clip`: the position-based click model
(Joachims, Swaminathan & Schnabel, WSDM 2017; Li et al., KDD 2018). What was not shown cannot be moved onto the page.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.estimators.intervals import Interval, normal, percentiles, resampled_means
from ltrr_cli.estimators.offpolicy import MIN_REWARDED
from ltrr_cli.ranking.debias import examination

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ltrr_cli.evaluation.impression_log import Page
    from ltrr_cli.ranking.base import Ranker


@dataclass(frozen=True, slots=True, kw_only=True)
class Reranked:
    """Mean reward per page under a ranker.

    `moved` is the share of rewarded entities that would stand elsewhere, `cut` that of ratios above `clip`.
    """

    name: str
    normal: Interval
    bootstrap: Interval
    moved: float
    cut: float
    warnings: tuple[str, ...]


def rerank(
    pages: Sequence[Page | None], rankers: Sequence[tuple[str, Ranker]], *, clip: float, seed: int
) -> Iterator[Reranked]:
    """Yield the order as logged, then each ranker; a page of None earned nothing."""
    for name, ranker in [("logged", None), *rankers]:
        values, moved, cut, rewarded = np.zeros(len(pages)), 0, 0, 0
        for number, page in enumerate(pages):
            if page is None:
                continue
            places = list(range(1, len(page.rewards) + 1)) if ranker is None else new_places(page, ranker)
            for old, (new, reward) in enumerate(zip(places, page.rewards, strict=True), 1):
                if reward > 0:
                    ratio = examination(new) / examination(old)
                    values[number] += reward * min(clip, ratio)
                    moved += new != old
                    cut += ratio > clip
                    rewarded += 1
        interval = normal(values)
        draws = resampled_means(values[:, None], seed=seed)[:, 0]
        few = f"only {rewarded} rewarded entities tell the orders apart" if rewarded < MIN_REWARDED else ""
        yield Reranked(
            name=name,
            normal=interval,
            bootstrap=percentiles(interval.value, draws),
            moved=moved / max(1, rewarded),
            cut=cut / max(1, rewarded),
            warnings=(few,) if few else (),
        )


def new_places(page: Page, ranker: Ranker) -> list[int]:
    """Return each shown entity's position (from 1) by the ranker; ties keep their order, a reserved slot stays."""
    scores = ranker.score(page.names, np.array(page.values, np.float32))
    order = [number for number in np.argsort(-scores, kind="stable").tolist() if number + 1 != page.reserved]
    if 1 <= page.reserved <= len(page.rewards):
        order.insert(page.reserved - 1, page.reserved - 1)
    places = [0] * len(order)
    for place, number in enumerate(order, 1):
        places[number] = place
    return places
