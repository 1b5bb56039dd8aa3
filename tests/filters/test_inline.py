"""Filters in a query's text: found where they are meant, and nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_cli.filters.expression import text_of
from ltrr_cli.filters.inline import split, unread

FIELDS = {"id": False, "type": False, "title": False, "genre": False, "year": True, "release date": False}


@pytest.mark.parametrize(
    ("text", "rest", "written"),
    [
        ("love genre:rock", "love", "genre : rock"),
        ("genre:rock", "", "genre : rock"),
        ('genre:"hip hop"  love', "love", 'genre : "hip hop"'),
        ("love -genre:rock year:>=1990", "love", "not genre : rock and year >= 1990"),
        ("year:!=1990 a", "a", "year != 1990"),
        ("-year:!=1990 a", "a", "year = 1990"),
        ('"release date":>=1990-05 a', "a", '"release date" >= 1990-05'),
        ("Genre:ROCK", "", "genre : ROCK"),
        ("a year:=1990 b", "a b", "year = 1990"),
        ("a  b", "a  b", ""),
    ],
)
def test_filters(text: str, rest: str, written: str) -> None:
    """What is left of the text, and what is demanded."""
    words, expression = split(text, FIELDS)
    assert (words, text_of(expression)) == (rest, written)


@pytest.mark.parametrize(
    "text",
    [
        "star wars: a new hope",
        "http://example.com",
        "mood:happy",
        "genre: rock",
        "love :rock",
        '"my genre:rock song"',
        "title:",
        "year:>=soon",
        "agenre:rock:",
        "12:30",
        "::",
        "genre:   ",
        "xgenre:rock",
        "genre:🎬"[:6],
    ],
)
def test_text_stays_text(text: str) -> None:
    """Colons of all kinds that name no field."""
    assert split(text, FIELDS) == (text, None)


@given(st.text(alphabet='genryai :"->=\\ 19', max_size=60))
def test_never_an_error(text: str) -> None:
    """Every text splits, and what is left splits no further."""
    words, expression = split(text, FIELDS)
    if expression is None:
        assert words == text
    else:
        assert len(words) < len(text)


OBJECTS = {
    **FIELDS, "genres.id": True, "genres.name": False, "cast.name": False, "crew.job": False, "studio.city": False,
    "studio.at": False, "popularity": True,
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("genres:rock", "genres.name : rock"),
        ("GENRES.NAME:rock", "genres.name : rock"),
        ("genres.id:7", "genres.id : 7"),
        ("cast:bob", "cast.name : bob"),
        ("crew:bob", "crew.job : bob"),
        ("studio:bob", ""),
        ("job:writer", "crew.job : writer"),
        ("name:bob", "title : bob"),
        ("views:>7", "popularity > 7"),
        ("foo:bar", ""),
    ],
)
def test_names_may_be_short(text: str, written: str) -> None:
    """A field of objects by its inner or outer name, if it can be but one; a role by what the catalogue calls it."""
    called = {"name": "title", "views": "popularity", "year": "popularity"}
    assert text_of(split(text, OBJECTS, called)[1]) == written
    assert text_of(split("YEAR:7", OBJECTS, called)[1]) == "year : 7"
    assert split("name:bob", OBJECTS)[1] is None


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("curry rating:>4 genr:rock", ["rating", "genr"]),
        ("release:1990", ["release"]),
        ("yeer:1990", []),
        ("genres:rock year:1990 id:x", []),
        ("http://example.com mood:happy 12:30 re:zero", []),
        ("star wars: a new hope", []),
    ],
)
def test_what_is_meant_as_a_field_is_told(text: str, names: list[str]) -> None:
    """By its sign, or because it is nearly one; other colons are text, of which nothing is said."""
    assert unread(text, OBJECTS) == names
