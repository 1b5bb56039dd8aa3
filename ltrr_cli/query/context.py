"""Context: named features of a query in [-1, 1], the only thing by which the policy tells queries apart.

A feature that does not apply is absent, so that the policy cannot mistake "unknown" for "zero". The policy gives names
their places in order of appearance and has room for few: what every query has comes first, what depends on the data
last, and each query adds at most 16 names of the latter kind besides its scripts.
"""

from __future__ import annotations

import math
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.analysis.language import guess, scripts
from ltrr_cli.query.given import hashed
from ltrr_cli.query.questions import asks
from ltrr_cli.records import Past
from ltrr_cli.text import MAX_WORDS, tokens

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from ltrr_cli.memory.recall import Recall
    from ltrr_cli.records import Query, Understood

DESCRIPTIONS: Mapping[str, str] = MappingProxyType(
    {
        "words": "how many words the query has, on a logarithmic scale; 15 give 1",
        "characters": "how many characters its words have; 64 give 1",
        "digits": "share of its words with a digit",
        "question": "1 where it is put as a question: by a question mark, or by its words in the language guessed",
        "unseen": "share of its terms that the catalogue does not have",
        "idf.highest": "idf of its rarest term; 12 gives 1",
        "idf.mean": "mean idf of its terms; 12 gives 1",
        "tags.covered": "share of its words that read as values of attributes",
        "tags.surest": "probability of the surest of these readings",
        "tags.readings": "how ambiguous they are: 0 where each span has one reading, 1/2 where each has two",
        "memory.evidence": "reward that the memory holds for the query and ones like it, n / (n + 4)",
        "memory.best": "score of the best entity in the memory",
        "memory.predicted": "highest predicted score in the memory",
        "memory.known": "1 where the query itself has been acted on",
        "memory.gap": "how far the memory's best is ahead of its second, as a share of the best",
        "memory.results": "how many entities the memory has, on a logarithmic scale; 100 give 1",
        "weekend": "1 on Saturday and Sunday (UTC)",
        "hour.sine": "the hour (UTC) on a circle: 1 at 6, -1 at 18",
        "hour.cosine": "the hour (UTC) on a circle: 1 at midnight, -1 at noon",
        "recommend": "1 where there is no query, and what suits the person is asked for",
        "user.known": "1 where the user is named",
        "user.rewards": "what the user has given so far, r / (r + 10)",
        "session.position": "how many queries the session had before, on a logarithmic scale; 15 give 1",
        "session.similar": "largest share of words in common (Jaccard) with one of the session's 15 latest queries",
        "session.repeated": "1 where one of the session's 15 latest queries had the same words",
        "session.added": "share of the words that the session's previous query did not have",
        "session.dropped": "share of the previous query's words that are gone",
        "session.pause": "time since the session's previous query, on a logarithmic scale; one hour gives 1",
        "script.*": "share of the letters that are in this script: *",
        "language.*": "1 where the query's function words or its script look like this language: *",
        "tag.*": "probability of the surest reading as a value of this attribute: *",
        "user.type.*": "share of the user's rewards that went to this type, one of the three largest: *",
        "given.*": "what the caller gives of context, hashed into eight slots; slot *",
        "*.top": "best score of this arm, as a share of a perfect match's: *",
        "*.gap": "how far this arm's best hit is ahead of its second, as a share of the best: *",
        "*.spread": "share of this arm's hits with at least half of its best score: *",
        "*.results": "how many hits this arm has, on a logarithmic scale; 100 give 1: *",
    }
)
"""One line for every feature; `*` stands for any text, in the line as in the name."""

_MAX_IDF = 12.0
_TAGS = 4
_TYPES = 3
_LOOK_BACK = 15  # earlier queries that one is compared with
_CACHED = 512  # characters up to which an earlier query's words are kept
_READ = 4096  # characters of an earlier query that are looked at: a pasted page would cost 50 ms
_NOTHING = Past()


def describe(name: str) -> str:
    """Return what a feature means, in one line; "" for a name that no feature has (any more)."""
    exact = DESCRIPTIONS.get(name)
    if exact is not None:
        return exact
    for family, meaning in DESCRIPTIONS.items():
        start, star, end = family.partition("*")
        if star and len(name) > len(start + end) and name.startswith(start) and name.endswith(end):
            return meaning.replace("*", name[len(start) : len(name) - len(end)])
    return ""


def context(query: Query, understood: Understood, recall: Recall, past: Past = _NOTHING) -> dict[str, float]:
    """Return the features of one query, each finite and in [-1, 1]; DESCRIPTIONS says what each means.

    Day and hour are those of UTC: nothing tells where the user is. A query outside a session has no features of one,
    the first of a session only its position, and a query without a named user has no rewards and types.
    """
    features = _words(understood)
    _readings(understood, features)
    _memory(recall, features)
    _moment(query.time, features)
    _asker(query, past, features)
    if query.session:
        _session(understood.words, past, features)
    shares = scripts(query.text)
    language = guess(query.text, understood.words, shares)
    if understood.words:
        features["question"] = float(asks(query.text, understood.words, language))
    features |= hashed(query.context)
    if language:
        features[f"language.{language}"] = 1.0
    for family, share in shares.items():
        features[f"script.{family}"] = share
    best: dict[str, float] = {}
    for tag in understood.tags:
        best[tag.attribute] = max(tag.probability, best.get(tag.attribute, 0.0))
    for attribute in sorted(best)[:_TAGS]:
        features[f"tag.{attribute}"] = best[attribute]
    if query.user and past.types:
        named = [(-share, kind) for kind, share in past.types.items() if kind]  # an entity may have no type
        for share, kind in sorted(named)[:_TYPES]:
            features[f"user.type.{kind}"] = min(1.0, max(0.0, -share))
    return features


