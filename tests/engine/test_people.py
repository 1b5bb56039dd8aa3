"""Recommendations, relations, what is known of a user: through the engine, learned like everything else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ltrr_cli.engine import Engine
from ltrr_cli.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOW = 1_750_000_000.0


def _act(engine: Engine, user: str, ids: tuple[str, ...], *, session: str = "", now: float = NOW) -> None:
    for number, entity_id in enumerate(ids):
        answer = engine.search("love", user=user, session=session, now=now + number, seed=1)
        engine.record(answer.query_id, entity_id, "like", now=now + number)


def test_recommendations_are_learned_from(index: Path, state_of: Callable[..., Any]) -> None:
    """A page without a query is logged and credited like any; the memory learns nothing from it."""
    with Engine.open(index) as engine:
        _act(engine, "ana", ("e00", "e10"))
        before = engine.info().credits
        answer = engine.recommend(user="ana", now=NOW + 60, seed=1)
        assert answer.query == ""
        assert {"popular", "personal"} <= {arm.name for arm in answer.trace.arms}
        assert answer.trace.context["recommend"] == 1
        assert not {"e00", "e10"} & {result.id for result in answer.results}
        engine.record(answer.query_id, answer.results[0].id, "like", now=NOW + 61)
        assert engine.info().credits > before
        engine.learn(now=NOW + 62)
    assert {query for query, _ in state_of(index)["memory"]} == {"love"}


def test_the_same_again(index: Path) -> None:
    """The same seed gives the same page; who is liked here and now changes it."""
    with Engine.open(index) as engine:
        _act(engine, "ana", ("e00", "e10"))
        pages = [engine.recommend(user="ana", seed=3, now=NOW + 9, log=False).results for _ in range(2)]
        assert pages[0] == pages[1]
        other = engine.recommend(like=["e05"], seed=3, now=NOW + 9, log=False, explain=True)
        assert other.results != pages[0]
        assert "e05" not in {result.id for result in other.results}
        assert any("personal" in result.strategies for result in other.results)
        assert other.results[0].contributions


def test_nobody_gets_what_most_like(index: Path) -> None:
    """Where nothing is known of who asks, it is what is popular."""
    with Engine.open(index) as engine:
        answer = engine.recommend(now=NOW, seed=1)
    assert {arm.name for arm in answer.trace.arms} == {"popular"}
    assert answer.results[0].id == "e00"


def test_a_session_counts(index: Path) -> None:
    """What a session acted on is a taste too, and is left out."""
    with Engine.open(index) as engine:
        _act(engine, "", ("e03", "e07"), session="s")
        answer = engine.recommend(session="s", now=NOW + 60, seed=1)
        assert "personal" in {arm.name for arm in answer.trace.arms}
        assert not {"e03", "e07"} & {result.id for result in answer.results}


@pytest.mark.parametrize("wrong", [{"like": "e00"}, {"k": 0}, {"seed": -1}, {"depths": {"x": 1}}])
def test_mistakes(index: Path, wrong: dict[str, Any]) -> None:
    """What cannot be meant is a UsageError; an entity may be meant that is not there."""
    with Engine.open(index) as engine:
        with pytest.raises(UsageError):
            engine.recommend(**wrong)
        with pytest.raises(NotFoundError):
            engine.recommend(like=["nope"])


def test_related(index: Path) -> None:
    """By shared attributes at first; what people act on together joins it, and says why."""
    with Engine.open(index) as engine:
        before = {result.id: result for result in engine.related("e00", k=40, now=NOW)}
        assert "e00" not in before
        assert all("acted on together" not in result.contributions for result in before.values())
        for user in ("ana", "bo", "cy"):
            _act(engine, user, ("e00", "e33"))
        found = engine.related("e00", k=40, now=NOW + 10)
        joined = {result.id: result.contributions.get("acted on together", 0) for result in found}
        assert joined["e33"] == 1
        assert [result.rank for result in found] == list(range(1, len(found) + 1))
        with pytest.raises(NotFoundError):
            engine.related("nope")


def test_a_new_entity_is_seen(index: Path, write_catalog: Callable[..., Path], tmp_path: Path) -> None:
    """What is added later is found by `fresh` until it was shown."""
    Engine.build(write_catalog(range(40, 42), title="Love Forever"), index, add=True)
    with Engine.open(index) as engine:
        found = engine.search("love forever", now=NOW, seed=1)
        fresh = {result.id for result in found.results if "fresh" in result.strategies}
        assert fresh == {"e40", "e41"}
        for number in range(12):
            engine.search("love forever", now=NOW + number, seed=number)
        again = engine.search("love forever", now=NOW + 60, seed=1)
        assert not any("fresh" in result.strategies for result in again.results)


def test_exposure_is_a_fold(index: Path, state_of: Callable[..., Any], assert_same: Callable[..., None]) -> None:
    """How often entities were shown, and all trails, come back from the logs alone."""
    with Engine.open(index) as engine:
        _act(engine, "ana", ("e00", "e10", "e20"), session="s")
        engine.learn(now=NOW + 60)
        engine.recommend(user="ana", now=NOW + 61)
        engine.learn(now=NOW + 62)
    live = state_of(index)
    assert len(live["impressions.exposure_hashes"]) > 5
    assert len(live["together.items"]) == 6
    Engine.relearn(index)
    assert_same(state_of(index), live)


def test_what_is_known(index: Path) -> None:
    """A report has his lines of the logs without traces, and his likings, dislikes last."""
    with Engine.open(index) as engine:
        _act(engine, "ana", ("e00", "e10"))
        answer = engine.search("rain", user="ana", now=NOW + 5)
        engine.record(answer.query_id, answer.results[0].id, "dislike", now=NOW + 6)
        _act(engine, "bo", ("e20",))
        report = engine.person("ana", now=NOW + 10)
        assert len(report.queries) == len(report.events) == 3
        assert all("ltrr" not in row["query_attributes"] for row in report.queries)
        assert {one.id for one in report.likings[:2]} == {"e00", "e10"}
        assert report.likings[-1].reward < 0
        assert report.values
        assert not engine.person("nobody").known


def test_who_comes_back_finds_it_again(index: Path) -> None:
    """Where people act on the same under ever new queries, what somebody did last rises; a snapshot keeps that."""
    with Engine.open(index) as engine:
        for number in range(60):
            answer = engine.search(("love", "rain", "night")[number % 3], user=f"u{number // 3}", now=NOW, seed=1)
            engine.record(answer.query_id, "e05", "like", now=NOW)
        answer = engine.search("river", user="ana", now=NOW, seed=1)
        engine.record(answer.query_id, "e16", "like", now=NOW)
        found = engine.search("home", user="ana", now=NOW, seed=1, explain=True, log=False, k=40)
        (weight,) = (one.contributions["user.lately"] for one in found.results if one.id == "e16")
        engine.learn(now=NOW)
    assert weight > 0.1
    with Engine.open(index) as engine:
        again = engine.search("home", user="ana", now=NOW, seed=1, explain=True, log=False, k=40)
    assert [(one.id, one.contributions.get("user.lately")) for one in again.results] == [
        (one.id, one.contributions.get("user.lately")) for one in found.results
    ]
