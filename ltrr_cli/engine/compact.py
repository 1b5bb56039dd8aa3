"""Compacting: the living entities of all segments become one segment, as a build of the same catalogue would make it.

Vectors are taken over. What was learned refers to ids, and stays.
"""

from __future__ import annotations

import os
import shutil
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.encoder import Encoder
from ltrr_cli.engine.build import index_rows
from ltrr_cli.engine.publish import next_name, settle, temporary
from ltrr_cli.engine.removal import publish_segments
from ltrr_cli.engine.texts import document, encode_texts
from ltrr_cli.index.files import inventory, mapped
from ltrr_cli.index.locks import exclusive, share
from ltrr_cli.index.manifest import Live, read_manifest
from ltrr_cli.index.segment import SegmentWriter
from ltrr_cli.index.view import View
from ltrr_cli.text import hash64

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ltrr_cli.index.segment import Segment

_ASKED = 200
"""Entities of a segment that tell which of its fields names the creator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compacted:
    """How many segments there were, how many entities live, how many deleted or replaced ones went."""

    segments: int
    entities: int
    removed: int


def compact(root: Path, *, progress: Callable[[str, int, int | None], None]) -> Compacted:
    """Merge the segments; where there is nothing to merge, nothing is written.

    Readers go on with the old segments, which stay until the new one is live.
    """
    with exclusive(root / "locks" / "build", timeout=5):
        before = read_manifest(root)
        view = View(root, before.segments)
        done = Compacted(segments=len(before.segments), entities=view.entities, removed=view.rows - view.entities)
        if len(before.segments) <= 1 and not done.removed:
            return done
        largest = max(view.segments, key=len)
        creator = creator_of(root / "segments" / largest.name, largest)
        parent = root / "segments"
        number = next_name(parent, before.next_segment)
        written = temporary(parent, number)
        held = None
        try:
            writer = SegmentWriter(written, creator=creator)
            with closing(writer):
                for row in view.living_rows().tolist():
                    writer.add(view.entity(row))
            texts = index_rows(writer, creator, written, progress)
            encoder = Encoder.open(root / "encoder" / before.encoder)
            vectors, hashes, _ = encode_texts(encoder, texts, root, before.segments, progress)
            writer.finish(vectors, hashes)
            held = share(written)  # so that nobody collects it before it is live
            settle(written, parent / number)
            publish_segments(root, [Live(name=number, entities=len(writer), files=inventory(parent / number))])
        finally:
            shutil.rmtree(written, ignore_errors=True)
            if held is not None:
                os.close(held)
    return done


def creator_of(directory: Path, segment: Segment) -> str:
    """Return which field of a segment's entities names who made them, "" for none.

    Segments do not say it, but the hashes of the texts that were encoded do: only one field gives them.
    """
    hashes = mapped(directory / "vectors.text.npy")
    rows = np.unique(np.linspace(0, len(segment) - 1, min(_ASKED, len(segment))).astype(np.int64))
    entities = [segment.entity(row) for row in rows.tolist()]
    wanted = hashes[rows].tolist()
    fields = sorted({name for entity in entities for name in entity.attributes})

    def agree(creator: str) -> int:
        pairs = zip(entities, wanted, strict=True)
        return sum(hash64(document(entity, creator)) == one for entity, one in pairs)

    return max(["", *fields], key=agree)
