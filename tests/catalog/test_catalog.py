"""A catalogue gives clean entities and accounts for everything that it leaves out."""

from __future__ import annotations

import io
import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ltrr_cli.catalog import Catalog, Overrides, Schema
from ltrr_cli.errors import CatalogError
from ltrr_cli.records import Bad, Entity

# Building the table of Unicode takes Hypothesis seconds on a slow machine, which is no fault of the test.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
SCHEMA = Schema(
    id="id", title="title", text=("text", "more"), type="type", popularity="popularity", creator="by",
    attributes=("by", "n", "tags", "album_id", "meta.country"), ignored=(("url", "web addresses"),),
)  # fmt: skip


def catalog(*rows: dict[str, Any], strict: bool = False, schema: Schema | None = SCHEMA) -> Catalog:
    """Return the catalogue of some records that come through a pipe."""
    data = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    return Catalog(["-"], stdin=io.BytesIO(data), schema=schema, strict=strict)


def one(**row: Any) -> Entity:
    """Return the entity of one record."""
    (entity,) = catalog({"id": "a", **row})
    return entity


def reasons(*rows: dict[str, Any]) -> list[str]:
    """Return why records after a good one are bad."""
    source = catalog({"id": "ok", "title": "t"}, *rows)
    assert len(list(source)) == 1
    assert source.bad_count == len(rows)
    return [bad.reason for bad in source.bad]


def test_a_record_becomes_an_entity() -> None:
    """Every role finds its field."""
    row = {
        "type": "song",
        "title": "T",
        "text": "a\nb",
        "more": "c",
        "popularity": 3,
        "by": "X",
        "meta": {"country": "FR"},
    }
    assert one(**row) == Entity(
        id="a",
        type="song",
        title="T",
        text="a\nb\nc",
        popularity=3.0,
        attributes={"by": ("X",), "meta.country": ("FR",)},
    )


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (7, "7"),
        (1.0, "1"),
        (1.5, "1.5"),
        (" x ", "x"),
        ("007", "007"),
        (2**70, str(2**70)),
        ("日本", "日本"),
        ("a b", "a b"),
    ],
)
def test_ids_are_unsurprising_text(raw: object, expected: str) -> None:
    """Numbers are ids as they are written, 1.0 is 1, texts are stripped."""
    (entity,) = catalog({"id": raw, "title": "t"})
    assert entity.id == expected


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (None, "missing"),
        ("  ", "empty"),
        ("a\tb", "control character"),
        ("a\nb", "control character"),
        ("a\0b", "control character"),
        ("a\u2028b", "control character"),
        ("é" * 257, "longer than 512 bytes"),
        (True, "neither"),
        (["a"], "neither"),
        ({"a": 1}, "neither"),
    ],
)
def test_unusable_ids_are_bad_records(raw: object, reason: str) -> None:
    """An id that is missing, of another kind, too long, or would break a table is refused."""
    assert reason in reasons({"id": raw, "title": "t"})[0]


def test_the_first_of_two_equal_ids_stays() -> None:
    """Later ones are bad and say where the first was, across sources."""
    source = catalog({"id": "a", "title": "first"}, {"id": "b", "title": "t"}, {"id": "a", "title": "second"})
    assert [entity.title for entity in source] == ["first", "t"]
    assert source.bad == [Bad(source="stdin", line=3, reason="duplicate id, first seen at stdin:1")]


def test_equal_ids_on_one_line(tmp_path: Path) -> None:
    """An array that is written on one line has as many records as any other."""
    path = tmp_path / "array.json"
    path.write_text(
        '[{"id": "a", "title": "A"}, {"id": 1, "title": "B"}, {"id": "a", "title": "C"}, {"id": "1", "title": "D"}]'
    )
    source = Catalog([path])
    assert [entity.title for entity in source] == ["A", "B"]
    assert [one.reason for one in source.bad] == [f"duplicate id, first seen at {path}:1"] * 2


