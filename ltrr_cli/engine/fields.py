"""The fields of an index's entities: how many have them, how many values there are, and which are frequent."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ltrr_cli.records import Entity, Value

_MOST_VALUES = 100_000
_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field: `entities` that have it, `values` in all, `distinct` ones, whether all are numbers, frequent ones.

    `distinct` is a lower bound where `capped`: values beyond the first 100,000 distinct ones are not told apart.
    """

    name: str
    entities: int
    values: int
    distinct: int
    capped: bool
    numeric: bool
    frequent: tuple[tuple[Value, int], ...]


def fields(entities: Iterable[Entity]) -> tuple[int, list[Field]]:
    """Return the number of entities and their fields: the roles first, the others by how many entities have them."""
    total = 0
    having: Counter[str] = Counter()
    values: dict[str, Counter[Value]] = {}
    counts: Counter[str] = Counter()
    texts: Counter[str] = Counter()
    for entity in entities:
        total += 1
        own: dict[str, tuple[Value, ...]] = {"type": (entity.type,) if entity.type else ()}
        own |= {"title": (entity.title,) if entity.title else (), "text": (entity.text[:80],) if entity.text else ()}
        own["popularity"] = () if entity.popularity is None else (entity.popularity,)
        for name, found in (own | dict(entity.attributes)).items():
            if not found:
                continue
            having[name] += 1
            counts[name] += len(found)
            texts[name] += sum(isinstance(value, str) for value in found)
            kept = values.setdefault(name, Counter())
            kept.update(value for value in found if value in kept or len(kept) < _MOST_VALUES)
    roles = [name for name in ("type", "title", "text", "popularity") if having[name]]
    rest = sorted((name for name in having if name not in roles), key=lambda name: (-having[name], name))
    return total, [
        Field(
            name=name,
            entities=having[name],
            values=counts[name],
            distinct=len(values[name]),
            capped=len(values[name]) >= _MOST_VALUES,
            numeric=not texts[name],
            frequent=tuple(values[name].most_common(_SHOWN)),
        )
        for name in [*roles, *rest]
    ]
