"""How a raw record is read: fields of nested objects by name, amounts as numbers, HTML as a browser shows it.

Roles and kinds of fields are those of the schema. A value of another kind is read for itself where that leaves no
doubt; `Unlike` counts what is read so, and what is not.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ltrr_cli.catalog import unlike
from ltrr_cli.catalog.amounts import read_amount
from ltrr_cli.catalog.markup import has_markup, is_all_markup, plain
from ltrr_cli.catalog.objects import naming

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ltrr_cli.catalog.schema import Schema
    from ltrr_cli.catalog.unlike import Unlike


class Reading:
    """Reads records by a schema; `fields` are those that it has, `outer` the same without what follows a dot."""

    def __init__(self, schema: Schema, seen: Unlike) -> None:
        self.fields = frozenset(
            {schema.id, schema.title, schema.type, schema.popularity, *schema.text, *schema.attributes}
            | {name for name, _ in (*schema.ignored, *schema.also)}
        ) - {""}
        self.outer = frozenset(name.partition(".")[0] for name in self.fields)
        self._schema = schema
        self._seen = seen
        ignored = {name for name, _ in schema.ignored}
        self._groups: dict[str, list[str]] = {}
        """Objects, and those of their fields that are used."""
        for name in sorted(name for name in self.fields if "." in name):
            used = self._groups.setdefault(name.partition(".")[0], [])
            used += [name.partition(".")[2]] if name not in ignored else []
        self._roles = tuple(filter(None, (schema.title, *schema.text, schema.type)))
        self._prose = frozenset({schema.title, *schema.text}.difference(schema.html))
        self._currencies: dict[str, str] = {}

    def flat(self, raw: Mapping[str, object]) -> Mapping[str, object]:
        """Return the record with the fields of nested objects that the schema names as fields of its own.

        A text where the schema has but the fields of objects is their name.
        """
        if not self._groups:
            return raw
        record = dict(raw)
        for outer, value in raw.items():
            if outer not in self._groups:
                continue
            if isinstance(value, dict):
                for inner, item in value.items():
                    name = f"{outer}.{inner}"
                    if name in self.fields:
                        record.setdefault(name, item)
            elif outer not in self.fields and not is_empty(value):
                inner = naming(self._groups[outer])
                self._seen.add(outer, unlike.NAME if inner else unlike.SHAPE, value)
                if inner:
                    record.setdefault(f"{outer}.{inner}", value)
        return record

    def read(self, record: Mapping[str, object]) -> Mapping[str, object]:
        """Return a flat record with amounts as numbers, and HTML as what is read of it; in lists, too."""
        changed: dict[str, object] = {}
        for name, mark in self._schema.amounts:
            if (value := record.get(name)) is not None:
                changed[name] = _each(value, partial(self._amount, name, mark))
        for name in self._schema.html:
            if (value := record.get(name)) is not None:
                changed[name] = _each(value, plain)
        for name in self._roles:
            value = record.get(name)
            if isinstance(value, dict):
                changed[name] = value = self.named(name, value)
            marked = isinstance(value, (list, tuple)) or (isinstance(value, str) and ("<" in value or "&" in value))
            if marked and name in self._prose:
                changed[name] = _each(value, partial(self._marked, name))
        return {**record, **changed} if changed else record

    def named(self, name: str, value: Mapping[str, object]) -> object:
        """Return what names an object in a field of none; None where its inner fields are fields, or nothing does."""
        if name in self._groups or not value:
            return None
        key = naming(value)
        self._seen.add(name, unlike.NAMED if key else unlike.LOST, value.get(key, dict(value)))
        return value.get(key)

    def _amount(self, name: str, mark: str, text: str) -> object:
        found = read_amount(text, mark)
        if found is None:
            return text
        number, currency = found
        if currency and self._currencies.setdefault(name, currency) != currency:
            self._seen.add(name, unlike.CURRENCY, text)
        return number

    def _marked(self, name: str, text: str) -> str:
        if not has_markup(text):
            return text
        whole = is_all_markup(text)
        self._seen.add(name, unlike.HTML if whole else unlike.TAGS, text)
        return plain(text) if whole else text


def _each(value: object, read: Callable[[str], object]) -> object:
    """Return a value, or the items of a list, each text as it is read."""
    if isinstance(value, (list, tuple)):
        return [read(item) if isinstance(item, str) else item for item in value]
    return read(value) if isinstance(value, str) else value


def is_empty(value: object) -> bool:
    """Tell whether a raw value is none."""
    return value is None or value in ("", [], {})
