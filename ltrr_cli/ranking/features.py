"""The values of the ranker's features for every candidate of a pool; `registry` says what each is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.memory.recall import KAPPA
from ltrr_cli.ranking.match import match_words
from ltrr_cli.ranking.registry import COMMON, names, sharpened
from ltrr_cli.text import hash64, key, token_hash, tokens

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from ltrr_cli.index.view import View
    from ltrr_cli.memory.recall import Recall
    from ltrr_cli.records import Understood


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What the features of one query's candidates are made from.

    `rewarded` maps rows to observed reward in [0, 1] (by position in the array, (rows of the view,)); `own` gives
    (rows, masses) that the user has rewarded, None without a user. `types` are the shares of the user's rewards by
    type, `earlier` the texts of the session's earlier queries.
    """

    view: View
    understood: Understood
    recall: Recall
    vector: NDArray[np.float32] | None
    rewarded: NDArray[np.float32]
    own: tuple[NDArray[np.int64], NDArray[np.float64]] | None
    types: Mapping[str, float] = field(default_factory=dict)
    earlier: tuple[str, ...] = ()


_TEXT_ARMS = ("lexical", "popular")
_COMPANY = 3
_FAVOURITES = 20
"""A user's taste is the middle of so many entities that were rewarded most."""
_EARLIER = 16
"""Words of an earlier query beyond this do not count."""


def features(
    subject: Subject,
    rows: NDArray[np.int64],
    ranks: NDArray[np.int32],
    scores: NDArray[np.float32],
    arms: Sequence[str],
) -> NDArray[np.float32]:
    """Return (n, len(names(arms))) float32 for n candidates; `ranks` and `scores` are the pool's, (n, arms)."""
    n, m = ranks.shape
    known = names(arms)
    out = np.full((n, len(known)), np.nan, np.float32)
    if not n:
        return out
    at = {name: 3 * m + i for i, name in enumerate(COMMON)}
    view, recall, understood = subject.view, subject.recall, subject.understood
    _arms(out, at, ranks, scores)
    sure = recall.evidence / (recall.evidence + KAPPA)
    first = _first(ranks, arms)
    if subject.vector is not None or len(first):
        _vectors(out, at, subject, rows, first, _best(scores, arms))
    _titles(out, at, view, understood, rows)
    match_words(out, at, view, understood, rows, first)
    _values(out, at, view, understood, rows)
    out[:, at["popularity"]] = view.popularity(rows)
    out[:, at["freshness"]] = view.freshness(rows)
    out[:, at["rewarded"]] = subject.rewarded[rows]
    _memory(out, at, recall, rows, sure)
    _people(out, at, subject, rows)
    text = [number for number, arm in enumerate(arms) if arm in _TEXT_ARMS]
    if text:
        out[:, at["text.unsure"]] = np.fmax.reduce(out[:, text], axis=1) * (1 - sure)
    out[:, at["similarity.unsure"]] = out[:, at["similarity"]] * (1 - sure)
    out[:, at["title.unsure"]] = out[:, at["title.covered"]] * (1 - sure)
    plain = 3 * m + len(COMMON)
    place = {name: number for number, name in enumerate(known[:plain])}
    out[:, plain:] = np.clip(out[:, [place[name] for name in sharpened(known[:plain])]], 0, 1) ** 4
    return out


def _arms(out: NDArray[np.float32], at: dict[str, int], ranks: NDArray[np.int32], scores: NDArray[np.float32]) -> None:
    m = ranks.shape[1]
    found = ranks > 0
    best = np.fmax.reduce(scores, axis=0, initial=np.float32(0))
    out[:, :m] = np.clip(scores, 0, None) / np.where(best > 0, best, np.float32(np.nan))
    np.divide(1.0, ranks, out=out[:, m : 2 * m], where=found)
    out[:, 2 * m : 3 * m] = found
    out[:, at["agreement"]] = found.sum(1) / m


def _first(ranks: NDArray[np.int32], arms: Sequence[str]) -> NDArray[np.intp]:
    """Return the places of lexical's first three, best first; none where it did not run."""
    if "lexical" not in arms:
        return np.empty(0, np.intp)
    column = ranks[:, arms.index("lexical")]
    found = np.flatnonzero((column > 0) & (column <= _COMPANY))
    return found[np.argsort(column[found])]


def _best(scores: NDArray[np.float32], arms: Sequence[str]) -> float:
    """Return the semantic arm's best score, nan where it found nothing."""
    if "semantic" not in arms:
        return float("nan")
    return float(np.fmax.reduce(scores[:, arms.index("semantic")], initial=np.float32(np.nan)))


