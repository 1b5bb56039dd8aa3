"""The schema by which the entities of a segment were read: changes to them are read by it too."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from ltrr_cli.catalog.schema import Schema
from ltrr_cli.errors import CatalogError, IndexDirectoryError
from ltrr_cli.index.manifest import read_manifest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def written_schema(directory: Path) -> Schema | None:
    """Return the schema that a segment was written with; None where it does not say."""
    try:
        return Schema.from_dict(json.loads((directory / "segment.json").read_bytes())["schema"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, CatalogError):
        return None


def schema_to_join(root: Path) -> Schema | None:
    """Return the schema that new entities of an index are read like; None where there is none, or it does not say."""
    try:
        segments = sorted(read_manifest(root).segments, key=lambda live: -live.entities)
        directories = [root / "segments" / live.name for live in segments]
        return schema_of(directories) if directories and written_schema(directories[0]) is not None else None
    except (IndexDirectoryError, OSError, ValueError, KeyError, TypeError):  # whoever adds will be told
        return None


def schema_of(directories: Sequence[Path]) -> Schema:
    """Return the first segment's schema, with the attributes of all.

    A segment of an older ltrr does not say it; then the fields are called as `ltrr index export` writes them.
    """
    written = [written_schema(directory) for directory in directories]
    found = (written[0] if written else None) or Schema(
        id="id",
        title="title",
        text=("text",),
        type="type",
        popularity="popularity",
        creator="",
        attributes=(),
        ignored=(),
    )
    roles = {found.id, found.title, found.type, found.popularity, *found.text}
    own = {"id", "title", "type", "popularity", "text"}  # of ours, where the catalogue calls no attribute so
    rows = [json.loads((directory / "segment.json").read_bytes()) for directory in directories]
    attributes = dict.fromkeys(
        [*found.attributes, *(name for row in rows for name in row["attributes"] if name not in own)]
    )
    weighted = dict.fromkeys([*found.weighted, *(name for row in rows for name in row.get("weighted", ()))])
    return replace(
        found,
        attributes=tuple(name for name in attributes if name not in roles),
        weighted=tuple(weighted),
        ignored=tuple(pair for pair in found.ignored if pair[0] not in attributes),
    )
