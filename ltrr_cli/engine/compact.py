"""Compacting: the living entities of all segments become one segment, as a build of the same catalogue would make it.

Vectors are taken over. What was learned refers to ids, and stays.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ltrr_cli.engine.external import write_given
from ltrr_cli.engine.generated import Generated
from ltrr_cli.engine.making import write_segment
from ltrr_cli.engine.publish import next_name, temporary
from ltrr_cli.engine.removal import publish_segments
from ltrr_cli.engine.restore import creator_of, suggests
from ltrr_cli.engine.schemas import schema_of
from ltrr_cli.engine.sparse import open_sparse
from ltrr_cli.index.computed import forget_computed
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
        parent = root / "segments"
        number = next_name(parent, before.next_segment)
        written = temporary(parent, number)
        held = None
        try:
            made = write_segment(
                root,
                written,
                parent / number,
                creator=creator_of(directories[0]),
                schema=schema_of(directories),
                fill=lambda writer: _copy(view, writer),
                encoder=before.encoder,
                reuse=before.segments,
                suggest=suggests(directories[0]),
                model=open_sparse(root, before),
                queries=Generated(root, before.segments),
                more=lambda ids: write_given(root, before, written, ids, (), add=False),
                progress=progress,
            )
            held = made.handle
            publish_segments(root, [made.live], keep=False)
            forget_computed(root)
        finally:
            shutil.rmtree(written, ignore_errors=True)
            if held is not None:
                os.close(held)
    return done


def _copy(view: View, writer: SegmentWriter) -> None:
    for row in view.living_rows().tolist():
        writer.add(view.entity(row))
