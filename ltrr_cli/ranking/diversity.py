"""Diversity of the page: at most so many of each value of an attribute, and less of what is like what stands above.

The page is filled from the top. Each place goes to the candidate with the highest

    (1 − d) · score − d · spread · (highest cosine to what stands above)

of those under the cap: maximal marginal relevance (Carbonell & Goldstein, SIGIR 1998), d in [0, 1), with `spread` the
difference of the best and the worst score, so that d means the same for every ranker. Where nothing under the cap is
left, the rest is taken. With noise each place is drawn: with a probability in proportion to exp(value / temperature),
so that it is known; without diversity that is the Plackett-Luce draw of `ranking/noise.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `most` of the page's entities may have the same value of a field."""

    field: str
    most: int

    def __str__(self) -> str:
        """Return it as it is written."""
        return f"{self.field}:{self.most}"


def parse_cap(text: str) -> Cap | None:
    """Read `artist:2`; None where it is not that. The number is from 1."""
    field, most = (part.strip() for part in text.rpartition(":")[::2])
    good = field and most.isascii() and most.isdigit() and 0 < int(most[:4]) < 1000
    return Cap(field, int(most)) if good else None


@dataclass(frozen=True, slots=True)
class Arranged:
    """All candidates, the page's k first; `chances` (≤ k,): the logarithm of each place's probability, 0 without noise.

    After the page come those that a cap lets through, then the others, each by score.
    """

    order: NDArray[np.intp]
    chances: NDArray[np.float64]


def arrange(
    scores: NDArray[np.float32],
    best: NDArray[np.intp],
    k: int,
    *,
    most: int = 0,
    values: Sequence[frozenset[object]] = (),
    diversity: float = 0.0,
    vectors: NDArray[np.float32] | None = None,
    noise: float = 0.0,
    rng: np.random.Generator | None = None,
) -> Arranged:
    """Arrange n candidates; `best` (n,) is their order by `scores`, which also breaks ties.

    `most` caps how many of the page share one of the `values` of each candidate, 0: no cap. `diversity` needs the unit
    `vectors`, (n, dim). `noise` is a temperature and needs `rng`.
    """
    n = len(scores)
    worth = scores[best].astype(np.float64)
    spread = float(worth[0] - worth[-1]) if n else 0.0
    near = np.zeros(n)
    free = np.ones(n, np.bool_)
    open_ = np.ones(n, np.bool_)
    held: dict[object, int] = {}
    own = [values[candidate] for candidate in best.tolist()] if most else []
    page: list[int] = []
    chances: list[float] = []
    for _ in range(min(k, n)):
        under = free & open_
        places = np.flatnonzero(under if under.any() else free)
        merit = (1 - diversity) * worth[places] - diversity * spread * near[places]
        if noise and rng is not None:
            logits = merit / noise
            drawn = int(np.argmax(logits + rng.gumbel(size=len(places))))
            chances.append(min(0.0, float(logits[drawn] - np.logaddexp.reduce(logits))))
        else:
            drawn = int(np.argmax(merit))
            chances.append(0.0)
        place = int(places[drawn])
        page.append(place)
        free[place] = False
        if diversity and vectors is not None:
            near = np.maximum(near, vectors[best].astype(np.float64) @ vectors[best[place]].astype(np.float64))
        if most:
            for value in own[place]:
                held[value] = held.get(value, 0) + 1
            full = {value for value, count in held.items() if count >= most}
            open_ = np.array([not (mine & full) for mine in own], np.bool_)
    rest = [*np.flatnonzero(free & open_).tolist(), *np.flatnonzero(free & ~open_).tolist()]
    return Arranged(best[np.array([*page, *rest], np.intp)], np.array(chances))
