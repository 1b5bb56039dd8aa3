"""Looking back over a batch: the same as looking up each event by itself, in two threads and with what is missing."""

from __future__ import annotations

import shutil
from threading import Lock
from time import sleep
from typing import TYPE_CHECKING
from unittest.mock import Mock

import numpy as np
import pytest

from ltrr_cli.engine import Engine
from ltrr_cli.engine.alone import look
from ltrr_cli.engine.learn import Ingested
from ltrr_cli.engine.lookback import look_back
from ltrr_cli.engine.opened import Opened
from ltrr_cli.feedback.ubi import event_to_ubi, impression_to_ubi
from ltrr_cli.policy.base import MAX_DEPTH
from ltrr_cli.records import Event, Impression, Query
from ltrr_cli.retrieval.base import Hits
from ltrr_cli.text import hash64

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ltrr_cli.retrieval.base import Request

NOW = 1_750_000_000.0
THEMES = ("love", "rain", "summer", "night", "train", "home", "rvier", "long way", "somewhere else")
PAGES = [
    Impression(
        query_id=f"q{number}",
        text=f"{THEMES[number % len(THEMES)]} {THEMES[number * 5 % 7]}",
        time=NOW + number,
        shown=tuple(f"e{(number * 3 + place) % 40:02d}" for place in range(5)),
        user=f"u{number % 4}",
    )
    for number in range(60)
]
CLICKS = [
    Event(
        id=f"c{number}",
        entity_id=page.shown[number % 5],
        action="click",
        time=page.time + 1,
        query_id=page.query_id,
        user=page.user,
    )
    for number, page in enumerate(PAGES)
]


@pytest.fixture
def opened(index: Path) -> Iterator[Opened]:
    """Return an index that has learned the first twenty clicks, with all pages in its log."""
    with Engine.open(index) as engine:
        engine.ingest([*PAGES, *CLICKS[:20]], now=NOW + 100)
        engine.learn(now=NOW + 100)
    opened = Opened(index)
    yield opened
    opened.close()


class Alone:
    """An arm of somebody's own that minds being asked by two threads at once."""

    name = "alone"
    learns = False

    def __init__(self) -> None:
        """Nobody asks yet."""
        self._asking = Lock()

    def applies(self, request: Request) -> bool:
        """Whatever is asked."""
        del request
        return True

    def retrieve(self, request: Request, depth: int) -> Hits:
        """Find the first entity; fail where another thread is at it."""
        del request, depth
        if not self._asking.acquire(blocking=False):
            raise RuntimeError("two at once")
        try:
            sleep(0.002)
            return Hits(np.array([0], np.int64), np.array([1.0], np.float32))
        finally:
            self._asking.release()


def test_an_arm_of_others_is_asked_by_one_thread(index: Path) -> None:
    """So that who wrote it need not know of threads: it finds what it finds, for every event."""
    opened = Opened(index, strategies=[Alone()])
    clicks = {
        number: Event(id=f"p{number}", entity_id="e00", action="click", time=NOW, text=f"{THEMES[number]} song")
        for number in range(len(THEMES))
    }
    found = look_back(opened, clicks, Ingested())
    opened.close()
    assert len(found) == len(clicks)
    assert all(one.ranks["alone"] for one in found)


def test_a_batch_is_as_one_by_one(opened: Opened) -> None:
    """Each event has the ranks and the context that it has when it alone is looked up, in the order of the batch."""
    events = {hash64(click.id): click for click in CLICKS[20:]}
    found = look_back(opened, events, Ingested())
    assert [one.event_id for one in found] == [click.id for click in CLICKS[20:]]
    assert {one.depth for one in found} == {MAX_DEPTH}
    assert any(any(one.ranks.values()) for one in found)
    for page, click, one in zip(PAGES[20:], CLICKS[20:], found, strict=True):
        query = Query(id=page.query_id, text=page.text, time=page.time, user=page.user)
        alone = look(opened, query)
        assert one.ranks == alone.ranks(opened.row(click.entity_id))
        assert one.context == alone.context


def test_what_cannot_earn_is_not_looked_up(opened: Opened) -> None:
    """Neither unknown queries, which are counted, nor what was not shown, has no reward, or is no entity."""
    page = PAGES[30]
    useless = [
        Event(id="1", entity_id=page.shown[0], action="click", time=NOW, query_id="never"),
        Event(id="2", entity_id="e00" if "e00" not in page.shown else "e01", action="click", time=NOW, query_id="q30"),
        Event(id="3", entity_id=page.shown[0], action="skip", time=NOW, query_id="q30"),
        Event(id="4", entity_id="nothing", action="click", time=NOW, text="love"),
        Event(id="5", entity_id="e01", action="click", time=NOW, text=" "),
    ]
    done = Ingested()
    assert look_back(opened, dict(enumerate(useless)), done) == []
    assert done.unknown_queries == 1


def test_without_an_encoder_the_other_arms_are_looked_up(index: Path) -> None:
    """Where the encoder is gone the arms that need no vector still have their ranks."""
    shutil.rmtree(index / "encoder")
    opened = Opened(index)
    try:
        opened.logs.queries.append([impression_to_ubi(page) for page in PAGES])
        found = look_back(opened, {hash64(click.id): click for click in CLICKS}, Ingested())
    finally:
        opened.close()
    assert len(found) == len(CLICKS)
    assert any(one.ranks.get("lexical") for one in found)
    assert not any(one.ranks.get("semantic") for one in found)


def test_a_page_is_looked_up_once(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    """Several actions on one page ask each arm once, and each has the ranks of its own entity."""
    page = PAGES[30]
    actions = [
        Event(id=f"a{place}", entity_id=one, action="click", time=NOW, query_id=page.query_id, user=page.user)
        for place, one in enumerate(page.shown)
    ]
    alone = [look_back(opened, {0: one}, Ingested())[0] for one in actions]
    asked = Mock(side_effect=look)
    monkeypatch.setattr("ltrr_cli.engine.lookback.look", asked)
    assert look_back(opened, dict(enumerate(actions)), Ingested()) == alone
    assert asked.call_count == 1
    assert len({tuple(one.ranks.items()) for one in alone}) > 1


def test_what_is_kept_changes_nothing(opened: Opened) -> None:
    """Asked again by somebody else, and after more was learned, an arm finds what it finds when nothing is kept."""
    queries = [Query(id="", text=page.text, time=page.time, user=page.user) for page in PAGES]
    for query in queries[:30]:
        look(opened, query)
    opened.logs.events.append([event_to_ubi(click) for click in CLICKS[20:40]])
    opened.catch_up()
    kept = [look(opened, query) for query in queries]
    for query, found in zip(queries, kept, strict=True):
        opened.looked.clear()
        fresh = look(opened, query)
        assert fresh.context == found.context
        assert {arm: hits.rows.tolist() for arm, hits in fresh.hits.items()} == {
            arm: hits.rows.tolist() for arm, hits in found.hits.items()
        }
