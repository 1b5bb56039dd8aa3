"""Kin: entities that have to do with others, by shared attributes or by what people act on together.

Attributes lead three ways: to what has the same value (songs of one album), to what has this title as a value (an
artist's songs) and to what has one of these values as its title (a song's artist). Rare values say more than common
ones, and those of nearly everything nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.index.dictionary import TITLE
from ltrr_cli.memory.person import values_at
from ltrr_cli.text import hash64

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ltrr_cli.index.view import View
    from ltrr_cli.memory.person import Person, Weighted

WINDOW = 200
_NAMED = 2.0
"""Being named weighs so many times what sharing a value does."""
_COMMON = 0.1
"""A value of a larger share of all entities does not count."""
_MOST_TELLING = 12
"""Values that are looked for: on two sets as good as all of them, and common ones make up most of the time."""
_MOST_NAMESAKES = 20
"""A title of more entities than that names none of them."""


@dataclass(frozen=True, slots=True)
class Kin:
    """Rows (n,), ascending; what shared attributes say of each, and what acting together does: (n,), in [0, 1]."""

    rows: NDArray[np.int64]
    shared: NDArray[np.float64]
    together: NDArray[np.float64]

    @property
    def scores(self) -> NDArray[np.float64]:
        """Both together, in (0, 2]."""
        return self.shared + self.together


def kin(view: View, seeds: NDArray[np.int64], weights: Sequence[float], person: Person | None) -> Kin:
    """Return what has to do with the seeds (rows, weights > 0), without them; `person` knows what goes together."""
    wanted: dict[str, float] = {}
    titles: dict[int, float] = {}
    named = [view.named(row) for row in seeds.tolist()]
    named_by = _naming(view, [one.title for one in named])
    for (title, values), weight in zip(named, weights, strict=True):
        for name, term, hashed in values:
            if name != "type":
                wanted[term] = wanted.get(term, 0.0) + weight
                if weight > titles.get(hashed, 0.0):
                    titles[hashed] = weight
        for name in named_by[title]:
            wanted[f"{name}={title}"] = wanted.get(f"{name}={title}", 0.0) + weight * _NAMED
    shared = _of_most(_added([_shared(view, wanted), _named(view, titles)]))
    near = None
    if person is not None:
        near = _of_most(person.together(view.hashes(seeds), np.array(weights, np.float64)))
    rows = shared[0] if near is None else np.union1d(shared[0], near[0])
    rows = rows[(rows[:, None] != seeds).all(1) & view.living(rows)]
    return Kin(rows, values_at(rows, shared), np.zeros(len(rows)) if near is None else values_at(rows, near))


def _naming(view: View, titles: Sequence[str]) -> dict[str, list[str]]:
    """Return for each title the names of the attributes that have it as a value."""
    hashes = np.array([hash64(title) for title in titles], np.uint64)
    found: dict[str, set[str]] = {title: set() for title in titles}
    for segment in view.segments:
        for place, reading in segment.values.readings(hashes):
            if reading.attribute not in {"type", TITLE}:
                found[titles[place]].add(reading.attribute)
    return {title: sorted(names) for title, names in found.items()}


def _of_most(found: Weighted) -> Weighted:
    """Return the scores as shares of the highest."""
    rows, scores = found
    return rows, scores / max(float(scores.max(initial=0.0)), 1e-9)


def _shared(view: View, wanted: dict[str, float]) -> Weighted:
    """Return the rows with the most, and the most telling, of the values."""
    telling = []
    most = max(2, _COMMON * view.rows)
    for term, weight in wanted.items():
        count = view.document_frequency("value", term)
        if 0 < count <= most:
            telling.append((term, weight * view.idf(count)))
    if not telling:
        return np.empty(0, np.int64), np.empty(0)
    best = sorted(telling, key=lambda one: (-one[1], one[0]))[:_MOST_TELLING]
    rows, scores = view.search(
        lambda segment, limit: segment.fulltext.search(segment.fulltext.values(best), limit), WINDOW
    )
    return rows, scores.astype(np.float64)


def _named(view: View, titles: dict[int, float]) -> Weighted:
    """Return the rows whose titles are among these, by hash of their keys, and their weights."""
    wanted, weights = np.array(list(titles), np.uint64), np.array(list(titles.values()))
    parts: list[Weighted] = []
    for segment in view.segments:
        places, rows = segment.titles.having(wanted)
        counts = np.bincount(places, minlength=len(wanted))
        few = counts[places] <= _MOST_NAMESAKES
        places, rows = places[few], rows[few]
        idf = np.array([view.idf(count) for count in counts[places].tolist()])
        parts.append((rows + segment.base, weights[places] * idf * _NAMED))
    return _added(parts)


def _added(parts: Sequence[Weighted]) -> Weighted:
    """Return the rows of all parts, ascending, with the sums of their scores."""
    if not parts:
        return np.empty(0, np.int64), np.empty(0)
    rows, inverse = np.unique(np.concatenate([part for part, _ in parts]), return_inverse=True)
    return rows, np.bincount(inverse, np.concatenate([scores for _, scores in parts]), len(rows)).astype(np.float64)
