"""A part of a catalogue, told of the whole, gives its entities the numbers that they have in the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from ltrr_cli.index.manifest import Live
from ltrr_cli.index.segment import Segment, SegmentWriter
from ltrr_cli.index.view import View
from ltrr_cli.index.whole import Census, Whole
from ltrr_cli.records import Entity

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

KINDS = ("blues", "gospel", "polka")


def _entities(count: int = 90) -> list[Entity]:
    """Return entities of three kinds, which their texts name, but for every sixth the catalogue does not say so."""
    return [
        Entity(
            id=f"e{number}",
            title=f"Lied {number}",
            text=f"Das ist ein Lied und es ist {KINDS[number % 3]} und nichts anderes",
            popularity=float(number * number % 97) if number % 5 else None,
            attributes={"kind": (KINDS[number % 3],) if number % 6 else (), "year": (1900.0 + number * 7 % 100,)},
        )
        for number in range(count)
    ]


def _written(directory: Path, entities: list[Entity], whole: Whole | None, *, suggest: bool = True) -> Segment:
    writer = SegmentWriter(directory, creator="", suggest=suggest, whole=whole)
    for entity in entities:
        writer.add(entity)
    assert len(list(writer.rows())) == len(entities)
    writer.finish(np.zeros((len(entities), 4), np.float32), np.zeros(len(entities), np.uint64))
    return Segment(directory, base=0)


def _census(entities: list[Entity], *, suggest: bool = True) -> Whole:
    census = Census(suggest=suggest)
    for entity in entities:
        census.add(entity)
    census.read(entities)
    return census.whole()


@pytest.mark.parametrize("suggest", [True, False])
def test_a_part_has_the_numbers_of_the_whole(tmp_path: Path, suggest: bool) -> None:
    """Popularity, freshness, language and suggestions; alone it would have others."""
    entities = _entities()
    whole = _written(tmp_path / "segments" / "whole", entities, None, suggest=suggest)
    _census(entities, suggest=suggest).write(tmp_path)
    part = entities[:40]
    told = _written(tmp_path / "part", part, Whole.read(tmp_path), suggest=suggest)
    alone = _written(tmp_path / "alone", part, None, suggest=suggest)

    def of(segment: Segment, column: NDArray[np.float32] | None) -> list[float]:
        assert column is not None
        rows = np.array([segment.row(entity.id) for entity in part], np.int64)
        return [*map(float, np.nan_to_num(column[rows], nan=-1))]

    assert of(told, told.popularity) == of(whole, whole.popularity) != of(alone, alone.popularity)
    assert of(told, told.freshness) == of(whole, whole.freshness) != of(alone, alone.freshness)
    assert told.analysis == whole.analysis
    suggestions = [[segment.suggestions(segment.row(entity.id) or 0) for entity in part] for segment in (told, whole)]
    assert suggestions[0] == suggestions[1]
    assert any(suggestions[0]) is suggest


def test_parts_of_one_build_are_no_additions(tmp_path: Path) -> None:
    """What was added later begins behind the parts; a single segment, or none, has nothing added."""
    entities = _entities(12)
    for number in range(4):
        _written(tmp_path / "segments" / f"{number}", entities[number * 3 : number * 3 + 3], None)

    def added_from(*parts: bool) -> int:
        return View(tmp_path, [Live(name=str(number), part=part) for number, part in enumerate(parts)]).added_from

    assert added_from() == 0
    assert added_from(False) == 3
    assert added_from(False, False) == 3
    assert added_from(False, True, True, False) == 9
    assert added_from(False, True, True, True) == 12
