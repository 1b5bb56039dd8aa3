"""Pages that nobody acted on: which of them count, how often, and what they teach."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from ltrr_cli.config import read_config
from ltrr_cli.engine import Engine
from ltrr_cli.engine.unanswered import WINDOW
from ltrr_cli.policy.base import BUCKETS
from ltrr_cli.policy.credit import NO_ACTION, ORDERS
from ltrr_cli.records import Event, Impression

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ltrr_cli.records import Answer

NOW = 1_750_000_000.0
COUNTED = "pages without an action"
DEPTHS = {"lexical": 5, "semantic": 10}


@pytest.fixture
def engine(index: Path) -> Iterator[Engine]:
    """Return an engine on an index that may be changed."""
    with Engine.open(index) as opened:
        yield opened


def ask(engine: Engine, text: str, session: str = "s", *, now: float = NOW, **more: Any) -> Answer:
    """Ask in a session, always in the same way."""
    return engine.search(text, session=session, depths=DEPTHS, now=now, **more)


def click(engine: Engine, answer: Answer, place: int = 0, *, now: float = NOW, action: str = "click") -> None:
    """Act on a result."""
    assert engine.record(answer.query_id, answer.results[place].id, action, now=now)


def sweeps(engine: Engine) -> list[list[str]]:
    """Return the query ids of every control record of pages without an action."""
    rows = engine._opened.logs.control.replay()
    return [row["query_ids"] for _, row in rows if row["kind"] == "no-action"]


def counted(engine: Engine) -> int:
    """Return how many pages have counted."""
    return engine.info().notes.get(COUNTED, 0)


def test_a_batch_teaches_nothing(engine: Engine) -> None:
    """However many queries are asked, in sessions or not: where nobody does anything, nothing is learned."""
    for number in range(12):
        ask(engine, "love rain", f"s{number % 3}" if number % 4 else "", now=NOW + number)
    engine.learn(now=NOW + 1e6)
    assert sweeps(engine) == []
    assert (engine.info().credits, counted(engine)) == (0, 0)


@pytest.mark.parametrize(("later", "closed"), [(WINDOW - 1, False), (WINDOW, True)])
def test_window(engine: Engine, later: float, closed: bool) -> None:
    """A session's last page counts half an hour after it was shown, and not before."""
    click(engine, ask(engine, "love"), now=NOW + 1)
    last = ask(engine, "rain", now=NOW + 10)
    engine.learn(now=NOW + 10 + later)
    assert sweeps(engine) == ([[last.query_id]] if closed else [])
    assert counted(engine) == closed
    assert engine.info().credits == 1 + closed


def test_later_query_closes(engine: Engine) -> None:
    """Once the session asks again, the pages before count at once; those of the same moment are open still."""
    click(engine, ask(engine, "love"), now=NOW + 1)
    closed = ask(engine, "rain", now=NOW + 10)
    for text in ("night", "gold"):
        ask(engine, text, now=NOW + 20)
    engine.learn(now=NOW + 21)
    assert sweeps(engine) == [[closed.query_id]]


def test_each_counts_once(engine: Engine) -> None:
    """However often it is looked for them, pages are written down and counted once, also by another engine."""
    click(engine, ask(engine, "love"), now=NOW + 1)
    pages = [ask(engine, text, now=NOW + 10 + n).query_id for n, text in enumerate(("rain", "night", "gold"))]
    engine.learn(now=NOW + 20)
    engine.learn(now=NOW + 30)
    with Engine.open(engine._opened.root) as other:
        other.learn(now=NOW + 40)
        other.learn(now=NOW + 20 + WINDOW)
        other.learn(now=NOW + 30 + WINDOW)
    engine.learn(now=NOW + 40 + WINDOW)
    assert sweeps(engine) == [pages[:2], pages[2:]]
    assert (counted(engine), engine.info().credits) == (3, 4)


