"""Events: what counts, how much, and how often."""

from __future__ import annotations

import math
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from ltrr_cli.engine import Engine
from ltrr_cli.errors import FeedbackError, UsageError
from ltrr_cli.memory.evidence import growth
from ltrr_cli.records import Event, Impression
from ltrr_cli.text import clean, hash64

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ltrr_cli.records import Answer

NOW = 1_750_000_000.0
HALF_LIFE = 1095.0 * 86400
QUIET = "[learning]\nhindsight = false\n"


@pytest.fixture
def engine(index: Path) -> Iterator[Engine]:
    """Return an engine without hindsight, which these tests do not look at."""
    (index / "ltrr.toml").write_text(QUIET)
    with Engine.open(index) as opened:
        yield opened


@pytest.fixture
def memory(
    engine: Engine, index: Path, state_of: Callable[[Path], dict[str, Any]]
) -> Callable[[], dict[tuple[str, str], float]]:
    """Return a function that gives all of the memory's masses, in the worth of the time NOW."""

    def read() -> dict[tuple[str, str], float]:
        engine.learn(now=NOW)
        return {pair: mass / growth(NOW, HALF_LIFE) for pair, mass in state_of(index)["memory"].items()}

    return read


def ask(engine: Engine, text: str = "love", user: str = "", moment: float = NOW) -> Answer:
    """Ask for ten, always in the same way."""
    return engine.search(text, user=user, seed=1, explore=False, now=moment)


def event(number: int, **changes: Any) -> Event:
    """Return a click of another system."""
    return Event(**{"id": f"x{number}", "entity_id": "e30", "action": "click", "time": NOW, "text": "love", **changes})


def test_recorded_twice_counts_once(engine: Engine, memory: Callable[[], dict[tuple[str, str], float]]) -> None:
    """Exactly the same again is known; a second later it is another event, but the same click."""
    answer = ask(engine)
    first = answer.results[0].id
    assert engine.record(answer.query_id, first, now=NOW)
    assert not engine.record(answer.query_id, first, now=NOW)
    assert engine.record(answer.query_id, first, now=NOW + 1)
    assert engine.info().events == 2
    assert memory() == pytest.approx({("love", first): 0.3})


@pytest.mark.parametrize(
    ("actions", "worth"),
    [
        (["click", "play", "like"], 0.8),
        (["like", "play", "click"], 0.8),
        (["click", "click", "click"], 0.3),
        (["skip", "click"], 0.1),
        (["click", "skip"], 0.1),
        (["wave"], 0.0),
        (["view", "purchase", "view"], 1.0),
    ],
)
def test_highest_action_counts(
    engine: Engine, memory: Callable[[], dict[tuple[str, str], float]], actions: list[str], worth: float
) -> None:
    """Of several actions on one entity for one query the highest counts, once, in any order; dislike comes on top."""
    answer = ask(engine)
    first = answer.results[0].id
    for number, action in enumerate(actions):
        assert engine.record(answer.query_id, first, action, now=NOW + number)
    got = memory()
    assert got == pytest.approx({("love", first): worth} if worth else {}, rel=1e-6)
    assert engine.info().events == len(actions)


def test_short_play_counts_less(engine: Engine, memory: Callable[[], dict[tuple[str, str], float]]) -> None:
    """A play of 6 of 30 seconds is worth a fifth of one; seconds may be a whole number or not."""
    answer = ask(engine)
    one, two, three = (result.id for result in answer.results[:3])
    engine.record(answer.query_id, one, "play", dwell=6, now=NOW)
    engine.record(answer.query_id, two, "play", dwell=45.5, now=NOW)
    engine.record(answer.query_id, three, "play", now=NOW)
    assert memory() == pytest.approx({("love", one): 0.12, ("love", two): 1.2, ("love", three): 1.8})


def test_unknown_action_is_counted_but_worth_nothing(
    engine: Engine, memory: Callable[[], dict[tuple[str, str], float]]
) -> None:
    """An action that no reward is set for is kept and counted, and changes no result."""
    answer = ask(engine)
    assert engine.record(answer.query_id, answer.results[3].id, " Wave ", now=NOW)
    assert [result.score for result in ask(engine).results] == pytest.approx(
        [result.score for result in answer.results]
    )
    info = engine.info()
    assert dict(info.actions) == {"wave": 1}
    assert info.notes["events of unknown actions"] == 1
    assert memory() == {}


