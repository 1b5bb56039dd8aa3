"""Values unlike the sample's are read for themselves where that is safe, and never silently."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from ltrr_cli.catalog import Catalog
from ltrr_cli.catalog.catalog import SAMPLE
from ltrr_cli.engine import Engine

if TYPE_CHECKING:
    from pathlib import Path

    from ltrr_cli.records import Entity

PLAIN = {
    "title": "red shoe",
    "description": "a shoe to run on roads and in woods, light and warm, of leather and wool",
    "price": 12.5,
    "cost": "$12.50",
    "genres": ["drama"],
    "cast": [{"name": "Ann", "born": 1950}],
    "sizes": [{"eu": 42}],
    "isbn": "",
}


def late(**changed: Any) -> tuple[Entity, list[str]]:
    """Return the entity of a record that comes after the sample, and what the catalogue says at its end."""
    rows = [{"id": number, **PLAIN} for number in range(SAMPLE)] + [{"id": "late", **PLAIN, **changed}]
    source = Catalog(["-"], stdin=io.BytesIO(b"".join(json.dumps(row).encode() + b"\n" for row in rows)))
    *_, last = source
    return last, source.notes


def test_nothing_is_said_of_what_is_as_the_sample() -> None:
    """A catalogue of one kind has no notes."""
    entity, notes = late()
    assert entity.attributes["price"] == (12.5,)
    assert notes == []


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Tom &amp; <b>Jerry</b></p>", "Tom & Jerry"),
        ("<b>light</b> and <i>warm</i>", "light and warm"),
        ("  <ul><li>one</li></ul>\n", "one"),
    ],
)
def test_a_text_that_is_all_markup_is_read_as_such(html: str, text: str) -> None:
    """It begins and ends with tags."""
    entity, notes = late(description=html)
    assert entity.text == text
    (note,) = notes
    assert note.startswith("description: 1 text is HTML, and read as a browser shows it; the first in record late: ")


@pytest.mark.parametrize("text", ["how <b>bold</b> is written", "Tom &amp; Jerry", "<p>begins, <b>and</b> goes on"])
def test_a_text_with_some_markup_stays_and_is_told(text: str) -> None:
    """It may speak of HTML."""
    entity, notes = late(description=text)
    assert entity.text == text
    assert notes == [
        f"description: 1 text has tags or character references of HTML, and stays; the first in record late: {text}"
    ]


@pytest.mark.parametrize("text", ["List<String> a < b > c", "R&D", "<3", "<ana@example.org>"])
def test_what_is_no_markup_is_not_told(text: str) -> None:
    """Comparisons, generics and addresses are texts like others."""
    assert late(description=text)[1] == []


def test_an_amount_among_numbers_is_a_number() -> None:
    """With a currency, or where the field is a price; anything else stays, and is told."""
    entity, notes = late(price="$1,299.00")
    assert entity.attributes["price"] == (1299.0,)
    assert notes == ["price: 1 text is an amount among numbers, and read as one; the first in record late: $1,299.00"]
    entity, notes = late(price="call us")
    assert entity.attributes["price"] == ("call us",)
    assert notes == [
        "price: 1 text is among numbers, and compared with none of them; the first in record late: call us"
    ]


def test_amounts_of_another_kind_are_told() -> None:
    """What is no amount stays a text; one in another currency is a number, which is not silent."""
    entity, notes = late(cost="call us")
    assert entity.attributes["cost"] == ("call us",)
    assert "cost: 1 text is among numbers" in notes[0]
    entity, notes = late(cost="13 €")
    assert entity.attributes["cost"] == (13.0,)
    assert notes == [
        "cost: 1 amount is in another currency, and read as if in the same; the first in record late: 13 €"
    ]


@pytest.mark.parametrize("number", [1e308, -1e308, 1e20])
def test_a_great_number_is_one(number: float) -> None:
    """Whatever a float holds compares as a number; a great integer stays a text: a float would change it."""
    entity, notes = late(price=number)
    assert (entity.attributes["price"], notes) == ((number,), [])
    entity, notes = late(price=2**60)
    assert entity.attributes["price"] == (str(2**60),)
    assert "is among numbers" in notes[0]


def test_a_number_beyond_all_is_told() -> None:
    """JSON can write it, no float holds it."""
    entity, notes = late(price=float("inf"))  # written and read as Infinity, which is no JSON: no value
    assert ("price" in entity.attributes, notes) == (False, [])
    rows = b'{"id": 1, "title": "t", "n": 1e400, "m": -1e400, "views": 1e400}\n'
    source = Catalog(["-"], stdin=io.BytesIO(rows + b'{"id": 2, "title": "t", "n": 1, "m": 2, "views": 1}\n'))
    first, _ = source
    assert (first.attributes, first.popularity) == ({}, None)
    assert source.notes == [
        "1 popularity value is no finite number",
        "n: 1 number is too large, and left out; the first in record 1: inf",
        "m: 1 number is too large, and left out; the first in record 1: -inf",
    ]


def test_of_a_key_that_is_there_twice_the_last_counts() -> None:
    """As in most programs that read JSON."""
    source = Catalog(["-"], stdin=io.BytesIO(b'{"id": 1, "title": "one", "title": "two"}\n'))
    assert [entity.title for entity in source] == ["two"]


def test_objects_and_texts_in_each_others_place() -> None:
    """An object among texts is called by its name, and a text among objects is the name of one."""
    entity, notes = late(genres=[{"id": 1, "name": "Horror"}], cast="Bob")
    assert entity.attributes["genres"] == ("Horror",)
    assert entity.attributes["cast.name"] == ("Bob",)
    assert len(notes) == 2
    entity, notes = late(genres={"id": 1}, sizes="large", title={"name": "blue shoe"})
    assert "genres" not in entity.attributes
    assert entity.title == "blue shoe"
    assert sorted(note.partition(";")[0] for note in notes) == [
        "genres: 1 value is an object or list of another shape, and left out",
        "sizes: 1 value is a text among objects, and left out",
        "title: 1 value is an object among texts: its name is taken",
    ]
    assert "object or list" in late(genres=["a", ["b"]])[1][0]


def test_a_field_that_was_empty_is_told() -> None:
    """It is not used, since the schema is made."""
    entity, notes = late(isbn="978")
    assert "isbn" not in entity.attributes
    assert notes == ["isbn: 1 value, and not used, since the first records have none; the first in record late: 978"]


def test_a_field_of_texts_may_have_numbers() -> None:
    """Where most are texts, nothing is unlike them."""
    rows = [{"id": number, "title": "t", "code": number if number % 2 else "x"} for number in range(100)]
    source = Catalog(["-"], stdin=io.BytesIO(b"".join(json.dumps(row).encode() + b"\n" for row in rows)))
    assert len(list(source)) == 100
    assert source.notes == []


def test_they_are_counted() -> None:
    """With many fields the most frequent are told, and how many are not."""
    names = [f"f{number}" for number in range(30)]
    rows = [{"id": number, "title": "t", **dict.fromkeys(names, 1)} for number in range(20)]
    rows += [{"id": f"x{number}", "title": "t", **dict.fromkeys(names[number:], "what")} for number in range(2)]
    source = Catalog(["-"], stdin=io.BytesIO(b"".join(json.dumps(row).encode() + b"\n" for row in rows)))
    assert len(list(source)) == 22
    assert len(source.notes) == 21
    assert source.notes[0].startswith(
        "f1: 2 texts are among numbers, and compared with none of them; the first in record x0"
    )
    assert source.notes[-1] == "10 more such notes are left out"


def test_an_update_tells_them_too(tmp_path: Path) -> None:
    """Partial records are read by the same rules."""
    path, index = tmp_path / "c.jsonl", tmp_path / "c.ltrr"
    path.write_text("".join(json.dumps({"id": number, **PLAIN}) + "\n" for number in range(30)))
    Engine.build(path, index)
    (tmp_path / "u.jsonl").write_text('{"id": "3", "description": "<p>blue</p>", "cost": "€9"}\n')
    changed = Engine.update(tmp_path / "u.jsonl", index)
    with Engine.open(index) as engine:
        entity = engine.entity("3")
    assert entity is not None
    assert (entity.text, entity.attributes["cost"]) == ("blue", (9.0,))
    assert any("HTML" in note for note in changed.notes)
