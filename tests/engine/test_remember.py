"""What the memory shows of itself, who may see it, and how it forgets."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from ltrr_cli.engine import Engine
from ltrr_cli.errors import UsageError
from ltrr_cli.records import Event

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOW = 1_750_000_000.0


def _act(engine: Engine, query: str, entity: str, user: str, number: int = 0, action: str = "click") -> None:
    event = Event(
        id=f"{query}|{entity}|{user}|{number}",
        query_id="",
        text=query,
        user=user,
        session="",
        entity_id=entity,
        action=action,
        time=NOW + number,
        position=0,
        dwell=0.0,
    )
    engine.ingest([event], now=NOW + number)


def test_a_query_that_other_strategies_answered_is_remembered(index: Path) -> None:
    """A query that nothing predicts reaches an entity by other arms; after one click the memory finds it."""
    with Engine.open(index) as engine:
        text = "way somewhere else number"
        assert not engine.memory(text, now=NOW).known
        answer = engine.search(text, depths={"lexical": 20}, now=NOW, seed=1)
        chosen = answer.results[3].id
        assert chosen not in {one.id for one in engine.memory(text, now=NOW).entities if one.reward > 0}
        engine.record(answer.query_id, chosen, now=NOW + 1)
        found = engine.memory(text, now=NOW + 2)
        assert found.known
        assert max(found.entities, key=lambda one: one.reward).id == chosen
        assert chosen in [entity_id for entity_id, _ in engine.retrieve(text, now=NOW + 2)["memory"]]


def test_one_user_cannot_own_a_query(index: Path) -> None:
    """However much one user does under a query, over all entities, it counts at most `user_query_cap` rewards."""
    (index / "ltrr.toml").write_text("[learning]\nuser_query_cap = 2.0\n")
    with Engine.open(index) as engine:
        for number in range(30):
            _act(engine, "gold rush", f"e{number % 10:02d}", "greedy", number, "purchase")
        assert engine.memory("gold rush", now=NOW + 30).reward == pytest.approx(2.0, rel=1e-6)
        for user in ("ann", "bob", "cid"):
            _act(engine, "gold rush", "e20", user, 50, "purchase")
        rewards = {one.id: one.reward for one in engine.memory("gold rush", k=40, now=NOW + 60).entities}
        assert rewards["e20"] == pytest.approx(3.0, rel=1e-6)
        assert max(rewards, key=lambda one: rewards[one]) == "e20"


@pytest.mark.parametrize("checkpoint", [False, True])
def test_others_see_a_query_from_three_users_on(index: Path, *, checkpoint: bool) -> None:
    """Completions and views show a query once three users have acted; one user often, or nobody known, do not do."""
    with Engine.open(index) as engine:
        for number in range(5):
            _act(engine, "secret wish", "e01", "ann", number)
            _act(engine, "secret plan", "e01", "", number)
        _act(engine, "secret wish", "e01", "bob")
        if checkpoint:
            engine.learn(now=NOW + 9)
        assert engine.top_queries(now=NOW + 9) == []
        assert engine.complete("secret", now=NOW + 9) == []
        assert engine.memory("secret wish", now=NOW + 9).users is None
        _act(engine, "secret wish", "e02", "cid", 20)
        if checkpoint:
            engine.learn(now=NOW + 29)
        (one,) = engine.top_queries(now=NOW + 30)
        assert (one.query, one.users, one.entities[0].id) == ("secret wish", 3, "e01")
        (shown,) = engine.complete("secret", now=NOW + 30)
        assert (shown.text, shown.kind) == ("secret wish", "query")
        assert engine.memory("secret wish", now=NOW + 30).users == 3


def test_completions(index: Path) -> None:
    """Titles and values go on from a prefix, from a later word too; the popular come first; no two are the same."""
    with Engine.open(index) as engine:
        love = engine.complete("Lov", now=NOW)
        assert [one.text for one in love[:2]] == ["Love Gold 0", "Love Gold 10"] or love[0].text.startswith("Love")
        assert len({one.text for one in love}) == len(love)
        assert [one.score for one in love] == sorted((one.score for one in love), reverse=True)
        assert all(one.entity_id for one in love if one.kind == "title")
        assert {one.text for one in engine.complete("roc", now=NOW)} == {"rock"}
        assert engine.complete("", now=NOW) == engine.complete("…", now=NOW) == []
        assert engine.complete("zzzz", now=NOW) == []
        first = love[0]
        Engine.delete(index, [first.entity_id])
        assert first.entity_id not in {one.entity_id for one in engine.complete("lov", k=40, now=NOW)}


@pytest.mark.parametrize("checkpoint", [False, True])
def test_forgetting_a_query(
    index: Path,
    state_of: Callable[[Path], dict[str, Any]],
    assert_same: Callable[[Any, Any], None],
    *,
    checkpoint: bool,
) -> None:
    """A forgotten query is gone, what comes later counts, a rebuild comes to the same; its record has no text."""
    with Engine.open(index) as engine:
        for user in ("ann", "bob", "cid"):
            _act(engine, "Hidden thing", "e01", user)
            _act(engine, "other words", "e02", user)
        if checkpoint:
            engine.learn(now=NOW + 1)
        assert engine.forget("hidden THING", now=NOW + 2)
        assert not engine.forget("hidden thing", now=NOW + 2)
        assert not engine.has_learned_from("hidden thing")
        assert not engine.memory("hidden thing", now=NOW + 3).known
        assert [one.query for one in engine.top_queries(now=NOW + 3)] == ["other words"]
        assert engine.complete("hid", now=NOW + 3) == []
        _act(engine, "hidden thing", "e05", "dan", 10)
        assert engine.memory("hidden thing", now=NOW + 11).known
        rewards = {one.id: one.reward for one in engine.memory("hidden thing", k=40, now=NOW + 11).entities}
        assert rewards["e05"] > 0
        assert rewards.get("e01", 0.0) == 0
        engine.learn(now=NOW + 12)
    control = [line for path in (index / "log").glob("control-*") for line in path.read_text().splitlines()]
    assert [line for line in control if '"forget"' in line and "hidden" in line.lower()] == []
    assert any('"forget"' in line for line in control)
    before = state_of(index)
    Engine.relearn(index)
    assert_same(before, state_of(index))


@pytest.mark.parametrize("checkpoint", [False, True])
def test_forgetting_an_entity(
    index: Path,
    state_of: Callable[[Path], dict[str, Any]],
    assert_same: Callable[[Any, Any], None],
    *,
    checkpoint: bool,
) -> None:
    """A forgotten entity has no reward under any query, the others keep theirs; a rebuild comes to the same."""
    with Engine.open(index) as engine:
        for query in ("first words", "second words"):
            _act(engine, query, "e01", "ann")
            _act(engine, query, "e02", "ann")
        if checkpoint:
            engine.learn(now=NOW + 1)
        assert engine.forget(entity_id="e01", now=NOW + 2)
        for query in ("first words", "second words"):
            rewards = {one.id: one.reward for one in engine.memory(query, k=40, now=NOW + 3).entities}
            assert rewards.get("e01", 0.0) == pytest.approx(0, abs=1e-9)
            assert rewards["e02"] > 0
    before = state_of(index)
    Engine.relearn(index)
    assert_same(before, state_of(index))


def test_what_cannot_be_asked(index: Path) -> None:
    """Neither or both, no word, no such number: an error that says so."""
    with Engine.open(index) as engine:
        for call in (
            engine.forget,
            lambda: engine.forget("a", entity_id="b"),
            lambda: engine.forget("…"),
            lambda: engine.memory("a", k=0),
            lambda: engine.complete("a", k=5000),
        ):
            with pytest.raises(UsageError):
                call()


def test_a_build_writes_guesses_that_the_full_text_bears_out(built: Path) -> None:
    """Every guess that is no name is kept for entities that are among the first for it, and some are dropped."""
    import polars as pl

    (segment,) = (built / "segments").iterdir()
    table = pl.read_parquet(segment / "predicted.parquet")
    assert {"title", "title+attribute", "attribute+attribute", "phrase"} <= set(table["kind"])
    assert not table.is_empty()
    assert np.all(table["score"].to_numpy() <= 1)
    with Engine.open(built) as engine:
        for name, row in table.filter(pl.col("kind") == "phrase").select("key", "row").head(20).iter_rows():
            found = [entity_id for entity_id, _ in engine.retrieve(name, depth=30)["lexical"]]
            assert f"e{row:02d}" in found
    assert json.loads((segment / "segment.json").read_text())["entities"] == 40