def relevance(arm: str, scores: NDArray[np.float32], ceiling: float) -> dict[str, float]:
    """Return what an arm that has run says of the query: `<arm>.top`, `.gap`, `.spread` and `.results`.

    `scores` (n,) are its hits' scores, `ceiling` > 0 the score that a perfect match would have. Without hits there is
    only `.results`, 0; where no score is above 0, or the ceiling is not, what is a share of it is absent. A single hit
    is ahead by all of its score.
    """
    features = {f"{arm}.results": _logarithmic(len(scores), 100)}
    values = np.sort(scores[np.isfinite(scores)])
    if not len(values):
        return features
    second, best = [0.0, *values[-2:].tolist()][-2:]
    if ceiling > 0:
        features[f"{arm}.top"] = max(-1.0, min(1.0, best / ceiling))
    if best > 0:
        features[f"{arm}.gap"] = _gap(best, second)
        features[f"{arm}.spread"] = int(np.count_nonzero(values >= best / 2)) / len(values)
    return features


def _logarithmic(count: float, full: float) -> float:
    """Return a count of 0 or more on a logarithmic scale, on which `full` and more give 1."""
    return min(1.0, math.log1p(max(0.0, count)) / math.log1p(full))


def _gap(best: float, second: float) -> float:
    return min(1.0, (best - second) / best)


def _words(understood: Understood) -> dict[str, float]:
    words = understood.words
    features = {"words": _logarithmic(len(words), 15)}
    if words:
        features["characters"] = min(1.0, sum(map(len, words)) / 64)
        features["digits"] = sum(not word.isalpha() and any(map(str.isdigit, word)) for word in words) / len(words)
    if understood.stems:
        features["unseen"] = understood.unseen / len(understood.stems)
        features["idf.highest"] = min(1.0, max(understood.idf) / _MAX_IDF)
        features["idf.mean"] = min(1.0, sum(understood.idf) / len(understood.idf) / _MAX_IDF)
    return features


def _readings(understood: Understood, features: dict[str, float]) -> None:
    tags = understood.tags
    if tags and understood.words:
        spans = {(tag.start, tag.end) for tag in tags}
        covered = {word for start, end in spans for word in range(start, end)}
        features["tags.covered"] = len(covered) / len(understood.words)
        features["tags.surest"] = max(tag.probability for tag in tags)
        features["tags.readings"] = 1 - len(spans) / len(tags)


def _memory(recall: Recall, features: dict[str, float]) -> None:
    count = len(recall.rows)
    if count:
        best = float(recall.scores[0])
        features["memory.evidence"] = recall.evidence / (recall.evidence + 4)
        features["memory.best"] = best
        features["memory.predicted"] = float(recall.predicted.max())
        features["memory.known"] = float(recall.known)
        features["memory.results"] = _logarithmic(count, 100)
        if best > 0:
            features["memory.gap"] = _gap(best, float(recall.scores[1]) if count > 1 else 0.0)


def _moment(time: float, features: dict[str, float]) -> None:
    """Add day and hour by arithmetic, since datetime knows the years 1 to 9999 only; days have no leap seconds."""
    if math.isfinite(time):
        days, hour = divmod(int(time // 3600), 24)
        features["weekend"] = float((days + 3) % 7 >= 5)  # day 0 was a Thursday
        features["hour.sine"] = math.sin(hour / 24 * 2 * math.pi)
        features["hour.cosine"] = math.cos(hour / 24 * 2 * math.pi)


def _asker(query: Query, past: Past, features: dict[str, float]) -> None:
    if query.recommend:
        features["recommend"] = 1.0
    features["user.known"] = float(bool(query.user))
    if query.user and past.rewards is not None:
        rewards = min(1e12, max(0.0, past.rewards))
        features["user.rewards"] = rewards / (rewards + 10)


def _session(words: tuple[str, ...], past: Past, features: dict[str, float]) -> None:
    features["session.position"] = _logarithmic(len(past.queries), _LOOK_BACK)
    if not past.queries:
        return
    own = frozenset(words)
    earlier = [_words_of(text) for text in past.queries[:_LOOK_BACK]]
    if own:
        features["session.similar"] = max(_jaccard(own, other) for other in earlier)
        features["session.repeated"] = float(own in earlier)
        features["session.added"] = len(own - earlier[0]) / len(own)
    if earlier[0]:
        features["session.dropped"] = len(earlier[0] - own) / len(earlier[0])
    features["session.pause"] = _logarithmic(past.since, 3600)


def _jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    common = len(one & other)
    return common / (len(one) + len(other) - common)


def _words_of(text: str) -> frozenset[str]:
    if len(text) <= _CACHED:
        return _kept(text)
    return frozenset(tokens(text[:_READ])[:MAX_WORDS])


@lru_cache(maxsize=4096)
def _kept(text: str) -> frozenset[str]:
    return frozenset(tokens(text)[:MAX_WORDS])
