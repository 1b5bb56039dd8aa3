"""Context: named features in [-1, 1], absent where they do not apply."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_cli.analysis.language import LANGUAGES
from ltrr_cli.memory.recall import Recall
from ltrr_cli.query.context import DESCRIPTIONS, context, describe, relevance
from ltrr_cli.records import Past, Query, Tag, Understood
from ltrr_cli.text import tokens

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
    query = Query(id="q", text="Who 東京 90s x", time=NOON - 3 * 86_400, user="u")
    features = context(query, understood, NONE)
    expected = {
        "words": math.log(5) / math.log(16),
        "characters": 9 / 64,
        "digits": 1 / 4,
        "question": 1.0,
        "script.han": 2 / 7,
        "language.en": 1.0,
        "unseen": 1 / 3,
        "idf.highest": 1.0,
        "idf.mean": 10 / 12,
        "tags.covered": 0.5,
        "tags.surest": 0.5,
        "tags.readings": 1 / 3,  # three readings of two spans
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
    assert features["memory.gap"] == pytest.approx(0.6)
    assert features["memory.results"] == pytest.approx(math.log(3) / math.log(101))


def test_a_memory_without_a_second() -> None:
    """A single entity is ahead by all of its score; where the best scores nothing there is no gap."""
    one, nothing = np.ones(1, np.float32), np.zeros(1, np.float32)
    query = Query(id="q", text="", time=NOON)
    alone = Recall(np.zeros(1, np.int64), np.full(1, 0.5, np.float32), one, one, 1.0, known=True)
    assert context(query, _understood(), alone)["memory.gap"] == 1
    empty = Recall(np.zeros(1, np.int64), nothing, nothing, nothing, 0.0, known=False)
    assert "memory.gap" not in context(query, _understood(), empty)


@pytest.mark.parametrize(
    ("time", "weekend", "hour"),
    [
        (0, 0, 0),  # Thursday, 1 January 1970
        (2 * 86_400 - 1, 0, 23),
        (2 * 86_400, 1, 0),
        (4 * 86_400 - 0.5, 1, 23),
        (4 * 86_400, 0, 0),
        (-1, 0, 23),  # Wednesday
        (32_503_680_000, 0, 0),  # Wednesday, 1 January 3000
        (951_782_400 + 6 * 3600 + 1799, 0, 6),  # Tuesday, 29 February 2000
    ],
)
def test_moments(time: float, weekend: int, hour: int) -> None:
    """Day and hour are those of UTC, by a calendar, from before 1970 to the year 3000."""
    features = context(Query(id="q", text="", time=time), _understood(), NONE)
    assert features["weekend"] == weekend
    assert features["hour.sine"] == pytest.approx(math.sin(math.tau * hour / 24))
    assert features["hour.cosine"] == pytest.approx(math.cos(math.tau * hour / 24))


def _session(features: dict[str, float]) -> dict[str, float]:
    return {name: value for name, value in features.items() if name.startswith("session.")}


def _ask(text: str, past: Past, *, session: str = "s") -> dict[str, float]:
    query = Query(id="q", text=text, time=NOON, session=session)
    return _session(context(query, _understood(tuple(tokens(text))), NONE, past))


def test_sessions_by_hand() -> None:
    """Position, likeness, what came and went and the pause, computed by hand; words are compared folded."""
    past = Past(queries=("Red Shoes", "blue suéde shoes for men"), since=59.0)
    assert _ask("blue suede shoes", past) == pytest.approx(
        {
            "session.position": math.log(3) / math.log(16),
            "session.similar": 3 / 5,
            "session.repeated": 0.0,
            "session.added": 2 / 3,
            "session.dropped": 1 / 2,
            "session.pause": math.log(60) / math.log(3601),
        }
    )
    repeated = _ask("shoes men blue suede FOR", past)
    assert repeated["session.repeated"] == repeated["session.similar"] == 1


def test_sessions_have_limits() -> None:
    """The fifteen latest queries are compared, each with its first 64 words; an hour is the longest pause."""
    others = ("other",) * 14
    assert _ask("word", Past(queries=(*others, "word"), since=9e9))["session.repeated"] == 1
    features = _ask("word", Past(queries=(*others, "other", "word"), since=9e9))
    assert features["session.repeated"] == features["session.similar"] == 0
    assert features["session.position"] == features["session.pause"] == 1
    many = " ".join(f"w{i}" for i in range(10_000))
    first = " ".join(f"w{i}" for i in range(64))
    assert _ask(first, Past(queries=(many,)))["session.repeated"] == 1


def test_sessions_without_anything_to_compare() -> None:
    """No session, no features of one; a first query has its position only; no words have no likeness."""
    past = Past(queries=("red",))
    assert _ask("red", past, session="") == {}
    assert _ask("red", Past()) == {"session.position": 0}
    assert set(_ask("...", past)) == {"session.position", "session.dropped", "session.pause"}
    assert "session.dropped" not in _ask("red", Past(queries=("...", "red")))
    assert _ask("red", Past(queries=("...", "red")))["session.similar"] == 1


def test_users_by_hand() -> None:
    """A named user's rewards and three favourite types enter, in order of share, then name."""
    past = Past(rewards=10.0, types={"song": 0.2, "movie": 0.5, "book": 0.1, "album": 0.1, "": 0.1})

    def user(name: str, past: Past) -> dict[str, float]:
        features = context(Query(id="q", text="", time=NOON, user=name), _understood(), NONE, past)
        return {name: value for name, value in features.items() if name.startswith("user.")}

    expected = {"user.known": 1, "user.rewards": 0.5, "user.type.movie": 0.5, "user.type.song": 0.2}
    assert user("u", past) == {**expected, "user.type.album": 0.1}
    assert user("", past) == {"user.known": 0}
    assert user("u", Past()) == {"user.known": 1}
    assert user("u", Past(rewards=0.0)) == {"user.known": 1, "user.rewards": 0}


