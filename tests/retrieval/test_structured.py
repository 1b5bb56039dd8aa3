"""structured: values count by their weights, suggested ones less than own, ranges softly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltrr_cli.records import Entity
from ltrr_cli.retrieval.structured import Structured

if TYPE_CHECKING:
    from ltrr_cli.index.view import View
    from tests.conftest import MakeView
    from tests.retrieval.conftest import MakeRequest


def _found(view: View, make_request: MakeRequest, text: str, depth: int = 10) -> list[str]:
    hits = Structured().retrieve(make_request(view, text), depth)
    return view.ids(hits.rows)


def test_weights_order(make_view: MakeView, make_request: MakeRequest) -> None:
    """Of two entities with a value the one with more of it is first; one without weights has all of it."""
    view = make_view(
        [
            Entity(id="none", title="A", attributes={"genre": ("rock",)}),
            Entity(id="some", title="B", attributes={"genre": ("rock", "pop")}, weights={"genre": (0.8, 0.3)}),
            Entity(id="more", title="C", attributes={"genre": ("pop", "rock")}, weights={"genre": (0.7, 0.2)}),
            Entity(id="all", title="D", attributes={"genre": ("pop",)}),
        ]
    )
    assert _found(view, make_request, "pop") == ["all", "more", "some"]
    assert _found(view, make_request, "pop", 1) == ["all"]
    scores = Structured().retrieve(make_request(view, "pop"), 10).scores
    assert (scores[1] / scores[0]).round(3) == 0.7


def test_ranges_are_soft(make_view: MakeView, make_request: MakeRequest) -> None:
    """Who has the value and lies in the range is first, then who has either; a range alone finds what lies in it."""
    entities = [
        Entity(id=f"{genre}{year}", title="t", attributes={"genre": (genre,), "year": (float(year),)})
        for genre in ("war", "love")
        for year in range(1980, 2020)
    ]
    view = make_view(entities[:50], entities[50:], tombstones=[[1], []])
    both = _found(view, make_request, "war before 1984", 100)
    assert set(both[:3]) == {"war1980", "war1982", "war1983"}
    assert "war2019" in both
    assert "love1980" in both
    alone = _found(view, make_request, "before 1984", 100)
    assert set(alone[:7]) == {*both[:3], *(f"love{year}" for year in range(1980, 1984))}
    assert "war1981" not in alone
