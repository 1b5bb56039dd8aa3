"""Lists and objects in cells: JSON's, Python's, and neither."""

from __future__ import annotations

import csv
import io
import json
import warnings
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_cli.catalog import Catalog
from ltrr_cli.catalog.cells import reader
from ltrr_cli.catalog.literals import literal

if TYPE_CHECKING:
    from pathlib import Path

GENRES = "[{'id': 16, 'name': 'Animation'}, {'id': 35, 'name': \"L'Amour\"}]"
READ: list[tuple[str, Any]] = [
    ('["a", "b"]', ["a", "b"]),
    ("['a', 'it\\'s', \"b\"]", ["a", "it's", "b"]),
    ("[a, b c, 7, None]", ["a", "b c", 7, None]),
    (GENRES, [{"id": 16, "name": "Animation"}, {"id": 35, "name": "L'Amour"}]),
    ("{'id': 1, 'poster': None, 'adult': False, 'x': nan, 'in': ['a']}",
     {"id": 1, "poster": None, "adult": False, "x": None, "in": ["a"]}),
    ('{"id": 1}', {"id": 1}),
    ("[{'name': 'L\\xe9on \\d'}]", [{"name": "Léon \\d"}]),
    ("[-1, 2.5e3]", [-1, 2500.0]),
    ("[]", []),
]  # fmt: skip


@pytest.mark.parametrize(("cell", "value"), READ)
def test_what_is_read(cell: str, value: object) -> None:
    """As Python would, without a warning on standard error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert literal(f" {cell} ") == value


@pytest.mark.parametrize(
    "cell",
    ["", "[", "[1", "a]", "[[1]]", "{1, 2}", "{1: 2}", "[f(1)]", "[1 2)]", "{'a': }", "['a'", "__import__('os')",
     "[" * 9 + "{}" + "]" * 9, "[" * 30_000 + "]" * 30_000, "[{}, " + "-" * 60_000 + "1]", "['" * 30_000 + "]"],
)  # fmt: skip
def test_what_is_not(cell: str) -> None:
    """Sets, calls, torn lists and what nests too deep are texts."""
    assert literal(cell) is None


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()


@given(st.lists(SCALARS | st.dictionaries(st.text(), SCALARS | st.lists(SCALARS, max_size=2), max_size=3), max_size=4))
def test_what_python_writes_is_read(value: list[object]) -> None:
    """Whatever is in it, and the same from JSON."""
    assert literal(repr(value)) == value
    assert literal(json.dumps(value)) == value


@given(st.text(alphabet="[]{}'\",:\\ -a1.", max_size=60))
def test_anything_is_read_or_none(text: str) -> None:
    """No cell raises anything."""
    assert literal(text) is None or isinstance(literal(text), (list, dict))


def test_a_late_cell_in_a_column_of_texts() -> None:
    """It is read where nobody means it as a text; titles, texts and ids stay as they are."""
    read = reader("genres", ["drama"] * 5)
    assert read(GENRES) == [{"id": 16, "name": "Animation"}, {"id": 35, "name": "L'Amour"}]
    assert (read("[]"), read('{"a": 1}')) == ([], {"a": 1})
    for text in ("[sic]", "[1]", "a [b]", "{x}", "['a'", "[[1]]"):
        assert read(text) == text
    for name in ("title", "overview", "imdb_id"):
        assert reader(name, ["drama"] * 5)(GENRES) == GENRES


def test_one_torn_cell_does_not_spoil_a_column() -> None:
    """It stays a text, the others are lists."""
    cells = [*["[a, b]"] * 9, "[a, b"]
    assert [reader("x", cells)(cell) for cell in cells] == [*[["a", "b"]] * 9, "[a, b"]


def test_films_as_kaggle_has_them(tmp_path: Path) -> None:
    """A table of films with lists and objects in Python's way."""
    rows = [
        ["adult", "belongs_to_collection", "genres", "id", "title", "spoken_languages", "vote_count"],
        [
            "False",
            "{'id': 10194, 'name': 'Toy Story Collection', 'poster_path': '/7G.jpg'}",
            GENRES,
            "862",
            "Toy Story",
            "[{'iso_639_1': 'en', 'name': 'English'}]",
            "5415",
        ],
        ["False", "", "[]", "8844", "Jumanji", "[]", "2413"],
    ]
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    path = tmp_path / "movies.csv"
    path.write_text(out.getvalue())
    first, second = Catalog([path])
    assert first.attributes["genres.name"] == ("Animation", "L'Amour")
    assert first.attributes["belongs_to_collection.name"] == ("Toy Story Collection",)
    assert first.attributes["spoken_languages.iso_639_1"] == ("en",)
    assert (second.title, second.popularity) == ("Jumanji", 2413)
