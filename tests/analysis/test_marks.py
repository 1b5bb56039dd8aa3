"""Where a query's words stand in a text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
