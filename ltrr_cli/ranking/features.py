"""The values of the ranker's features for every candidate of a pool; `registry` says what each is."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.index.dictionary import TITLE, TYPE
from ltrr_cli.index.passages import cosines
from ltrr_cli.memory.person import values_at
from ltrr_cli.memory.recall import KAPPA
from ltrr_cli.ranking.match import match_words
from ltrr_cli.ranking.registry import names, sharpened
from ltrr_cli.text import hash64, key, token_hash, tokens

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from ltrr_cli.index.view import Placed, View
    from ltrr_cli.memory.person import Person
    from ltrr_cli.memory.recall import Recall
    from ltrr_cli.records import Understood


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What the features of one query's candidates are made from.

    `rewarded` maps rows to observed reward in [0, 1] (by position in the array, (rows of the view,)); `person` is who
    asks, None where nothing is known of him. `types` are the shares of the user's rewards by type, `earlier` the texts
    of the session's earlier queries. `fluency`, in [0, 1], is how well the encoder knows the query's language: what
    vectors say of the query counts by it. `corrected` is the same of the query as it was probably meant, where it looks
    mistyped.
    """

    view: View
    understood: Understood
    recall: Recall
    vector: NDArray[np.float32] | None
    rewarded: NDArray[np.float32]
    person: Person | None = None
    types: Mapping[str, float] = field(default_factory=dict)
    earlier: tuple[str, ...] = ()
    fluency: float = 1.0
    corrected: Subject | None = None


_BY_FLUENCY = ("semantic.score", "semantic.reciprocal_rank")
_TEXT_ARMS = ("lexical", "popular", "fuzzy")
_COMPANY = 3
MEANT = 0.9
"""What a match of corrected words counts, beside 1 of the typed ones."""
_EARLIER = 16
"""Words of an earlier query beyond this do not count."""


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the features of some arms stand, by name; from `plain` on there are the sharp twins of those in `sharp`."""

    at: Mapping[str, int]
    plain: int
    sharp: NDArray[np.intp]


@lru_cache(maxsize=256)
def _layout(arms: tuple[str, ...]) -> _Layout:
    known = names(arms)
    at = {name: number for number, name in enumerate(known)}
    sharp = [at[name] for name in sharpened(known)]
    return _Layout(at, len(known) - len(sharp), np.array(sharp, np.intp))


def features(
    subject: Subject,
    rows: NDArray[np.int64],
    ranks: NDArray[np.int32],
    scores: NDArray[np.float32],
    arms: Sequence[str],
) -> NDArray[np.float32]:
    """Return (n, len(names(arms))) float32 for n candidates; `ranks` and `scores` are the pool's, (n, arms)."""
    layout = _layout(tuple(arms))
    at = layout.at
    # One row a feature until the end: writing to a row is several times quicker than to a column.
    out = np.full((len(at), len(rows)), np.nan, np.float32)
    if not len(rows):
        return out.T
    view, recall, understood = subject.view, subject.recall, subject.understood
    parts = view.placed(rows)
    _arms(out, at, ranks, scores)
    for name in _BY_FLUENCY:
        if name in at:
            out[at[name]] *= np.float32(subject.fluency)
    sure = recall.evidence / (recall.evidence + KAPPA)
    first = _first(ranks, arms, "lexical")
    _vectors(out, at, subject, rows, first, _best(scores, arms))
    _titles(out, at, parts, subject)
    match_words(out, at, parts, understood, first)
    _values(out, at, parts, subject)
    for segment, places, own in parts:
        out[at["popularity"], places] = segment.popularity[own]
        if segment.freshness is not None:
            out[at["freshness"], places] = segment.freshness[own]
    out[at["rewarded"]] = subject.rewarded[rows]
    _memory(out, at, recall, rows, sure)
    if subject.corrected is not None:
        _mend(out, at, subject.corrected, parts, rows, ranks, arms)
    if subject.person is not None:
        _person(out, at, parts, subject.person, rows)
    text = [number for number, arm in enumerate(arms) if arm in _TEXT_ARMS]
    if text and understood.text:
        out[at["text.unsure"]] = np.fmax.reduce(out[text]) * (1 - sure)
    out[at["similarity.unsure"]] = out[at["similarity"]] * (1 - sure)
    out[at["title.unsure"]] = out[at["title.covered"]] * (1 - sure)
    out[layout.plain :] = np.square(np.square(np.minimum(np.maximum(out[layout.sharp], 0), 1)))
    return np.ascontiguousarray(out.T)