def test_which_pages_do_not_count(engine: Engine) -> None:
    """A page that was acted on, one of a session without an event, and one outside of sessions do not count."""
    for text, session in (("love", "s"), ("rain", "quiet"), ("night", "")):
        page = ask(engine, text, session)
        if session == "s":
            click(engine, page, now=NOW + 1)
    other = ask(engine, "gold", "t")
    click(engine, ask(engine, "winter", "t", now=NOW + 1), 3, now=NOW + 2, action="like")
    engine.learn(now=NOW + 1e6)
    assert sweeps(engine) == [[other.query_id]]


def test_any_event_makes_a_session_count(engine: Engine) -> None:
    """An event that names the session alone, or an action that is worth nothing, shows that somebody was there."""
    pages = [ask(engine, "love", session).query_id for session in ("a", "b", "c")]
    engine.ingest([Event(id="x", entity_id="e01", action="click", time=NOW + 1, text="gold", session="a")], now=NOW + 1)
    click(engine, ask(engine, "rain", "b", now=NOW + 2), now=NOW + 3, action="wave")
    engine.learn(now=NOW + 5)
    assert sweeps(engine) == [[pages[1]]]
    engine.learn(now=NOW + WINDOW)
    assert sweeps(engine)[1:] == [[pages[0]]]


def test_late_click_is_credited(engine: Engine) -> None:
    """A click on a page that counted already teaches as any other, and the page is not counted again."""
    click(engine, ask(engine, "love"), now=NOW + 1)
    page = ask(engine, "rain", now=NOW + 2)
    engine.learn(now=NOW + 2 + WINDOW)
    assert (counted(engine), engine.info().credits) == (1, 2)
    click(engine, page, 1, now=NOW + 3 + WINDOW, action="like")
    credit = engine._opened.learned.policy._pending[-1]
    assert {pull.reward for pull in credit.pulls if pull.reward} == {0.8}
    assert sum(pull.share for pull in credit.pulls if pull.reward) == 1.0
    assert {pull.weight for pull in credit.pulls} == {1.0}
    engine.learn(now=NOW + 1e6)
    assert (counted(engine), engine.info().credits) == (1, 3)
    assert engine.search("rain", explore=False, now=NOW + 1e6).results[0].id == page.results[1].id


def test_sessions_are_forgotten(index: Path, engine: Engine, state_of: Callable[[Path], dict[str, Any]]) -> None:
    """A session that is over is no longer looked at, until somebody does something in it again."""
    click(engine, ask(engine, "love", "s"), now=NOW + 1)
    click(engine, ask(engine, "love", "t", now=NOW + 100), now=NOW + 101)
    engine.learn(now=NOW + 1 + WINDOW)
    assert set(state_of(index)["state"]["sessions"]) == {"t"}
    first = ask(engine, "rain", "s", now=NOW + 2 + WINDOW)
    engine.learn(now=NOW + 3 + 2 * WINDOW)
    assert state_of(index)["state"]["sessions"] == {}
    assert not any(first.query_id in sweep for sweep in sweeps(engine))
    click(engine, ask(engine, "gold", "s", now=NOW + 4 + 2 * WINDOW), now=NOW + 5 + 2 * WINDOW)
    engine.learn(now=NOW + 6 + 2 * WINDOW)
    assert sweeps(engine)[-1] == [first.query_id]


def test_held_out_queries(index: Path) -> None:
    """Pages of held-out queries do not count; nor do those that were counted before they were held out."""
    texts = [f"{one} {other}" for one in ("love", "rain", "gold") for other in ("night", "river", "train", "home")]
    for rounds, settings in enumerate(("holdout = 0.3", "holdout = 0.6")):
        (index / "ltrr.toml").write_text(f"[learning]\n{settings}\n")
        held = read_config(index).is_held_out
        with Engine.open(index) as engine:
            if not rounds:
                acted = next(text for text in texts if not held(text))
                click(engine, ask(engine, acted), now=NOW + 1)
                for number, text in enumerate(texts):
                    ask(engine, text, now=NOW + 2 + number)
                engine.learn(now=NOW + 1e6)
                assert 0 < sum(map(held, texts)) < len(texts)
                assert len(sweeps(engine)[0]) == counted(engine)  # the others are not even written down
            assert counted(engine) == sum(not held(text) for text in texts)
            assert engine.info().credits == counted(engine) + (not held(acted))


