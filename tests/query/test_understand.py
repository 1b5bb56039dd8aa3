"""Understanding: which words of a query are values of attributes, and how sure that is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ltrr_cli.query.understand import understand
from ltrr_cli.records import Entity
from ltrr_cli.text import MAX_WORDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from ltrr_cli.index.view import View


def _entity(number: int, title: str, **attributes: str | float) -> Entity:
    values = {name: (value,) for name, value in attributes.items()}
    return Entity(id=f"e{number}", type="movie", title=title, attributes=values)


@pytest.fixture(scope="module")
def view(make_view: Callable[..., View]) -> View:
    """Return a view of eight films."""
    return make_view(
        [
            _entity(0, "Alien", genre="science fiction", mood="dark", year=1979.0),
            _entity(1, "Blade Runner", genre="science fiction", mood="dark", year=1982.0),
            _entity(2, "Love Actually", genre="love", mood="love", year=2003.0),
            _entity(3, "Amour", genre="love story", mood="love", year=2012.0),
            _entity(4, "Notting Hill", genre="comedy", mood="love", year=1999.0),
            _entity(5, "Western", genre="western", tag="fiction writer"),
            _entity(6, "東京物語", genre="ドラマ", year=1953.0),
            _entity(7, "1984", genre="science", label="90s"),
        ]
    )


def _readings(text: str, view: View) -> set[tuple[int, int, str, str]]:
    return {(tag.start, tag.end, tag.attribute, tag.value) for tag in understand(text, view).tags}


def test_values_of_several_words(view: View) -> None:
    """A value of two words is read as one; the shorter value inside it is not read beside it."""
    assert _readings("dark science fiction please", view) == {
        (0, 1, "mood", "dark"),
        (1, 3, "genre", "science fiction"),
    }
    assert _readings("love story", view) == {(0, 2, "genre", "love story")}
    assert _readings("science", view) == {(0, 1, "genre", "science")}


def test_overlapping_values_are_both_read(view: View) -> None:
    """Two values that overlap stay, and what is read beside one of them: which is meant is not known."""
    assert _readings("science fiction writer", view) == {
        (0, 1, "genre", "science"),
        (0, 2, "genre", "science fiction"),
        (1, 3, "tag", "fiction writer"),
    }


def test_an_ambiguous_word_keeps_its_readings(view: View) -> None:
    """A word that is a value of two attributes is read as both, in proportion to ln(1 + count), the likelier first."""
    tags = understand("love", view).tags
    assert [(tag.attribute, tag.value, tag.count) for tag in tags] == [("mood", "love", 3), ("genre", "love", 1)]
    mass = math.log(4) + math.log(2)
    assert [tag.probability for tag in tags] == pytest.approx([0.9 * math.log(4) / mass, 0.9 * math.log(2) / mass])


def test_how_sure_a_reading_is(view: View) -> None:
    """A single word among others is less sure to be meant as a value than a whole query or a longer value."""
    assert understand("dark", view).tags[0].probability == pytest.approx(0.9)
    assert understand("dark night", view).tags[0].probability == pytest.approx(0.6)
    assert understand("a love story", view).tags[0].probability == pytest.approx(9 / (9 + 1 + 1.5))


@pytest.mark.parametrize(
    ("text", "value"),
    [("westerns", "western"), ("comedys", "comedy"), ("Loves", "love"), ("science fictions", "science fiction")],
)
def test_plurals(view: View, text: str, value: str) -> None:
    """A plural in -s finds the value in the singular."""
    assert value in {tag.value for tag in understand(text, view).tags}


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("70s", {"1970s"}),
        ("90s", {"1990s", "90s"}),
        ("'80s", {"1980s"}),
        ("80's", {"1980s"}),
        ("1980s", {"1980s"}),
        ("2000s", {"2000s"}),
        ("00s", {"2000s"}),
        ("10s", {"2010s"}),
        ("50s", {"1950s"}),
        ("60s", set()),
        ("1982", {"1982"}),
        ("nineties", {"1990s", "90s"}),
        ("1983", set()),
        ("75s", set()),
    ],
)
def test_years_and_decades(view: View, text: str, values: set[str]) -> None:
    """Decades are read with and without their century, as years that the catalogue has."""
    assert {tag.value for tag in understand(text, view).tags} == values


def test_type_is_a_value(view: View) -> None:
    """The entity's type can be named like any value."""
    assert {("type", "movie")} == {(tag.attribute, tag.value) for tag in understand("movies", view).tags}


