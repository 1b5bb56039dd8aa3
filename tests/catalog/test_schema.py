"""Inference gives each field its role, by name and by content, and says why a field is not used."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ltrr_cli.catalog.entities import Maker
from ltrr_cli.catalog.infer import Overrides, infer
from ltrr_cli.catalog.schema import Schema
from ltrr_cli.errors import CatalogError
from ltrr_cli.records import Entity

PROSE = (
    "A long text about a thing that goes on for more than a few words and tells what it is all about, at some length. "
)


def films(count: int = 30) -> list[dict[str, Any]]:
    """Return records with one field of every kind."""
    return [
        {
            "id": f"m{i}",
            "type": "film",
            "title": f"Film number {i}",
            "overview": PROSE * (1 + i % 3),
            "director": f"Person {i % 7}",
            "genres": ["Drama", "War"][: 1 + i % 2],
            "year": 1990 + i,
            "seen": i % 2 == 0,
            "album_id": i % 5,
            "popularity": i * 1.5,
            "votes": i,
            "homepage": f"https://example.org/{i}",
            "vector": [0.1 * i] * 16,
            "meta": {"country": "FR", "deep": {"a": 1}},
            "cast": [{"name": "x"}],
            "nothing": None,
            "review": PROSE * 5,
        }
        for i in range(count)
    ]


def test_every_role_is_found_by_name() -> None:
    """Common names give id, title, text, type, popularity and creator."""
    schema = infer(films())
    assert (schema.id, schema.title, schema.text, schema.type) == ("id", "title", ("overview",), "type")
    assert (schema.popularity, schema.creator) == ("popularity", "director")


def test_attributes_are_the_usable_rest_in_order_of_appearance() -> None:
    """Short texts, numbers, truth values, lists, relations, nested scalars and the creator are attributes."""
    assert infer(films()).attributes == ("director", "genres", "year", "seen", "album_id", "votes", "meta.country")


def test_ignored_fields_say_why() -> None:
    """Addresses, vectors, nested objects, empty fields and long texts beyond the text fields say why."""
    assert dict(infer(films()).ignored) == {
        "homepage": "web addresses or file names",
        "vector": "long lists of numbers, such as an embedding",
        "meta.deep": "a nested object",
        "cast": "a list of objects or lists",  # joined before, by `objects`, in a catalogue
        "nothing": "empty in all records looked at",
        "review": "long free text",
    }


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("_id", "name", "body"), ("_id", "name", ("body",))),
        (("docno", "headline", "text"), ("docno", "headline", ("text",))),
        (("asin", "productTitle", "Description"), ("asin", "productTitle", ("Description",))),
        (("tconst", "primaryTitle", "PLOT"), ("tconst", "primaryTitle", ("PLOT",))),
        (("SKU", "Product Name", "summary"), ("SKU", "Product Name", ("summary",))),
        (("doc.id", "doc.title", "doc.text"), ("doc.id", "doc.title", ())),
    ],
)
def test_names_are_read_whatever_their_spelling(names: tuple[str, str, str], expected: tuple[object, ...]) -> None:
    """Case, camel case, spaces and nesting do not hide a usual name."""
    schema = infer([dict(zip(names, (f"x{i}", f"Thing {i}", PROSE + str(i)), strict=True)) for i in range(5)])
    assert (schema.id, schema.title) == expected[:2]
    assert schema.text == expected[2] or names[2] in schema.text


def test_ids_must_be_unique_and_present() -> None:
    """A field named like an id whose values repeat is a relation; the unique one is the id."""
    schema = infer([{"album_id": i // 2, "track_id": i, "title": f"Song {i}"} for i in range(10)])
    assert (schema.id, schema.attributes) == ("track_id", ("album_id",))


def test_the_field_named_id_stays_the_id_despite_a_double() -> None:
    """One duplicate makes a bad record, it does not take the role away."""
    assert infer([{"id": "a", "title": "x"}, {"id": "a", "title": "y"}]).id == "id"


def test_ids_are_found_by_content_and_by_address() -> None:
    """A column of codes is an id, and so is a unique address where there is nothing better."""
    assert infer([{"ref": f"B00{i}", "title": f"t {i}"} for i in range(9)]).id == "ref"
    assert infer([{"url": f"https://a.org/{i}", "title": f"t {i}"} for i in range(9)]).id == "url"


def test_numbers_are_not_taken_for_ids() -> None:
    """A unique measure is no id: then there is none."""
    assert infer([{"title": f"t {i}", "price": i + 0.5, "year": 1900 + i} for i in range(9)]).id == ""


def test_title_and_text_are_found_by_content() -> None:
    """Without a usual name, short different phrases are the title and prose is the text."""
    schema = infer([{"id": i, "lang": "en", "what": f"The thing {i}", "long": PROSE + str(i)} for i in range(20)])
    assert (schema.title, schema.text, schema.attributes) == ("what", ("long",), ("lang",))


def test_several_text_fields_are_joined_in_order() -> None:
    """All fields with the name of a text are texts."""
    rows = [{"id": i, "title": "t", "abstract": PROSE, "body": PROSE} for i in range(3)]
    assert infer(rows).text == ("abstract", "body")


def test_an_empty_text_field_keeps_its_role() -> None:
    """A sample without texts does not keep later records from having one."""
    assert infer([{"id": i, "title": f"t {i}", "text": ""} for i in range(5)]).text == ("text",)


def test_a_category_is_a_type_only_with_few_values() -> None:
    """Few categories make a type; many, or a better name, make an attribute."""
    assert infer([{"id": i, "category": "ab"[i % 2]} for i in range(9)]).type == "category"
    assert infer([{"id": i, "category": f"c{i}"} for i in range(90)]).type == ""
    assert infer([{"id": i, "category": "x", "kind": "y"} for i in range(9)]).type == "kind"


def test_constants_stay_attributes() -> None:
    """A sorted catalogue begins with one value; it is not lost for that."""
    assert infer([{"id": i, "title": f"t {i}", "lang": "ar"} for i in range(2000)]).attributes == ("lang",)


def test_a_table_in_a_field_is_not_flattened() -> None:
    """Nested objects whose keys are data do not become hundreds of fields."""
    schema = infer([{"id": i, "title": f"t {i}", "by_user": {f"u{i}": 1}} for i in range(100)])
    assert (schema.attributes, schema.ignored) == ((), (("by_user", "a nested object"),))


def test_overrides_win_and_free_the_inferred_field() -> None:
    """What the user says holds; "" takes a role away."""
    schema = infer(films(), Overrides(title="director", text=(), type="", popularity="votes", creator=""))
    assert (schema.title, schema.text, schema.type, schema.popularity, schema.creator) == (
        "director",
        (),
        "",
        "votes",
        "",
    )
    assert "popularity" in schema.attributes
    assert "type" in schema.attributes
    assert "title" in schema.attributes


def test_an_override_that_names_nothing_lists_the_fields() -> None:
    """A misspelt field is an error that shows what there is."""
    with pytest.raises(CatalogError, match=r"'nmae'.*title.*id, name") as caught:
        infer([{"id": 1, "name": "x"}], Overrides(title="nmae"))
    assert caught.value.where == "schema"


def test_records_that_join_others_are_read_like_them() -> None:
    """A few records alone look otherwise: a year is no id, a director no title, a short review no attribute."""
    whole = infer(films())
    one = {name: value for name, value in reversed(films()[3].items()) if name != "title"}
    assert infer([one]).attributes != whole.attributes
    alike = infer([one], like=whole)
    assert alike.attributes == whole.attributes
    assert (alike.id, alike.text, alike.type) == (whole.id, whole.text, whole.type)
    assert (alike.popularity, alike.creator, alike.title) == ("popularity", "director", "")
    new = infer([{**one, "review": "Good.", "nothing": "now", "mood": "sad"}], like=whole)
    assert new.attributes == (*whole.attributes, "nothing", "mood")
    assert dict(new.ignored)["review"] == "long free text"
    other = infer([one], Overrides(creator="genres", text=()), like=whole)
    assert (other.creator, other.text, other.id) == ("genres", (), "id")


def test_inference_is_deterministic() -> None:
    """The same sample gives the same schema."""
    assert infer(films()) == infer(films())


def test_no_records_give_an_empty_schema() -> None:
    """Nothing gives nothing."""
    assert infer([]).to_dict() == Schema.from_dict({}).to_dict()


def test_a_schema_survives_json() -> None:
    """What is written as JSON is read as the same schema."""
    schema = infer(films())
    assert Schema.from_dict(json.loads(json.dumps(schema.to_dict()))) == schema


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"titel": "x"}, "no role 'titel'"),
        ({"title": 3}, "title: must be the name"),
        ({"text": "body"}, "text: must be a list"),
        ({"text": ["a", "a"]}, "'a' is named twice"),
        ({"attributes": [1]}, "attributes: must be"),
        ({"creator": "x"}, "not one of the attributes"),
        ({"ignored": "x"}, "ignored: must be"),
        ({"ignored": [["a"]]}, "ignored: must be"),
    ],
)
def test_a_wrong_schema_is_refused(values: dict[str, object], reason: str) -> None:
    """Every mistake in a stored schema is named."""
    with pytest.raises(CatalogError, match=reason):
        Schema.from_dict(values)


def test_titles_that_are_lists() -> None:
    """The first is the title; the others are aliases, unless the catalogue has a field of that name."""
    rows: list[dict[str, Any]] = [{"id": f"{n}", "title": [f"Song {n}", f"Lied {n}"], "year": n} for n in range(9)]
    schema = infer(rows, Overrides(title="title"))
    assert (schema.title, schema.attributes) == ("title", ("year", "aliases"))
    maker = Maker(schema)
    made = maker.make(rows[3])
    assert isinstance(made, Entity)
    assert (made.title, made.attributes["aliases"]) == ("Song 3", ("Lied 3",))
    assert maker.notes() == ["1 entity has several titles: the first is its title, the others are its aliases"]
    named = [{**row, "aliases": "x"} for row in rows]
    kept = Maker(infer(named, Overrides(title="title"))).make(named[0])
    assert isinstance(kept, Entity)
    assert kept.attributes["aliases"] == ("x",)


def test_a_field_called_title_may_hold_lists() -> None:
    """It is the title without being named; not where the lists hold no texts, nor is any other field of lists."""
    rows: list[dict[str, Any]] = [
        {"id": f"{n}", "title": [f"Song {n}", f"Lied {n}"], "headline": f"h {n}"} for n in range(9)
    ]
    schema = infer(rows)
    assert (schema.title, schema.attributes) == ("title", ("headline", "aliases"))
    maker = Maker(schema)
    made = maker.make(rows[3])
    assert isinstance(made, Entity)
    assert (made.title, made.attributes["aliases"]) == ("Song 3", ("Lied 3",))
    assert maker.notes() == ["1 entity has several titles: the first is its title, the others are its aliases"]
    assert infer([{**row, "title": [1, 2]} for row in rows]).title == "headline"
    assert infer([{**row, "title": [{"en": "x"}]} for row in rows]).title == "headline"
    assert infer([{"id": f"{n}", "label": [f"a {n}", "b"]} for n in range(9)]).title == ""