def test_titles_are_one_clean_line() -> None:
    """White space collapses, control characters go, surrogate pairs are joined."""
    assert one(title=" a\n\tb \x07c\x00d ").title == "a b c d"
    assert one(title="\ud83c\udfac and \ud83c").title == "🎬 and \ufffd"


def test_texts_keep_their_lines() -> None:
    """In a text only control characters go; lists are lines."""
    assert one(text=" a\r\n\tb\x07 ").text == "a\r\n\tb"
    assert one(text=["a", "b", None, 3]).text == "a\nb\n3"


def test_long_texts_are_cut_with_a_note() -> None:
    """1 MB of UTF-8 is kept, never half a character."""
    source = catalog({"id": "a", "text": "é" * 600_000})
    (entity,) = source
    assert entity.text == "é" * 500_000
    assert "1 text was cut at 1 MB" in source.notes


def test_values_are_texts_and_floats() -> None:
    """Integers and truth values are floats, empty and nested values go, exact big integers are text."""
    tags = ["x", "", " y  z ", None, 1, True, 2.5, ["deep"], {"d": 1}, 2**60, 1e999]
    assert one(tags=tags).attributes == {"tags": ("x", "y z", 1.0, 1.0, 2.5, str(2**60))}


def test_references_keep_the_form_of_ids() -> None:
    """A number in a field that names other entities is their id."""
    assert one(album_id=7).attributes == {"album_id": ("7",)}


def test_at_most_64_short_values() -> None:
    """Values after the 64th and values of more than 256 characters are left out with a note."""
    source = catalog({"id": "a", "tags": [str(i) for i in range(70)], "by": "x" * 257})
    (entity,) = source
    assert entity.attributes == {"tags": tuple(str(i) for i in range(64))}
    assert {"1 attribute was cut at 64 values", "1 value of more than 256 characters was left out"} <= set(source.notes)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [("nan", None), ("x", None), (-3, -3.0), ("4.5", 4.5), (10**400, None), ([1], None), (None, None)],
)
def test_popularity_is_finite_or_none(raw: object, expected: float | None) -> None:
    """Popularity may be negative or written as text; what is no finite number is none."""
    assert one(title="t", popularity=raw).popularity == expected


def test_infinite_popularity_is_none() -> None:
    """JSON's NaN, Infinity and 1e999 give no popularity."""
    for literal in ("NaN", "Infinity", "1e999", "-1e999"):
        data = f'{{"id": 1, "title": "t", "popularity": {literal}}}'.encode()
        (entity,) = Catalog(["-"], stdin=io.BytesIO(data), schema=SCHEMA)
        assert entity.popularity is None


def test_a_record_of_nothing_is_bad() -> None:
    """Without title, text and attributes there is nothing to find."""
    assert reasons({"id": "x", "type": "song", "popularity": 1}) == ["neither a title nor a text nor an attribute"]


def test_empty_titles_are_counted() -> None:
    """A text without a title is an entity with an empty title."""
    source = catalog({"id": "a", "text": "t"}, {"id": "b", "text": "t"})
    assert [entity.title for entity in source] == ["", ""]
    assert "2 titles are empty" in source.notes


def test_ids_are_made_from_content() -> None:
    """Without an id field the same content has the same id, in any order and as integer or float."""
    ids = []
    for data in (b'{"title": "x y", "n": 1}\n{"title": "z z", "n": 1}', b'{"n": 1.0, "title": "x y", "new": null}'):
        source = Catalog(["-"], stdin=io.BytesIO(data), overrides=Overrides(id=""))
        ids.append([entity.id for entity in source])
        assert any("made from the content" in note for note in source.notes)
    assert ids[0][0] == ids[1][0] != ids[0][1]


