"""Updating: named fields change, the rest stays, and the index answers by what there is now."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from ltrr_cli.catalog import Overrides
from ltrr_cli.engine import Engine
from ltrr_cli.errors import CatalogError
from ltrr_cli.index.manifest import read_manifest

if TYPE_CHECKING:
    from pathlib import Path

    from ltrr_cli.records import Bad, Entity


def _write(folder: Path, *rows: dict[str, object]) -> Path:
    path = folder / "changes.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def _entity(index: Path, entity_id: str) -> Entity:
    with Engine.open(index) as engine:
        found = engine.entity(entity_id)
    assert found is not None
    return found


def test_what_is_named_changes_and_the_rest_stays(index: Path, tmp_path: Path) -> None:
    """One field is replaced, one emptied, one is new; found by the new value, not by the old; others are as before."""
    before, other = _entity(index, "e05"), _entity(index, "e06")
    rows: list[dict[str, object]] = [
        {"id": "e05", "title": "Quokka Serenade", "mood": ["odd", "glad"]},
        {"id": "e05", "year": None},
        {"id": "e06", "title": other.title},
    ]
    done = Engine.update(_write(tmp_path, *rows), index)
    assert (done.changed, done.unchanged, done.bad_count) == (1, 1, 0)
    assert done.notes == ("new attributes, which the index did not have: mood",)
    after = _entity(index, "e05")
    kept = {name: values for name, values in before.attributes.items() if name != "year"}
    assert after.title == "Quokka Serenade"
    assert after.attributes == {**kept, "mood": ("odd", "glad")}
    assert (after.text, after.type, after.popularity) == (before.text, before.type, before.popularity)
    assert _entity(index, "e06") == other
    with Engine.open(index) as engine:
        assert engine.info().entities == 40
        assert engine.search("quokka", log=False).results[0].id == "e05"
        assert engine.count("mood = odd") == 1
        assert before.title not in {one.title for one in engine.search(before.title, k=40, log=False).results}


def test_the_export_changes_nothing(index: Path, tmp_path: Path) -> None:
    """What the index says of itself is understood, and nothing is written where nothing changes."""
    from ltrr_cli.cli.index_more import _row

    with Engine.open(index) as engine:
        rows = [_row(entity) for entity in engine.entities()]
    manifest = read_manifest(index)
    done = Engine.update(_write(tmp_path, *rows), index)
    assert (done.changed, done.unchanged) == (0, 40)
    assert read_manifest(index) == manifest


def test_unknown_ids_are_bad_records(index: Path, tmp_path: Path) -> None:
    """They are counted and named, strict stops at the first, and where nothing is usable that is an error."""
    path = _write(tmp_path, {"id": "nope", "title": "x"}, {"title": "y"}, {"id": "e01", "title": "z"})
    seen: list[Bad] = []
    done = Engine.update(path, index, on_bad=seen.append)
    assert (done.changed, done.bad_count) == (1, 2)
    assert [bad.reason for bad in seen] == ["the index has no entity 'nope'", "the id is missing"]
    manifest = read_manifest(index)
    with pytest.raises(CatalogError, match="no entity 'nope'"):
        Engine.update(path, index, strict=True)
    with pytest.raises(CatalogError, match="none of the 1 records is usable"):
        Engine.update(_write(tmp_path, {"id": "nope", "title": "x"}), index)
    nothing = dict.fromkeys(_entity(index, "e02").attributes)
    with pytest.raises(CatalogError, match="nothing would be left"):
        Engine.update(_write(tmp_path, {"id": "e02", "title": "", "text": None, **nothing}), index, strict=True)
    assert read_manifest(index) == manifest
    before = _entity(index, "e03")
    Engine.update(_write(tmp_path, {"id": "e03", "popularity": "many", "year": 1}), index)
    assert _entity(index, "e03").popularity == before.popularity
    Engine.update(_write(tmp_path, {"id": "e03", "popularity": None}), index)
    assert _entity(index, "e03").popularity is None


def test_fields_are_called_as_in_the_catalogue(encoder: str, tmp_path: Path) -> None:
    """A text of two fields changes whole; the schema is known after an add and a compact, too."""
    rows = [
        {"key": f"k{n}", "name": f"Song {n}", "blurb": f"A long and winding text about song number {n} and the rain.",
         "story": f"Once upon a time somebody wrote the song number {n} by the river.", "price": n}
        for n in range(12)
    ]  # fmt: skip
    index, catalog = tmp_path / "x.ltrr", tmp_path / "catalog.jsonl"
    catalog.write_text("".join(json.dumps(row) + "\n" for row in rows))
    roles = Overrides(id="key", title="name", text=("blurb", "story"))
    Engine.build(catalog, index, encoder=encoder, overrides=roles)
    with pytest.raises(CatalogError, match="name all of them"):
        Engine.update(_write(tmp_path, {"key": "k1", "blurb": "new"}), index, strict=True)
    Engine.update(_write(tmp_path, {"key": "k1", "name": "New", "blurb": "one", "story": "two"}), index)
    Engine.compact(index)
    Engine.update(_write(tmp_path, {"id": "k1", "title": "Newer", "price": 99}), index)
    after = _entity(index, "k1")
    assert (after.title, set(after.text.split("\n")), after.attributes["price"]) == ("Newer", {"one", "two"}, (99.0,))
