"""Ranges: which numbers a query asks for, and which attribute is meant."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ltrr_cli.query.speak import bounds, spoken
from ltrr_cli.query.understand import understand
from ltrr_cli.records import Entity

if TYPE_CHECKING:
    from collections.abc import Callable

    from ltrr_cli.index.view import View


@pytest.fixture(scope="module")
def view(make_view: Callable[..., View]) -> View:
    """Return a view of 40 films of 1980 to 2019, 1 to 5 stars, 5 to 200 dollars, 80 to 158 minutes."""
    return make_view(
        [
            Entity(
                id=f"e{n}",
                type="movie",
                title=f"Film {n}",
                attributes={
                    "year": (1980.0 + n,),
                    "rating": (1 + n % 9 / 2,),
                    "price": (5.0 * (n + 1),),
                    "runtime_minutes": (80.0 + 2 * n,),
                },
            )
            for n in range(40)
        ]
    )


@pytest.mark.parametrize(
    ("text", "attribute", "told"),
    [
        ("movies before 1999", "year", "< 1999"),
        ("movies since 1999", "year", "≥ 1999"),
        ("after 1999", "year", "> 1999"),
        ("post-1999", "year", "> 1999"),
        ("pre 1999 no, pre-1999", "year", "< 1999"),
        ("2010-2015", "year", "2010 – 2015"),
        ("movies from 2010 to 2015", "year", "2010 – 2015"),
        ("between 1990 and 1995 please", "year", "1990 – 1995"),
        ("over 4 stars", "rating", "> 4"),
        ("at least 3.5 stars", "rating", "≥ 3.5"),
        ("rating above 4", "rating", "> 4"),
        ("4+ stars", "rating", "≥ 4"),
        ("under $20", "price", "< 20"),
        ("under 20 dollars", "price", "< 20"),
        ("$20-$50", "price", "20 – 50"),
        ("price < 100", "price", "< 100"),
        ("less than 90 minutes", "runtime_minutes", "< 90"),
        ("UNDER ９０ MINUTES", "runtime_minutes", "< 90"),
    ],
)
def test_patterns(view: View, text: str, attribute: str, told: str) -> None:
    """The pattern gives the range, and the word beside it, or a year, the attribute."""
    found = understand(text, view).ranges
    assert [(one.attribute, bounds(one)) for one in found] == [(attribute, told)]
    assert found[0].probability > 0.8
    assert 0 < found[0].share < 1


def test_years_may_have_gaps(make_view: Callable[..., View]) -> None:
    """A catalogue that writes 0 for an unknown year has years all the same; one of counts has none."""
    films = [
        Entity(id=f"e{n}", type="movie", title="Film", attributes={"year": (0.0 if n % 20 == 0 else 1980.0 + n,),
               "votes": (45.0 * n,)})
        for n in range(60)
    ]  # fmt: skip
    (found,) = understand("films before 1999", make_view(films)).ranges
    assert (found.attribute, found.probability) == ("year", 0.85)


def test_dates_have_years(make_view: Callable[..., View]) -> None:
    """A catalogue that has dates, as ISO 8601 writes them, is asked by years; other texts with a hyphen are none."""
    films = [
        Entity(id=f"e{n}", type="movie", title="Film", attributes={
            "release_date": (f"{1980 + n}-0{1 + n % 9}-01",), "added": (f"{1980 + n}-05-01T00:00:00Z",),
            "code": (f"{1980 + n}-77",), "votes": (45.0 * n,)})
        for n in range(40)
    ]  # fmt: skip
    view = make_view(films)
    found = understand("films before 1999", view).ranges
    assert {one.attribute: (one.probability, one.high) for one in found} == {
        name: (0.425, math.nextafter(1999, 0)) for name in ("release_date", "added")
    }
    inside = view.segments[0].numbers.within("release_date", 1985, 1986.5)
    assert inside is not None
    assert inside.nonzero()[0].tolist() == [5, 6]


def test_words_of_time_ask_for_no_count(make_view: Callable[..., View]) -> None:
    """Where there are no years, nothing is meant by what comes after one."""
    view = make_view([Entity(id=f"e{n}", title="Film", attributes={"votes": (n * 100.0,)}) for n in range(40)])
    assert understand("after 1990", view).ranges == ()
    assert [one.attribute for one in understand("over 1990", view).ranges] == ["votes"]
    assert [one.attribute for one in understand("after 1990 votes", view).ranges] == ["votes"]


def test_words_of_a_sure_range_are_no_words(view: View) -> None:
    """They weigh what is left of their probability; not so those of an unsure one, or one that stands elsewhere."""
    found = understand("film 20 under $20", view)
    weights = dict(zip(found.words, (1.0, 1.0, 0.1), strict=False))
    assert dict(zip(found.stems, found.plain, strict=True)) == pytest.approx(weights)
    assert found.idf[2] == pytest.approx(0.1 * understand("under", view).idf[0])
    assert understand("film under 100", view).plain == (1.0, 1.0, 1.0)


def test_several_attributes(view: View) -> None:
    """A number without a word reads as each attribute whose values it lies among, but never as a year."""
    found = {one.attribute: one.probability for one in understand("under 100", view).ranges}
    assert found == pytest.approx({"price": 0.25, "runtime_minutes": 0.25})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "before",
        "before 1066",
        "over 9000 stars",
        "the 1984",
        "5 o'clock",
        "2-",
        "20",
        "1999999999999 to 3",
        "the post 2017",
    ],
)
def test_no_range(view: View, text: str) -> None:
    """A number alone, or one that no attribute has near, asks for no range."""
    assert understand(text, view).ranges == ()


def test_a_year_in_a_range_is_hardly_a_value(view: View) -> None:
    """In "before 1999" it is not 1999 that is asked for."""
    before, alone = understand("movies before 1999", view), understand("movies 1999", view)
    (year,) = [tag.probability for tag in before.tags if tag.attribute == "year"]
    assert year < 0.2 < max(tag.probability for tag in alone.tags if tag.attribute == "year")
    assert spoken(before)[-1] == "before 1999 → year: < 1999 (85%)"


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.sampled_from(
            ["under", "over", "between", "and", "-", "..", "1999", "2010", "20", "$5", "1,000", "4.5", "stars"]
        )
        | st.from_regex(r"[<>]=?[0-9]{1,400}[km+]?", fullmatch=True)
        | st.text(max_size=5),
        max_size=8,
    )
)
def test_any_text(view: View, pieces: list[str]) -> None:
    """Whatever is typed, ranges lie within the words and are not empty."""
    understood = understand(" ".join(pieces), view)
    for one in understood.ranges:
        assert 0 <= one.start < one.end <= len(understood.words)
        assert one.low <= one.high
        assert not math.isnan(one.low + one.high) or math.isinf(one.low)
        assert 0 < one.probability < 1
        assert bounds(one)
