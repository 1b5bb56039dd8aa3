"""`ltrr understand` and `ltrr index show`: readings as a table, as JSON, for piped queries; an entity."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Ltrr


def test_json_contract(ltrr: Ltrr, index: Path) -> None:
    """Exactly these keys; the readings lie within the words."""
    row = ltrr("understand", "rock", "songs", "--json", "-i", index).json
    assert list(row) == ["query", "words", "readings", "ranges", "types"]
    assert row["words"] == ["rock", "songs"]
    keys = ["text", "start", "end", "attribute", "value", "probability", "entities", "types"]
    assert all(list(reading) == keys for reading in row["readings"])
    told = {(reading["text"], reading["attribute"], reading["value"]) for reading in row["readings"]}
    assert told == {("rock", "genres", "rock"), ("songs", "type", "song")}
    assert row["types"] == [{"type": "song", "probability": 0.6}]


def test_a_table(ltrr: Ltrr, index: Path) -> None:
    """Words, attribute, value, probability and number of entities; nothing that takes over a terminal."""
    out = ltrr("understand", "rock", "songs", "-i", index).out
    assert "genres" in out
    assert "60%" in out
    assert "likely types: song 60%" in out
    assert "\x1b" not in ltrr("understand", "\x1b[2J", "evil\x07", "-i", index).out
    assert ltrr("understand", "xyzzy", "-i", index).out.startswith("No words of it")


def test_piped_queries(process: Ltrr, index: Path) -> None:
    """A line each, in order; empty ones are nothing, what is not UTF-8 does not stop it."""
    done = process("understand", "-i", index, stdin=b"rock\n\n\xff\xfe\nsongs before 1999\n")
    assert done.code == 0
    assert [row["query"] for row in done.rows] == ["rock", "\ufffd\ufffd", "songs before 1999"]


def test_an_entity(ltrr: Ltrr, index: Path) -> None:
    """Its fields, and what was suggested; an id that is not there is a clear error."""
    row = ltrr("index", "show", "e01", "--json", "-i", index).json
    assert list(row) == ["id", "type", "title", "text", "popularity", "attributes", "weights", "suggested"]
    assert row["attributes"] == {"genres": ["pop"]}
    assert "genres       pop" in ltrr("index", "show", "e01", "-i", index).out
    missing = ltrr("index", "show", "nobody", "-i", index)
    assert missing.code == 1
    assert "the index has no entity 'nobody'" in missing.err
    assert "\x1b" not in ltrr("index", "show", "evil", "-i", index).out
