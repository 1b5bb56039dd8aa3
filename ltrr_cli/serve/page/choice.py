"""Which fields of a catalogue make good facets: found out from the entities, once for each state of the index."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING

from ltrr_cli.engine.fields import fields

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ltrr_cli.engine import Engine
    from ltrr_cli.engine.fields import Field
    from ltrr_cli.records import Entity

EVERYTHING = 'id != ""'
"""The filter that all entities meet: what stands on the page before anything is asked."""
_LOOKED_AT = 2_000
_BEST_KNOWN = 300
_MOST = 4
_RANGES = 2
_REPEATED = 3
"""Entities that share a value, in the mean, from which on it is worth clicking."""
_DISTINCT = 400
_LONG = 40
"""Characters of the most frequent value from which on values are texts, not words to choose from."""
_NEVER = {"title", "text", "id", "popularity"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """`facets`: fields whose values are offered. `ranges`: numeric fields that take a least and a greatest value."""

    facets: tuple[str, ...] = ()
    ranges: tuple[str, ...] = ()


def choose(engine: Engine) -> Choice:
    """Look at the first entities of the index and at its best known ones."""
    total, known = fields(_sample(engine))
    facets = [one for one in known if _is_facet(engine, one, total)]
    ranges = [one for one in known if one.numeric and one.name not in _NEVER and _is_range(one, total)]
    ranges.sort(key=lambda one: one.distinct)
    return Choice(facets=tuple(one.name for one in facets[:_MOST]), ranges=tuple(one.name for one in ranges[:_RANGES]))


def _sample(engine: Engine) -> Iterator[Entity]:
    known = engine.search("", filter=EVERYTHING, k=_BEST_KNOWN, log=False, seed=0, explore=False).results
    best = (engine.entity(result.id) for result in known)
    return chain(islice(engine.entities(), _LOOKED_AT), (one for one in best if one is not None))


def _is_facet(engine: Engine, field: Field, total: int) -> bool:
    if field.numeric or field.name in _NEVER or not 2 <= field.distinct <= _DISTINCT:
        return False
    repeated = field.values >= _REPEATED * field.distinct
    short = len(str(field.frequent[0][0])) <= _LONG
    reference = field.frequent[0][0] in engine  # ids of other entities are no words for people
    return repeated and short and not reference and field.entities * 10 >= total


def _is_range(field: Field, total: int) -> bool:
    return field.distinct >= 5 and field.entities * 2 >= total
