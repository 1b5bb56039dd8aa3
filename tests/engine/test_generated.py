"""Queries that a model generates at build: guesses like the others, kept when the index is made again without it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import polars as pl
import pytest

from ltrr_cli.engine import Engine
from ltrr_cli.errors import EncoderError, UsageError
from ltrr_cli.index.manifest import read_manifest
from ltrr_cli.memory.generated import NAME, Generated, read_generated

pytest.importorskip("onnx", reason="the extra 'export' is not installed")
from seq2seq import write_seq2seq

if TYPE_CHECKING:
    from pathlib import Path

    from tests.engine.conftest import WriteCatalog


@pytest.fixture
def model(tmp_path: Path) -> str:
    """Return the folder of a model that copies the first two words."""
    return str(write_seq2seq(tmp_path / "seq2seq"))


@pytest.fixture
def generated(index: Path, catalog: Path, model: str) -> Path:
    """Return an index that was built with it."""
    assert Engine.build(catalog, index, query_generator=model).generated >= 38
    return index


def segment(index: Path) -> Path:
    """Return the directory of the last live segment."""
    return index / "segments" / read_manifest(index).segments[-1].name


def kept(index: Path) -> list[Generated]:
    """Return what the last segment keeps."""
    return list(read_generated(segment(index)))


def guessed(index: Path) -> dict[tuple[str, int], float]:
    """Return the score of each (key, row) that is there because a model made it."""
    table = pl.read_parquet(segment(index) / "predicted.parquet").filter(pl.col("kind") == "generated")
    return {(name, row): score for name, row, score, _ in table.iter_rows()}


def test_they_are_guesses(generated: Path) -> None:
    """They pass the filter of all guesses, and the memory answers them; a name stays a name."""
    found = guessed(generated)
    assert found["river", 9] > found["river", 39] > 0
    assert all(0 < score <= 0.4 for score in found.values())
    made = {one for kept_one in kept(generated) for one in kept_one.queries}
    assert {name for name, _ in found} <= made
    assert (
        json.loads((segment(generated) / "segment.json").read_text())["generated"]
        == sum(bool(one.queries) for one in kept(generated))
        == 38
    )
    assert not list(generated.rglob("decoder_model.onnx"))
    with Engine.open(generated) as engine:
        best = engine.memory("summer home").entities[0]
    assert best.id == "e12"
    assert best.predicted == pytest.approx(found["summer home", 12], rel=0.01)
    assert Engine.verify(generated, deep=True).sound


def test_at_most_so_many(index: Path, catalog: Path, model: str) -> None:
    """One for an entity is the greedy one."""
    Engine.build(catalog, index, query_generator=model, generated_queries=1)
    assert {len(one.queries) for one in kept(index)} == {0, 1}
    assert kept(index)[0].queries == ("love night",)


def test_the_same_again(generated: Path, catalog: Path, model: str) -> None:
    """Without the model, or with the same, nothing is made again and nothing changes; with "" there are none."""
    before, scores = kept(generated), guessed(generated)
    steps: list[tuple[str, int | None]] = []
    built = Engine.build(catalog, generated, progress=lambda step, _, total: steps.append((step, total)))
    assert (kept(generated), guessed(generated), built.notes) == (before, scores, ())
    assert "generating" not in dict(steps)
    Engine.build(catalog, generated, query_generator=model, progress=lambda step, _, total: steps.append((step, total)))
    assert ("generating", 0) in steps
    assert (kept(generated), guessed(generated)) == (before, scores)
    (segment(generated) / NAME).unlink()
    Engine.build(catalog, generated, query_generator=model)
    assert (kept(generated), guessed(generated)) == (before, scores)  # its seeds are its texts
    assert Engine.build(catalog, generated, query_generator="").generated == 0
    assert (kept(generated), guessed(generated)) == ([], {})
    assert Engine.build(catalog, generated).notes == ()


def test_added_entities(generated: Path, write_catalog: WriteCatalog, model: str) -> None:
    """Without the model those with another text have none, which is said; compacting keeps what there is."""
    first = kept(generated)
    (note,) = Engine.build(write_catalog(range(2), title="Train Home"), generated, add=True).notes
    assert note.startswith("2 of 2 entities have no generated queries")
    assert kept(generated) == []
    built = Engine.build(write_catalog(range(1), title="Rain Song"), generated, add=True, query_generator=model)
    (added,) = kept(generated)
    assert (added.queries[0], len(added.queries), built.notes) == ("rain song", built.generated, ())
    Engine.compact(generated)
    assert set(kept(generated)) == {*first[2:], added}
    assert guessed(generated)


def test_repair(generated: Path) -> None:
    """A damaged lookup is made again with what was generated; if that is what is damaged, it is said to be missing."""
    scores = guessed(generated)
    (segment(generated) / "predicted.parquet").write_bytes(b"nothing")
    assert not Engine.repair(generated).left
    assert guessed(generated) == scores
    (segment(generated) / NAME).write_bytes(b"nothing")
    done = Engine.repair(generated)
    assert not done.left
    assert any("40 of 40 entities have no generated queries" in one for one in done.done)
    assert guessed(generated) == {}


def test_mistakes(index: Path, catalog: Path, model: str, tmp_path: Path) -> None:
    """A folder that is none, and numbers out of range, are refused; the index stays as it was."""
    before = read_manifest(index)
    with pytest.raises(EncoderError, match="there is no such folder"):
        Engine.build(catalog, index, query_generator=str(tmp_path / "nowhere"))
    for most in (0, 21):
        with pytest.raises(UsageError, match="from 1 to 20"):
            Engine.build(catalog, index, query_generator=model, generated_queries=most)
    with pytest.raises(UsageError, match="--query-generator DIR"):
        Engine.build(catalog, index, generated_queries=3)
    assert read_manifest(index) == before
