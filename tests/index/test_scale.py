"""What is added is compared with what was there, so that it is as popular and as new as in a build of all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from ltrr_cli.index.scale import Scale
from ltrr_cli.index.segment import Segment, SegmentWriter
from ltrr_cli.records import Entity

if TYPE_CHECKING:
    from pathlib import Path

MANY = 5000


def song(number: float) -> Entity:
    """Return an entity that is as popular as its number, and as new."""
    return Entity(
        id=f"e{number}", title=f"song {number}", popularity=number, attributes={"year": (1500 + number // 12,)}
    )


def write(directory: Path, entities: list[Entity], scale: Scale | None = None) -> Segment:
    """Write a segment without meaning in its vectors, and open it."""
    writer = SegmentWriter(directory, creator="", scale=scale)
    for entity in entities:
        writer.add(entity)
    for _ in writer.rows():
        pass
    vectors = np.eye(1, 16, dtype=np.float32).repeat(len(entities), 0)
    writer.finish(vectors, np.zeros(len(entities), np.uint64))
    return Segment(directory, base=0)


def test_one_added_alone_is_where_it_would_be(tmp_path: Path) -> None:
    """Popularity and freshness of a late entity are those of a build of all, within the width of the scale."""
    base = [song(number) for number in range(MANY)]
    write(tmp_path / "1", base)
    scale = Scale.read(tmp_path / "1", MANY)
    assert scale is not None
    assert (len(scale.popularity), len(scale.years)) == (1001, 1001)
    late = [song(number + 0.5) for number in (-1, 10, 2500, 4990, 6000)]
    added, whole = write(tmp_path / "2", late, scale), write(tmp_path / "3", base + late)
    assert added.popularity == pytest.approx(whole.popularity[MANY:], abs=0.002)
    assert added.freshness is not None
    assert whole.freshness is not None
    assert added.freshness == pytest.approx(whole.freshness[MANY:], abs=0.002)


def test_more_than_was_there_has_a_scale_of_its_own(tmp_path: Path) -> None:
    """A handful at first does not say what is popular among the thousands that follow."""
    write(tmp_path / "1", [song(number) for number in range(3)])
    scale = Scale.read(tmp_path / "1", 3)
    added = write(tmp_path / "2", [song(number) for number in range(4, 104)], scale)
    assert added.popularity[0] < 0.01


def test_unknown_stays_unknown_and_older_segments_have_none(tmp_path: Path) -> None:
    """Entities without a popularity have none beside others that do; a segment without the file gives no scale."""
    write(tmp_path / "1", [song(number) for number in range(10)])
    scale = Scale.read(tmp_path / "1", 10)
    assert np.isnan(write(tmp_path / "2", [Entity(id="a", title="a")], scale).popularity).all()
    (tmp_path / "1" / "columns" / "scale.npz").unlink()
    assert Scale.read(tmp_path / "1", 10) is None
