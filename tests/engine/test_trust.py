"""Trust in readings is learned from what people chose, survives a checkpoint, and is the same after a rebuild."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ltrr_cli.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOW = 1_700_000_000.0


def _clicks(engine: Engine, *, rock: bool, count: int) -> None:
    """Search for rock, and click what is, or is not."""
    for number in range(count):
        answer = engine.search("rock songs", k=30, now=NOW + number, seed=number, explore=False)
        for result in answer.results:
            entity = engine.entity(result.id)
            assert entity is not None
            if ("rock" in entity.attributes["genres"]) == rock:
                engine.record(answer.query_id, result.id, now=NOW + number)
                break


def _probability(engine: Engine, value: str) -> float:
    return max(tag.probability for tag in engine.understand("rock songs", now=NOW).tags if tag.value == value)


def test_choices_without_the_value_lower_it(index: Path) -> None:
    """Who asks for rock and clicks on pop teaches that the word does not mean the genre."""
    with Engine.open(index) as engine:
        before = _probability(engine, "rock")
        assert any(
            0 < len(one.positions) < 30
            for one in engine.search("rock songs", k=30, now=NOW, log=False, explore=False).trace.agreements
        )
        _clicks(engine, rock=False, count=15)
        assert _probability(engine, "rock") < before


def test_the_same_after_a_rebuild(
    index: Path, state_of: Callable[[Path], dict[str, Any]], assert_same: Callable[[Any, Any], None]
) -> None:
    """Written down, opened again and folded again, the trust is the same."""
    with Engine.open(index) as engine:
        _clicks(engine, rock=True, count=8)
        engine.learn(now=NOW + 100)
        learned = _probability(engine, "rock")
    one = state_of(index)
    assert one["state"]["readings"]
    with Engine.open(index) as engine:
        assert _probability(engine, "rock") == learned
    Engine.relearn(index)
    assert_same(one["state"]["readings"], state_of(index)["state"]["readings"])