def test_what_the_caller_gives() -> None:
    """The query's own context enters hashed."""
    query = Query(id="q", text="", time=NOON, context={"device": "phone"})
    assert context(query, _understood(), NONE)["given.1"] == -1


def test_names_of_every_query_come_first() -> None:
    """The policy gives places in this order: what depends on the data cannot take those of what any query has."""
    query = Query(id="q", text="das ist 東京", time=NOON, user="u", session="s", context={"device": "phone"})
    words = ("das", "ist", "東京")
    past = Past(queries=("was",), rewards=1.0, types={"movie": 1.0})
    one = np.ones(1, np.float32)
    recall = Recall(np.zeros(1, np.int64), one, one, one, 1.0, known=True)
    features = context(query, _understood(words, (_tag(0, 1, "a", 0.9),), (1.0,)), recall, past)
    bound = [("*" not in DESCRIPTIONS.get(name, "*")) for name in features]
    assert bound == sorted(bound, reverse=True)
    assert [name for name, known in zip(features, bound, strict=True) if not known] == [
        "given.1",
        "language.de",
        "script.han",
        "tag.a",
        "user.type.movie",
    ]


def test_relevance_by_hand() -> None:
    """An arm's scores say how good its best is, how far ahead, how many come close, and how many there are."""
    scores = np.array([8, 6, 4, 3.9], np.float32)
    assert relevance("lexical", scores, 10.0) == pytest.approx(
        {
            "lexical.top": 0.8,
            "lexical.gap": 0.25,
            "lexical.spread": 0.75,
            "lexical.results": math.log(5) / math.log(101),
        }
    )
    assert relevance("a", scores[:1], 2.0) == pytest.approx(
        {"a.top": 1, "a.gap": 1, "a.spread": 1, "a.results": math.log(2) / math.log(101)}
    )
    assert relevance("a", NO_SCORES, 1.0) == {"a.results": 0}
    assert relevance("a", np.ones(1000, np.float32), 2.0) == {"a.top": 0.5, "a.gap": 0, "a.spread": 1, "a.results": 1}


def test_relevance_without_shares() -> None:
    """Scores of 0 and below, and a ceiling of 0, leave out what would be a share of them."""
    assert set(relevance("a", np.array([0, -1], np.float32), 1.0)) == {"a.top", "a.results"}
    assert set(relevance("a", np.array([2, 1], np.float32), 0.0)) == {"a.gap", "a.spread", "a.results"}
    assert set(relevance("a", np.array([np.nan], np.float32), 1.0)) == {"a.results"}


@given(
    scores=st.lists(st.floats(width=32), max_size=120),
    ceiling=st.floats(allow_nan=True),
    arm=st.text(min_size=1, max_size=9),
)
def test_relevance_is_bounded(scores: list[float], ceiling: float, arm: str) -> None:
    """Whatever an arm returns, its features are finite, in [-1, 1] and described."""
    features = relevance(arm, np.array(scores, np.float32), ceiling)
    assert all(math.isfinite(value) and -1 <= value <= 1 for value in features.values())
    assert all(map(describe, features))
    assert f"{arm}.results" in features


