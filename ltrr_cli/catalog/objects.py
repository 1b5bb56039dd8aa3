"""Lists of objects: `"genres": [{"id": 18, "name": "Drama"}, …]` is read as `{"id": [18, …], "name": ["Drama", …]}`.

So each of the objects' fields becomes one of several values, as those of a single object become fields. Which values
stood together in one object is lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltrr_cli.catalog.profile import MAX_KEYS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def joined(record: Mapping[str, object]) -> Mapping[str, object]:
    """Return a raw record with its lists of objects as objects of lists; with more than 64 keys one stays as it is."""
    lists = {name: value for name, value in record.items() if isinstance(value, list) and _are_objects(value)}
    if not lists:
        return record
    return {**record, **{name: found for name, value in lists.items() if len(found := _joined(value)) <= MAX_KEYS}}


def _are_objects(several: Sequence[object]) -> bool:
    return len(several) > 0 and all(isinstance(one, dict) for one in several)


def _joined(several: Sequence[Mapping[str, object]]) -> dict[str, list[object]]:
    """Return each key's values, in order; those of a list are taken one by one."""
    found: dict[str, list[object]] = {}
    for one in several:
        for name, value in one.items():
            found.setdefault(name, []).extend(value if isinstance(value, list) else () if value is None else (value,))
    return found
