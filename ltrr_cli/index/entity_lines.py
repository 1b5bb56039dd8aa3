"""An entity's line in entities.jsonl, and what is read off it: all, or what a list of results or its kin ask for."""

from __future__ import annotations

import json
from dataclasses import fields as fields_of
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from ltrr_cli.index.dictionary import TYPE
from ltrr_cli.index.values import words_of
from ltrr_cli.records import Entity
from ltrr_cli.text import key, token_hash

if TYPE_CHECKING:
    from ltrr_cli.records import Value


MOST_VALUES = 16
"""Values of an entity that its kin are looked for by; sorted, so that the order of the catalogue does not matter."""


_NAMES = tuple(field.name for field in fields_of(Entity))
_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


class Face(NamedTuple):
    """What a list of results shows of an entity."""

    type: str
    title: str
    text: str


class Named(NamedTuple):
    """The key of an entity's title, and its first `MOST_VALUES` values: (attribute, term, `token_hash` of its key)."""

    title: str
    values: tuple[tuple[str, str, int], ...]


def entity_line(entity: Entity) -> bytes:
    """Return an entity's line."""
    fields = {name: getattr(entity, name) for name in _NAMES}  # `asdict` copies every value
    fields["attributes"], fields["weights"] = dict(entity.attributes), dict(entity.weights)
    return _JSON.encode(fields).encode() + b"\n"


def read_entity(line: bytes) -> Entity:
    """Return the entity of a line."""
    fields = _fields(line)
    fields["attributes"] = {name: tuple(values) for name, values in fields["attributes"].items()}
    fields["weights"] = {name: tuple(values) for name, values in fields.get("weights", {}).items()}
    return Entity(**fields)


def read_face(line: bytes) -> Face:
    """Return what a list of results shows of a line's entity: quicker than all of it."""
    fields = _fields(line)
    return Face(fields["type"], fields["title"], fields["text"])


def read_named(line: bytes) -> Named:
    """Return what a line's entity is named, and names."""
    fields = _fields(line)
    attributes: dict[str, list[Value]] = fields["attributes"]
    values: list[tuple[str, str, int]] = []
    for name in sorted({*attributes, TYPE}):  # those of one attribute after the other: few have to be made
        words = {*words_of(attributes.get(name, ()))}
        if name == TYPE and fields["type"]:
            words.add(key(fields["type"]))
        values += [(name, f"{name}={word}", token_hash(word)) for word in sorted(words)]
        if len(values) >= MOST_VALUES:
            break
    return Named(key(fields["title"]), tuple(values[:MOST_VALUES]))


def _fields(line: bytes) -> dict[str, Any]:
    try:
        found: dict[str, Any] = orjson.loads(line)
    except ValueError:  # numbers that are not finite, which Python writes though JSON has none
        found = json.loads(line)
    return found
