"""Looking back over a batch: the same as looking up each event by itself, in two threads and with what is missing."""

from __future__ import annotations

import shutil
from threading import Lock
from time import sleep
from typing import TYPE_CHECKING

import numpy as np
import pytest

from ltrr_cli.engine import Engine
from ltrr_cli.engine.alone import all_ranks
from ltrr_cli.engine.learn import Ingested
from ltrr_cli.engine.lookback import look_back
from ltrr_cli.engine.opened import Opened
from ltrr_cli.feedback.ubi import impression_to_ubi
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
        ranks, context = all_ranks(opened, query, click.entity_id)
        assert one.ranks == ranks
        assert one.context == context


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