def test_own_reward(index: Path, state_of: Callable[[Path], dict[str, Any]]) -> None:
    """ltrr.toml may give an action of one's own a reward."""
    (index / "ltrr.toml").write_text("[rewards]\nwave = 0.7\n")
    with Engine.open(index) as engine:
        answer = ask(engine)
        engine.record(answer.query_id, answer.results[0].id, "wave", now=NOW)
        engine.learn(now=NOW)
    assert sum(state_of(index)["memory"].values()) / growth(NOW, HALF_LIFE) == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        ({"query_id": "none"}, FeedbackError),
        ({"entity_id": "none"}, FeedbackError),
        ({"action": ""}, UsageError),
        ({"action": "x" * 65}, UsageError),
        ({"action": "two\nlines"}, UsageError),
        ({"user": "two\nlines"}, UsageError),
        ({"dwell": -1.0}, UsageError),
        ({"dwell": float("nan")}, UsageError),
        ({"dwell": float("inf")}, UsageError),
        ({"dwell": 1e308}, UsageError),
        ({"action": "cl\u202eick"}, UsageError),
        ({"action": "\udcff"}, UsageError),
        ({"action": 3}, UsageError),
        ({"user": 3}, UsageError),
        ({"now": float("nan")}, UsageError),
    ],
)
def test_what_cannot_be_recorded(engine: Engine, call: dict[str, Any], error: type[Exception]) -> None:
    """An unknown query or entity, or an unusable action, user or number is refused, and nothing is learned."""
    answer = ask(engine)
    with pytest.raises(error):
        engine.record(**{"query_id": answer.query_id, "entity_id": "e00", **call})
    assert engine.info().events == 0


def test_ingest_of_an_unknown_query_falls_back_on_its_text(
    engine: Engine, memory: Callable[[], dict[tuple[str, str], float]]
) -> None:
    """An event of a query never shown here counts for the text that it brings; without one only for popularity."""
    done = engine.ingest([event(1, query_id="elsewhere"), event(2, query_id="nowhere", text="")], now=NOW)
    assert (done.events, done.unknown_queries) == (2, 2)
    assert memory() == pytest.approx({("love", "e30"): 0.3})
    assert engine.info().notes["events of unknown queries"] == 2
    assert ask(engine).results[0].id == "e30"


def test_ingest_counts(engine: Engine) -> None:
    """What was ingested is counted by kind, and the same again changes nothing."""
    page = Impression(query_id="q1", text="love", time=NOW, shown=("e01", "e30"))
    records: list[Impression | Event] = [
        event(1, query_id="q1", position=2),
        page,
        event(2, action="wave"),
        event(3, entity_id="gone"),
        event(1, query_id="q1", position=2),
    ]
    done = engine.ingest(records, now=NOW)
    assert (done.impressions, done.events, done.repeated, done.unknown_entities) == (1, 3, 1, 1)
    assert (done.actions, done.unknown_actions) == ({"click": 2}, {"wave": 1})
    before = (engine.info().actions, ask(engine).results)
    again = engine.ingest(records, now=NOW + 9)
    assert (again.impressions, again.events, again.repeated) == (0, 0, 5)
    assert (engine.info().actions, ask(engine).results) == before


def test_event_from_2099_is_clamped(engine: Engine, memory: Callable[[], dict[tuple[str, str], float]]) -> None:
    """An event from the future counts as of now: it must not outweigh all others for decades."""
    engine.ingest([event(1, time=4.1e9), event(2, entity_id="e31"), event(3, entity_id="e31", user="bo")], now=NOW)
    assert memory() == pytest.approx({("love", "e30"): 0.3, ("love", "e31"): 0.6})
    assert ask(engine).results[0].id == "e31"


def test_old_events_count_less(engine: Engine, memory: Callable[[], dict[tuple[str, str], float]]) -> None:
    """After one half-life an event counts half; the order in which events come does not matter."""
    engine.ingest(
        [event(1), event(2, time=NOW - HALF_LIFE, entity_id="e31"), event(3, time=NOW - 2 * HALF_LIFE)], now=NOW
    )
    assert memory() == pytest.approx({("love", "e30"): 0.3 + 0.075, ("love", "e31"): 0.15})


