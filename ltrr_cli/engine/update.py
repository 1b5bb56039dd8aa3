"""Updating: records with some fields of entities change these, and leave the rest of them as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ltrr_cli.catalog import Catalog
from ltrr_cli.catalog.changes import read_changes
from ltrr_cli.engine.removal import publish_segments, superseded
from ltrr_cli.engine.renewal import renewed
from ltrr_cli.engine.restore import suggests
from ltrr_cli.engine.schemas import schema_of
from ltrr_cli.index.locks import exclusive
from ltrr_cli.index.manifest import read_manifest
from ltrr_cli.index.view import View

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from ltrr_cli.catalog import Schema
    from ltrr_cli.index.manifest import Manifest
    from ltrr_cli.index.segment import SegmentWriter
    from ltrr_cli.records import Bad, Entity

    Progress = Callable[[str, int, int | None], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Updated:
    """How many entities were changed; the records left `unchanged` what they name, or were bad."""

    changed: int
    unchanged: int
    encoded: int
    bad_count: int
    bad: tuple[Bad, ...]
    notes: tuple[str, ...]


def update(
    root: Path,
    sources: Sequence[str | Path],
    *,
    strict: bool = False,
    stdin: BinaryIO | None = None,
    on_bad: Callable[[Bad], None] | None = None,
    progress: Progress = lambda *_: None,
) -> Updated:
    """Change entities by partial records, in a segment of their own; where nothing changes, nothing is written.

    Raises `CatalogError` where no record is usable, or, strict, at the first that is not.
    """
    with exclusive(root / "locks" / "build", timeout=5):
        before = read_manifest(root)
        view = View(root, before.segments)
        directories = [root / "segments" / one.name for one in sorted(view.segments, key=len, reverse=True)]
        schema = schema_of(directories)
        catalog = Catalog(sources, schema=schema, strict=strict, stdin=stdin, on_bad=on_bad)

        def find(entity_id: str) -> Entity | None:
            row = view.row(entity_id)
            return None if row is None else view.entity(row)

        entities, unchanged = read_changes(catalog, find)
        suggest = bool(directories) and suggests(directories[0])
        encoded = _publish(root, before, schema, entities, suggest, progress) if entities else 0
    return Updated(
        changed=len(entities),
        unchanged=unchanged,
        encoded=encoded,
        bad_count=catalog.bad_count,
        bad=tuple(catalog.bad),
        notes=tuple(catalog.notes),
    )


def _publish(
    root: Path, before: Manifest, schema: Schema, entities: Sequence[Entity], suggest: bool, progress: Progress
) -> int:
    """Put the changed entities live in place of those with the same ids; returns how many vectors were made anew."""

    def fill(writer: SegmentWriter) -> None:
        for entity in entities:
            writer.add(entity)

    with renewed(
        root, before, creator=schema.creator, schema=schema, fill=fill, suggest=suggest, add=True, progress=progress
    ) as made:
        publish_segments(root, [*superseded(root, before, made.live), made.live])
    return made.encoded
