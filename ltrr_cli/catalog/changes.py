"""Partial records: what they say of an entity that is there already replaces what it had, the rest stays."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ltrr_cli.catalog import values
from ltrr_cli.catalog.amounts import amount
from ltrr_cli.catalog.entities import Maker
from ltrr_cli.catalog.profile import MAX_KEYS
from ltrr_cli.catalog.schema import ALIASES
from ltrr_cli.catalog.weights import weighings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from collections.abc import Set as AbstractSet

    from ltrr_cli.catalog.catalog import Catalog
    from ltrr_cli.catalog.schema import Schema
    from ltrr_cli.records import Entity

_SINGLE = ("id", "title", "type", "popularity")
_SCALAR = (str, int, float, type(None))
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
        self._makers: dict[tuple[tuple[str, ...], tuple[str, ...]], Maker] = {}
        self._new: dict[str, None] = {}
        self._ignored = {name for name, _ in schema.ignored}
        self._roles = {id_, title, type_, popularity, *text} - {""}
        self._outer: dict[str, list[str]] = {}
        for name in sorted(self._whole.fields):
            if "." in name:
                self._outer.setdefault(name.partition(".")[0], []).append(name)
        self._unused: dict[str, None] = {}
        self._too_many: dict[str, None] = {}
        self._unranked: list[str] = []  # ids of entities whose new popularity is no number
        self._emptied: list[str] = []  # ids of entities that had one, and now have null, as which JSON's NaN is read

    def entity_id(self, raw: Mapping[str, object]) -> tuple[str, str]:
        """Return the id of the entity that a record is about, and, where it has none, the reason."""
        return values.entity_id(self._named(raw).get(self._schema.id))

    def change(self, entity: Entity, raw: Mapping[str, object]) -> Entity | str:
        """Return the entity as the record changes it, or the reason why it cannot.

        A field that is null, or an empty text, is emptied; a popularity that is no number changes nothing. The fields
        of an object, `outer.inner`, are changed one by one; without the object, all that came of it is emptied.
        """
        schema, record = self._schema, self._named(raw, entity.weights.keys())
        texts = [name for name in schema.text if name in record]
        if texts and len(texts) < len(schema.text) and "text" not in raw:
            return f"the text is made of {', '.join(schema.text)}: name all of them, or none"
        if reason := self._unusable(record, raw):
            return reason
        maker = self._maker(record)
        maker.unlike.record = entity.id
        parts = maker.parts(_as_numbers(maker.reading.read(record), entity))
        given = {*record, *self._replaced(entity, raw)}
        for name, value in record.items():
            if name in self._ignored and not (name in self._outer and value in (None, {})):
                self._unused[name] = None
        self._new.update((name, None) for name in parts.attributes if name not in schema.attributes)
        attributes = {name: some for name, some in entity.attributes.items() if name not in given} | parts.attributes
        weights = {name: some for name, some in entity.weights.items() if name not in given} | parts.weights
        order = [name for name in entity.attributes if name in attributes]
        ranked = schema.popularity in record
        emptied = ranked and record[schema.popularity] in (None, "")
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
        if ranked and not emptied and parts.popularity is None:
            self._unranked.append(entity.id)
        if emptied and entity.popularity is not None:
            self._emptied.append(entity.id)
        return changed

    def notes(self) -> list[str]:
        """Return what there is to say after the last record."""
        said = replace(self._whole.losses, no_popularity=0).notes(self._schema)
        for ids, one, many in (
            (
                self._unranked,
                "is no finite number, and the old one stays",
                "are no finite numbers, and the old ones stay",
            ),
            (self._emptied, "was emptied", "were emptied"),
        ):
            if ids:
                what = f"value {one}: it" if len(ids) == 1 else f"values {many}: the first"
                said.append(f"{len(ids):,} popularity {what} is that of {ids[0][:80]!r}")
        if self._new:
            said.append(f"new attributes, which the index did not have: {', '.join(self._new)}")
        if self._unused:
            said.append(f"not used, as when the index was built: {', '.join(self._unused)}")
        if self._too_many:
            said.append(f"not used, since a record may bring {_MAX_NEW} new attributes: {', '.join(self._too_many)}")
        return said + self._whole.unlike_notes()

    def _named(self, raw: Mapping[str, object], weighing: AbstractSet[str] = frozenset()) -> Mapping[str, object]:
        """Return the record with its fields' names as the schema has them: a role's name stands for its field."""
        schema = self._schema
        record = self._flat(raw, weighing)
        for name, role in schema.also:
            if name in record:
                record.setdefault(schema.field(role) or role, record.pop(name))
        for role in _SINGLE:
            field = getattr(schema, role)
            if field and field not in record and role in record and role not in self._whole.fields:
                record[field] = record.pop(role)
        if schema.text and "text" in record and "text" not in schema.text:
            record |= dict.fromkeys(schema.text) | {schema.text[0]: record.pop("text")}
        return record

    def _flat(self, raw: Mapping[str, object], weighing: AbstractSet[str]) -> dict[str, object]:
        """Return the record with the fields of its objects as `outer.inner`, but of objects that weigh values.

        Where an object is null, so are the fields that the schema has of it.
        """
        alone = (weighing | weighings([raw]) | self._ignored) - self._outer.keys()
        whole = alone | self._roles | {*self._schema.weighted}
        record: dict[str, object] = {}
        for name, value in raw.items():
            if isinstance(value, dict) and name not in whole and 0 < len(value) <= MAX_KEYS:
                for key, inner in value.items():
                    record.setdefault(f"{name}.{key}", inner)
            else:
                record[name] = value
        for name in self._outer.keys() & raw.keys():
            if raw[name] in (None, {}):
                record = dict.fromkeys(self._outer[name]) | record
        return record

    def _replaced(self, entity: Entity, raw: Mapping[str, object]) -> set[str]:
        """Return the fields that go without being named: an object takes its field's place, or leaves what it had."""
        objects = {name for name, value in raw.items() if isinstance(value, dict) and value}
        left = [name for name in raw if name not in objects]
        gone = set()
        for inner in entity.attributes:
            if "." not in inner:
                continue
            for outer in left:
                # Where the catalogue has both as fields, one that has a value says nothing of the other.
                both = inner in self._whole.fields and outer in self._whole.fields and raw[outer] not in (None, {})
                if inner.startswith(f"{outer}.") and not both:
                    gone.add(inner)
        return objects | gone

    def _unusable(self, record: Mapping[str, object], raw: Mapping[str, object]) -> str:
        """Return why a field's value would be lost, "" where none would be."""
        for name, value in record.items():
            if name in self._ignored:
                continue
            if isinstance(value, dict):
                if value and (name in self._roles or name not in raw):
                    return f"the field {name[:80]!r} holds an object"
                if not all(_is_weight(weight) for weight in value.values()):
                    return f"the field {name[:80]!r} holds an object, and not of weights from 0 to 1"
            elif isinstance(value, list):
                if not all(isinstance(item, _SCALAR) for item in value):
                    return f"the field {name[:80]!r} holds a list of more than texts and numbers"
            elif not isinstance(value, _SCALAR):
                return f"the field {name[:80]!r} holds neither text nor a number"
        return ""

    def _maker(self, record: Mapping[str, object]) -> Maker:
        """Return what reads records of just these fields; the schema's own, and new attributes."""
        fields, schema = tuple(record), self._schema
        weighed = tuple(name for name, value in record.items() if isinstance(value, dict))
        maker = self._makers.get((fields, weighed))
        if maker is None:
            free = [name for name in fields if name not in self._roles and name not in self._ignored]
            new = [name for name in free if name not in schema.attributes]
            fresh = new[:_MAX_NEW]
            self._too_many.update((name, None) for name in new[_MAX_NEW:][:_MAX_NEW])
            maker = self._makers[fields, weighed] = Maker(
                replace(
                    schema,
                    title=schema.title if schema.title in fields else "",
                    type=schema.type if schema.type in fields else "",
                    popularity=schema.popularity if schema.popularity in fields else "",
                    text=tuple(name for name in schema.text if name in fields),
                    attributes=tuple(name for name in free if name in schema.attributes or name in fresh)
                    + ((ALIASES,) if ALIASES in schema.attributes and ALIASES not in free else ()),
                    weighted=(*schema.weighted, *weighed),
                ),
                beside=self._whole,
            )
        return maker


def _as_numbers(record: Mapping[str, object], entity: Entity) -> Mapping[str, object]:
    """Return the record with texts as numbers where the entity has numbers and the texts are amounts."""
    changed = dict(record)
    for name, value in record.items():
        had = entity.attributes.get(name, ())
        if isinstance(value, str) and had and not any(isinstance(one, str) for one in had):
            number = amount(value)
            changed[name] = value if number is None else number
    return changed


def _is_weight(value: object) -> bool:
    weight = None if isinstance(value, bool) else values.number(value)
    return weight is not None and 0 <= weight <= 1