def test_fields_that_come_late_are_noted() -> None:
    """A field that the schema does not know is named."""
    source = catalog({"id": "a", "title": "t", "url": "u", "meta": {"x": 1}}, {"id": "b", "title": "t", "surprise": 1})
    assert len(list(source)) == 2
    assert source.notes == ["not used, since the schema does not have them: surprise"]


def test_strict_stops_at_the_first_bad_record() -> None:
    """With strict, a bad record is an error with its place."""
    with pytest.raises(CatalogError, match="the id is missing") as caught:
        list(catalog({"id": "a", "title": "t"}, {"title": "t"}, strict=True))
    assert caught.value.where == "stdin:2"


@pytest.mark.parametrize("data", [b"", b"\n\n", b"id,title\n", b"[]", b'{"id": 1}', b"{\n}\n"])
def test_nothing_usable_is_an_error_after_the_pass(data: bytes) -> None:
    """An empty catalogue, or one of bad records only, is an error."""
    source = Catalog(["-"], stdin=io.BytesIO(data), overrides=Overrides(id="id") if b"id" in data else Overrides())
    with pytest.raises(CatalogError, match="record"):
        list(source)


def test_what_is_no_json_gets_advice() -> None:
    """How JSON may be laid out."""
    with pytest.raises(CatalogError, match="an array of objects, or objects one after the other"):
        list(Catalog(["-"], stdin=io.BytesIO(b'{"id": 1,,}\n{"id"}\n')))


def test_bad_records_are_all_counted_and_some_kept() -> None:
    """Only the first 1,000 are remembered."""
    source = catalog({"id": "a", "title": "t"}, *[{"title": "t"}] * 1500)
    assert (len(list(source)), source.read_count, source.bad_count, len(source.bad)) == (1, 1, 1500, 1000)


def test_files_share_the_sample_and_the_ids(tmp_path: Path) -> None:
    """The schema is inferred over all sources, duplicates are found across them, bytes are counted once."""
    first, second = tmp_path / "a.jsonl", tmp_path / "b.csv"
    first.write_text("".join(json.dumps({"id": str(i), "title": f"Song {i}"}) + "\n" for i in range(3000)))
    second.write_text("id,title,artist\n1,Again,X\nz,New,Y\n")
    source = Catalog([first, second])
    assert source.schema.creator == "artist"
    entities = list(source)
    assert entities[-1] == Entity(id="z", title="New", attributes={"artist": ("Y",)})
    assert source.bad == [Bad(source=str(second), line=2, reason=f"duplicate id, first seen at {first}:2")]
    assert source.bytes_total == source.bytes_read == first.stat().st_size + second.stat().st_size


def test_a_stream_loses_nothing_to_the_sample() -> None:
    """What inference read of stdin is read again; the total is unknown."""
    source = catalog(*[{"id": i, "title": f"Song {i}"} for i in range(2500)], schema=None)
    assert source.bytes_total is None
    assert [entity.id for entity in source] == [str(i) for i in range(2500)]
    assert source.bytes_read > 0


