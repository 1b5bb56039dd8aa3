"""The language of filters: what it reads, how it writes it, and what it says of mistakes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_cli.filters.expression import All, Condition, Either, Expression, Not, all_of, number_of, text_of
from ltrr_cli.filters.grammar import FilterError, parse
from ltrr_cli.filters.inline import split

FIELDS = {"id": False, "type": False, "title": False, "genre": False, "year": True, "release date": False}

_values = st.text(min_size=1, max_size=8).filter(lambda text: "\x00" not in text)
_conditions = st.one_of(
    st.builds(
        lambda field, operator, values: Condition(field, operator, tuple(sorted(set(values)))),
        st.sampled_from(["genre", "release date", "title"]),
        st.sampled_from(["=", ":"]),
        st.lists(_values, min_size=1, max_size=3),
    ),
    st.builds(
        lambda operator, year: Condition("year", operator, (str(year),)),
        st.sampled_from(["<", "<=", ">", ">="]),
        st.integers(-10, 3000),
    ),
)


def _joined(kind: type[All | Either], parts: list[Expression]) -> Expression:
    distinct = tuple(dict.fromkeys(parts))
    if len(distinct) == 1:
        return distinct[0]
    return all_of(*distinct) or distinct[0] if kind is All else Either(distinct)


_expressions: st.SearchStrategy[Expression] = st.recursive(
    _conditions,
    lambda inner: st.one_of(
        inner.map(lambda part: part.part if isinstance(part, Not) else Not(part)),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: _joined(All, parts)),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: _joined(Either, parts)),
    ),
    max_leaves=8,
)


@given(_expressions)
def test_what_is_written_reads_back(expression: Expression) -> None:
    """The log holds filters as text: each reads back to the same expression."""
    assert parse(text_of(expression), FIELDS) == expression


@given(st.text(alphabet="genryai =!<>:()\"'\\,ot1", max_size=40))
def test_any_text_is_a_filter_or_one_error(text: str) -> None:
    """Nothing else comes of a text, and the error is one line."""
    said = ""
    try:
        parse(text, FIELDS)
    except FilterError as error:
        said = str(error)
    assert "\n" not in said


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("genre=rock", "genre = rock"),
        ("GENRE == Rock", "genre = Rock"),
        ("genre = hip hop and year>1990", 'genre = "hip hop" and year > 1990'),
        ("genre != rock or not year >= 2000", "genre != rock or not year >= 2000"),
        ("genre in (rock, 'hip hop')", 'genre in ("hip hop", rock)'),
        ("genre not in (rock, pop)", "genre not in (pop, rock)"),
        ("genre:(rock, pop)", "genre : (pop, rock)"),
        ("year:>=1990", "year >= 1990"),
        ("year=1990 and (genre=a or genre=b)", "year = 1990 and (genre = a or genre = b)"),
        ("year=1 or year=2 and genre=a", "year = 1 or (year = 2 and genre = a)"),
        ("(year=1 and (genre=a and genre=b))", "year = 1 and genre = a and genre = b"),
        ("not not genre=a", "genre = a"),
        ('"release date" >= 1990-05', '"release date" >= 1990-05'),
        ("genre = \"and\" and title = 'it''s'", None),
        ('title = "say \\"hi\\""', 'title = "say \\"hi\\""'),
        ("genre=AC/DC", "genre = AC/DC"),
        ("title:don't", "title : don't"),
        ("  ", ""),
    ],
)
def test_reading(text: str, expected: str | None) -> None:
    """By hand: what each form means, in the form in which it is written."""
    if expected is None:
        with pytest.raises(FilterError):
            parse(text, FIELDS)
    else:
        assert text_of(parse(text, FIELDS)) == expected


@pytest.mark.parametrize(
    ("text", "what", "column"),
    [
        ("year >= and genre=a", "expected a value", 8),
        ("yaer = 1", "no field 'yaer'", 0),
        ("year > soon", "holds numbers", 7),
        ("(year = 1", "expected )", 9),
        ("year = 1)", "expected and, or, or the end", 8),
        ('genre = "ro', "a quote is opened", 8),
        ("genre rock", "expected one of", 6),
        ("genre = a year = 2", "expected and, or", 10),
        ("genre in rock", "expected ( after in", 9),
        ("genre in (a, )", "expected a value", 13),
        ("and", "expected a field", 0),
        ("not", "expected a field", 3),
        ("(" * 60 + "year=1", "nest at most", 50),
    ],
)
def test_mistakes(text: str, what: str, column: int) -> None:
    """Each says what was expected, and shows what stands there instead."""
    with pytest.raises(FilterError) as caught:
        parse(text, FIELDS)
    assert what in caught.value.what
    here = text[column:].strip()[:24]
    assert caught.value.where.startswith(f"filter, column {column + 1}, at {here or 'its end'}")


def test_a_name_that_is_not_there_brings_the_nearest() -> None:
    """The advice begins with what was probably meant."""
    with pytest.raises(FilterError) as caught:
        parse("gener=rock", FIELDS)
    assert caught.value.next.startswith("fields: genre, ")


def test_numbers() -> None:
    """What is a number."""
    assert [number_of(one) for one in ("12", "-1.5", "1e3", "true", "False")] == [12, -1.5, 1000, 1, 0]
    assert [number_of(one) for one in ("", "nan", "inf", "1e999", "1990s", "١٢")] == [None] * 6


@pytest.mark.parametrize("written", ["year = 1990-1995", "year: 1990–1995", "year = 1990..1995"])
def test_ranges_of_numbers(written: str) -> None:
    """What stands between two numbers is a range where the field holds numbers, and reads back as two conditions."""
    assert text_of(parse(written, FIELDS)) == "year >= 1990 and year <= 1995"
    assert text_of(parse("year = 1995-1990", FIELDS)) == "year = 1995-1990"
    assert text_of(parse("genre = 1990-1995", FIELDS)) == "genre = 1990-1995"
    assert split("love year:1990-1995", FIELDS) == ("love", parse(written, FIELDS))
