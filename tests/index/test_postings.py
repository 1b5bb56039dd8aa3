"""Postings against a plain look at every entity."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ltrr_cli.filters.expression import Condition, number_of
from ltrr_cli.filters.grammar import parse
from ltrr_cli.index.narrow import fields_of, narrowed
from ltrr_cli.index.postings import Postings, folded
from ltrr_cli.index.postings_writer import PostingsWriter
from ltrr_cli.index.segment import Segment, SegmentWriter
from ltrr_cli.records import Entity
from ltrr_cli.text import tokens

if TYPE_CHECKING:
    from collections.abc import Callable

    from ltrr_cli.index.view import View

_texts = st.sampled_from(["Rock", "rock", "Indie Rock", "Röck", "R&B", "C++", "C", "東京", "", "1990", "a\nb"])
_values = st.one_of(_texts, st.sampled_from([1.0, 1990.0, -2.5, 1e12]))
_entities = st.lists(
    st.dictionaries(st.sampled_from(["x", "y"]), st.lists(_values, max_size=3).map(tuple), max_size=2), max_size=12
)


def _made(rows: list[dict[str, tuple[str | float, ...]]]) -> Postings:
    with TemporaryDirectory() as folder:
        writer = PostingsWriter(Path(folder), {name for attributes in rows for name in attributes})
        for number, attributes in enumerate(rows):
            writer.add(Entity(id=str(number), attributes=attributes))
        writer.write()
        made = Postings.open(Path(folder))
    assert made is not None
    return made


def _meets(value: str | float, operator: str, wanted: str) -> bool:
    number = number_of(wanted)
    if isinstance(value, float):
        return number is not None and value == number
    if not folded(value):
        return False
    if operator == "=":
        return folded(value) == folded(wanted)
    words = f" {' '.join(tokens(wanted))} "
    if not words.strip():
        return folded(value) == folded(wanted)
    return words in f" {' '.join(tokens(value))} "


@settings(deadline=None)  # files
@given(
    _entities, st.sampled_from(["=", ":"]), st.sampled_from(["rock", "R&B", "c++", "1990", "-2.5", "東京", "b", "x"])
)
def test_equal_and_words(rows: list[dict[str, tuple[str | float, ...]]], operator: str, wanted: str) -> None:
    """A row is found if one of its values is meant."""
    found = set(_made(rows).rows(Condition("x", operator, (wanted,))).tolist())
    assert found == {
        number for number, row in enumerate(rows) if any(_meets(one, operator, wanted) for one in row.get("x", ()))
    }


@settings(deadline=None)  # files
@given(
    st.lists(st.lists(st.integers(-5, 5).map(float), max_size=3).map(tuple), max_size=12),
    st.sampled_from(["<", "<=", ">", ">="]),
    st.integers(-6, 6),
)
def test_ranges_of_numbers(rows: list[tuple[float, ...]], operator: str, limit: int) -> None:
    """Comparisons, against Python's own."""
    compare = {"<": float.__lt__, "<=": float.__le__, ">": float.__gt__, ">=": float.__ge__}[operator]
    made = _made([{"x": row, "y": (99.0,)} for row in rows])
    found = set(made.rows(Condition("x", operator, (str(limit),))).tolist())
    assert found == {number for number, row in enumerate(rows) if any(compare(one, float(limit)) for one in row)}


@pytest.mark.parametrize(
    ("operator", "expected"), [("<", {0}), ("<=", {0, 1}), (">", {2, 3}), (">=", {1, 2, 3}), ("=", {1})]
)
def test_dates_compare_as_texts(operator: str, expected: set[int]) -> None:
    """Where a field has no numbers, its texts have an order."""
    made = _made([{"x": (day,)} for day in ("1989-12-31", "1990-05-01", "1990-05-02", "2001-01-01")])
    assert set(made.rows(Condition("x", operator, ("1990-05-01",))).tolist()) == expected


def test_counts_and_what_rows_hold() -> None:
    """Values are counted, and told of rows, as first written and folded."""
    postings = _made([{"x": ("Rock", "Pop", 3.0)}, {"x": ("rock", 3.0, 3.0), "y": ("z",)}, {}])
    assert set(postings.rows(Condition("x", "=", ("ROCK", "nothing"))).tolist()) == {0, 1}
    assert postings.counts("x", np.ones(3, np.bool_)) == [("Pop", 1), ("Rock", 2), (3.0, 3)]
    assert postings.counts("x", np.array([False, True, False]))[:1] == [("Rock", 1)]
    assert sorted(postings.held("x", np.array([2, 1, 0])), key=str) == [
        (1, "rock"),
        (1, 3.0),
        (1, 3.0),
        (2, "pop"),
        (2, "rock"),
        (2, 3.0),
    ]
    assert postings.held("y", np.array([0, 2])) == postings.held("x", np.array([], np.int64)) == []
    assert postings.counts("nothing", np.ones(3, np.bool_)) == []
    assert postings.kinds("x") == (True, True)
    assert postings.kinds("y") == (True, False)


def test_views_allow(make_view: Callable[..., View]) -> None:
    """Over segments and deletions: and, or, not, ids, types and fields that only one segment has."""
    rows = [
        Entity(id=f"e{n}", type=("song", "album")[n % 2], title=f"Title {n}", attributes={"year": (1990.0 + n,)})
        for n in range(6)
    ]
    more = [Entity(id="f0", type="song", title="Other", popularity=3.0, attributes={"genre": ("Rock", "Pop")})]
    view = make_view(rows, more, tombstones=([0], []))
    fields = fields_of(view)
    assert fields == {"id": False, "type": False, "title": False, "year": True, "genre": False, "popularity": True}

    def allowed(text: str) -> list[int]:
        expression = parse(text, fields)
        assert expression is not None
        narrow = narrowed(view, expression)
        assert narrow.allowed is not None
        assert narrow.entities == np.count_nonzero(narrow.allowed)
        return np.flatnonzero(narrow.allowed).tolist()

    assert allowed("type = song") == [2, 4, 6]
    assert allowed("type != song") == [1, 3, 5]
    assert allowed("year <= 1992") == [1, 2]
    assert allowed("not year <= 1992") == [3, 4, 5, 6]
    assert allowed("genre = pop or year = 1993") == [3, 6]
    assert allowed("id in (e0, e1, f0, none)") == [1, 6]
    assert allowed("title : title and type = album and year > 1991") == [3, 5]
    assert allowed("popularity >= 3") == [6]


def test_a_segment_without_postings(tmp_path: Path) -> None:
    """Of a segment that ltrr before 0.2 built they are made when they are asked for, and nothing is written there."""
    writer = SegmentWriter(tmp_path / "segment", creator="")
    for number in range(3):
        writer.add(Entity(id=f"e{number}", title="A", attributes={"year": (1990.0 + number,), "genre": ("Rock",)}))
    for _ in writer.rows():
        pass
    writer.finish(np.ones((3, 1), np.float32), np.zeros(3, np.uint64))
    for path in (tmp_path / "segment" / "columns").glob("postings.*"):
        path.unlink()
    before = sorted(tmp_path.rglob("*"))
    postings = Segment(tmp_path / "segment", base=0).postings
    assert postings.names == ("genre", "title", "type", "year")
    assert postings.rows(Condition("year", ">", ("1990",))).tolist() == [1, 2]
    assert postings.counts("genre", np.ones(3, np.bool_)) == [("Rock", 3)]
    assert sorted(tmp_path.rglob("*")) == before
