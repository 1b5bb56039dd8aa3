"""Going back to the catalogue before, and forth again; what was learned stays."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from ltrr_cli.engine import Engine
from ltrr_cli.errors import IndexDirectoryError, NotFoundError
from ltrr_cli.index.manifest import read_manifest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.engine.conftest import WriteCatalog

NOW = 1_750_000_000.0


def _ids(index: Path) -> list[str]:
    with Engine.open(index) as engine:
        return [entity.id for entity in engine.entities()]


def test_back_and_forth(index: Path, write_catalog: WriteCatalog) -> None:
    """A build, a delete and an add are taken back; a second rollback takes the first back; feedback stays."""
    everything = _ids(index)
    Engine.build(write_catalog(range(10)), index)
    with Engine.open(index) as engine:
        answer = engine.search("love", seed=1, now=NOW)
        engine.record(answer.query_id, answer.results[-1].id, now=NOW + 1)
        Engine.rollback(index)  # an open engine sees it
        assert [entity.id for entity in engine.entities()] == everything
        assert engine.info().events == 1
        before = engine.info().before
        assert before is not None
        assert before.entities == 10
        assert before.bytes > 0
        assert engine.memory("love", now=NOW + 2).entities[0].id == answer.results[-1].id
    assert Engine.rollback(index).entities == 10
    assert len(_ids(index)) == 10
    Engine.delete(index, ["e03"])
    assert Engine.rollback(index).before == 9
    assert "e03" in _ids(index)
    assert Engine.verify(index, deep=True).sound


def test_learning_between_does_not_lose_it(index: Path, write_catalog: WriteCatalog) -> None:
    """Checkpoints and rebuilds of what was learned are no new catalogue."""
    Engine.build(write_catalog(range(10)), index, add=True)
    before = read_manifest(index)
    Engine.relearn(index)
    with Engine.open(index) as engine:
        engine.learn(now=NOW)
    assert read_manifest(index).earlier == before.earlier
    assert read_manifest(index).generation == before.generation + 2


def test_another_encoder(index: Path, catalog: Path, encoder: str, tmp_path: Path) -> None:
    """The encoder of the catalogue before comes back with it."""
    other = shutil.copytree(encoder, tmp_path / "other")
    settings = json.loads((other / "encoder.json").read_text())
    (other / "encoder.json").write_text(json.dumps({**settings, "prompts": {"query": "love "}}))
    before = read_manifest(index)
    Engine.build(catalog, index, encoder=str(other))
    Engine.rollback(index)
    after = read_manifest(index)
    assert (after.encoder, after.created, after.segments) == (before.encoder, before.created, before.segments)
    with Engine.open(index) as engine:
        assert engine.search("rain", log=False).results


def test_what_is_not_there_cannot_come_back(index: Path, catalog: Path) -> None:
    """No earlier catalogue, after a compact none, and one that is damaged: an error, and the live one stays."""
    with pytest.raises(NotFoundError, match="no generation before"):
        Engine.rollback(index)
    Engine.build(catalog, index)
    old = read_manifest(index).earlier
    assert old is not None
    (index / "segments" / old.segments[0].name / "vectors.npy").unlink()
    with pytest.raises(IndexDirectoryError, match="not whole"):
        Engine.rollback(index)
    found = Engine.verify(index)
    assert found.sound
    assert "do not roll back" in found.notes[-1]
    assert len(_ids(index)) == 40
    Engine.compact(index)
    assert [path.name for path in (index / "segments").iterdir()] == [read_manifest(index).segments[0].name]
    with pytest.raises(NotFoundError, match="no generation before"):
        Engine.rollback(index)