def test_descriptions_by_hand() -> None:
    """A family's line names its member; the narrower name wins; an unknown name has no line."""
    assert describe("words") == DESCRIPTIONS["words"]
    assert describe("language.de").endswith("this language: de")
    assert describe("tag.x.top").endswith("this attribute: x.top")
    assert describe("lexical.top").endswith("perfect match's: lexical")
    assert describe("memory.gap") == DESCRIPTIONS["memory.gap"]
    assert describe("non_latin") == describe("tag.") == describe(".top") == describe("") == ""
    assert all("\n" not in line and len(line) < 120 for line in DESCRIPTIONS.values())


WORDS = st.lists(st.text(min_size=1, max_size=64), max_size=64).map(tuple)
TEXTS = st.text(st.characters(codec=None), max_size=40) | st.sampled_from(
    ["", "?!…", "\ud800", "was ist das", "東京のホテル", "لماذا؟", "mixed смешанный 한국", "word " * 10_000]
)
PAST = st.builds(
    Past,
    queries=st.lists(TEXTS, max_size=20).map(tuple),
    since=st.floats(),
    rewards=st.none() | st.floats(),
    types=st.dictionaries(st.text(max_size=5), st.floats(), max_size=6),
)
GIVEN = st.dictionaries(st.text(max_size=5), st.text(max_size=5) | st.floats(), max_size=16)


@given(
    words=WORDS,
    text=TEXTS,
    idf=st.lists(st.floats(0, 50), max_size=64).map(tuple),
    share=st.floats(0, 1),
    attributes=st.lists(st.text(min_size=1, max_size=3), max_size=10),
    evidence=st.none() | st.floats(0, 1e12),
    time=st.floats(),
    session=st.sampled_from(["", "s"]),
    user=st.sampled_from(["", "u"]),
    past=PAST,
    own=GIVEN,
)
def test_bounds(
    *,
    words: tuple[str, ...],
    text: str,
    idf: tuple[float, ...],
    share: float,
    attributes: list[str],
    evidence: float | None,
    time: float,
    session: str,
    user: str,
    past: Past,
    own: dict[str, str | float],
) -> None:
    """Whatever the query, features are finite, in [-1, 1] and described, and those that depend on data are few."""
    tags = (
        tuple(_tag(i % len(words), i % len(words) + 1, name, 0.9) for i, name in enumerate(attributes)) if words else ()
    )
    one = np.ones(1, np.float32)
    recall = NONE if evidence is None else Recall(np.zeros(1, np.int64), one, one, one, evidence, known=True)
    understood = _understood(words, tags, idf, int(share * len(idf)))
    query = Query(id="q", text=text, time=time, session=session, user=user, context=own)
    features = context(query, understood, recall, past)
    assert all(math.isfinite(value) and -1 <= value <= 1 for value in features.values())
    assert all(map(describe, features))
    assert sum(name.startswith("tag.") for name in features) == min(4, len({tag.attribute for tag in tags}))
    assert sum(name.startswith("language.") for name in features) <= 1
    assert sum(name.startswith("user.type.") for name in features) == (
        min(3, len(past.types.keys() - {""})) if user else 0
    )
    assert sum(name.startswith("given.") for name in features) <= 8
    assert ("unseen" in features) == bool(idf)
    assert ("tags.surest" in features) == bool(tags)
    assert ("memory.best" in features) == (evidence is not None)
    assert ("question" in features) == bool(words)
    assert ("weekend" in features) == math.isfinite(time)
    assert ("session.position" in features) == bool(session)
    assert ("session.pause" in features) == bool(session and past.queries)
    assert ("user.rewards" in features) == bool(user and past.rewards is not None)


@given(text=TEXTS)
def test_real_words_of_any_text(text: str) -> None:
    """The words that the text analysis gives for a text and its context fit together, asked twice in a session."""
    words = tuple(tokens(text)[:64])
    query = Query(id="q", text=text, time=NOON, session="s")
    features = context(query, _understood(words), NONE, Past(queries=(text,)))
    assert features.get("session.repeated") == (1.0 if words else None)
    assert features.get("session.added", 0) == features.get("session.dropped", 0) == 0
    assert {name.removeprefix("language.") for name in features if name.startswith("language.")} <= set(LANGUAGES)
