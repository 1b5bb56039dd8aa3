"""One raw record becomes one entity, or a reason why not."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ltrr_cli.catalog import unlike, values
from ltrr_cli.catalog.losses import MAX_VALUE, MAX_VALUES, Losses
from ltrr_cli.catalog.names import is_reference
from ltrr_cli.catalog.numeric import Numeric
from ltrr_cli.catalog.reading import Reading, is_empty
from ltrr_cli.catalog.roles import EMPTY
from ltrr_cli.catalog.schema import ALIASES
from ltrr_cli.catalog.unlike import Unlike
from ltrr_cli.catalog.weights import weighed
from ltrr_cli.records import Entity, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ltrr_cli.catalog.schema import Schema

MAX_TEXT = 1_000_000
"""Bytes (UTF-8) of text that are kept."""
_MAX_LATE = 20


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

    def __init__(self, schema: Schema, *, beside: Maker | None = None) -> None:
        """Count together with one `beside`, if there is one."""
        self.losses: Losses = Losses() if beside is None else beside.losses
        self.unlike: Unlike = Unlike() if beside is None else beside.unlike
        self.numeric: Numeric = Numeric(self.unlike, dict(schema.amounts)) if beside is None else beside.numeric
        self.reading = Reading(schema, self.unlike)
        self.fields = self.reading.fields
        self._schema = schema
        self._late: dict[str, None] = {}  # fields that the schema does not have
        self._aliases = bool(schema.title) and ALIASES in schema.attributes
        self._attributes = [(name, is_reference(name)) for name in schema.attributes]
        self._empty = tuple(name for name, why in schema.ignored if why == EMPTY)

    def notes(self) -> list[str]:
        """Return what there is to say after the last record."""
        late = f"not used, since the schema does not have them: {', '.join(self._late)}"
        return [*self.losses.notes(self._schema), *([late] if self._late else []), *self.unlike_notes()]

    def unlike_notes(self) -> list[str]:
        """Return those about values unlike the others of their field."""
        self.numeric.settle()
        return self.unlike.notes()

    def make(self, raw: Mapping[str, object]) -> Entity | str:
        """Return the entity, or the reason why there is none."""
        schema = self._schema
        self.unlike.record = raw.get(schema.id)
        record = self._played(self.reading.read(self.reading.flat(raw)))
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
        for name in self._empty:
            if not is_empty(value := record.get(name)):
                self.unlike.add(name, unlike.LATE, value)
        if not raw.keys() <= self.fields and len(self._late) < _MAX_LATE:
            self._late.update(
                (name, None) for name in raw if name not in self.fields and name not in self.reading.outer
            )
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
        self._fill(parts, get)
        if schema.title:
            titles = get(schema.title)
            parts.title = values.one_line(_first(titles))
            more = self._values(schema.title, titles[1:], reference=False) if isinstance(titles, (list, tuple)) else ()
            if more and self._aliases:
                parts.attributes.setdefault(ALIASES, more)
                self.losses.retitled += 1
        if schema.type:
            parts.type = values.one_line(_first(get(schema.type)))[:MAX_VALUE]
        if schema.popularity:
            parts.popularity = self._popularity(get(schema.popularity))
        return parts

    def _fill(self, parts: Parts, get: Callable[[str], object]) -> None:
        """Fill the attributes, and the weights of their values."""
        numbers = self.numeric.numbers
        for name, reference in self._attributes:
            value = get(name)
            if isinstance(value, dict):
                if name in self._schema.weighted:
                    self._weigh(name, value, parts.attributes, parts.weights)
                    continue
                value = self.reading.named(name, value)
            if value is not None and (found := self._values(name, value, reference=reference)):
                if type(found[0]) is float:
                    numbers[name] += 1
                elif name in numbers:
                    found = self.numeric.texts(name, found)
                parts.attributes[name] = found

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
        some = weighed(value)
        kept = [(word, weight) for word, weight in some if len(word) <= MAX_VALUE]
        self.losses.long_values += len(some) - len(kept)
        self.losses.many_values += len(kept) > MAX_VALUES
        if kept:
            attributes[name] = tuple(word for word, _ in kept[:MAX_VALUES])
            weights[name] = tuple(weight for _, weight in kept[:MAX_VALUES])

    def _text(self, record: Mapping[str, object]) -> str:
        parts = [part for name in self._schema.text if (part := values.lines(record.get(name)))]
        text = parts[0] if len(parts) == 1 else "\n".join(parts)
        if len(text) * 4 > MAX_TEXT and len(encoded := text.encode()) > MAX_TEXT:
            self.losses.cut_texts += 1
            return encoded[:MAX_TEXT].decode("utf-8", "ignore")
        return text

    def _values(self, name: str, value: object, *, reference: bool) -> tuple[Value, ...]:
        if not isinstance(value, (list, tuple)):
            found = values.attribute(value, reference=reference)
            if isinstance(found, str) and len(found) > MAX_VALUE:
                self.losses.long_values += 1
                return ()
            if isinstance(value, float) and math.isinf(value):
                self.unlike.add(name, unlike.INFINITE, value)
            return () if found is None else (found,)
        attribute = values.attribute
        some = [found for item in value if (found := attribute(item, reference=reference)) is not None]
        if len(some) < len(value) and (lost := [item for item in value if isinstance(item, (dict, list, tuple))]):
            self.unlike.add(name, unlike.LOST, lost[0])
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


def _first(value: object) -> object:
    """Return the first of several values where one is wanted."""
    return next(iter(value), None) if isinstance(value, (list, tuple)) else value
