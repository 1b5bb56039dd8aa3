"""Kin: entities that have to do with others, by shared attributes or by what people act on together.

Attributes lead three ways: to what has the same value (songs of one album), to what has this title as a value (an
artist's songs) and to what has one of these values as its title (a song's artist). Rare values say more than common
ones, and those of nearly everything nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.index.values import terms
from ltrr_cli.text import hash64, key

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
_VALUES = 24


def kin(view: View, seeds: NDArray[np.int64], weights: Sequence[float], person: Person | None) -> Weighted:
    """Return rows that have to do with the seeds (rows, weights > 0), ascending, the seeds left out; scores in (0, 2].

    Shared attributes count up to 1, acting together up to 1.
    """
    wanted: dict[str, float] = {}
    titles: dict[int, float] = {}
    names = {name for segment in view.segments for name in segment.values.names} - {"type"}
    for row, weight in zip(seeds.tolist(), weights, strict=True):
        entity = view.entity(row)
        for name, word in sorted(set(terms(entity)))[:_VALUES]:
            if name != "type":
                wanted[f"{name}={word}"] = wanted.get(f"{name}={word}", 0.0) + weight
                titles[hash64(word)] = max(titles.get(hash64(word), 0.0), weight)
        title = key(entity.title)
        for name in sorted(names) if title else ():
            wanted[f"{name}={title}"] = wanted.get(f"{name}={title}", 0.0) + weight * _NAMED
    parts = [_shared(view, wanted), _named(view, titles)]
    rows, scores = _added([part for part in parts if len(part[0])])
    parts = [(rows, scores / float(scores.max()))] if len(rows) else []
    if person is not None:
        hashes = np.array([hash64(one) for one in view.ids(seeds)], np.uint64)
        near, masses = person.together(hashes, np.array(weights, np.float64))
        if len(near) and float(masses.max()) > 0:
            parts.append((near, masses / float(masses.max())))
    rows, scores = _added(parts)
    good = ~np.isin(rows, seeds) & view.living(rows) & (scores > 0)
    return rows[good], scores[good]


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
    rows, scores = view.search(
        lambda segment, limit: segment.fulltext.search(segment.fulltext.values(telling), limit), WINDOW
    )
    return rows, scores.astype(np.float64)


def _named(view: View, titles: dict[int, float]) -> Weighted:
    """Return the rows whose titles are among these, by hash of their keys, and their weights."""
    parts: list[Weighted] = []
    for segment in view.segments:
        for title, weight in titles.items():
            own = segment.titles.having(title)[:WINDOW]
            if len(own):
                score = weight * _NAMED * view.idf(min(len(own), view.rows))
                parts.append((own + segment.base, np.full(len(own), score)))
    return _added(parts)


def _added(parts: Sequence[Weighted]) -> Weighted:
    """Return the rows of all parts, ascending, with the sums of their scores."""
    if not parts:
        return np.empty(0, np.int64), np.empty(0)
    rows, inverse = np.unique(np.concatenate([part for part, _ in parts]), return_inverse=True)
    return rows, np.bincount(inverse, np.concatenate([scores for _, scores in parts]), len(rows))
