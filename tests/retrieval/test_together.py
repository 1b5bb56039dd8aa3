"""Words written together or apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ltrr_cli.analysis.base import Slot
from ltrr_cli.records import Entity
from ltrr_cli.retrieval.together import joined, parted

if TYPE_CHECKING:
    from collections.abc import Callable

    from ltrr_cli.index.segment import Segment
    from ltrr_cli.index.view import View


@pytest.fixture(scope="module")
def segment(make_view: Callable[..., View]) -> Segment:
    """Return a segment of three titles."""
    titles = ("Spiderman Returns", "Toy Story", "Raincoat Man")
    entities = [
        Entity(id=title, type="", title=title, text="the bluebird", attributes={}, popularity=None) for title in titles
    ]
    return make_view(entities).segments[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("spider man returns", ["spiderman"]),
        ("rain coat spider man", ["raincoat", "spiderman"]),
        ("spider-man", ["spiderman"]),
        ("blue bird", []),
        ("toy story", []),
    ],
)
def test_joined(segment: Segment, text: str, words: list[str]) -> None:
    """Two words are one where a title has the one; what only texts have does not count."""
    assert [join.slot.word for join in joined(segment.analysis.query(text).joins, segment)] == words


@pytest.mark.parametrize(
    ("word", "pairs"),
    [
        ("toystory", [("toy", "stori")]),
        ("toystories", [("toy", "stori")]),
        ("raincoat", []),
        ("tóystory", [("toy", "stori")]),
        ("toyxyz", []),
        ("ab", []),
        ("", []),
        ("тойстори", []),
    ],
)
def test_parted(segment: Segment, word: str, pairs: list[tuple[str, str]]) -> None:
    """A word is two where titles have both; either part has at least three letters."""
    assert parted(Slot(word, (word,)), segment) == pairs