def test_order_of_events_does_not_matter(
    built: Path, tmp_path: Path, state_of: Callable[[Path], dict[str, Any]], assert_same: Callable[[Any, Any], None]
) -> None:
    """The same events in another order give the same memory, profiles and popularity."""
    events = [
        event(
            n, entity_id=f"e{n % 7:02d}", user=f"u{n % 3}", time=NOW - 1e6 * n, action=("click", "like", "skip")[n % 3]
        )
        for n in range(12)
    ]
    states = []
    for number, order in enumerate((events, events[::-1])):
        root = shutil.copytree(built, tmp_path / f"{number}.ltrr")
        with Engine.open(root) as opened:
            for one in order:
                opened.ingest([one], now=NOW)
        states.append(
            {name: table for name, table in state_of(root).items() if name in {"memory", "profiles", "popularity"}}
        )
    assert_same(*states)


@pytest.mark.parametrize("who", ["user", "session"])
def test_one_user_does_not_beat_five(engine: Engine, who: str) -> None:
    """Fifty clicks of one user (or session) on one entity weigh less than one purchase each by five others."""
    zeal = [event(n, entity_id="e30", time=NOW - n, **{who: "zealot"}) for n in range(50)]
    engine.ingest(
        [*zeal, *(event(100 + n, entity_id="e31", action="purchase", **{who: f"u{n}"}) for n in range(5))], now=NOW
    )
    assert [result.id for result in ask(engine).results[:2]] == ["e31", "e30"]


def test_cap_of_a_user(engine: Engine, memory: Callable[[], dict[tuple[str, str], float]]) -> None:
    """One user gives one entity of one query 3 rewards at most; another query, entity or user starts anew."""
    many = [event(n, user="ana", action="purchase", time=NOW - n) for n in range(9)]
    others = [event(20, user="bo"), event(21, user="ana", entity_id="e31"), event(22, user="ana", text="rain")]
    engine.ingest([*many, *others], now=NOW)
    assert memory() == pytest.approx({("love", "e30"): 3.3, ("love", "e31"): 0.3, ("rain", "e30"): 0.3}, rel=1e-4)


def test_dislikes_take_back(engine: Engine) -> None:
    """Dislikes take back what clicks gave: the entity falls, and nothing becomes negative or breaks."""
    before = [result.id for result in ask(engine).results]
    low = before[5]
    engine.ingest([event(n, entity_id=low, action="purchase", user=f"u{n}") for n in range(3)], now=NOW)
    assert ask(engine).results[0].id == low
    engine.ingest([event(10 + n, entity_id=low, action="dislike", user=f"u{n}") for n in range(30)], now=NOW)
    after = ask(engine)
    assert low not in [result.id for result in after.results[:3]]
    assert all(math.isfinite(result.score) for result in after.results)


def test_position_corrects_for_examination(engine: Engine, memory: Callable[[], dict[tuple[str, str], float]]) -> None:
    """A click at the third place counts three times one at the top, further down not more than that."""
    answer = ask(engine)
    ids = [result.id for result in answer.results]
    for place in (0, 1, 2, 7):
        engine.record(answer.query_id, ids[place], now=NOW)
    expected = {("love", ids[0]): 0.3, ("love", ids[1]): 0.6, ("love", ids[2]): 0.9, ("love", ids[7]): 0.9}
    assert memory() == pytest.approx(expected)


def test_users_have_profiles(engine: Engine) -> None:
    """What a user liked under one query ranks higher under another, for this user only."""
    low = ask(engine, "rain").results[6].id
    for text in ("zzz", "yyy"):
        answer = ask(engine, text, user="ana")
        engine.record(answer.query_id, low, "purchase", now=NOW)

    def place(user: str) -> int:
        return [result.id for result in ask(engine, "rain", user=user).results].index(low)

    assert place("ana") < place("bo")


def test_event_inherits_user_and_session(
    engine: Engine, index: Path, state_of: Callable[[Path], dict[str, Any]]
) -> None:
    """An event of a query without its own user counts for the query's user."""
    answer = engine.search("love", user="ana", session="s", seed=1, now=NOW)
    engine.record(answer.query_id, "e30", now=NOW)
    engine.learn(now=NOW)
    state = state_of(index)
    assert (state["users.hash"], state["users.items"]) == ([hash64("ana")], [hash64("e30")])
    assert (state["sessions.hash"], state["sessions.items"]) == ([hash64("s")], [hash64("e30")])


