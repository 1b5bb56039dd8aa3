"""Updating: named fields change, the rest stays, and the index answers by what there is now."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from held import entity_of

from ltrr_cli.catalog import Overrides
from ltrr_cli.engine import Engine
from ltrr_cli.errors import CatalogError
from ltrr_cli.index.manifest import read_manifest

if TYPE_CHECKING:
    from pathlib import Path

    from ltrr_cli.records import Bad


def _write(folder: Path, *rows: dict[str, object]) -> Path:
    path = folder / "changes.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_what_is_named_changes_and_the_rest_stays(index: Path, tmp_path: Path) -> None:
    """One field is replaced, one emptied, one is new; found by the new value, not by the old; others are as before."""
    before, other = entity_of(index, "e05"), entity_of(index, "e06")
    rows: list[dict[str, object]] = [
        {"id": "e05", "title": "Quokka Serenade", "mood": ["odd", "glad"]},
        {"id": "e05", "year": None},
        {"id": "e06", "title": other.title},
    ]
    done = Engine.update(_write(tmp_path, *rows), index)
    assert (done.changed, done.unchanged, done.bad_count) == (1, 1, 0)
    assert done.notes == ("new attributes, which the index did not have: mood",)
    after = entity_of(index, "e05")
    kept = {name: values for name, values in before.attributes.items() if name != "year"}
    assert after.title == "Quokka Serenade"
    assert after.attributes == {**kept, "mood": ("odd", "glad")}
    assert (after.text, after.type, after.popularity) == (before.text, before.type, before.popularity)
    assert entity_of(index, "e06") == other
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
    nothing = dict.fromkeys(entity_of(index, "e02").attributes)
    with pytest.raises(CatalogError, match="nothing would be left"):
        Engine.update(_write(tmp_path, {"id": "e02", "title": "", "text": None, **nothing}), index, strict=True)
    assert read_manifest(index) == manifest
    before = entity_of(index, "e03")
    Engine.update(_write(tmp_path, {"id": "e03", "popularity": "many", "year": 1}), index)
    assert entity_of(index, "e03").popularity == before.popularity
    Engine.update(_write(tmp_path, {"id": "e03", "popularity": None}), index)
    assert entity_of(index, "e03").popularity is None


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
    after = entity_of(index, "k1")
    assert (after.title, set(after.text.split("\n")), after.attributes["price"]) == ("Newer", {"one", "two"}, (99.0,))


@pytest.fixture
def goods(encoder: str, tmp_path: Path) -> Path:
    """Return an index of goods: one's price is a number, the sizes of all are objects, their colours weighed."""
    rows = [
        {"sku": f"g{n}", "name": f"Thing number {n}", "price": n, "size": {"cm": n + 1, "inch": n / 2},
         "colour": {"red": 0.25, "blue": 0.75} if n % 2 else {"red": 0.4, "green": 0.6}, "stars": n}
        for n in range(1, 13)
    ]  # fmt: skip
    catalog, index = tmp_path / "goods.jsonl", tmp_path / "goods.ltrr"
    catalog.write_text("".join(json.dumps(row) + "\n" for row in rows))
    Engine.build(catalog, index, encoder=encoder, overrides=Overrides(id="sku", title="name", popularity="stars"))
    return index


def test_an_object_in_a_value_s_place(goods: Path, tmp_path: Path) -> None:
    """Its fields become attributes, as a build makes them; the value that was there goes, and all goes with null."""
    done = Engine.update(_write(tmp_path, {"sku": "g1", "price": {"eur": 3, "usd": 4}}), goods, strict=True)
    assert done.notes == ("new attributes, which the index did not have: price.eur, price.usd",)
    attributes = dict(entity_of(goods, "g1").attributes)
    assert (attributes["price.eur"], attributes["price.usd"]) == ((3.0,), (4.0,))
    assert "price" not in attributes
    Engine.update(_write(tmp_path, {"sku": "g1", "price": {"eur": 5}}), goods, strict=True)
    assert entity_of(goods, "g1").attributes == attributes | {"price.eur": (5.0,)}
    Engine.update(_write(tmp_path, {"sku": "g1", "price": 7}, {"sku": "g2", "size": None}), goods, strict=True)
    after = entity_of(goods, "g1").attributes
    assert after["price"] == (7.0,)
    assert not {"price.eur", "price.usd"} & after.keys()
    assert {"size.cm", "size.inch"} <= after.keys()
    assert not {"size.cm", "size.inch"} & entity_of(goods, "g2").attributes.keys()


