"""The past of a query: what its session asked before, what its user liked, and what the caller says of it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest

from ltrr_cli.engine import Engine
from ltrr_cli.errors import UsageError
from ltrr_cli.query.given import hashed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

NOW = 1_750_000_000.0
FIRST = {"session.position": 0.0}
SECOND = {
    "session.position": math.log(2) / math.log(16),
    "session.similar": 1 / 3,  # love of love, rain, night
    "session.repeated": 0.0,
    "session.added": 1 / 2,  # night
    "session.dropped": 1 / 2,  # rain
    "session.pause": math.log(61) / math.log(3601),
}
THIRD = {
    "session.position": math.log(3) / math.log(16),
    "session.similar": 1.0,  # the words of the first
    "session.repeated": 1.0,
    "session.added": 1 / 2,  # rain, which the second did not have
    "session.dropped": 1 / 2,  # night
    "session.pause": math.log(121) / math.log(3601),
}
ASKED = (("love rain", 0.0), ("Love, night", 60.0), ("rain LOVE", 180.0))


@pytest.fixture
def engine(index: Path) -> Iterator[Engine]:
    """Return an engine on an index that may be changed."""
    with Engine.open(index) as opened:
        yield opened


def context(engine: Engine, text: str = "love", family: str = "session.", **more: Any) -> dict[str, float]:
    """Ask, and return the features of one family."""
    trace = engine.search(text, **{"seed": 1, "explore": False, "now": NOW, **more}).trace
    return {name: value for name, value in trace.context.items() if name.startswith(family)}


def logged(engine: Engine, query_id: str) -> Mapping[str, float]:
    """Return the context that the log has of a query."""
    found = engine._opened.impressions.find(query_id)
    assert found is not None
    assert found.trace is not None
    return found.trace.context


@pytest.mark.parametrize("session", ["s", "two words", 'quo"ted\\', "süß 東京", ASKED[0][0]])
def test_session(engine: Engine, session: str) -> None:
    """A session's first query has only its place, the next ones what they share with those before."""
    found = [context(engine, text, session=session, now=NOW + after) for text, after in ASKED]
    for got, expected in zip(found, (FIRST, SECOND, THIRD), strict=True):
        assert got == pytest.approx(expected)


def test_session_across_engines(index: Path) -> None:
    """What one process asked another knows at once, whether it was open before or is opened later."""
    with Engine.open(index) as one, Engine.open(index) as two:
        assert context(one, ASKED[0][0], session="s", now=NOW) == FIRST
        assert context(two, ASKED[1][0], session="s", now=NOW + 60) == pytest.approx(SECOND)
    with Engine.open(index) as three:
        three.learn(now=NOW + 70)
        assert context(three, ASKED[2][0], session="s", now=NOW + 180) == pytest.approx(THIRD)
    Engine.relearn(index)
    with Engine.open(index) as four:
        assert context(four, session="s", now=NOW + 200)["session.position"] == pytest.approx(math.log(4, 16))


def test_other_sessions(engine: Engine) -> None:
    """Another session does not see these queries, a query outside of sessions has no features of one."""
    for text, after in ASKED:
        context(engine, text, session="s", now=NOW + after)
    for other in ("S", "s2", "t"):
        assert context(engine, session=other, now=NOW + 200) == FIRST
    assert context(engine, now=NOW + 200) == {}
    assert context(engine, user="s", now=NOW + 200) == {}


def test_queries_that_are_not_logged(engine: Engine) -> None:
    """A query without a log sees the session's past, and is none of it."""
    assert context(engine, ASKED[0][0], session="s") == FIRST
    for _ in range(2):
        got = context(engine, ASKED[1][0], session="s", now=NOW + 60, log=False)
        assert got == pytest.approx(SECOND)


def test_earlier_time(engine: Engine) -> None:
    """A query sees what was asked up to its time, in the order of time, whatever the order of the log."""
    third = context(engine, ASKED[2][0], session="s", now=NOW + 180)
    second = context(engine, ASKED[1][0], session="s", now=NOW + 60)
    assert (third, second) == (FIRST, FIRST)
    assert context(engine, ASKED[0][0], session="s", now=NOW - 1) == FIRST
    again = context(engine, "night", session="s", now=NOW + 120)  # after the first and the second
    assert again["session.position"] == pytest.approx(math.log(3, 16))
    assert again["session.dropped"] == 1 / 2
    assert again["session.pause"] == pytest.approx(math.log(61) / math.log(3601))
    assert context(engine, session="s", now=NOW + 120)["session.pause"] == 0.0


