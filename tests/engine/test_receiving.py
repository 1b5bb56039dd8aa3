"""Events of many at once, an answer explained from its log, and the latest answers in brief."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from ltrr_cli.engine import Engine
from ltrr_cli.engine.recent import KEPT, Recent
from ltrr_cli.errors import FeedbackError

if TYPE_CHECKING:
    from pathlib import Path

NOW = 1_800_000_000.0


def _row(query_id: str, entity_id: str, **more: Any) -> dict[str, Any]:
    return {
        "action_name": "click",
        "query_id": query_id,
        "event_attributes": {"object": {"object_id": entity_id}},
        **more,
    }


def test_an_event_of_the_future_happened_now(index: Path) -> None:
    """A time later than now is now; one without a time is now too."""
    with Engine.open(index) as engine:
        answer = engine.search("love", now=NOW)
        first, second = (one.id for one in answer.results[:2])
        rows = [_row(answer.query_id, first, timestamp="2099-01-01T00:00:00Z"), _row(answer.query_id, second)]
        assert [one.status for one in engine.receive(rows, now=NOW + 5)] == ["recorded", "recorded"]
        assert {event.time for event in engine.events()} == {NOW + 5}
        assert [event.position for event in engine.events()] == [1, 2]


def test_two_engines_that_are_sent_the_same_log_it_once(index: Path) -> None:
    """The same events, sent to several engines at once, are recorded by one of them."""
    with Engine.open(index) as engine:
        answer = engine.search("love", now=NOW)
    rows = [_row(answer.query_id, one.id, timestamp="2026-01-01T00:00:00Z") for one in answer.results[:5]]
    engines = [Engine.open(index) for _ in range(4)]
    with ThreadPoolExecutor(len(engines)) as threads:
        found = list(threads.map(lambda engine: engine.receive(rows), engines))
    told = [one.status for some in found for one in some]
    assert told.count("recorded") == 5
    assert told.count("repeated") == 15
    assert len({one.event_id for some in found for one in some}) == 5
    for engine in engines:
        assert len(list(engine.events())) == 5
        engine.close()


def test_what_is_received_is_learned_as_what_is_recorded(index: Path, tmp_path: Path) -> None:
    """An event has the same effect, whether it is recorded here or received from elsewhere."""
    import shutil

    other = shutil.copytree(index, tmp_path / "other.ltrr")
    scores = []
    for path, receives in ((index, True), (other, False)):
        with Engine.open(path) as engine:
            answer = engine.search("love", now=NOW, seed=1, query_id="one")
            picked = answer.results[3].id
            if receives:
                engine.receive([_row("one", picked, timestamp=NOW + 1)], now=NOW + 1)
            else:
                engine.record("one", picked, "click", now=NOW + 1)
            again = engine.search("love", now=NOW + 2, explore=False, log=False)
            scores.append([(one.id, one.score) for one in again.results])
    assert scores[0] == scores[1]


def test_an_explanation_is_of_what_was_logged(index: Path) -> None:
    """The parts are those that the answer had, also after something else was learned."""
    with Engine.open(index) as engine:
        answer = engine.search("love", now=NOW, explain=True)
        first = answer.results[0]
        before = engine.explain(answer.query_id, first.id)
        assert {one.name: one.part for one in before.features} == pytest.approx(dict(first.contributions))
        engine.record(answer.query_id, answer.results[-1].id, "like", now=NOW + 1)
        after = engine.explain(answer.query_id, first.id)
        assert (after.features, after.score, after.rank) == (before.features, before.score, 1)
        lower = engine.explain(answer.query_id, answer.trace.pool_ids[answer.trace.rest.candidates[0]])
        assert lower.rank == len(answer.results) + 1
        assert lower.features == ()
        with pytest.raises(FeedbackError, match="no query with this id"):
            engine.explain("nope", first.id)
        with pytest.raises(FeedbackError, match="no such entity"):
            engine.explain(answer.query_id, "nobody")


def test_recent_answers_follow_the_log(index: Path) -> None:
    """Spans are of equally many answers, oldest first; rewards come with their pages, and old pages go."""
    with Engine.open(index) as engine:
        assert engine.recent().whole() is None
        for number in range(10):
            answer = engine.search("love", now=NOW + number, log=True)
            if number >= 5:
                engine.record(answer.query_id, answer.results[0].id, "like", now=NOW + number)
        found = engine.recent()
        old, new = found.spans(2)
        assert (old.pages, old.acted, new.pages, new.acted) == (5, 0.0, 5, 1.0)
        assert old.at == NOW
        assert new.reward > 0 == old.reward
        assert sum(new.shares.values()) == pytest.approx(1)
        engine.search("love", now=NOW + 20)
        assert [span.pages for span in engine.recent().spans(1)] == [11]


def test_recent_answers_are_bounded(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a long log only its end is read, beginning in the middle of a line, and only so many answers are kept."""
    monkeypatch.setattr("ltrr_cli.engine.recent._BYTES", 20_000)
    monkeypatch.setattr("ltrr_cli.engine.recent.KEPT", 3)
    assert KEPT > 3
    with Engine.open(index) as engine:
        for number in range(12):
            engine.search("love", now=NOW + number)
        recent = Recent()
        recent.follow(engine._opened)
        whole = recent.whole()
        assert whole is not None
        assert 1 <= whole.pages <= 3
        assert whole.at >= NOW + 9


def test_what_the_choices_lost_is_told_with_its_interval(index: Path) -> None:
    """Of each span of pages and of all; what was not the policy's choice is left out, nothing is told of nothing."""
    with Engine.open(index) as engine:
        engine.search("love", now=NOW, depths={"lexical": 10})
        assert engine.regret() is None
        for number in range(60):
            answer = engine.search(("love", "rain")[number % 2], now=NOW + number, seed=number)
            engine.record(answer.query_id, answer.results[number % 3].id, "like", now=NOW + number)
        found = engine.regret()
        assert found is not None
        assert found.total.pages == 60
        assert sum(one.pages for one in found.spans) == 60
        assert found.total.at == NOW
        for one in (*found.spans, found.total):
            assert one.low <= one.mean <= one.high
        assert found.total.mean == pytest.approx(sum(one.mean * one.pages for one in found.spans))
        assert engine.regret() == found  # nothing was learned meanwhile
