"""Context: named features in [-1, 1], absent where they do not apply."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_cli.memory.recall import Recall
from ltrr_cli.query.context import context
from ltrr_cli.records import Query, Tag, Understood

NO_SCORES = np.empty(0, np.float32)
NONE = Recall(np.empty(0, np.int64), NO_SCORES, NO_SCORES, NO_SCORES, 0.0, known=False)
NOON = 1_700_000_000 - 1_700_000_000 % 86_400 + 12 * 3600  # Tuesday, 14 November 2023


def _understood(
    words: tuple[str, ...] = (), tags: tuple[Tag, ...] = (), idf: tuple[float, ...] = (), unseen: int = 0
) -> Understood:
    return Understood(
        text=" ".join(words),
        words=words,
        stems=tuple(f"s{i}" for i in range(len(idf))),
        idf=idf,
        unseen=unseen,
        tags=tags,
    )


def _tag(start: int, end: int, attribute: str, probability: float) -> Tag:
    return Tag(start=start, end=end, attribute=attribute, value="v", probability=probability, count=1)


def test_an_empty_query_by_hand() -> None:
    """Without words, readings or memory only what is known of any request is there."""
    features = context(Query(id="q", text="", time=NOON), _understood(), NONE)
    assert features == pytest.approx(
        {"words": 0.0, "weekend": 0.0, "hour.sine": 0.0, "hour.cosine": -1.0, "user.known": 0.0}, abs=1e-9
    )


def test_words_by_hand() -> None:
    """Features of words, terms and readings, computed by hand."""
    understood = _understood(
        ("who", "東京", "90s", "x"),
        (_tag(1, 3, "place", 0.5), _tag(1, 3, "title", 0.3), _tag(2, 3, "year", 0.2)),
        (24.0, 3.0, 3.0),
        1,
    )
    features = context(Query(id="q", text="t", time=NOON - 3 * 86_400, user="u"), understood, NONE)
    expected = {
        "words": math.log(5) / math.log(16),
        "characters": 9 / 64,
        "digits": 1 / 4,
        "question": 1.0,
        "non_latin": 1 / 4,
        "unseen": 1 / 3,
        "idf.highest": 1.0,
        "idf.mean": 10 / 12,
        "tags.covered": 0.5,
        "tags.surest": 0.5,
        "tag.place": 0.5,
        "tag.title": 0.3,
        "tag.year": 0.2,
        "weekend": 1.0,
        "user.known": 1.0,
    }
    assert {name: features[name] for name in expected} == pytest.approx(expected)
    assert not any(name.startswith("memory.") for name in features)


def test_memory_by_hand() -> None:
    """What the memory knows enters with its evidence, n / (n + 4)."""
    recall = Recall(
        np.array([3, 1]),
        np.array([0.5, 0.2], np.float32),
        np.array([1, 0], np.float32),
        np.array([0.1, 0.7], np.float32),
        12.0,
        known=True,
    )
    features = context(Query(id="q", text="", time=NOON), _understood(), recall)
    assert features["memory.evidence"] == 0.75
    assert features["memory.best"] == 0.5
    assert features["memory.predicted"] == pytest.approx(0.7)
    assert features["memory.known"] == 1


WORDS = st.lists(st.text(min_size=1, max_size=64), max_size=64).map(tuple)


@given(
    words=WORDS,
    idf=st.lists(st.floats(0, 50), max_size=64).map(tuple),
    share=st.floats(0, 1),
    attributes=st.lists(st.text(max_size=3), max_size=10),
    evidence=st.none() | st.floats(0, 1e12),
    time=st.floats(-1e10, 1e11),
)
def test_bounds(
    *,
    words: tuple[str, ...],
    idf: tuple[float, ...],
    share: float,
    attributes: list[str],
    evidence: float | None,
    time: float,
) -> None:
    """Whatever the query, features are finite and in [-1, 1], and at most four attributes are told apart."""
    tags = (
        tuple(_tag(i % len(words), i % len(words) + 1, name, 0.9) for i, name in enumerate(attributes)) if words else ()
    )
    one = np.ones(1, np.float32)
    recall = NONE if evidence is None else Recall(np.zeros(1, np.int64), one, one, one, evidence, known=True)
    understood = _understood(words, tags, idf, int(share * len(idf)))
    features = context(Query(id="q", text="", time=time), understood, recall)
    assert all(math.isfinite(value) and -1 <= value <= 1 for value in features.values())
    assert sum(name.startswith("tag.") for name in features) <= 4
    assert ("unseen" in features) == bool(idf)
    assert ("tags.surest" in features) == bool(tags)
    assert ("memory.best" in features) == (evidence is not None)
    assert ("question" in features) == bool(words)