def test_what_is_logged(engine: Engine) -> None:
    """The features are in the log as they were when the query was answered."""
    engine.search(ASKED[0][0], session="s", seed=1, now=NOW)
    answer = engine.search(ASKED[1][0], session="s", seed=1, now=NOW + 60)
    engine.search(ASKED[1][0], session="s", seed=1, now=NOW + 50)
    kept = logged(engine, answer.query_id)
    assert {name: value for name, value in kept.items() if name.startswith("session.")} == pytest.approx(SECOND)
    assert kept == pytest.approx(answer.trace.context)


def test_likes_of_a_user(engine: Engine) -> None:
    """What a user gave so far, and to which types, is known with the next query, to this user's only."""
    assert context(engine, family="user.", user="ana") == {"user.known": 1.0, "user.rewards": 0.0}
    page = engine.search("love", user="ana", depths={"semantic": 20}, now=NOW)
    engine.record(page.query_id, "e00", "like", now=NOW + 1)  # a song
    engine.record(page.query_id, "e03", "like", now=NOW + 1)  # an album
    engine.record(page.query_id, "e04", "purchase", now=NOW + 1)
    expected = {
        "user.known": 1.0,
        "user.rewards": 2.6 / 12.6,
        "user.type.song": 1.8 / 2.6,
        "user.type.album": 0.8 / 2.6,
    }
    for text, user in (("rain", "ana"), ("love", "ana")):
        got = context(engine, text, "user.", user=user, now=NOW + 2)
        assert got == pytest.approx(expected, rel=1e-5)
    assert context(engine, family="user.", user="bo", now=NOW + 2) == {"user.known": 1.0, "user.rewards": 0.0}
    assert context(engine, family="user.", now=NOW + 2) == {"user.known": 0.0}
    with Engine.open(engine._opened.root) as other:
        assert context(other, family="user.", user="ana", now=NOW + 2) == pytest.approx(expected, rel=1e-5)


def test_rewards_fade(engine: Engine) -> None:
    """After one half-life a reward is worth half; the shares stay. What was taken back is worth nothing."""
    page = engine.search("love", user="ana", depths={"semantic": 20}, now=NOW)
    engine.record(page.query_id, "e00", "purchase", now=NOW)
    engine.record(page.query_id, "e07", "dislike", now=NOW)
    got = context(engine, family="user.", user="ana", now=NOW + 1095 * 86400)
    assert got == pytest.approx({"user.known": 1.0, "user.rewards": 0.5 / 10.5, "user.type.song": 1.0})


@pytest.mark.parametrize(
    "given",
    [
        {"device": "phone"},
        {"device": "phone", "age": 0.25, "member": True},
        {"user.age": -7, "länge": 1e300},
        {"a": ""},
    ],
)
def test_what_the_caller_gives(engine: Engine, index: Path, given: dict[str, str | float]) -> None:
    """The caller's context is among the features, in the log too, but neither its names nor its words are."""
    answer = engine.search("love", seed=1, now=NOW, context=given)
    found = {name: value for name, value in answer.trace.context.items() if name.startswith("given.")}
    assert found == hashed(given) != {}
    assert logged(engine, answer.query_id) == pytest.approx(answer.trace.context)
    engine.record(answer.query_id, answer.results[0].id, now=NOW + 1)
    engine.learn(now=NOW + 2)
    written = b"".join(path.read_bytes() for path in (index / "log").iterdir()).lower()
    assert b"given." in written
    for word in ("device", "phone", "member", "user.age", "länge"):
        assert word.encode() not in written


def test_what_the_caller_gives_tells_queries_apart(engine: Engine) -> None:
    """Other words give other features, the same ones the same; without any there are none."""
    phone, again, desk, none = (
        context(engine, family="given.", context=given)
        for given in ({"device": "phone"}, {"device": "phone"}, {"device": "desk"}, {})
    )
    assert phone == again != desk
    assert none == context(engine, family="given.") == {}


@pytest.mark.parametrize(
    "given",
    [
        {f"n{number}": 1.0 for number in range(17)},
        {"": 1.0},
        {"two words": 1.0},
        {"x" * 65: 1.0},
        {3: 1.0},
        {"device": "x" * 65},
        {"device": "two\nlines"},
        {"device": "\ud800"},
        {"age": math.nan},
        {"age": -math.inf},
        {"age": 10**400},
        {"age": None},
        {"age": [1]},
    ],
    ids=str,
)
def test_context_that_cannot_be_used(engine: Engine, given: Any) -> None:
    """Too many entries, odd names and values are refused, before anything is answered or logged."""
    with pytest.raises(UsageError, match="context"):
        engine.search("love", now=NOW, context=given)
    assert engine.info().impressions == 0
