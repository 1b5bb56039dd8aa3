"""Lists of objects: each of their fields has several values."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from ltrr_cli.catalog import Catalog
from ltrr_cli.catalog.objects import joined
from ltrr_cli.engine import Engine
from ltrr_cli.errors import CatalogError

if TYPE_CHECKING:
    from pathlib import Path

FILM = {
    "id": 7,
    "title": "Alien",
    "genres": [{"id": 27, "name": "Horror"}, {"id": 878, "name": "Science Fiction"}],
    "authors": [{"name": "Dan O'Bannon"}, {"name": "Ronald Shusett", "born": None}],
    "variants": [{"price": "9.99", "sizes": ["s", "m"]}, {"price": "12.50"}],
}


def test_they_are_joined() -> None:
    """Values in order, those of lists one by one, none for null; what is no list of objects stays."""
    record = joined(FILM)
    assert record["genres"] == {"id": [27, 878], "name": ["Horror", "Science Fiction"]}
    assert record["authors"] == {"name": ["Dan O'Bannon", "Ronald Shusett"], "born": []}
    assert record["variants"] == {"price": ["9.99", "12.50"], "sizes": ["s", "m"]}
    for value in ([], [1, {"a": 1}], [[1]], {"a": 1}, "x", None, [{str(n): n} for n in range(65)]):
        assert joined({"x": value}) == {"x": value}


@pytest.mark.parametrize("suffix", ["jsonl", "csv"])
def test_a_catalogue_of_them(tmp_path: Path, suffix: str) -> None:
    """Their fields are attributes, and may name who made an entity; a cell of a table may hold such a list, too."""
    path = tmp_path / f"c.{suffix}"
    if suffix == "jsonl":
        path.write_text(json.dumps(FILM) + "\n")
    else:
        cells = [value if isinstance(value, (int, str)) else json.dumps(value) for value in FILM.values()]
        quoted = ['"' + str(cell).replace('"', '""') + '"' for cell in cells]
        path.write_text(f"{','.join(FILM)}\n{','.join(quoted)}\n")
    catalog = Catalog([path])
    assert (catalog.schema.title, catalog.schema.creator) == ("title", "authors.name")
    (entity,) = catalog
    assert entity.attributes["genres.name"] == ("Horror", "Science Fiction")
    assert entity.attributes["authors.name"] == ("Dan O'Bannon", "Ronald Shusett")
    assert entity.attributes["variants.price"] == (9.99, 12.5)


def test_they_are_found_and_updated(tmp_path: Path) -> None:
    """Filters know their fields; an update replaces all that came of the list."""
    path, index = tmp_path / "c.jsonl", tmp_path / "films.ltrr"
    path.write_text(json.dumps(FILM) + "\n" + json.dumps({"id": 8, "title": "Brazil"}) + "\n")
    Engine.build(path, index)
    (tmp_path / "u.jsonl").write_text('{"id": 7, "genres": [{"name": "Thriller"}]}\n')
    with Engine.open(index) as engine:
        assert [one.id for one in engine.search("alien", filter="genres.name = horror").results] == ["7"]
    Engine.update(tmp_path / "u.jsonl", index)
    with Engine.open(index) as engine:
        entity = engine.entity("7")
        assert entity is not None
        assert entity.attributes["genres.name"] == ("Thriller",)


def test_a_record_around_others_is_refused(tmp_path: Path) -> None:
    """What has a name of its own may be a record; without an id it is none that a list of records would hold."""
    path = tmp_path / "c.json"
    path.write_text(json.dumps({"name": "export", "items": [{"id": 1, "title": "a"}, {"id": 2, "title": "b"}]}))
    with pytest.raises(CatalogError, match="one object with 2 records inside"):
        Catalog([path])


def test_texts_among_objects_are_names(tmp_path: Path) -> None:
    """In one list, nothing is lost; where no key names the objects the list stays, and what it loses is told."""
    assert joined({"x": [{"name": "A", "id": 1}, "B", None]}) == {"x": {"name": ["A", "B"], "id": [1]}}
    assert joined({"x": [{"n": 1}, "B"]}) == {"x": [{"n": 1}, "B"]}
    path = tmp_path / "c.jsonl"
    path.write_text('{"id": 1, "title": "t", "x": [{"name": "A"}, "B"], "y": [{"n": 1}, "C", "D"]}\n')
    catalog = Catalog([path])
    (entity,) = catalog
    assert entity.attributes == {"x.name": ("A", "B"), "y": ("C", "D")}
    assert catalog.notes == [
        "y: 1 value is an object or list of another shape, and left out; the first in record 1: {'n': 1}"
    ]