def _vectors(
    out: NDArray[np.float32],
    at: dict[str, int],
    subject: Subject,
    rows: NDArray[np.int64],
    first: NDArray[np.intp],
    best: float,
) -> None:
    """Fill what vectors say: similarity to the query, and to the middle of lexical's first."""
    view = subject.view
    if subject.vector is not None:
        similarity = _cosines(view, rows, subject.vector)
        out[:, at["similarity"]] = similarity
        if best > 0:
            out[:, at["similarity.share"]] = np.clip(similarity, 0, None) / best
    if len(first):
        weights = 1.0 / (1.0 + np.arange(len(first))) ** 2
        out[:, at["company"]] = _cosines(view, rows, _middle(view, rows[first], weights))


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


def _values(
    out: NDArray[np.float32], at: dict[str, int], view: View, understood: Understood, rows: NDArray[np.int64]
) -> None:
    """Fill the shares of all readings, and of those that name a type."""
    for name, tags in (
        ("values", understood.tags),
        ("type", tuple(tag for tag in understood.tags if tag.attribute == "type")),
    ):
        if tags:
            wanted = np.array([hash64(tag.term) for tag in tags], np.uint64)
            weights = np.array([tag.probability for tag in tags], np.float32)
            if name == "values":
                weights /= weights.sum()
            for segment, places, own in view.by_segment(rows):
                out[places, at[name]] = segment.values.shares(own, wanted, weights)


def _people(out: NDArray[np.float32], at: dict[str, int], subject: Subject, rows: NDArray[np.int64]) -> None:
    """Fill what the user's own rewards and the session's earlier queries say."""
    view, own = subject.view, subject.own
    if own is not None:
        order = np.argsort(own[0])
        mass = _lookup(rows, own[0][order], own[1][order])
        out[:, at["user.entity"]] = mass / (mass + 1)
        most = np.lexsort((own[0], -own[1]))[:_FAVOURITES]
        most = most[own[1][most] > 0]
        if len(most):
            out[:, at["user.similarity"]] = _cosines(view, rows, _middle(view, own[0][most], own[1][most]))
    if subject.types:
        wanted = np.array([hash64(f"type={key(kind)}") for kind in subject.types], np.uint64)
        weights = np.array(list(subject.types.values()), np.float32)
        for segment, places, mine in view.by_segment(rows):
            out[places, at["user.type"]] = segment.values.shares(mine, wanted, weights)
    words = dict.fromkeys(word for text in subject.earlier for word in tokens(text)[:_EARLIER])
    new = [token_hash(word) for word in words if word not in subject.understood.words]
    if new:
        weights = np.full(len(new), 1 / len(new), np.float32)
        for segment, places, mine in view.by_segment(rows):
            out[places, at["session.title"]] = segment.titles.match(mine, 0, np.array(new, np.uint64), weights)[1]


def _middle(view: View, rows: NDArray[np.int64], weights: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return the unit vector in the weighted middle of some rows' vectors."""
    total: NDArray[np.float32] | None = None
    for segment, places, own in view.by_segment(rows):
        part = np.nan_to_num(weights[places]).astype(np.float32) @ np.asarray(segment.vectors.matrix[own], np.float32)
        total = part if total is None else total + part
    if total is None:
        raise ValueError("the middle of no rows")
    return total / max(float(np.linalg.norm(total)), 1e-9)


def _cosines(view: View, rows: NDArray[np.int64], vector: NDArray[np.float32]) -> NDArray[np.float32]:
    out = np.empty(len(rows), np.float32)
    for segment, places, own in view.by_segment(rows):
        out[places] = segment.vectors.similarities(vector, own)
    return out


def _memory(out: NDArray[np.float32], at: dict[str, int], recall: Recall, rows: NDArray[np.int64], sure: float) -> None:
    if not len(recall.rows):
        return
    order = np.argsort(recall.rows)
    known = recall.rows[order]
    scores = _lookup(rows, known, recall.scores[order])
    out[:, at["memory.mean"]] = scores / max(float(recall.scores[0]), 1e-9)
    reward = recall.scores * (recall.evidence + KAPPA) - KAPPA * recall.predicted  # a, by the formula of recall
    reward = np.maximum(0, reward)[order]
    out[:, at["memory.evidence"]] = _lookup(rows, known, reward / (reward + KAPPA))
    out[:, at["memory.observed"]] = _lookup(rows, known, recall.observed[order]) * sure
    out[:, at["memory.predicted"]] = _lookup(rows, known, recall.predicted[order]) * (1 - sure)


def _lookup(rows: NDArray[np.int64], known: NDArray[np.int64], values: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the value of each row among the sorted `known` rows, 0 where it is not."""
    if not len(known):
        return np.zeros(len(rows), np.float32)
    places = np.minimum(np.searchsorted(known, rows), len(known) - 1)
    return np.where(known[places] == rows, values[places], 0.0)