def test_what_a_page_teaches(engine: Engine) -> None:
    """Each (arm, bucket) of which something was shown learns 0, as strongly as its best placed find was examined."""
    click(engine, ask(engine, "love"), now=NOW + 1)
    page = ask(engine, "rain night", now=NOW + 2, k=4)
    engine.learn(now=NOW + 2 + WINDOW)
    expected: dict[tuple[str, int], float] = {}
    for result in page.results:
        for arm, rank in result.strategies.items():
            item = (arm, bisect_left(BUCKETS, rank))
            expected[item] = max(expected.get(item, 0.0), NO_ACTION / result.rank)
    credit = engine._opened.learned.policy._pending[-1]
    assert {(pull.arm, pull.bucket): pull.weight for pull in credit.pulls} == pytest.approx(expected)
    shares: Counter[tuple[str, int]] = Counter()
    for pull in credit.pulls:
        shares[pull.arm, pull.bucket] += round(ORDERS * pull.share)
    assert shares == dict.fromkeys(expected, ORDERS)
    assert {arm for arm, _ in expected} == set(DEPTHS)
    assert 2 < len(expected) < 5  # lexical has two buckets, semantic three: something was not shown
    assert {(pull.reward, pull.hindsight) for pull in credit.pulls} == {(0.0, False)}
    assert credit.time == NOW + 2
    assert credit.context == pytest.approx(page.trace.context, rel=1e-6)


def test_pages_of_other_systems(engine: Engine) -> None:
    """A page of which nothing but the results is known teaches nothing, and is not written down again and again."""
    pages = [
        Impression(query_id=f"f{number}", text="love", time=NOW + number, shown=("e01", "e02"), session="s")
        for number in range(3)
    ]
    event = Event(id="x", entity_id="e01", action="click", time=NOW + 3, query_id="f0", text="love", position=1)
    engine.ingest([*pages, event], now=NOW + 4)
    before = engine.info().credits
    for number in range(3):
        engine.learn(now=NOW + 5 + number)
    engine.learn(now=NOW + 1e6)
    assert (counted(engine), engine.info().credits) == (0, before)
    listed = [query_id for sweep in sweeps(engine) for query_id in sweep]
    assert len(listed) == len(set(listed))


def test_events_one_by_one_count_pages(engine: Engine) -> None:
    """Somebody who records event by event, and never asks to learn, has pages counted now and then."""
    ask(engine, "love")
    page = ask(engine, "rain", now=NOW + 1)
    for number in range(20):
        click(engine, page, number % 10, now=NOW + 2 + number)
    assert counted(engine) == 1


def test_live_is_what_a_fold_gives(
    index: Path, state_of: Callable[[Path], dict[str, Any]], assert_same: Callable[[Any, Any], None]
) -> None:
    """Two engines that ask, act and count in turns learn what the logs alone give, with checkpoints in between."""
    (index / "ltrr.toml").write_text("[learning]\nholdout = 0.2\ncheckpoint_every = 7\n")
    texts = ("love", "rain night", "gold", "xyzzy", "", "winter dance")
    with Engine.open(index) as one, Engine.open(index) as two:
        for number in range(48):
            asks, acts = (one, two) if number % 3 else (two, one)
            now = NOW + 200 * number
            page = asks.search(texts[number % 6], session=f"s{number % 4}", k=5, seed=number, now=now)
            if number % 3 == 0 and page.results:
                acts.record(page.query_id, page.results[number % 5].id, "like", now=now + 1)
            if number % 11 == 10:
                acts.learn(now=now + 2)
        known = counted(one)
        assert 10 < known == counted(two) < 36
        two.learn(now=now + 3)
    live = state_of(index)
    Engine.relearn(index)
    assert_same(live, state_of(index))
