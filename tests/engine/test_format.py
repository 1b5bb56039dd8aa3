"""Golden format: an index that an earlier version wrote opens, answers as it did, and goes on learning."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ltrr_cli.engine import Engine
from ltrr_cli.index.files import inventory
from ltrr_cli.index.manifest import FORMAT_VERSION, read_manifest

if TYPE_CHECKING:
    from collections.abc import Callable

FIXTURES = Path(__file__).parents[1] / "fixtures"
NOW = 1_760_000_000.0


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Return a copy of the committed index of format version 1."""
    return shutil.copytree(FIXTURES / "format-1.ltrr", tmp_path / "old.ltrr")


def answers(root: Path, texts: list[str]) -> dict[str, list[tuple[str, float]]]:
    """Return ids and scores of the queries' results."""
    with Engine.open(root) as engine:
        found = {
            text: engine.search(text, user="ana", seed=1, explore=False, now=NOW, log=False).results for text in texts
        }
    return {text: [(result.id, result.score) for result in results] for text, results in found.items()}


def expected() -> dict[str, list[tuple[str, float]]]:
    """Return what the index answered when it was made."""
    rows = json.loads((FIXTURES / "format-1.json").read_text(encoding="utf-8"))
    return {text: [(entity_id, score) for entity_id, score in found] for text, found in rows.items()}


def assert_close(found: dict[str, list[tuple[str, float]]], wanted: dict[str, list[tuple[str, float]]]) -> None:
    """Fail unless the same entities come in the same order with the same scores."""
    assert {text: [one for one, _ in rows] for text, rows in found.items()} == {
        text: [one for one, _ in rows] for text, rows in wanted.items()
    }
    for text, rows in wanted.items():
        assert [score for _, score in found[text]] == pytest.approx([score for _, score in rows], abs=1e-5), text


def test_every_format_version_has_its_fixture() -> None:
    """There is a committed index of each format version that this ltrr reads."""
    assert (FIXTURES / f"format-{FORMAT_VERSION}.ltrr" / "manifest.json").is_file()


def test_it_answers_as_it_did(old: Path) -> None:
    """The same queries give the same entities with the same scores."""
    assert_close(answers(old, list(expected())), expected())


def test_it_holds_what_it_held(old: Path) -> None:
    """Two segments, one replaced entity, a snapshot with events and one event behind it."""
    manifest = read_manifest(old)
    assert [(live.entities, len(live.tombstones)) for live in manifest.segments] == [(10, 1), (3, 0)]
    for live, parent in [*((live, "segments") for live in manifest.segments), (manifest.learned, "learned")]:
        assert inventory(old / parent / live.name) == live.files
    state = json.loads((old / "learned" / manifest.learned.name / "state.json").read_text())
    assert state["counts"]["events"] == 7
    with Engine.open(old) as engine:
        info = engine.info()
    assert (info.entities, info.impressions, info.events) == (12, 8, 8)
    assert dict(info.actions) == {"play": 6, "like": 1, "click": 1}


def test_it_goes_on(old: Path) -> None:
    """It can be searched, recorded into, checkpointed and added to."""
    with Engine.open(old) as engine:
        answer = engine.search("love", k=6, seed=1, now=NOW)
        last = answer.results[-1].id
        for number in range(5):
            engine.record(answer.query_id, last, "purchase", user=f"u{number}", now=NOW + number)
        engine.learn(now=NOW + 9)
        assert engine.search("love", explore=False, seed=1, now=NOW + 10).results[0].id == last
        assert engine.info().events == 13
    assert Engine.delete(old, [last, "e0"]) == []
    with Engine.open(old) as engine:
        assert not {last, "e0"} & {result.id for result in engine.search("love", now=NOW, log=False).results}


def test_added_entities_have_the_new_analysis(old: Path, tmp_path: Path) -> None:
    """Segments keep the analysis they were built with, and are searched together."""
    catalog = tmp_path / "more.jsonl"
    catalog.write_text(json.dumps({"id": "n", "type": "song", "title": "Spider-Man loves Summer"}) + "\n")
    Engine.build(catalog, old, add=True)
    with Engine.open(old) as engine:
        assert [segment.analysis.version for segment in engine._opened.view.segments] == [1, 1, 2]
        assert engine.retrieve("spiderman")["lexical"][0][0] == "n"
        found = {entity_id for entity_id, _ in engine.retrieve("summers", depth=10)["lexical"]}
    assert {"n", "e1"} <= found


def test_its_learned_state_can_be_made_again(
    old: Path, state_of: Callable[[Path], dict[str, Any]], assert_same: Callable[[Any, Any], None]
) -> None:
    """Its logs alone give what its snapshot held, and the same answers."""
    with Engine.open(old) as engine:
        engine.learn(now=NOW)
    live = state_of(old)
    shutil.rmtree(old / "learned")
    Engine.relearn(old)
    assert_same(live, state_of(old))
    assert_close(answers(old, list(expected())), expected())