def test_weights_stay_weights(goods: Path, tmp_path: Path) -> None:
    """An object of a field that weighs its values is such, and so is a new one; what is no weight is a bad record."""
    rows: list[dict[str, object]] = [
        {"sku": "g1", "colour": {"mauve": 1}},
        {"sku": "g2", "mood": {"odd": 0.3, "glad": 0.7}},
        {"sku": "g2", "mood": {"odd": 1.0}},
    ]
    Engine.update(_write(tmp_path, *rows), goods, strict=True)
    assert entity_of(goods, "g1").weights == {"colour": (1.0,)}
    assert entity_of(goods, "g2").attributes["mood"] == ("odd",)
    with pytest.raises(CatalogError, match="'colour' holds an object, and not of weights"):
        Engine.update(_write(tmp_path, {"sku": "g1", "colour": {"red": 7}}), goods, strict=True)


@pytest.mark.parametrize(
    "change",
    [
        {"price": {"eur": {"deep": 1}}},
        {"price": {f"k{n}": n for n in range(65)}},
        {"weird": [{"a": {"b": 1}}]},
        {"price": [3, [4]]},
        {"name": {"en": "x"}},
        {"name": [{"en": "x"}]},
        {"stars": {"five": 1}},
    ],
)
def test_what_cannot_be_held_is_a_bad_record(goods: Path, tmp_path: Path, change: dict[str, object]) -> None:
    """Nothing of it is lost in silence, and the entity stays as it was."""
    before = entity_of(goods, "g3")
    done = Engine.update(_write(tmp_path, {"sku": "g3"} | change, {"sku": "g4", "price": 9}), goods)
    assert (done.changed, done.bad_count) == (1, 1)
    assert f"the field {next(iter(change))!r}"[:-1] in done.bad[0].reason
    assert entity_of(goods, "g3") == before


def test_too_many_new_attributes_are_named(goods: Path, tmp_path: Path) -> None:
    """A record brings 64; the note names what is left."""
    done = Engine.update(_write(tmp_path, {"sku": "g1"} | {f"new{n:02d}": n for n in range(66)}), goods)
    assert done.notes[-1] == "not used, since a record may bring 64 new attributes: new64, new65"


def test_a_popularity_that_is_no_number_is_named(goods: Path, tmp_path: Path) -> None:
    """The old one stays, and the note says of whom: the first. NaN is null, and what it empties is told, too."""
    path = tmp_path / "changes.jsonl"
    path.write_text('{"sku": "g5", "stars": "high"}\n{"sku": "g6", "stars": 1e999}\n{"sku": "g7", "stars": 70}\n')
    done = Engine.update(path, goods)
    assert done.notes == (
        "2 popularity values are no finite numbers, and the old ones stay: the first is that of 'g5'",
    )
    assert [entity_of(goods, one).popularity for one in ("g5", "g6", "g7")] == [5.0, 6.0, 70.0]
    path.write_text('{"sku": "g5", "stars": NaN}\n')
    assert Engine.update(path, goods).notes == ("1 popularity value was emptied: it is that of 'g5'",)
    assert Engine.update(path, goods).notes == ()
    assert entity_of(goods, "g5").popularity is None


def test_an_object_that_some_entities_lack(encoder: str, tmp_path: Path) -> None:
    """Where the catalogue has null in some records and an object in others, the object's fields can be changed."""
    rows = [{"sku": f"g{n}", "name": f"Thing {n}", "size": {"cm": n} if n % 2 else None} for n in range(12)]
    catalog, index = tmp_path / "goods.jsonl", tmp_path / "goods.ltrr"
    catalog.write_text("".join(json.dumps(row) + "\n" for row in rows))
    Engine.build(catalog, index, encoder=encoder)
    done = Engine.update(_write(tmp_path, {"sku": "g2", "size": {"cm": 7}}, {"sku": "g1", "size": None}), index)
    assert (done.changed, done.notes) == (2, ())
    assert entity_of(index, "g2").attributes["size.cm"] == (7.0,)
    assert "size.cm" not in entity_of(index, "g1").attributes
