"""Records keep what they say on their way through User Behavior Insights."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ltrr_cli.feedback.times import parse_time
from ltrr_cli.feedback.ubi import (
    event_from_ubi,
    event_identity,
    event_to_ubi,
    impression_from_ubi,
    impression_to_ubi,
    reads_back,
)
from ltrr_cli.records import Arm, Event, Found, Impression, Interleaved, Reserved, System, Trace

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no failure
LETTERS = st.characters(exclude_categories=["Cc", "Cs"])
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
OPTIONAL_IDS = st.text(LETTERS, max_size=40).map(str.strip)
IDS = OPTIONAL_IDS.filter(bool)
ACTIONS = st.text(LETTERS, min_size=1, max_size=20).map(lambda text: text.strip().lower()).filter(bool)
TIMES = st.floats(-1e10, 1e11).map(lambda seconds: seconds + 0.0)  # no -0.0, whose repr differs
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
COUNTS = st.integers(0, 2**63)

NAMES = ("id", "entity_id", "action", "query_id", "text", "user", "session")

EVENTS = st.builds(
    Event,
    id=IDS,
    entity_id=IDS,
    action=ACTIONS,
    time=TIMES,
    query_id=OPTIONAL_IDS,
    text=TEXTS,
    user=OPTIONAL_IDS,
    session=OPTIONAL_IDS,
    position=st.integers(0, 10**6),
    dwell=st.floats(0, 1e6),
)

ARMS = st.builds(Arm, name=IDS, depth=COUNTS, returned=COUNTS, ms=st.floats(0, 1e6), error=TEXTS)

SYSTEMS = st.builds(
    System,
    name=TEXTS,
    mode=TEXTS,
    policy_version=COUNTS,
    ranker_version=COUNTS,
    propensity=st.floats(1e-9, 1),
    depths=st.dictionaries(IDS, COUNTS, max_size=3),
    found=COUNTS,
)
PAGES = st.builds(Interleaved, a=SYSTEMS, b=SYSTEMS, teams=st.lists(st.sampled_from("ab-"), max_size=5).map(tuple))


@st.composite
def traces(draw: st.DrawFn) -> Trace:
    """Draw a trace whose candidates lie in the pool and whose feature rows have all values."""
    pool_ids = tuple(draw(st.lists(IDS, min_size=1, max_size=4)))
    hits = st.lists(st.tuples(st.integers(0, len(pool_ids) - 1), NUMBERS), max_size=3)
    found = hits.map(lambda rows: Found(tuple(row[0] for row in rows), tuple(row[1] for row in rows)))
    names = tuple(draw(st.lists(IDS, max_size=3)))
    row = st.tuples(*[NUMBERS | st.just(math.nan) for _ in names])
    noise = draw(st.just(0.0) | st.floats(0.001, 100))
    return Trace(
        now=draw(TIMES),
        k=draw(COUNTS),
        segments=tuple(draw(st.lists(IDS, max_size=2))),
        learned=draw(TEXTS),
        policy_version=draw(COUNTS),
        ranker_version=draw(COUNTS),
        mode=draw(TEXTS),
        particle=draw(st.integers(-1, 128)),
        epsilon=draw(st.floats(0, 1)),
        explored=draw(st.booleans()),
        seed=draw(st.integers(0, 2**64)),
        context=draw(st.dictionaries(TEXTS, NUMBERS, max_size=3)),
        arms=tuple(draw(st.lists(ARMS, max_size=3))),
        propensity=draw(st.floats(1e-9, 1)),
        pool_ids=pool_ids,
        pool=draw(st.dictionaries(TEXTS, found, max_size=3)),
        feature_names=names,
        features=tuple(draw(st.lists(row, max_size=3))),
        scores=tuple(draw(st.lists(NUMBERS, max_size=3))),
        reserved=draw(st.none() | st.builds(Reserved, position=st.integers(1, 10), entity_id=IDS, arm=IDS)),
        available=tuple(draw(st.lists(IDS, max_size=3))),
        noise=noise,
        order_log_propensity=draw(st.floats(-1e6, 0)) if noise else 0.0,
        interleaved=draw(st.none() | PAGES),
    )


IMPRESSIONS = st.builds(
    Impression,
    query_id=IDS,
    text=TEXTS,
    time=TIMES,
    shown=st.lists(IDS, max_size=5).map(tuple),
    user=OPTIONAL_IDS,
    session=OPTIONAL_IDS,
    trace=st.none() | traces(),
)

PLAIN_EVENT = {
    "action_name": "Click",
    "timestamp": "2012-01-01T00:00:33Z",
    "query_id": "q1",
    "event_attributes": {"object": {"object_id": "e1"}, "position": {"ordinal": 2}},
}
PLAIN_QUERY = {
    "query_id": "q1",
    "user_query": "tax code",
    "timestamp": "2012-01-01T00:00:18Z",
    "query_response_hit_ids": ["e1", "e2"],
}
TRACE = Trace(
    now=1_325_376_018.123456,
    k=10,
    segments=("000001",),
    learned="000007",
    policy_version=3,
    ranker_version=2,
    mode="thompson",
    particle=5,
    epsilon=0.02,
    explored=False,
    seed=2**63 + 1,
    context={"length": 2.0},
    arms=(Arm(name="title", depth=20, returned=2, ms=1.23456789),),
    propensity=1 / 3,
    pool_ids=("e1", "e2"),
    pool={"title": Found((0, 1), (12.3456789, 11.0))},
    feature_names=("bm25", "age"),
    features=((1.23456789012, math.nan), (0.5, 2.0)),
    scores=(2.0, 1.0),
    reserved=Reserved(position=4, entity_id="e2", arm="fresh"),
    available=("title", "fresh"),
)


def through_json(row: dict[str, Any]) -> dict[str, Any]:
    """Write and read a row as the log does."""
    decoded: dict[str, Any] = json.loads(json.dumps(row, allow_nan=False))
    return decoded


def digits(value: float, count: int) -> float:
    """Round to significant digits; what is not finite becomes nan."""
    return float(f"{value:.{count}g}") if math.isfinite(value) else math.nan


def finite(value: float) -> float:
    """Return the number, nan for what is not finite."""
    return value if math.isfinite(value) else math.nan


def rounded(trace: Trace) -> Trace:
    """Round a trace as its description says."""
    return replace(
        trace,
        epsilon=digits(trace.epsilon, 6),
        propensity=digits(trace.propensity, 6),
        order_log_propensity=digits(trace.order_log_propensity, 6),
        context={name: finite(value) for name, value in trace.context.items()},
        arms=tuple(replace(arm, ms=digits(arm.ms, 6)) for arm in trace.arms),
        pool={name: replace(found, scores=tuple(map(finite, found.scores))) for name, found in trace.pool.items()},
        features=tuple(tuple(finite(value) for value in row) for row in trace.features),
        scores=tuple(finite(score) for score in trace.scores),
        interleaved=None if trace.interleaved is None else both_rounded(trace.interleaved),
    )


def both_rounded(page: Interleaved) -> Interleaved:
    """Round the propensities of both systems."""
    a, b = (replace(one, propensity=digits(one.propensity, 6)) for one in (page.a, page.b))
    return replace(page, a=a, b=b)


@unhurried
@given(EVENTS)
def test_events_come_back_exactly(event: Event) -> None:
    """An event written and read again is the same event, to the last digit of its time and dwell."""
    assert event_from_ubi(through_json(event_to_ubi(event))) == event


@unhurried
@given(IMPRESSIONS)
def test_impressions_come_back(impression: Impression) -> None:
    """An impression comes back exactly but for the stated rounding of its trace."""
    row = impression_to_ubi(impression)
    assert next(iter(row)) == "query_id"
    expected = replace(impression, trace=rounded(impression.trace) if impression.trace else None)
    assert repr(impression_from_ubi(through_json(row))) == repr(expected)  # repr: nan is not equal to nan


@unhurried
@given(EVENTS | st.builds(Event, **{name: st.text(max_size=4) for name in NAMES}, time=st.floats(), dwell=st.floats()))
def test_what_reads_back_reads_back(event: Event) -> None:
    """An event that is said to read back does; one that was read, and so is as we keep it, always does."""
    try:
        kept = event_from_ubi(event_to_ubi(event))
    except (ValueError, OverflowError):
        assert not reads_back(event)
    else:
        assert reads_back(event) == (kept == event)
        assert reads_back(kept)


@pytest.mark.parametrize(
    "change",
    [
        {"id": ""},
        {"id": " e"},
        {"entity_id": "a\nb"},
        {"entity_id": "x" * 513},
        {"action": "Click"},
        {"action": "x" * 65},
        {"user": "\ud800"},
        {"text": "a\0b"},
        {"text": "x" * 10_001},
        {"position": -1},
        {"position": 10**9 + 1},
        {"time": 1e13},
        {"time": math.nan},
    ],
)
def test_what_does_not_read_back(change: dict[str, Any]) -> None:
    """An event that the log changes, or gives back as none, is told from the usual one."""
    usual = Event(id="1", entity_id="e", action="click", time=1.7e9, query_id="q", text="two words", user="u")
    assert reads_back(usual)
    assert not reads_back(replace(usual, **change))


def test_the_trace_is_compact() -> None:
    """The trace is written as rows, with the stated digits and null for nan."""
    impression = Impression(query_id="q1", text="tax", time=TRACE.now, shown=("e1", "e2"), trace=TRACE)
    written = impression_to_ubi(impression)["query_attributes"]["ltrr"]
    assert written["v"] == 1
    assert written["now"] == TRACE.now
    assert written["arms"] == [["title", 20, 2, 1.23457, ""]]
    assert written["pool"] == {"ids": ["e1", "e2"], "arms": {"title": [[0, 1], [12.3456789, 11.0]]}}
    assert written["features"] == {"names": ["bm25", "age"], "rows": [[1.23456789012, None], [0.5, 2.0]]}
    assert written["propensity"] == 0.333333
    assert written["reserved"] == [4, "e2", "fresh"]
    assert "interleaved" not in written  # only pages of two systems have it, and lines from before it was there


def test_an_interleaved_page_is_compact() -> None:
    """Both systems are rows, and the teams one text with a letter for each position."""
    a = System(
        name="policy:live",
        mode="thompson",
        policy_version=3,
        ranker_version=2,
        propensity=1 / 3,
        depths={"title": 20},
        found=2,
    )
    b = replace(a, name="single:title", mode="fixed", policy_version=0, propensity=1.0)
    page = replace(TRACE, mode="interleaved", interleaved=Interleaved(a=a, b=b, teams=("-", "b")))
    impression = Impression(query_id="q1", text="tax", time=TRACE.now, shown=("e1", "e2"), trace=page)
    assert impression_to_ubi(impression)["query_attributes"]["ltrr"]["interleaved"] == {
        "a": ["policy:live", "thompson", 3, 2, 0.333333, {"title": 20}, 2],
        "b": ["single:title", "fixed", 0, 2, 1.0, {"title": 20}, 2],
        "teams": "-b",
    }


def test_rows_follow_the_public_schema() -> None:
    """Both rows hold the fields of UBI 1.3 under their names."""
    impression = Impression(query_id="q1", text="tax", time=0.0, shown=("e1",), user="u1", session="s1")
    assert impression_to_ubi(impression) == {
        "query_id": "q1",
        "application": "ltrr",
        "client_id": "u1",
        "user_query": "tax",
        "timestamp": "1970-01-01T00:00:00.000+00:00",
        "object_id_field": "id",
        "query_response_hit_ids": ["e1"],
        "query_attributes": {"session_id": "s1"},
    }
    event = Event(
        id="0" * 16, entity_id="e1", action="click", time=1.5, query_id="q1", user="u1", position=2, dwell=1.25
    )
    assert event_to_ubi(event) == {
        "action_name": "click",
        "timestamp": "1970-01-01T00:00:01.500+00:00",
        "application": "ltrr",
        "query_id": "q1",
        "user_id": "u1",
        "event_attributes": {
            "event_id": "0" * 16,
            "object": {"object_id": "e1", "object_id_field": "id"},
            "position": {"ordinal": 2},
            "dwell_ms": 1250,
        },
    }


def test_other_systems_rows_are_read() -> None:
    """Rows without anything of ours give records without a trace, and an identity made of what they say."""
    event = event_from_ubi(PLAIN_EVENT)
    assert (event.action, event.position, event.entity_id, event.query_id) == ("click", 2, "e1", "q1")
    assert event.id == event_identity(
        entity_id="e1", action="click", time=parse_time("2012-01-01T00:00:33Z"), query_id="q1", position=2
    )
    impression = impression_from_ubi(PLAIN_QUERY)
    assert impression.shown == ("e1", "e2")
    assert impression.trace is None


@pytest.mark.parametrize("position", [{"xy": {"x": 3, "y": 4}}, {}, None, [1], "2"])
def test_a_position_without_ordinal_is_unknown(position: object) -> None:
    """Coordinates, or nothing, give position 0."""
    row = {**PLAIN_EVENT, "event_attributes": {"object": {"object_id": 7}, "position": position}}
    event = event_from_ubi(row)
    assert (event.position, event.entity_id) == (0, "7")


def test_an_edited_timestamp_rules() -> None:
    """The exact time beside a timestamp is believed only where they agree."""
    row = event_to_ubi(Event(id="a", entity_id="e", action="click", time=1.00049))
    assert row["event_attributes"]["time_s"] == 1.00049
    assert event_from_ubi(row).time == 1.00049
    assert event_from_ubi({**row, "timestamp": "1970-01-02"}).time == 86400.0


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"timestamp": None}, "timestamp"),
        ({"timestamp": "soon"}, "timestamp"),
        ({"action_name": ""}, "action_name"),
        ({"action_name": "x" * 65}, "action_name"),
        ({"event_attributes": None}, "object_id"),
        ({"event_attributes": {"object": {"object_id": True}}}, "object_id"),
        ({"event_attributes": {"object": {"object_id": "e" * 513}}}, "object_id"),
        ({"event_attributes": {"object": {"object_id": "e\x07"}}}, "object_id"),
        ({"event_attributes": {"object": {"object_id": "e"}, "position": {"ordinal": -1}}}, "ordinal"),
        ({"event_attributes": {"object": {"object_id": "e"}, "dwell_ms": -1}}, "dwell_ms"),
        ({"user_id": ["u"]}, "user_id"),
        ({"user_query": {}}, "user_query"),
    ],
)
def test_an_unusable_event_names_the_field(change: dict[str, Any], field: str) -> None:
    """An event with an unusable field raises ValueError with that field's name."""
    with pytest.raises(ValueError, match=field):
        event_from_ubi({**PLAIN_EVENT, **change})


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"query_id": None}, "query_id"),
        ({"timestamp": 1e300}, "timestamp"),
        ({"query_response_hit_ids": "e1"}, "query_response_hit_ids"),
        ({"query_response_hit_ids": [None]}, "query_response_hit_ids"),
        ({"client_id": "a\nb"}, "client_id"),
    ],
)
def test_an_unusable_query_names_the_field(change: dict[str, Any], field: str) -> None:
    """A query with an unusable field raises ValueError with that field's name."""
    with pytest.raises(ValueError, match=field):
        impression_from_ubi({**PLAIN_QUERY, **change})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
