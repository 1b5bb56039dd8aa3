"""One raw record becomes one entity, or a reason why not."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from ltrr_cli.catalog import values
from ltrr_cli.catalog.amounts import amount
from ltrr_cli.catalog.markup import plain
from ltrr_cli.catalog.names import is_reference
from ltrr_cli.catalog.schema import ALIASES
from ltrr_cli.catalog.weights import weighed
from ltrr_cli.records import Entity, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ltrr_cli.catalog.schema import Schema

MAX_TEXT = 1_000_000
"""Bytes (UTF-8) of text that are kept."""
MAX_VALUE = 256
"""Characters of an attribute value."""
MAX_VALUES = 64
"""Values of one attribute."""
_MAX_LATE = 20


@dataclass(slots=True)
class Losses:
    """What was left out of entities that are otherwise good."""

    untitled: int = 0
    cut_texts: int = 0
    long_values: int = 0
    many_values: int = 0
    no_popularity: int = 0
    retitled: int = 0

    def notes(self, schema: Schema) -> list[str]:
        """Return one sentence for each kind of loss."""
        said = (
            (self.untitled if schema.title else 0, "title is empty", "titles are empty"),
            (self.cut_texts, "text was cut at 1 MB", "texts were cut at 1 MB"),
            (
                self.long_values,
                f"value of more than {MAX_VALUE} characters was left out",
                f"values of more than {MAX_VALUE} characters were left out",
            ),
            (
                self.many_values,
                f"attribute was cut at {MAX_VALUES} values",
                f"attributes were cut at {MAX_VALUES} values",
            ),
            (
                self.retitled,
                "entity has several titles: the first is its title, the others are its aliases",
                "entities have several titles: the first is the title, the others are aliases",
            ),
            (self.no_popularity, "popularity value is no finite number", "popularity values are no finite numbers"),
        )
        return [f"{count:,} {one if count == 1 else many}" for count, one, many in said if count]


@dataclass(slots=True, kw_only=True)
class Parts:
    """An entity but for its id, as `records.Entity` has it."""

    type: str = ""
    title: str = ""
    text: str = ""
    popularity: float | None = None
    attributes: dict[str, tuple[Value, ...]] = field(default_factory=dict)
    weights: dict[str, tuple[float, ...]] = field(default_factory=dict)


class Maker:
    """Makes entities by a schema and counts what is lost on the way."""

    def __init__(self, schema: Schema) -> None:
        self.losses = Losses()
        self.fields = frozenset(
            {schema.id, schema.title, schema.type, schema.popularity, *schema.text, *schema.attributes}
            | {name for name, _ in (*schema.ignored, *schema.also)}
        ) - {""}
        self._schema = schema
        self._outer = frozenset(name.partition(".")[0] for name in self.fields)
        self._late: dict[str, None] = {}  # fields that the schema does not have
        self._nested = any("." in name for name in self.fields)
        self._aliases = bool(schema.title) and ALIASES in schema.attributes
        self._attributes = [(name, is_reference(name)) for name in schema.attributes]

    def notes(self) -> list[str]:
        """Return what there is to say after the last record."""
        late = f"not used, since the schema does not have them: {', '.join(self._late)}"
        return self.losses.notes(self._schema) + ([late] if self._late else [])

    def make(self, raw: Mapping[str, object]) -> Entity | str:
        """Return the entity, or the reason why there is none."""
        schema = self._schema
        record = self._played(self.read(self.flat(raw)))
        parts = self.parts(record)
        if not (parts.title or parts.text or parts.attributes):
            return "neither a title nor a text nor an attribute"
        if schema.id:
            entity_id, reason = values.entity_id(record.get(schema.id))
            if reason:
                return reason
        else:
            entity_id = content_id(raw)
        self.losses.untitled += not parts.title
        if not raw.keys() <= self.fields and len(self._late) < _MAX_LATE:
            self._late.update((name, None) for name in raw if name not in self.fields and name not in self._outer)
        return Entity(
            id=entity_id,
            type=parts.type,
            title=parts.title,
            text=parts.text,
            popularity=parts.popularity,
            attributes=parts.attributes,
            weights=parts.weights,
        )

    def parts(self, record: Mapping[str, object]) -> Parts:
        """Return what a flat record, as `read` has it, says of an entity, without its id.

        What it does not mention is empty.
        """
        schema, get = self._schema, record.get
        parts = Parts(text=self._text(record))
        for name, reference in self._attributes:
            value = get(name)
            if isinstance(value, dict):
                self._weigh(name, value, parts.attributes, parts.weights)
            elif value is not None and (found := self._values(value, reference=reference)):
                parts.attributes[name] = found
        if schema.title:
            titles = get(schema.title)
            parts.title = values.one_line(_first(titles))
            more = self._values(titles[1:], reference=False) if isinstance(titles, (list, tuple)) else ()
            if more and self._aliases:
                parts.attributes.setdefault(ALIASES, more)
                self.losses.retitled += 1
        if schema.type:
            parts.type = values.one_line(_first(get(schema.type)))[:MAX_VALUE]
        if schema.popularity:
            parts.popularity = self._popularity(get(schema.popularity))
        return parts

    def read(self, record: Mapping[str, object]) -> Mapping[str, object]:
        """Return a flat record with amounts as numbers, and HTML as what is read of it; in lists, too."""
        if not self._schema.amounts and not self._schema.html:
            return record
        changed = dict(record)
        for name, mark in self._schema.amounts:
            changed[name] = _each(record.get(name), partial(amount, mark=mark))
        for name in self._schema.html:
            changed[name] = _each(record.get(name), plain)
        return changed

    def _played(self, record: Mapping[str, object]) -> Mapping[str, object]:
        """Return the record with the fields of roles that it calls otherwise."""
        for name, role in self._schema.also:
            own = self._schema.field(role)
            if own and record.get(own) is None and record.get(name) is not None:
                record = {**record, own: record[name], name: None}
        return record

    def _weigh(
        self,
        name: str,
        value: Mapping[str, object],
        attributes: dict[str, tuple[Value, ...]],
        weights: dict[str, tuple[float, ...]],
    ) -> None:
        """Take the values of a field that weighs them, the weightiest first."""
        some = weighed(value) if name in self._schema.weighted else []
        kept = [(word, weight) for word, weight in some if len(word) <= MAX_VALUE]
        self.losses.long_values += len(some) - len(kept)
        self.losses.many_values += len(kept) > MAX_VALUES
        if kept:
            attributes[name] = tuple(word for word, _ in kept[:MAX_VALUES])
            weights[name] = tuple(weight for _, weight in kept[:MAX_VALUES])

    def flat(self, raw: Mapping[str, object]) -> Mapping[str, object]:
        """Return the record with the fields of nested objects that the schema names as fields of its own."""
        if not self._nested:
            return raw
        record = dict(raw)
        for outer, value in raw.items():
            if isinstance(value, dict):
                for inner, item in value.items():
                    name = f"{outer}.{inner}"
                    if name in self.fields:
                        record.setdefault(name, item)
        return record

    def _text(self, record: Mapping[str, object]) -> str:
        parts = [part for name in self._schema.text if (part := values.lines(record.get(name)))]
        text = parts[0] if len(parts) == 1 else "\n".join(parts)
        if len(text) * 4 > MAX_TEXT and len(encoded := text.encode()) > MAX_TEXT:
            self.losses.cut_texts += 1
            return encoded[:MAX_TEXT].decode("utf-8", "ignore")
        return text

    def _values(self, value: object, *, reference: bool) -> tuple[Value, ...]:
        if not isinstance(value, (list, tuple)):
            found = values.attribute(value, reference=reference)
            if isinstance(found, str) and len(found) > MAX_VALUE:
                self.losses.long_values += 1
                return ()
            return () if found is None else (found,)
        attribute = values.attribute
        some = [found for item in value if (found := attribute(item, reference=reference)) is not None]
        kept = [found for found in some if isinstance(found, float) or len(found) <= MAX_VALUE]
        self.losses.long_values += len(some) - len(kept)
        self.losses.many_values += len(kept) > MAX_VALUES
        return tuple(kept[:MAX_VALUES])

    def _popularity(self, value: object) -> float | None:
        found = values.number(value)
        self.losses.no_popularity += found is None and value not in (None, "")
        return found


def content_id(raw: Mapping[str, object]) -> str:
    """Return an id made from all that a record holds: the same record has the same id in every build.

    Empty fields do not count, nor the order of fields, nor whether a number is written 1 or 1.0.
    """
    content = {
        name: int(value) if isinstance(value, float) and value.is_integer() else value
        for name, value in raw.items()
        if value is not None and value != ""
    }
    encoded = json.dumps(content, sort_keys=True, default=str).encode()
    return hashlib.blake2b(encoded, digest_size=12).hexdigest()


def _each(value: object, read: Callable[[str], object]) -> object:
    """Return a value, or the items of a list, each text as it is read where it is not read as nothing."""
    if isinstance(value, (list, tuple)):
        return [_read(item, read) for item in value]
    return _read(value, read)


def _read(value: object, read: Callable[[str], object]) -> object:
    found = read(value) if isinstance(value, str) else None
    return value if found is None else found


def _first(value: object) -> object:
    """Return the first of several values where one is wanted."""
    return next(iter(value), None) if isinstance(value, (list, tuple)) else value
