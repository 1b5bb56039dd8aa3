"""Where a query's words stand in a text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_cli.analysis import marks as module
from ltrr_cli.analysis.marks import marks
from ltrr_cli.analysis.multilingual import Multilingual

ANALYSIS = Multilingual()


@pytest.mark.parametrize(
    ("query", "text", "found"),
    [
        ("space movie", "Movies in SPACE, spaced out", ["Movies", "SPACE", "spaced"]),
        ("the love", "The love of the game", ["love"]),
        ("the who", "Who are the Who?", ["Who", "the", "Who"]),
        ("spiderman", "The (Spider-Man) returns", ["Spider-Man"]),
        ("spider-man", "spiderman and a spider", ["spiderman", "spider"]),
        ("cafe", "Le Café noir", ["Café"]),
        ("東京", "東京の夜、東京", ["東京", "東京"]),
        ("", "anything", []),
        ("nothing", "else", []),
    ],
)
def test_marks(query: str, text: str, found: list[str]) -> None:
    """Other forms of a word count, function words only where there are no others."""
    assert [text[start:end] for start, end in marks(ANALYSIS, query, text)] == found


@given(st.text(max_size=40), st.text(max_size=200))
def test_any_text(query: str, text: str) -> None:
    """Places are in order, lie in the text, and do not overlap."""
    places = [place for pair in marks(ANALYSIS, query, text) for place in pair]
    assert places == sorted(places)
    assert all(0 <= place <= len(text) for place in places)
    assert all(start < end for start, end in marks(ANALYSIS, query, text))


WORDS = st.sampled_from(["Spider-Man,", "spiderman", "Café", "cafe's", "the", "SPACE", "movies.", "東京の", "R.E.M."])


@given(st.lists(WORDS, max_size=3), st.lists(WORDS, max_size=9))
def test_what_is_passed_over_has_no_marks(query: list[str], text: list[str]) -> None:
    """Looking closer at every word marks the same."""
    asked, shown = " ".join(query), " ".join(text)
    found = marks(ANALYSIS, asked, shown)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_SHORT", 0)
        assert marks(ANALYSIS, asked, shown) == found
