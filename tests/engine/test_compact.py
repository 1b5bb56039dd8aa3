"""Compacting: one segment, the same answers as a fresh build's, and everything learned is kept."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ltrr_cli.engine import Engine
from ltrr_cli.engine.restore import creator_of
from ltrr_cli.index.manifest import read_manifest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.engine.conftest import WriteCatalog

NOW = 1_750_000_000.0
TEXTS = ("love", "rain night", "summer", "gold winter dance", "rock")


def _alone(root: Path) -> list[dict[str, list[tuple[str, float]]]]:
    """Return what each strategy finds for some queries, with its scores."""
    with Engine.open(root) as engine:
        return [engine.retrieve(text, depth=50, now=NOW) for text in TEXTS]


def test_the_same_as_a_fresh_build(write_catalog: WriteCatalog, encoder: str, tmp_path: Path) -> None:
    """Built, added to twice, with entities replaced and deleted: every strategy finds what a build finds."""
    root, fresh = tmp_path / "x.ltrr", tmp_path / "fresh.ltrr"
    Engine.build(write_catalog(range(20)), root, encoder=encoder)
    Engine.build(write_catalog(range(15, 30)), root, add=True)
    Engine.build(write_catalog(range(30, 40)), root, add=True)
    Engine.delete(root, ["e03", "e33"])
    with Engine.open(root) as engine:
        answer = engine.search("love", seed=1, now=NOW, query_id="q")
        engine.record("q", answer.results[5].id, "like", now=NOW + 1)
        kept = [entity.id for entity in engine.entities()]
    done = Engine.compact(root)
    assert (done.segments, done.entities, done.removed) == (3, 38, 7)
    manifest = read_manifest(root)
    assert len(manifest.segments) == 1
    assert not manifest.segments[0].tombstones
    order = [*range(15), *range(15, 40)]
    order.remove(3)
    order.remove(33)
    assert kept == [f"e{number:02d}" for number in order]
    Engine.build(write_catalog(order), fresh, encoder=encoder)
    for ours, theirs in zip(_alone(root), _alone(fresh), strict=True):
        for arm in ("lexical", "popular", "structured", "semantic"):
            assert ours[arm] == theirs[arm], arm
    with Engine.open(root) as engine:
        assert engine.info().events == 1
        assert engine.info().segments == 1
        assert [entity.id for entity in engine.entities()] == kept
    assert Engine.compact(root).segments == 1
    assert read_manifest(root) == manifest  # nothing was written


def test_the_creator_is_found_again(catalog: Path, encoder: str, tmp_path: Path) -> None:
    """What a segment was written with is told by the hashes of its texts."""
    lines = [json.loads(line) for line in catalog.read_text().splitlines()]
    path = tmp_path / "c.jsonl"
    path.write_text("".join(json.dumps({**row, "artist": f"Artist {n % 3}"}) + "\n" for n, row in enumerate(lines)))
    Engine.build(path, tmp_path / "x.ltrr", encoder=encoder)
    with Engine.open(tmp_path / "x.ltrr") as engine:
        segment = engine._opened.view.segments[0]
        assert creator_of(tmp_path / "x.ltrr" / "segments" / segment.name) == "artist"


def test_readers_go_on(write_catalog: WriteCatalog, encoder: str, tmp_path: Path) -> None:
    """An engine that is open when the segments are merged answers before, and after it has noticed."""
    root = tmp_path / "x.ltrr"
    Engine.build(write_catalog(range(20)), root, encoder=encoder)
    Engine.build(write_catalog(range(20, 40)), root, add=True)
    with Engine.open(root) as engine:
        before = {result.id for result in engine.search("love", k=40, seed=1, now=NOW).results}
        Engine.compact(root)
        assert {result.id for result in engine.search("love", k=40, seed=1, now=NOW).results} == before
        assert engine.info().segments == 1


def test_an_emptied_index_can_be_added_to(tmp_path: Path) -> None:
    """Deleting everything and compacting leaves an index that takes entities again."""
    (tmp_path / "a.jsonl").write_text('{"id": "a", "title": "Alpha"}\n{"id": "b", "title": "Beta"}\n')
    root = tmp_path / "x.ltrr"
    Engine.build(tmp_path / "a.jsonl", root)
    Engine.delete(root, ["a", "b"])
    Engine.compact(root)
    Engine.build(tmp_path / "a.jsonl", root, add=True)
    with Engine.open(root) as engine:
        assert [result.id for result in engine.search("alpha", log=False, explore=False).results][:1] == ["a"]