WRITTEN = impression_to_ubi(Impression(query_id="q", text="", time=0, shown=(), trace=TRACE))
KEYS = st.sampled_from([*WRITTEN["query_attributes"]["ltrr"], "interleaved"])


@unhurried
@given(st.dictionaries(KEYS, JSON, min_size=1, max_size=2))
def test_a_broken_trace_is_none_or_sound(change: dict[str, Any]) -> None:
    """Whatever stands in a trace's place, the impression itself can be read."""
    row = impression_to_ubi(Impression(query_id="q", text="", time=0, shown=("e1", "e2"), trace=TRACE))
    row["query_attributes"]["ltrr"].update(change)
    trace = impression_from_ubi(row).trace
    assert trace is None or 0 < trace.propensity <= 1


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"propensity": 0},
        {"propensity": None},
        {"pool": {"ids": ["e1"], "arms": {"title": [[1, 1, 0.5]]}}},
        {"features": {"names": ["a"], "rows": [[1.0, 2.0]]}},
        {"arms": [["title"]]},
        {"now": None},
    ],
)
def test_an_unsound_trace_is_none(change: dict[str, Any]) -> None:
    """A trace of another version, or one that contradicts itself, is not used."""
    row = impression_to_ubi(Impression(query_id="q", text="", time=0, shown=("e1", "e2"), trace=TRACE))
    assert impression_from_ubi(row).trace is not None
    row["query_attributes"]["ltrr"].update(change)
    assert impression_from_ubi(row).trace is None


def test_identity_is_stable_and_tells_fields_apart() -> None:
    """The identity is a fixed function of every field but dwell, with time to the millisecond."""
    same: dict[str, Any] = {"entity_id": "e", "action": "click", "time": 1.0}
    assert event_identity(**same) == "416389a64a6a4376"
    assert event_identity(**{**same, "time": 1.0004}) == event_identity(**same)
    changes: list[dict[str, Any]] = [
        {"entity_id": "f"},
        {"action": "like"},
        {"time": 1.001},
        {"query_id": "q"},
        {"text": "q"},
        {"user": "q"},
        {"session": "q"},
        {"position": 1},
    ]
    assert len({event_identity(**{**same, **change}) for change in changes} | {event_identity(**same)}) == 9
