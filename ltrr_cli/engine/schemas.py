"""The schema by which the entities of a segment were read: changes to them are read by it too."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from ltrr_cli.catalog.schema import Schema
from ltrr_cli.errors import CatalogError, IndexDirectoryError
from ltrr_cli.index.manifest import read_manifest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
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
    """Return the first segment's schema, with what those of all know: attributes, and how texts of a field are read.

    A field that plays a role in another segment only is in `also`. A segment of an older ltrr does not say its schema;
    then the fields are called as `ltrr index export` writes them.
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
    others = [schema for schema in written[1:] if schema is not None and schema != found]
    also = {name: role for name, role in _roles(others) if name and name not in roles and name not in found.attributes}
    attributes = dict.fromkeys(
        [
            *found.attributes,
            *(name for row in rows for name in row["attributes"] if name not in own),
            *(name for other in others for name in other.attributes),
        ]
    )
    weighted = dict.fromkeys([*found.weighted, *(name for row in rows for name in row.get("weighted", ()))])
    amounts = {name: mark for one in (*reversed(others), found) for name, mark in one.amounts}
    counted = next((mark for name, mark in amounts.items() if also.get(name) == "popularity"), "")
    if counted and found.popularity:
        amounts.setdefault(found.popularity, counted)
    kept = tuple(name for name in attributes if name not in roles and name not in also)
    return replace(
        found,
        attributes=kept,
        weighted=tuple(weighted),
        ignored=tuple(pair for pair in found.ignored if pair[0] not in attributes),
        amounts=tuple((name, mark) for name, mark in amounts.items() if name in kept or name == found.popularity),
        html=tuple(dict.fromkeys(name for one in (found, *others) for name in one.html)),
        also=tuple({**also, **dict(found.also)}.items()),
    )


def roles_of(directories: Iterable[Path]) -> dict[str, str]:
    """Return the fields that play a role in segments' schemas, and the role of each."""
    schemas = [schema for directory in directories if (schema := written_schema(directory)) is not None]
    return {name: role for name, role in reversed([*_roles(schemas)]) if name}


def _roles(schemas: Sequence[Schema]) -> Iterator[tuple[str, str]]:
    """Yield the fields that play a role in some schemas, with the role; of several text fields none does alone."""
    for schema in schemas:
        yield from schema.also
        yield from (
            (schema.id, "id"),
            (schema.title, "title"),
            (schema.type, "type"),
            (schema.popularity, "popularity"),
        )
        if len(schema.text) == 1:
            yield schema.text[0], "text"
