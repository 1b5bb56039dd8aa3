"""The dictionary: titles with their types, aliases of values, and how far phrases reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from ltrr_cli.index.counted import Counted
from ltrr_cli.index.values import Values, ValuesWriter, terms
from ltrr_cli.records import Entity
from ltrr_cli.text import hash64, token_hash

if TYPE_CHECKING:
    from pathlib import Path

ENTITIES = [
    Entity(id="a", type="artist", title="The Beatles", attributes={"aliases": ("The Fab Four",)}),
    Entity(id="b", type="song", title="Love", attributes={"artist": ("The Beatles",), "genre": ("love",)}),
    Entity(id="c", type="album", title="LOVE!", attributes={"artist": ("The Beatles",)}),
    Entity(id="d", type="song", title="one two three four five six seven eight nine ten eleven twelve thirteen"),
]


@pytest.fixture
def values(tmp_path: Path) -> Values:
    """Return the values of four entities."""
    writer, counted = ValuesWriter(tmp_path), Counted(tmp_path / "counted")
    for entity in ENTITIES:
        writer.add(entity)
        counted.add(terms(entity))
    return Values.open(tmp_path, writer.write(counted))


def told(values: Values, phrase: str) -> set[tuple[str, str, int, tuple[tuple[str, int], ...]]]:
    """Return what a phrase may mean."""
    found = values.readings(np.array([hash64(phrase)], np.uint64))
    return {(one.attribute, one.word, one.entities, one.types) for _, one in found}


def test_titles_have_the_types_of_their_entities(values: Values) -> None:
    """A title that is also a value keeps both readings; its entities' types are counted."""
    assert told(values, "love") == {("title", "", 2, (("album", 1), ("song", 1))), ("genre", "", 1, ())}
    assert told(values, " ".join(ENTITIES[3].title.split()[:6])) == set()


def test_an_alias_is_a_title_and_names_the_values_of_its_title(values: Values) -> None:
    """The Fab Four are an entity, and, as the artist of two, The Beatles."""
    assert told(values, "the fab four") == {
        ("title", "", 1, (("artist", 1),)),
        ("artist", "the beatles", 2, ()),
    }


def test_how_far_phrases_reach(values: Values) -> None:
    """Each first word says how long the longest phrase is that begins with it; other words begin none."""
    words = ["the", "love", "fab", "one", "song"]
    assert values.dictionary.reach(np.array([token_hash(word) for word in words], np.uint64)) == [3, 1, 0, 0, 1]


def test_an_older_dictionary_opens(values: Values, tmp_path: Path) -> None:
    """Without what a newer ltrr adds there are values only, as long as they may be, each counting 1."""
    for name in ("json", "type.npy", "text.npy", "suggested.npy", "first.npy", "longest.npy"):
        (tmp_path / f"phrases.{name}").unlink()
    (tmp_path / "values.weight.npy").unlink()
    old = Values.open(tmp_path, values.dictionary.names)
    assert ("genre", "", 1, ()) in told(old, "love")
    assert old.dictionary.reach(np.array([1, 2], np.uint64)) == [6, 6]
    wanted = np.array([hash64("genre=love")], np.uint64)
    assert old.shares(np.array([1, 0]), wanted, np.ones((1, 1), np.float32)).tolist() == [[1, 0]]
