"""Vectors that follow: an index answers as soon as its texts are indexed, and the semantic arm joins when it can.

A segment without vectors is a segment whose vectors are all 0, which takes no room on most file systems, and which says
so (`encoded` in segment.json). With them it becomes a new one, whose other files are the same ones (hard links).
"""

from __future__ import annotations

import json
import os
import shutil
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.analysis.multilingual import language_of
from ltrr_cli.encoder import Encoder
from ltrr_cli.engine.encoding import Encoding
from ltrr_cli.engine.fluency import Sample
from ltrr_cli.engine.publish import next_name, settle, temporary
from ltrr_cli.engine.removal import publish_segments
from ltrr_cli.engine.texts import Encoded
from ltrr_cli.errors import IndexDirectoryError
from ltrr_cli.index.computed import Computed, forget_computed
from ltrr_cli.index.files import inventory, writing
from ltrr_cli.index.fluent import Fluency
from ltrr_cli.index.locks import exclusive, share
from ltrr_cli.index.manifest import Live, read_manifest
from ltrr_cli.index.segment import finish_vectors
from ltrr_cli.index.vectors import VectorsWriter
from ltrr_cli.index.view import View

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ltrr_cli.index.segment import Segment, SegmentWriter
    from ltrr_cli.records import Entity

_OF_VECTORS = ("vectors*", "passages*", "ann.usearch", "segment.json")


def without_vectors(writer: SegmentWriter, written: Path, final: Path, dim: int, generated: int) -> Live:
    """Make a segment of the texts at `written`, whose vectors are still computed there. Holds: the build lock."""
    part = temporary(final.parent, f"{final.name}-texts")
    try:
        with writing(part):
            _link(written, part)
            count = len(writer)
            VectorsWriter(part, count, dim, graph_from=count + 1).finish()
            np.save(part / "vectors.text.npy", np.zeros(count, np.uint64))
            writer.describe(part, fluency=Fluency(), generated=generated, encoded=False)
            settle(part, final)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return Live(name=final.name, entities=len(writer), files=inventory(final))


def encode(root: Path, *, progress: Callable[[str, int, int | None], None]) -> int:
    """Give all segments that lack them their vectors, and put them live; returns how many texts were encoded.

    Stopped before its end, it goes on where it was when it is called again.
    """
    with exclusive(root / "locks" / "build", timeout=5), ExitStack() as stack:
        before = read_manifest(root)
        view = View(root, before.segments)
        if all(segment.encoded for segment in view.segments):
            return 0
        folder = root / "encoder" / before.encoder
        if not folder.is_dir():
            raise IndexDirectoryError("the index's encoder is missing", where=str(folder), next="build the index again")
        encoder = Encoder.open(folder)
        encoded = Encoded(encoder, root, before.segments, Computed(root, before.encoder, encoder.dim))
        segments, number = [], before.next_segment
        for segment, live in zip(view.segments, before.segments, strict=True):
            made = live
            if not segment.encoded:
                final = root / "segments" / next_name(root / "segments", number)
                number = int(final.name) + 1
                _with_vectors(segment, root / "segments" / live.name, final, encoded, progress)
                handle = share(final)
                if handle is not None:
                    stack.callback(os.close, handle)
                made = replace(live, name=final.name, files=inventory(final))
            segments.append(made)
        publish_segments(root, segments, keep=False)  # without vectors: nothing to go back to
        forget_computed(root)
    return encoded.encoded


def _with_vectors(
    segment: Segment, old: Path, final: Path, encoded: Encoded, progress: Callable[[str, int, int | None], None]
) -> None:
    part = temporary(final.parent, final.name)
    try:
        with writing(part):
            _link(old, part)
            described = json.loads((old / "segment.json").read_bytes())

            def entities() -> Iterator[Entity]:
                return map(segment.entity, range(len(segment)))

            with Encoding(encoded, entities, len(segment), part, described["creator"]) as encoding:
                sample = Sample()
                for row, entity in enumerate(entities()):
                    sample.add(row, entity, language_of(entity.text or entity.title))
                found = encoding.result(progress)
            finish_vectors(part, found.writer, found.hashes, found.passages)
            fluency = sample.fluency(encoded.encoder, found.writer.matrix)
            described |= {"encoded": True, "fluency": fluency.to_rows()}
            (part / "segment.json").write_text(json.dumps(described) + "\n")
            settle(part, final)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _link(source: Path, target: Path) -> None:
    """Give the target the files of the source that do not depend on vectors."""
    try:
        shutil.copytree(source, target, ignore=shutil.ignore_patterns(*_OF_VECTORS), copy_function=os.link)
    except (shutil.Error, PermissionError):  # a file system without hard links
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target, ignore=shutil.ignore_patterns(*_OF_VECTORS))
