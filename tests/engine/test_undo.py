"""Taking an event back: afterwards everything is as if it had never come, for everybody who has the index open."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from ltrr_cli.engine import Engine
from ltrr_cli.errors import FeedbackError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

START = 1_750_000_000.0


def _ids(engine: Engine, text: str = "love") -> list[str]:
    return [result.id for result in engine.search(text, k=20, seed=1, log=False, now=START).results]


@pytest.mark.parametrize("checkpoint", [False, True])
def test_what_was_taken_back_was_never_learned(
    checkpoint: bool, index: Path, state_of: Callable[[Path], dict[str, Any]], assert_same: Callable[[Any, Any], None]
) -> None:
    """Also where the snapshot holds it already: the state is that of an index that never saw it, but for the count."""
    with Engine.open(index) as engine:
        answer = engine.search("love", seed=1, now=START, query_id="q")
        engine.record("q", answer.results[3].id, "like", now=START + 1, user="ana")
    other = shutil.copytree(index, index.parent / "other.ltrr")
    with Engine.open(index) as engine:
        before = _ids(engine)
        engine.record("q", answer.results[9].id, "purchase", now=START + 2, user="bo")
        assert _ids(engine) != before
        if checkpoint:
            engine.learn(now=START + 3)
        assert engine.undo(now=START + 4)
        assert _ids(engine) == before
        assert engine.info().notes["events taken back"] == 1
    Engine.relearn(index)
    Engine.relearn(other)
    one, two = state_of(index), state_of(other)
    with Engine.open(index) as engine, Engine.open(other) as untouched:
        assert _ids(engine) == _ids(untouched)
        assert_same(engine.arms(), untouched.arms())
    for name in ("memory", "profiles", "popularity"):
        assert_same(one.get(name), two.get(name))


def test_others_notice(index: Path) -> None:
    """An engine that learned the event from the log follows when another takes it back."""
    with Engine.open(index) as one, Engine.open(index) as other:
        answer = one.search("rain", seed=1, now=START, query_id="q")
        before = _ids(other, "rain")
        one.record("q", answer.results[8].id, "purchase", now=START + 1)
        assert _ids(other, "rain") != before
        one.undo(now=START + 2)
        assert _ids(other, "rain") == before


def test_what_can_be_taken_back(index: Path) -> None:
    """The last one first, each once; an unknown id is an error; ingesting it again changes nothing."""
    with Engine.open(index) as engine:
        with pytest.raises(NotFoundError, match="nothing was recorded"):
            engine.undo()
        answer = engine.search("rain", seed=1, now=START, query_id="q")
        for number in (1, 2):
            engine.record("q", answer.results[number].id, now=START + number)
        events = [event.id for event in engine._opened.logs.all_events()]
        assert engine.undo(now=START + 3)
        assert [event.id for event in engine._opened.logs.all_events()] == events[:1]
        assert not engine.undo(events[1], now=START + 4)
        assert engine.undo(now=START + 5)
        with pytest.raises(NotFoundError):
            engine.undo()
        with pytest.raises(FeedbackError, match="no event with this id"):
            engine.undo("nope")


def test_missing(index: Path) -> None:
    """Shown, ranked below, not found deep enough, or unknown: each is told."""
    with Engine.open(index) as engine:
        answer = engine.search("love", k=3, seed=1, now=START, query_id="q", depths={"lexical": 5})
        shown = answer.results[0].id
        assert engine.missing("q", shown).reason == "it was shown, at rank 1"
        listed = [result.id for result in engine.page("q", k=5).results]
        below = engine.missing("q", listed[4])
        assert (below.rank, below.shown, below.candidates) == (5, 3, 5)
        assert "ranked below: 5 of 5" in below.reason
        assert not engine.missing("q", "nothing").known
        deep = engine.retrieve("love", depth=40, now=START)["lexical"]
        far = next(name for name, _ in deep if name not in listed)
        found = engine.missing("q", far)
        assert found.rank == 0
        assert "it was no candidate" in found.reason or "no strategy" in found.reason
        arm = next(arm for arm in found.arms if arm.name == "lexical")
        assert (arm.drawn, arm.rank) == (5, [name for name, _ in deep].index(far) + 1)
        with pytest.raises(FeedbackError):
            engine.missing("nope", shown)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_an_index_that_may_not_be_written_to(index: Path) -> None:
    """Taking back is refused there, with a word."""
    (index / "log").chmod(0o555)
    with Engine.open(index) as engine, pytest.raises(FeedbackError, match="may not be written to"):
        engine.undo("any")