@pytest.mark.parametrize("text", ["LÓVE!", "東京", "\ud800x", "a\0b"])
def test_texts_of_any_kind_are_remembered(engine: Engine, text: str) -> None:
    """What was clicked under a text of any kind is first under it the next time."""
    answer = ask(engine, text)
    for number in range(3):
        engine.record(answer.query_id, "e33", "purchase", user=f"u{number}", now=NOW)
        answer = ask(engine, text)
    assert ask(engine, text).results[0].id == "e33"
    assert ask(engine, clean(text)).results[0].id == "e33"


def test_queries_after_their_events(index: Path, state_of: Callable[[Path], dict[str, Any]]) -> None:
    """Clicks that come before the pages they were made on count as if they had come after them."""
    page = Impression(query_id="late", text="moon harbour", time=NOW, shown=("e05", "e06"))
    clicks = [
        Event(id=f"c{n}", entity_id="e06", action="click", time=NOW + n, query_id="late", user=f"u{n}")
        for n in range(5)
    ]
    with Engine.open(index) as engine:
        assert engine.ingest(clicks, now=NOW + 9).late == 0
        assert engine.ingest([page], now=NOW + 9).late == 1
        assert engine.search("moon harbour", explore=False, now=NOW + 9, log=False).results[0].id == "e06"
    late = state_of(index)["memory"]
    Engine.relearn(index)
    assert state_of(index)["memory"] == late


@pytest.mark.parametrize(
    "change", [{}, {"action": "Click"}, {"user": " ana"}, {"entity_id": ""}, {"time": NOW + 0.12345}]
)
def test_what_is_learned_at_once_is_what_the_log_says(
    index: Path,
    state_of: Callable[[Path], dict[str, Any]],
    assert_same: Callable[[Any, Any], None],
    change: dict[str, Any],
) -> None:
    """Events are learned without being read from the log again, also beside one that the log gives back otherwise."""
    events = [
        Event(id=f"c{n}", entity_id=f"e{n:02d}", action="click", time=NOW + n, text="love", user=f"u{n % 2}")
        for n in range(6)
    ]
    events[3] = replace(events[3], **change)
    with Engine.open(index) as engine:
        engine.ingest(events, now=NOW + 9)
        engine.learn(now=NOW + 9)
    learned = state_of(index)
    Engine.relearn(index)
    assert_same(state_of(index), learned)


def test_damaged_line_is_counted(index: Path) -> None:
    """A flipped byte in a log line is noticed when the state is learned again, and the rest is learned."""
    with Engine.open(index) as engine:
        answer = engine.search("love", now=NOW, seed=1)
        for number in range(3):
            engine.record(answer.query_id, answer.results[number].id, "click", now=NOW + number)
    log = index / "log" / "events-000001.jsonl"
    content = bytearray(log.read_bytes())
    content[40] ^= 1
    log.write_bytes(content)
    Engine.relearn(index)
    with Engine.open(index) as engine:
        assert engine.info().events == 2
        assert engine.info().notes["damaged lines in the events log"] == 1


def test_shortened_log_is_learned_again(index: Path) -> None:
    """Where a log is shorter than what was learned of it, what remains is learned again, and new events count."""
    with Engine.open(index) as engine:
        answer = engine.search("love", now=NOW, seed=1)
        for number in range(3):
            engine.record(answer.query_id, answer.results[number].id, "click", now=NOW + number)
        engine.learn(now=NOW + 5)
    (index / "log" / "events-000001.jsonl").unlink()
    with Engine.open(index) as engine:
        assert engine.info().events == 0
        engine.record(answer.query_id, answer.results[0].id, "like", now=NOW + 10)
        assert engine.info().events == 1


def test_hindsight_where_nothing_else_is_known(
    engine: Engine, index: Path, state_of: Callable[[Path], dict[str, Any]]
) -> None:
    """A click on our own answer teaches the arms that ran; one of another system every arm that applies."""
    answer = engine.search("love", depths={"lexical": 5}, now=NOW)
    engine.record(answer.query_id, answer.results[0].id, now=NOW)
    engine.learn(now=NOW)
    assert _taught(state_of(index)) == {"lexical"}
    engine.ingest([event(number, text="love rain") for number in range(12)], now=NOW)
    engine.learn(now=NOW)
    assert _taught(state_of(index)) >= {"lexical", "semantic", "memory"}


def _taught(state: dict[str, Any]) -> set[str]:
    """Return the arms that the credits which wait for the next version of the policy are for."""
    return {pull["arm"] for credit in state["policy"]["pending"] for pull in credit["pulls"]}
