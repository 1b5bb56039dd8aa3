"""Stage two: a task builds a shard, an ordinary index of a part's entities, from records, vectors and statistics."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from ltrr_cli.cluster.layout import finish, finished, part_name, shard_folder, work_folder
from ltrr_cli.cluster.split import Split, read_chunk
from ltrr_cli.cluster.vectors import read_vectors
from ltrr_cli.engine.build import build
from ltrr_cli.errors import CatalogError
from ltrr_cli.index.computed import Computed, forget_computed
from ltrr_cli.index.whole import Whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from ltrr_cli.catalog.schema import Schema
    from ltrr_cli.records import Bad, Entity


class Part:
    """A part of a catalogue, as a build reads it: what could not be used was left out when it was cut."""

    def __init__(self, schema: Schema, chunks: Sequence[Path]) -> None:
        self.schema = schema
        self.bad: list[Bad] = []
        self.bad_count = self.read_count = self.bytes_read = 0
        self.notes: list[str] = []
        self.bytes_total: int | None = sum(chunk.stat().st_size for chunk in chunks)
        self._chunks = chunks

    def __iter__(self) -> Iterator[Entity]:
        """Yield the entities, in the order of the catalogue."""
        for chunk in self._chunks:
            for entity in read_chunk(chunk):
                self.read_count += 1
                yield entity
            self.bytes_read += chunk.stat().st_size


def build_shard(root: Path, part: int, digest: str, encoder: Path) -> None:
    """Build a part's shard, unless this build has finished it."""
    name = part_name(part)
    if finished(root, name, digest) is not None:
        return
    work, folder = work_folder(root, digest), shard_folder(root, name)
    found = Split.read(work)
    if found is None:
        raise CatalogError("the catalogue was not cut", where=str(work), next="build again: ltrr cluster build")
    whole, chunks = Whole.read(work), found.chunks(work, part)
    folder.mkdir(parents=True, exist_ok=True)
    forget_computed(folder)
    for chunk in chunks:
        hashes, vectors = read_vectors(chunk)
        if len(hashes):
            Computed(folder, encoder.name, vectors.shape[1]).add(hashes, vectors)
    built = build(
        folder,
        Part(found.schema, chunks),
        encoder=str(encoder),
        suggest=whole.suggested is not None,
        whole=whole,
        progress=lambda *_: None,
    )
    finish(root, name, digest, built.entities)


def remove_shard(root: Path, name: str) -> None:
    """Remove a shard that is no more."""
    shutil.rmtree(shard_folder(root, name), ignore_errors=True)