def test_values_in_other_scripts(view: View) -> None:
    """A Japanese value is read: all its pairs of characters form one span."""
    assert [(tag.attribute, tag.start, tag.end) for tag in understand("ドラマ", view).tags] == [("genre", 0, 2)]


def test_terms_and_their_idf(view: View) -> None:
    """Stems are those of the index; idf falls with frequency and is highest for what the index has not seen."""
    understood = understand("Movies alien xyzzy", view)
    assert understood.words == ("movies", "alien", "xyzzy")
    assert understood.stems == ("movi", "alien", "xyzzi")
    assert understood.unseen == 1
    assert understood.idf == pytest.approx([view.idf(8), view.idf(1), view.idf(0)])
    assert view.idf(1) == pytest.approx(math.log(1 + 7.5 / 1.5))
    assert understand("running runs", view).stems == ("run",)


@pytest.mark.parametrize("text", ["", "   ", "!?", "🎬", "\x00"])
def test_nothing_to_understand(view: View, text: str) -> None:
    """A query without words has neither terms nor readings."""
    understood = understand(text, view)
    assert understood.text == text
    assert (understood.words, understood.stems, understood.idf, understood.unseen, understood.tags) == (
        (),
        (),
        (),
        0,
        (),
    )


@pytest.mark.parametrize(
    "text", ["dark love 90s " * 7000, "x" * 100_000, "東京物語" * 25_000, "a " * 50_000, "🎬" * 25_000]
)
def test_a_huge_query_is_cut(view: View, text: str) -> None:
    """Of a query of 100 kB the first words are read."""
    understood = understand(text, view)
    assert len(understood.words) <= MAX_WORDS
    assert len(understood.stems) <= MAX_WORDS
    assert all(tag.end <= MAX_WORDS for tag in understood.tags)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.sampled_from(["love", "story", "science", "fiction", "writer", "90s", "1982", "dark", "movies", "ドラマ"])
        | st.text(st.characters(exclude_categories=()), max_size=6),
        max_size=12,
    )
)
def test_any_query(view: View, pieces: list[str]) -> None:
    """Readings lie within the words, in order; one span's probabilities sum to less than 1, and so do a word's."""
    understood = understand(" ".join(pieces), view)
    assert len(understood.idf) == len(understood.stems) == len(set(understood.stems))
    assert 0 <= understood.unseen <= len(understood.stems)
    spans: dict[tuple[int, int], float] = {}
    for tag in understood.tags:
        assert 0 <= tag.start < tag.end <= len(understood.words)
        assert 0 < tag.probability < 1
        assert tag.count >= 1
        assert tag.term == f"{tag.attribute}={tag.value}"
        spans[tag.start, tag.end] = spans.get((tag.start, tag.end), 0) + tag.probability
    for word in range(len(understood.words)):
        assert sum(total for (start, end), total in spans.items() if start <= word < end) < 1 + 1e-9
    assert all(0 < likely <= 1 for _, likely in understood.types)
    assert [likely for _, likely in understood.types] == sorted((p for _, p in understood.types), reverse=True)
    assert [tag.start for tag in understood.tags] == sorted(tag.start for tag in understood.tags)


def test_counts_add_up_over_segments(make_view: Callable[..., View]) -> None:
    """A value's count, and so its probability, is that of all segments together."""
    films = [_entity(n, f"t{n}", genre="love" if n % 2 else "war", mood="love") for n in range(6)]
    one, two = make_view(films), make_view(films[:3], films[3:])
    assert understand("love", one).tags == understand("love", two).tags
    assert [tag.count for tag in understand("love", two).tags] == [6, 3]
