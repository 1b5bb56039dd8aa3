"""Mistyped and incomplete words: what they are taken for, and what is left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ltrr_cli.records import Entity
from ltrr_cli.retrieval.base import built_in
from ltrr_cli.retrieval.correction import correct

if TYPE_CHECKING:
    from collections.abc import Callable

    from ltrr_cli.index.view import View
    from ltrr_cli.retrieval.base import Request

SONGS = (
    ("Shake It Off", "Taylor Swift"),
    ("Love Story", "Taylor Swift"),
    ("Swift Current", "Nobody Else"),
    ("The Tailor of Panama", "John Boorman"),
    ("Halo", "Beyoncé"),
    ("Blinding Lights", "The Weeknd"),
    ("Spider Man", "Sam Raimi"),
    ("Yellow Submarine", "The Beatles"),
    ("Война и мир", "Лев Толстой"),
    ("तुम ही हो", "अरिजीत सिंह"),
    ("Shadow of the Beast", "Nobody"),
)


@pytest.fixture(scope="module", params=[len(SONGS), 5])
def view(request: pytest.FixtureRequest, make_view: Callable[..., View]) -> View:
    """Return the songs, in one segment or in two."""
    every = [
        Entity(id=title, title=title, attributes={"creator": (creator,)}, popularity=1.0) for title, creator in SONGS
    ]
    return make_view(*(part for part in (every[: request.param], every[request.param :]) if part))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("tayler swift", "taylor swift"),
        ("taalor swift", "taylor swift"),
        ("taalor panama", "tailor panama"),
        ("beyonse halo", "beyoncé halo"),
        ("theweeknd", "the weeknd"),
        ("the beat les", "the beatles"),
        ("yelow submarine", "yellow submarine"),
        ("yellow submairne", "yellow submarine"),
        ("yellow sub", "yellow submarine"),
        ("submariines yellow", "submarine yellow"),
        ("вйона и мир", "война и мир"),
        ("TAYLER Swift!", "taylor swift!"),
        ("halo 東京 blindin lights", "halo 東京 blinding lights"),
    ],
)
def test_what_is_meant(view: View, typed: str, meant: str) -> None:
    """Near words, missing and needless spaces, and incomplete last words; the other words say which is meant."""
    assert correct(view, typed).text == meant


@pytest.mark.parametrize(
    "text",
    ["taylor swift", "swift", "love story", "halo 1984x", "the of", "xqzw jjkk", "😀", "", "submarin swift", "mun"],
)
def test_what_is_left_alone(view: View, text: str) -> None:
    """Known words, words that are near to none, and what is no word."""
    assert correct(view, text).text == ""


def test_words_of_a_range_are_not_doubted(make_view: Callable[..., View], make_request: Callable[..., Request]) -> None:
    """A sure range is "newer than 2010": its first word is no mistyped "never", however often that occurs."""
    titles = ["never again", "never ever", "never back down", "than", "rain"]
    entities = [
        Entity(id=str(number), title=f"{titles[number % 5]} {number}", attributes={"year": (2000.0 + number,)})
        for number in range(20)
    ]
    view = make_view(entities)
    assert correct(view, "newer than 2010").text == "never than 2010"
    assert make_request(view, "newer than 2010").correction.text == ""
    assert make_request(view, "newer rain").correction.text == "never rain"


def test_a_last_word_is_complete_when_a_space_follows(view: View) -> None:
    """Search as you type: only what is still being typed is completed."""
    assert correct(view, "yellow subm").text == "yellow submarine"
    assert correct(view, "yellow subm ").text == ""


def test_what_is_meant_is_found(view: View, make_request: Callable[..., Request]) -> None:
    """Entities that have the near word and the other one are among the first."""
    request = make_request(view, "tayler swift")
    arm = built_in("fuzzy")
    assert arm.applies(request)
    assert {"Shake It Off", "Love Story"} <= set(view.ids(arm.retrieve(request, 3).rows))


def test_more_says_whether_to_ask(view: View) -> None:
    """The corrected query finds what the typed one does not; where no entity has all its words it is not offered."""
    assert correct(view, "tayler swift").more
    assert correct(view, "tayler swift").sure
    assert not correct(view, "tayler halo").more


def test_a_catalogues_own_errors(make_view: Callable[..., View]) -> None:
    """A rare word is taken for a near one that is far more frequent, but is still looked for itself."""
    view = make_view([*(Entity(id=str(n), title=f"taylor {n}") for n in range(60)), Entity(id="x", title="tayler")])
    found = correct(view, "tayler")
    assert found.text == "taylor"
    assert found.more
    assert not found.sure, "the index has the word as it was typed"


@pytest.mark.parametrize("text", ["y" * 10_000, "tayler " * 15_000, "तुमम" * 3000, "a\u0301" * 5000, "\u0301 \ud800 ee"])
def test_hostile_queries(view: View, text: str, make_request: Callable[..., Request]) -> None:
    """Huge and odd queries are answered, or not, without harm."""
    request = make_request(view, text)
    arm = built_in("fuzzy")
    assert len(arm.retrieve(request, 5).rows) <= 5
    assert len(request.correction.text) <= len(text) + 100


def test_one_short_word_is_never_surely_another(view: View, make_request: Callable[..., Request]) -> None:
    """Initials, and a word that is being typed: the arm looks for more, but nobody is told what he meant."""
    request = make_request(view, "yel")
    assert request.correction.spans
    assert not request.correction.sure
    assert not request.correction.more