def _mend(
    out: NDArray[np.float32],
    at: Mapping[str, int],
    corrected: Subject,
    parts: Sequence[Placed],
    rows: NDArray[np.int64],
    ranks: NDArray[np.int32],
    arms: Sequence[str],
) -> None:
    """Raise what the typed words say of the candidates to what the meant ones do, times `MEANT`."""
    meant = np.full(out.shape, np.nan, np.float32)
    first = _first(ranks, arms, "fuzzy")
    _vectors(meant, at, corrected, rows, first, float("nan"))
    _titles(meant, at, parts, corrected)
    match_words(meant, at, parts, corrected.understood, first)
    _values(meant, at, parts, corrected)
    evidence = corrected.recall.evidence
    _memory(meant, at, corrected.recall, rows, evidence / (evidence + KAPPA))
    np.fmax(out, meant * np.float32(MEANT), out=out)


def _arms(
    out: NDArray[np.float32], at: Mapping[str, int], ranks: NDArray[np.int32], scores: NDArray[np.float32]
) -> None:
    m = ranks.shape[1]
    found = (ranks > 0).T
    best = np.fmax.reduce(scores, axis=0, initial=np.float32(0))
    best[best <= 0] = np.nan
    np.divide(np.maximum(scores, 0).T, best[:, None], out=out[:m])
    np.divide(1.0, ranks.T, out=out[m : 2 * m], where=found)
    out[2 * m : 3 * m] = found
    out[at["agreement"]] = found.sum(0) / m


def _first(ranks: NDArray[np.int32], arms: Sequence[str], arm: str) -> NDArray[np.intp]:
    """Return the places of an arm's first three, best first; none where it did not run."""
    if arm not in arms:
        return np.empty(0, np.intp)
    column = ranks[:, arms.index(arm)]
    found = ((column > 0) & (column <= _COMPANY)).nonzero()[0]
    return found[column[found].argsort()]


def _best(scores: NDArray[np.float32], arms: Sequence[str]) -> float:
    """Return the semantic arm's best score, nan where it found nothing."""
    if "semantic" not in arms:
        return float("nan")
    return float(np.fmax.reduce(scores[:, arms.index("semantic")], initial=np.float32(np.nan)))


def _vectors(
    out: NDArray[np.float32],
    at: Mapping[str, int],
    subject: Subject,
    rows: NDArray[np.int64],
    first: NDArray[np.intp],
    best: float,
) -> None:
    """Fill what vectors say: similarity to the query, to the middle of lexical's first, and to the person's tastes."""
    person = subject.person
    tastes = {"user.similarity": person.vector, "session.similarity": person.session_vector} if person else {}
    if subject.vector is None and not len(first) and not any(one is not None for one in tastes.values()):
        return
    vectors = subject.view.vectors(rows)
    if subject.vector is not None:
        similarity = cosines(vectors, subject.vector)
        for segment, places, own in subject.view.placed(rows):
            if len(segment.vectors.passages):
                best_of = similarity[places]
                segment.vectors.passages.raise_some(best_of, own, subject.vector)
                similarity[places] = best_of
        similarity *= np.float32(subject.fluency)
        out[at["similarity"]] = similarity
        if best > 0:
            out[at["similarity.share"]] = np.maximum(similarity, 0) / best
    if len(first):
        weights = 1.0 / (1.0 + np.arange(len(first))) ** 2
        out[at["company"]] = cosines(vectors, _middle(vectors[first], weights))
    for name, taste in tastes.items():
        if taste is not None:
            out[at[name]] = cosines(vectors, taste)


def _titles(out: NDArray[np.float32], at: Mapping[str, int], parts: Sequence[Placed], subject: Subject) -> None:
    """Fill the title features. Words weigh by the idf of their stems, so that "the" in a title counts little."""
    understood = subject.understood
    distinct = tuple(dict.fromkeys(understood.words))
    if distinct:
        words = np.array([token_hash(word) for word in distinct], np.uint64)
        # Words and stems go in step unless two words share a stem; then plain weights do.
        idf = understood.idf if len(understood.idf) == len(distinct) else (1.0,) * len(distinct)
        weights = np.array(idf, np.float32)
        weights /= max(float(weights.sum()), 1e-9)
        key_hash = hash64(" ".join(understood.words))
        for segment, places, own in parts:
            same, covered, filled = segment.titles.match(own, key_hash, words, weights)
            out[at["title.same"], places] = same
            out[at["title.covered"], places] = covered
            out[at["title.filled"], places] = filled
    if subject.earlier:
        earlier = dict.fromkeys(word for text in subject.earlier for word in tokens(text)[:_EARLIER])
        new = np.array([token_hash(word) for word in earlier if word not in distinct], np.uint64)
        if len(new):
            weights = np.full(len(new), 1 / len(new), np.float32)
            for segment, places, own in parts:
                out[at["session.title"], places] = segment.titles.match(own, 0, new, weights)[1]


