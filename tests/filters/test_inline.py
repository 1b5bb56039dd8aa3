"""Filters in a query's text: found where they are meant, and nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_cli.filters.expression import text_of
from ltrr_cli.filters.inline import split

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
