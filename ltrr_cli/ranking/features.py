"""The ranker's features: named numbers, about in [0, 1], of every candidate of a pool. nan means absent.

`<arm>.score`            the arm's score as a share of its best score (unchanged when it draws more candidates); absent
                         where the best is not above 0
`<arm>.reciprocal_rank`  1 / rank in that arm
`agreement`              share of the arms that ran which found the candidate
`similarity`             cosine of the query's and the candidate's vectors, for every candidate
`title.same`             the title is the query
`title.covered`          share of the query's words, by idf, that the title has
`title.filled`           share of the title's words that the query has
`values`                 share of the understood values, by probability, that the candidate has
`popularity`             the catalogue's popularity, as a share of entities that are less popular
`rewarded`               observed reward over all queries, logarithmic; 1 for the most rewarded, from 100 events on
`memory.score`           the memory's smoothed rate relative to its best
`memory.observed`        observed reward under this query relative to its best entity, times n / (n + 4)
`memory.predicted`       predicted score, fading as evidence comes: times 4 / (n + 4)
`user.entity`            the user's own reward for the entity, saturating: m / (m + 1)
`text.unsure`            the best `<arm>.score` of lexical and popular, times 4 / (n + 4): where behaviour is known …
`similarity.unsure`      `similarity` times 4 / (n + 4): … looks matter less
`title.unsure`           `title.covered` times 4 / (n + 4)

n is the memory's evidence for the query, in rewards of today's worth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.memory.recall import KAPPA
from ltrr_cli.text import hash64, token_hash

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ltrr_cli.index.view import View
    from ltrr_cli.memory.recall import Recall
    from ltrr_cli.records import Understood


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What the features of one query's candidates are made from.

    `rewarded` maps rows to observed reward in [0, 1] (by position in the array, (rows of the view,)); `own` gives
    (rows, masses) that the user has rewarded, None without a user.
    """

    view: View
    understood: Understood
    recall: Recall
    vector: NDArray[np.float32] | None
    rewarded: NDArray[np.float32]
    own: tuple[NDArray[np.int64], NDArray[np.float64]] | None


def names(arms: Sequence[str]) -> tuple[str, ...]:
    """Return the feature names for these arms, in the order of `features`."""
    return (*(f"{arm}.score" for arm in arms), *(f"{arm}.reciprocal_rank" for arm in arms), *_COMMON)


_COMMON = (
    "agreement",
    "similarity",
    "title.same",
    "title.covered",
    "title.filled",
    "values",
    "popularity",
    "rewarded",
    "memory.score",
    "memory.observed",
    "memory.predicted",
    "user.entity",
    "text.unsure",
    "similarity.unsure",
    "title.unsure",
)
_TEXT_ARMS = ("lexical", "popular")


def features(
    subject: Subject,
    rows: NDArray[np.int64],
    ranks: NDArray[np.int32],
    scores: NDArray[np.float32],
    arms: Sequence[str],
) -> NDArray[np.float32]:
    """Return (n, len(names(arms))) float32 for n candidates; `ranks` and `scores` are the pool's, (n, arms)."""
    n, m = ranks.shape
    out = np.full((n, 2 * m + len(_COMMON)), np.nan, np.float32)
    if not n:
        return out
    at = {name: 2 * m + i for i, name in enumerate(_COMMON)}
    view, recall, understood = subject.view, subject.recall, subject.understood
    found = ranks > 0
    best = np.fmax.reduce(scores, axis=0, initial=np.float32(0))
    out[:, :m] = np.clip(scores, 0, None) / np.where(best > 0, best, np.float32(np.nan))
    np.divide(1.0, ranks, out=out[:, m : 2 * m], where=found)
    out[:, at["agreement"]] = found.sum(1) / m
    sure = recall.evidence / (recall.evidence + KAPPA)
    if subject.vector is not None:
        similarity = np.empty(n, np.float32)
        for segment, places, own in view.by_segment(rows):
            similarity[places] = segment.vectors.similarities(subject.vector, own)
        out[:, at["similarity"]] = similarity
    _titles(out, at, view, understood, rows)
    if understood.tags:
        wanted = np.array([hash64(tag.term) for tag in understood.tags], np.uint64)
        weights = np.array([tag.probability for tag in understood.tags], np.float32)
        for segment, places, own in view.by_segment(rows):
            out[places, at["values"]] = segment.values.shares(own, wanted, weights / weights.sum())
    out[:, at["popularity"]] = view.popularity(rows)
    out[:, at["rewarded"]] = subject.rewarded[rows]
    _memory(out, at, recall, rows, sure)
    if subject.own is not None:
        order = np.argsort(subject.own[0])
        mass = _lookup(rows, subject.own[0][order], subject.own[1][order])
        out[:, at["user.entity"]] = mass / (mass + 1)
    text = [number for number, arm in enumerate(arms) if arm in _TEXT_ARMS]
    if text:
        out[:, at["text.unsure"]] = np.fmax.reduce(out[:, text], axis=1) * (1 - sure)
    out[:, at["similarity.unsure"]] = out[:, at["similarity"]] * (1 - sure)
    out[:, at["title.unsure"]] = out[:, at["title.covered"]] * (1 - sure)
    return out


def _titles(
    out: NDArray[np.float32], at: dict[str, int], view: View, understood: Understood, rows: NDArray[np.int64]
) -> None:
    """Fill the title features. Words weigh by the idf of their stems, so that "the" in a title counts little."""
    if not understood.words:
        return
    distinct = list(dict.fromkeys(understood.words))
    words = np.array([token_hash(word) for word in distinct], np.uint64)
    # Words and stems go in step unless two words share a stem; then plain weights do.
    idf = understood.idf if len(understood.idf) == len(distinct) else (1.0,) * len(distinct)
    weights = np.array(idf, np.float32)
    weights /= max(float(weights.sum()), 1e-9)
    key_hash = hash64(" ".join(understood.words))
    for segment, places, own in view.by_segment(rows):
        same, covered, filled = segment.titles.match(own, key_hash, words, weights)
        out[places, at["title.same"]] = same
        out[places, at["title.covered"]] = covered
        out[places, at["title.filled"]] = filled


def _memory(out: NDArray[np.float32], at: dict[str, int], recall: Recall, rows: NDArray[np.int64], sure: float) -> None:
    if not len(recall.rows):
        return
    order = np.argsort(recall.rows)
    known = recall.rows[order]
    scores = _lookup(rows, known, recall.scores[order])
    out[:, at["memory.score"]] = scores / max(float(recall.scores[0]), 1e-9)
    out[:, at["memory.observed"]] = _lookup(rows, known, recall.observed[order]) * sure
    out[:, at["memory.predicted"]] = _lookup(rows, known, recall.predicted[order]) * (1 - sure)


def _lookup(rows: NDArray[np.int64], known: NDArray[np.int64], values: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the value of each row among the sorted `known` rows, 0 where it is not."""
    if not len(known):
        return np.zeros(len(rows), np.float32)
    places = np.minimum(np.searchsorted(known, rows), len(known) - 1)
    return np.where(known[places] == rows, values[places], 0.0)
