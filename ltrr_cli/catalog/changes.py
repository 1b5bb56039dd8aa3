"""Partial records: what they say of an entity that is there already replaces what it had, the rest stays."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ltrr_cli.catalog import values
from ltrr_cli.catalog.entities import Maker
from ltrr_cli.catalog.schema import ALIASES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ltrr_cli.catalog.catalog import Catalog
    from ltrr_cli.catalog.schema import Schema
    from ltrr_cli.records import Entity

_SINGLE = ("id", "title", "type", "popularity")
_MAX_NEW = 64
"""Attributes that a record may introduce."""


def read_changes(catalog: Catalog, find: Callable[[str], Entity | None]) -> tuple[list[Entity], int]:
    """Return the entities that a catalogue of partial records changes, as they are then, and how many it leaves as are.

    `find` returns an entity of the index. Of several records with one id each changes what those before it left. A
    record whose id is not in the index is bad. The changed entities are held in memory.

    Raises:
        CatalogError: see `Catalog.records`; also where no record is usable.
    """
    changer = Changer(catalog.schema)
    before: dict[str, Entity] = {}
    after: dict[str, Entity] = {}
    for number, line, raw in catalog.records():
        entity_id, reason = changer.entity_id(raw)
        entity = after.get(entity_id) or (find(entity_id) if entity_id else None)
        if entity is None:
            catalog.leave_out(number, line, reason or f"the index has no entity {entity_id[:80]!r}")
            continue
        changed = changer.change(entity, raw)
        if isinstance(changed, str):
            catalog.leave_out(number, line, changed)
            continue
        before.setdefault(entity_id, entity)
        after[entity_id] = changed
        catalog.read_count += 1
    catalog.check_usable()
    catalog.notes.extend(changer.notes())
    really = [entity for entity_id, entity in after.items() if entity != before[entity_id]]
    return really, len(after) - len(really)


class Changer:
    """Changes entities by records with some of the schema's fields; `title`, `text` … are understood as roles too."""

    def __init__(self, schema: Schema) -> None:
        taken = {*schema.attributes, *schema.text, *(name for name, _ in schema.ignored)}
        id_, title, type_, popularity = (
            getattr(schema, role) or (role if role not in taken else "") for role in _SINGLE
        )
        text = schema.text or (("text",) if "text" not in taken else ())
        self._schema = replace(schema, id=id_, title=title, type=type_, popularity=popularity, text=text)
        self._whole = Maker(self._schema)
        self._makers: dict[tuple[str, ...], Maker] = {}
        self._new: dict[str, None] = {}
        self._ignored = {name for name, _ in schema.ignored}
        self._unused: dict[str, None] = {}

    def entity_id(self, raw: Mapping[str, object]) -> tuple[str, str]:
        """Return the id of the entity that a record is about, and, where it has none, the reason."""
        return values.entity_id(self._named(raw).get(self._schema.id))

    def change(self, entity: Entity, raw: Mapping[str, object]) -> Entity | str:
        """Return the entity as the record changes it, or the reason why it cannot.

        A field that is null, or an empty text, is emptied; a popularity that is no number changes nothing.
        """
        schema, record = self._schema, self._named(raw)
        texts = [name for name in schema.text if name in record]
        if texts and len(texts) < len(schema.text) and "text" not in raw:
            return f"the text is made of {', '.join(schema.text)}: name all of them, or none"
        maker = self._maker(tuple(record))
        parts = maker.parts(record)
        given = set(record)
        self._new.update((name, None) for name in parts.attributes if name not in schema.attributes)
        attributes = {name: some for name, some in entity.attributes.items() if name not in given} | parts.attributes
        weights = {name: some for name, some in entity.weights.items() if name not in given} | parts.weights
        order = [name for name in entity.attributes if name in attributes]
        emptied = schema.popularity in given and record[schema.popularity] in (None, "")
        changed = replace(
            entity,
            type=parts.type if schema.type in given else entity.type,
            title=parts.title if schema.title in given else entity.title,
            text=parts.text if texts or "text" in raw else entity.text,
            popularity=parts.popularity if parts.popularity is not None or emptied else entity.popularity,
            attributes={name: attributes[name] for name in dict.fromkeys([*order, *attributes])},
            weights=weights,
        )
        if not (changed.title or changed.text or changed.attributes):
            return "nothing would be left: neither a title nor a text nor an attribute"
        return changed

    def notes(self) -> list[str]:
        """Return what there is to say after the last record."""
        said = self._whole.losses.notes(self._schema)
        if self._new:
            said.append(f"new attributes, which the index did not have: {', '.join(self._new)}")
        if self._unused:
            said.append(f"not used, as when the index was built: {', '.join(self._unused)}")
        return said

    def _named(self, raw: Mapping[str, object]) -> Mapping[str, object]:
        """Return the record with its fields' names as the schema has them: a role's name stands for its field."""
        schema = self._schema
        record = dict(self._whole.flat(raw))
        for role in _SINGLE:
            field = getattr(schema, role)
            if field and field not in record and role in record and role not in self._whole.fields:
                record[field] = record.pop(role)
        if schema.text and "text" in record and "text" not in schema.text:
            record |= dict.fromkeys(schema.text) | {schema.text[0]: record.pop("text")}
        return record

    def _maker(self, fields: tuple[str, ...]) -> Maker:
        """Return what reads records of just these fields; the schema's own, and new attributes."""
        maker = self._makers.get(fields)
        if maker is None:
            schema = self._schema
            roles = {schema.id, schema.title, schema.type, schema.popularity, *schema.text, *self._ignored}
            free = [name for name in fields if name not in roles]
            self._unused.update((name, None) for name in fields if name in self._ignored)
            fresh = [name for name in free if name not in schema.attributes][:_MAX_NEW]
            maker = self._makers[fields] = Maker(
                replace(
                    schema,
                    title=schema.title if schema.title in fields else "",
                    type=schema.type if schema.type in fields else "",
                    popularity=schema.popularity if schema.popularity in fields else "",
                    text=tuple(name for name in schema.text if name in fields),
                    attributes=tuple(name for name in free if name in schema.attributes or name in fresh)
                    + ((ALIASES,) if ALIASES in schema.attributes and ALIASES not in free else ()),
                    weighted=(*schema.weighted, *fresh),
                )
            )
            maker.losses = self._whole.losses
        return maker
