"""Entities that joined an index later, from files with other fields: these mean what they meant when they came."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from held import entity_of

from ltrr_cli.engine import Engine

if TYPE_CHECKING:
    from pathlib import Path

SONGS = [
    {"id": f"s{number}", "title": f"Song {number}", "lyrics": f"rain and night {number}", "plays": number}
    for number in range(6)
]
ARTISTS = [
    {"id": f"a{number}", "name": f"Artist {number}", "bio": f"born by the sea {number}", "followers": 100 + number}
    for number in range(3)
]
GOODS = [
    {"id": f"g{number}", "title": f"Shoe {number}", "weight": f"${number}.50", "size": 40 + number} for number in (4, 5)
]


def _file(folder: Path, name: str, *rows: dict[str, object]) -> Path:
    path = folder / f"{name}.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture(params=["built together", "added", "updated before", "compacted"])
def joined(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """Return an index of songs to which artists and goods were added, as it is after that."""
    index = tmp_path / "all.ltrr"
    files = [_file(tmp_path, name, *rows) for name, rows in (("songs", SONGS), ("artists", ARTISTS), ("goods", GOODS))]
    if request.param == "built together":
        Engine.build(files, index)
        return index
    for number, file in enumerate(files):
        Engine.build(file, index, add=number > 0)
    if request.param == "updated before":
        rows: list[dict[str, object]] = [
            {"id": "a1", "followers": 7},
            {"id": "s1", "plays": 3},
            {"id": "g4", "size": 44},
        ]
        Engine.update(_file(tmp_path, "first", *rows), index)
    elif request.param == "compacted":
        Engine.compact(index)
    return index


def test_each_has_what_it_calls_so(joined: Path) -> None:
    """The name of an artist is its title, as that of a song is."""
    with Engine.open(joined) as engine:
        titles = {entity.id[:2]: entity.title for entity in engine.entities()}
        assert (titles["s1"], titles["a1"], titles["g4"]) == ("Song 1", "Artist 1", "Shoe 4")
        assert not any({"name", "followers"} & entity.attributes.keys() for entity in engine.entities())


def test_their_own_names_change_them(joined: Path, tmp_path: Path) -> None:
    """A name is the title, a bio the text: nothing of the old is left, and nothing stands beside it."""
    row: dict[str, object] = {"id": "a1", "name": "Renamed", "bio": "lives in the hills", "followers": 5000}
    done = Engine.update(_file(tmp_path, "u", row), joined)
    assert (done.changed, done.notes) == (1, ())
    after = entity_of(joined, "a1")
    assert (after.title, after.text, after.popularity) == ("Renamed", "lives in the hills", 5000)
    assert not {"name", "bio", "followers"} & after.attributes.keys()
    with Engine.open(joined) as engine:
        assert engine.search("hills", log=False).results[0].id == "a1"


def test_amounts_stay_numbers(joined: Path, tmp_path: Path) -> None:
    """And numbers that a later catalogue brought are nothing new."""
    rows: list[dict[str, object]] = [{"id": "g4", "weight": "$6.50", "size": 43}, {"id": "g5", "weight": 7}]
    done = Engine.update(_file(tmp_path, "u", *rows), joined)
    assert done.notes == ()
    assert entity_of(joined, "g4").attributes == {"weight": (6.5,), "size": (43.0,)}
    assert entity_of(joined, "g5").attributes["weight"] == (7.0,)


def test_amounts_join_numbers(tmp_path: Path) -> None:
    """Where the index has plain numbers, amounts that are added, or change one, are numbers too."""
    index = tmp_path / "shop.ltrr"
    goods: list[dict[str, object]] = [{"id": n, "title": f"Shoe {n}", "price": 10.0 * n} for n in (1, 2, 3)]
    Engine.build(_file(tmp_path, "c", *goods), index)
    (tmp_path / "prices.csv").write_text('id,price\n1,"$99.50"\n2,15\n3,"1.299,00 €"\n')
    Engine.update(tmp_path / "prices.csv", index)
    Engine.build(_file(tmp_path, "more", {"id": 4, "title": "Shoe 4", "price": "12,50 €"}), index, add=True)
    assert [entity_of(index, str(n)).attributes["price"] for n in (1, 2, 3, 4)] == [
        (99.5,),
        (15.0,),
        (1299.0,),
        (12.5,),
    ]
    with Engine.open(index) as engine:
        assert engine.count("price >= 99") == 2
