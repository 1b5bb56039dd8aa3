"""Lists of objects: `"genres": [{"id": 18, "name": "Drama"}, …]` is read as `{"id": [18, …], "name": ["Drama", …]}`.

So each of the objects' fields becomes one of several values, as those of a single object become fields. Which values
stood together in one object is lost. A text among objects is the name of one: `[{"name": "Drama"}, "Horror"]`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltrr_cli.catalog import names
from ltrr_cli.catalog.profile import MAX_KEYS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_VALUE = ("value", "text")


def joined(record: Mapping[str, object]) -> Mapping[str, object]:
    """Return a raw record with its lists of objects as objects of lists; with more than 64 keys one stays as it is."""
    lists = {name: value for name, value in record.items() if isinstance(value, list) and _has_objects(value)}
    if not lists:
        return record
    read = {name: _joined(value) for name, value in lists.items()}
    return {**record, **{name: found for name, found in read.items() if 0 < len(found) <= MAX_KEYS}}


def naming(keys: Iterable[str]) -> str:
    """Return which of an object's keys names it, "" where none does."""
    found = {names.normal(key): key for key in keys}
    return next((found[name] for name in (*names.TITLE, *_VALUE) if name in found), "")


def _has_objects(several: Sequence[object]) -> bool:
    return any(isinstance(one, dict) for one in several) and not any(isinstance(one, list) for one in several)


def _joined(several: Sequence[object]) -> dict[str, list[object]]:
    """Return each key's values, in order; those of a list are taken one by one. Empty where a text has no key."""
    name = naming(key for one in several if isinstance(one, dict) for key in one)
    found: dict[str, list[object]] = {}
    for one in several:
        if not (isinstance(one, dict) or one is None or name):
            return {}
        for key, value in one.items() if isinstance(one, dict) else ((name, one),):
            found.setdefault(key, []).extend(value if isinstance(value, list) else () if value is None else (value,))
    return found