def _values(out: NDArray[np.float32], at: Mapping[str, int], parts: Sequence[Placed], subject: Subject) -> None:
    """Fill the agreement with what was understood: values, titles, types; and the shares of the user's types."""
    wanted = _wanted(subject)
    if wanted:
        terms = list(dict.fromkeys(term for weights in wanted.values() for term in weights))
        hashes = np.array([hash64(term) for term in terms], np.uint64)
        weights = np.array([[one.get(term, 0.0) for term in terms] for one in wanted.values()], np.float32)
        for segment, places, own in parts:
            for name, shares in zip(wanted, segment.values.shares(own, hashes, weights), strict=True):
                out[at[name], places] = shares
    ranges = subject.understood.ranges
    if ranges:
        row = out[at["numbers"]]
        row[:] = 0
        for segment, places, own in parts:
            for one in ranges:
                inside = segment.numbers.within(one.attribute, one.low, one.high, own)
                if inside is not None:
                    row[places] += np.where(inside, np.float32(one.probability), np.float32(0))


def _wanted(subject: Subject) -> dict[str, dict[str, float]]:
    """Return for each feature of agreement the terms that count for it, with their weights."""
    understood = subject.understood
    values: dict[str, float] = {}
    titles: dict[str, float] = {}
    types: dict[str, float] = {}
    for tag in understood.tags:
        if tag.attribute == TITLE:
            titles[tag.term] = max(tag.probability, titles.get(tag.term, 0.0))
            continue
        values[tag.term] = values.get(tag.term, 0.0) + tag.probability
        if tag.attribute == TYPE:
            types[tag.term] = values[tag.term]
        if tag.suggested:
            values[tag.suggested_term] = values[tag.term]  # times the row's weight of the suggestion
    total = sum(tag.probability for tag in understood.tags if tag.attribute != TITLE)
    wanted = {
        "values": {term: weight / total for term, weight in values.items()},
        "title.read": titles,
        "type": types,
        "type.likely": {f"{TYPE}={kind}": likely for kind, likely in understood.types},
        "user.type": {f"{TYPE}={key(kind)}": share for kind, share in subject.types.items()},
    }
    return {name: weights for name, weights in wanted.items() if weights}


def _person(
    out: NDArray[np.float32], at: Mapping[str, int], parts: Sequence[Placed], person: Person, rows: NDArray[np.int64]
) -> None:
    """Fill what the person did, what goes together with what he likes, and the values that he likes."""
    if person.own is not None:
        mass = values_at(rows, person.own)
        out[at["user.entity"]] = mass / (mass + 1)
        out[at["user.lately"]] = values_at(rows, person.lately)
        if person.done is not None and (mass > 0).any():
            out[at["user.done"]] = 0.0
            acted = np.flatnonzero(mass > 0)
            out[at["user.done"], acted] = person.done(rows[acted])
    company, scores = person.company
    if len(company):
        out[at["user.company"]] = values_at(rows, (company, scores))
    wanted, shares = person.values
    if len(wanted):
        for segment, places, own in parts:
            (out[at["user.values"], places],) = segment.values.shares(own, wanted, shares[None])


def _middle(vectors: NDArray[np.float32], weights: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return the unit vector in the weighted middle of (n, dim) vectors."""
    total: NDArray[np.float32] = np.einsum("n,nd->d", weights.astype(np.float32), vectors)
    return total / np.float32(max(math.sqrt(float(np.einsum("d,d->", total, total))), 1e-9))


def _memory(
    out: NDArray[np.float32], at: Mapping[str, int], recall: Recall, rows: NDArray[np.int64], sure: float
) -> None:
    if not len(recall.rows):
        return
    reward = recall.scores * (recall.evidence + KAPPA) - KAPPA * recall.predicted  # a, by the formula of recall
    reward = np.maximum(0, reward)
    known = (recall.scores, reward / (reward + KAPPA), recall.observed, recall.predicted)
    scores, evidence, observed, predicted = _lookup(rows, recall.rows, *known)
    out[at["memory.mean"]] = scores / max(float(recall.scores[0]), 1e-9)
    out[at["memory.acted"]] = np.where(observed > 0, out[at["memory.mean"]], 0.0)
    out[at["memory.evidence"]] = evidence
    out[at["memory.observed"]] = observed * sure
    out[at["memory.predicted"]] = predicted * (1 - sure)


def _lookup(
    rows: NDArray[np.int64], known: NDArray[np.int64], *values: NDArray[np.floating]
) -> list[NDArray[np.floating]]:
    """Return the values of each row among the `known` rows, 0 where it is not."""
    if not len(known):
        return [np.zeros(len(rows), np.float32) for _ in values]
    order = known.argsort()
    places = order[np.minimum(known.searchsorted(rows, sorter=order), len(known) - 1)]
    has = known[places] == rows
    return [np.where(has, one[places], 0.0) for one in values]
