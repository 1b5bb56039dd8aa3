"""Compacting: the living entities of all segments become one segment, as a build of the same catalogue would make it.

Vectors are taken over. What was learned refers to ids, and stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ltrr_cli.engine.removal import publish_segments
from ltrr_cli.engine.renewal import renewed
from ltrr_cli.engine.restore import creator_of, suggests
from ltrr_cli.engine.schemas import schema_of
from ltrr_cli.index.locks import exclusive
from ltrr_cli.index.manifest import read_manifest
from ltrr_cli.index.view import View

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ltrr_cli.index.segment import SegmentWriter


@dataclass(frozen=True, slots=True, kw_only=True)
class Compacted:
    """How many segments there were, how many entities live, how many deleted or replaced ones went."""

    segments: int
    entities: int
    removed: int


def compact(root: Path, *, progress: Callable[[str, int, int | None], None]) -> Compacted:
    """Merge the segments, and drop the generation before; where there is nothing to do, nothing is written.

    Readers go on with the old segments, which stay until the new one is live.
    """
    with exclusive(root / "locks" / "build", timeout=5):
        before = read_manifest(root)
        view = View(root, before.segments)
        done = Compacted(segments=len(before.segments), entities=view.entities, removed=view.rows - view.entities)
        if len(before.segments) <= 1 and not done.removed:
            if before.earlier is not None:
                publish_segments(root, before.segments, keep=False)
            return done
        directories = [root / "segments" / segment.name for segment in sorted(view.segments, key=len, reverse=True)]
        with renewed(
            root,
            before,
            creator=creator_of(directories[0]),
            schema=schema_of(directories),
            fill=lambda writer: _copy(view, writer),
            suggest=suggests(directories[0]),
            add=False,
            progress=progress,
        ) as made:
            publish_segments(root, [made.live], keep=False)
    return done


def _copy(view: View, writer: SegmentWriter) -> None:
    for row in view.living_rows().tolist():
        writer.add(view.entity(row))
