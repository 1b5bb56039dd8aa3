"""Suggestions: values that texts name, weighed by how often entities whose text names them have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from ltrr_cli.index.counted import Counted
from ltrr_cli.index.manifest import Live
from ltrr_cli.index.segment import SegmentWriter
from ltrr_cli.index.suggest import Suggester
from ltrr_cli.index.values import terms
from ltrr_cli.index.view import View
from ltrr_cli.query.understand import understand
from ltrr_cli.records import Entity

if TYPE_CHECKING:
    from pathlib import Path


def _entity(number: int, text: str, *genres: str) -> Entity:
    return Entity(id=f"e{number}", title=f"t{number}", text=text, attributes={"genre": genres} if genres else {})


ENTITIES = [
    *(_entity(n, "A fine stand-up comedy.", "stand up comedy") for n in range(8)),
    _entity(8, "More stand-up comedy, at last"),
    *(_entity(9 + n, "Of a family.", "family" if n == 0 else "drama") for n in range(20)),
    _entity(29, "A family and its dog", "family"),
    _entity(30, "", "family"),
    _entity(31, "the family again"),
]


def test_by_hand(tmp_path: Path) -> None:
    """A telling value is suggested where it is missing; one that texts name without having it is not."""
    counted = Counted(tmp_path / "counted")
    for entity in ENTITIES:
        counted.add(terms(entity))
    suggester = Suggester(counted)
    for entity in ENTITIES:
        suggester.read(entity)
    base = 8 / len(ENTITIES)
    weight = (8 + 5 * base) / (9 + 5)
    assert suggester.weights == pytest.approx({("genre", "stand up comedy"): weight})
    assert suggester.of(ENTITIES[8]) == pytest.approx({("genre", "stand up comedy"): weight})
    assert suggester.of(ENTITIES[0]) == suggester.of(ENTITIES[31]) == {}


def test_one_word_of_two_attributes(tmp_path: Path) -> None:
    """A word that is a value of two attributes is suggested for each by its own weight."""
    rows = [
        Entity(id=f"e{n}", text="Some rock." if n < 6 else "Quiet.", attributes={"genre": ("rock",), "mood": ("rock",)})
        if n < 4
        else Entity(id=f"e{n}", text="Some rock." if n < 6 else "Quiet.", attributes={"mood": ("calm",)})
        for n in range(40)
    ]
    counted = Counted(tmp_path / "counted")
    for entity in rows:
        counted.add(terms(entity))
    suggester = Suggester(counted)
    for entity in rows:
        suggester.read(entity)
    weight = (4 + 5 * 4 / 40) / (6 + 5)
    assert suggester.weights == pytest.approx({("mood", "rock"): weight, ("genre", "rock"): weight})
    assert suggester.of(rows[5]) == pytest.approx(suggester.weights)


@pytest.mark.parametrize("suggest", [True, False])
def test_in_a_segment(tmp_path: Path, *, suggest: bool) -> None:
    """Suggestions are told, apart from the values, and only if they were wanted; the dictionary has their weight."""
    writer = SegmentWriter(tmp_path / "segments" / "000001", creator="", suggest=suggest)
    for entity in ENTITIES:
        writer.add(entity)
    for _ in writer.rows():
        pass
    writer.finish(np.ones((len(ENTITIES), 1), np.float32), np.zeros(len(ENTITIES), np.uint64))
    view = View(tmp_path, [Live(name="000001", entities=len(ENTITIES))])
    told = view.suggestions(8)
    assert [(name, value) for name, value, _ in told] == ([("genre", "stand up comedy")] if suggest else [])
    assert writer.suggested == ((1, 1) if suggest else (0, 0))
    assert view.suggestions(0) == view.suggestions(30) == []
    assert view.entity(8) == ENTITIES[8]
    (tag,) = [tag for tag in understand("stand-up comedy", view).tags if tag.attribute == "genre"]
    assert tag.suggested == pytest.approx(told[0][2] if suggest else 0)
    assert tag.count == 8
