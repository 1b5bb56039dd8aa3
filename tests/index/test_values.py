"""Values: which entities have which attribute values, and what words may mean one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from ltrr_cli.index.counted import Counted
from ltrr_cli.index.values import Values, ValuesWriter, terms, year_like
from ltrr_cli.records import Entity
from ltrr_cli.text import hash64

if TYPE_CHECKING:
    from pathlib import Path

ENTITIES = [
    Entity(id="a", type="Song", attributes={"genre": ("Soft Rock", "soft rock", "Jazz"), "year": (1994.0,)}),
    Entity(id="b", type="Song", attributes={"genre": ("jazz",), "mood": ("Jazz",), "year": (2001.0, 3.5)}),
    Entity(id="c"),
    Entity(id="d", type="Album", attributes={"note": ("one two three four five six seven", "!?")}),
]


@pytest.fixture
def values(tmp_path: Path) -> Values:
    """Return the values of four entities."""
    writer, counted = ValuesWriter(tmp_path), Counted(tmp_path / "counted")
    for entity in ENTITIES:
        writer.add(entity)
        counted.add(terms(entity))
    return Values.open(tmp_path, writer.write(counted))


def readings(values: Values, *phrases: str) -> list[tuple[int, str, int]]:
    """Return the readings of some phrases, sorted."""
    found = values.readings(np.array([hash64(phrase) for phrase in phrases], np.uint64))
    return sorted((place, reading.attribute, reading.entities) for place, reading in found)


def test_terms_by_hand() -> None:
    """A value gives its key, a year also its decade; long text and text without letters give nothing."""
    assert sorted(set(terms(ENTITIES[0]))) == [
        ("genre", "jazz"),
        ("genre", "soft rock"),
        ("type", "song"),
        ("year", "1990s"),
        ("year", "1994"),
    ]
    assert list(terms(ENTITIES[2])) == []
    assert list(terms(ENTITIES[3])) == [("type", "album")]


@pytest.mark.parametrize(
    ("value", "expected"), [(1000.0, True), (2199.0, True), (999.0, False), (2200.0, False), (1994.5, False)]
)
def test_which_numbers_are_years(value: float, *, expected: bool) -> None:
    """Whole numbers from 1000 to 2199 may be years."""
    assert year_like(value) == expected


def test_readings_count_entities(values: Values) -> None:
    """A word reads as every attribute that has it, with the number of entities; twice in one entity counts once."""
    assert readings(values, "jazz", "soft rock", "1990s", "song", "rock") == [
        (0, "genre", 2),
        (0, "mood", 1),
        (1, "genre", 1),
        (2, "year", 1),
        (3, "type", 2),
    ]


def test_shares_by_hand(values: Values) -> None:
    """Each row has the summed weights of the wanted values that it has, by each weighting."""
    wanted = np.array([hash64("genre=jazz"), hash64("year=1990s"), hash64("mood=none")], np.uint64)
    weights = np.array([[0.5, 0.25, 0.125], [0, 1, 0]], np.float32)
    found = values.shares(np.array([3, 1, 0, 2, 0]), wanted, weights)
    assert found.tolist() == [[0, 0.5, 0.75, 0, 0.75], [0, 0, 1, 0, 1]]


def test_shares_of_nothing(values: Values) -> None:
    """No rows give no shares, and rows without values have none."""
    wanted, weights = np.array([hash64("genre=jazz")], np.uint64), np.ones((1, 1), np.float32)
    assert values.shares(np.array([], np.int64), wanted, weights).tolist() == [[]]
    assert values.shares(np.array([2]), wanted, weights).tolist() == [[0]]


def test_having_is_a_share_above_nothing(values: Values) -> None:
    """A row has a wanted value where its share of it is above 0, asked in any order and more than once."""
    rows = np.array([3, 0, 1, 2], np.int64)
    wanted = np.array([hash64(term) for term in ("genre=jazz", "type=album", "genre=none", "genre=jazz")], np.uint64)
    each = values.shares(rows, wanted[:3], np.eye(3, dtype=np.float32))
    assert values.having(rows, wanted[:3]).tolist() == (each > 0).tolist()
    assert values.having(rows, wanted)[3].tolist() == [False, True, True, False]