def test_a_named_pipe_is_read_once(tmp_path: Path) -> None:
    """A pipe on the file system (a shell's process substitution) works as stdin does."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    rows = "".join(json.dumps({"id": i, "title": f"Song {i}"}) + "\n" for i in range(2500))
    writer = threading.Thread(target=pipe.write_text, args=(rows,))
    writer.start()
    source = Catalog([pipe])
    assert len(list(source)) == 2500
    assert source.bytes_total is None
    writer.join()


def test_a_second_pass_is_refused() -> None:
    """One catalogue, one pass; one stream, one name; at least one source."""
    source = catalog({"id": 1, "title": "t"})
    assert len(list(source)) == 1
    with pytest.raises(CatalogError, match="already"):
        list(source)
    with pytest.raises(CatalogError, match="twice"):
        Catalog(["-", "-"], stdin=io.BytesIO(b""))
    with pytest.raises(CatalogError, match="no catalogue"):
        Catalog([])


def test_csv_ids_keep_their_zeros() -> None:
    """Leading zeros keep a column textual, a column of floats gives whole ids."""
    zeros = Catalog(["-"], stdin=io.BytesIO(b"id,title\n007,a\n12,b\n"))
    assert [entity.id for entity in zeros] == ["007", "12"]
    floats = Catalog(["-"], stdin=io.BytesIO(b"id,title\n1.0,a\n2.0,b\n"))
    assert [entity.id for entity in floats] == ["1", "2"]


VALUES = st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=20)


@PATIENT
@given(st.dictionaries(VALUES, st.tuples(VALUES, st.lists(VALUES, max_size=3), st.floats(-1e9, 1e9)), min_size=1))
def test_entities_round_trip(rows: dict[str, tuple[str, list[str], float]]) -> None:
    """What is written as a catalogue is read as the same entities."""
    source = catalog(*[{"id": k, "title": t, "tags": tags, "popularity": p} for k, (t, tags, p) in rows.items()])
    expected = [
        Entity(id=k, title=t, popularity=p, attributes={"tags": tuple(tags)} if tags else {})
        for k, (t, tags, p) in rows.items()
    ]
    assert list(source) == expected


@PATIENT
@given(st.binary() | st.text(alphabet='{}[]":,\n\t;|aé1.e-').map(str.encode))
def test_any_bytes_give_entities_or_a_catalog_error(data: bytes) -> None:
    """No content raises anything but CatalogError, and every entity is sound."""
    try:
        entities = list(Catalog(["-"], stdin=io.BytesIO(data)))
    except CatalogError:
        return
    for entity in entities:
        assert entity.id
        assert "\n" not in entity.title
        json.dumps([entity.title, entity.text]).encode()


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
ANY = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=2), max_leaves=6
)
FIELDS = st.sampled_from(["id", "title", "text", "x", "y", "popularity", "type"])


@PATIENT
@given(st.lists(st.dictionaries(FIELDS, ANY, max_size=5), max_size=5))
def test_any_records_give_entities_or_a_catalog_error(rows: list[dict[str, Any]]) -> None:
    """Whatever values the fields have, inference and cleaning raise nothing else."""
    try:
        entities = list(catalog(*rows, schema=None))
    except CatalogError:
        return
    for entity in entities:
        f"{entity.id}{entity.type}{entity.title}{entity.text}".encode()
        assert len(entity.id.encode()) <= 512


DATA = Path(os.environ.get("LTRR_DATA") or Path(__file__).parents[3] / "shared" / "data")


@pytest.mark.skipif(not (DATA / "msrd").is_dir(), reason="the data sets are not here: set LTRR_DATA to their folder")
def test_the_films_are_understood() -> None:
    """A real catalogue of films: every field plays the role that a person would give it."""
    source = Catalog([DATA / "msrd" / "catalog.jsonl.zst"])
    assert source.schema.to_dict() == {
        "id": "id", "title": "title", "text": ["text"], "type": "type", "popularity": "popularity",
        "creator": "director",
        "attributes": ["genres", "director", "actors", "characters", "tags", "year", "votes", "rating", "budget"],
        "ignored": [], "weighted": [], "amounts": [], "html": [], "also": [],
    }  # fmt: skip
    assert sum(1 for _ in source) == 9750
    assert source.bad_count == 0


def test_deeply_wrapped_export_is_refused(tmp_path: Path) -> None:
    """Objects around objects around a list of records are no entity: the message says where the records are."""
    path = tmp_path / "export.json"
    path.write_text('{"data": {"n": 2, "items": [{"id": 1, "title": "a"}, {"id": 2, "title": "b"}]}}')
    with pytest.raises(
        CatalogError, match=r"2 records inside, under 'data\.items'.*jq -c '\.\[\"data\"\]\.\[\"items\"\]\[\]'"
    ):
        Catalog([path])
