"""Guesses: the queries that people will probably type to reach an entity, made of its own fields and of pairs of them.

The look-up does not mind the order of words, so each pair is made once.
"""

from __future__ import annotations

from itertools import combinations, islice
from typing import TYPE_CHECKING

from ltrr_cli.index.values import ALIASES, year_like
from ltrr_cli.text import key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ltrr_cli.records import Entity

NAMED = ("title", "alias", "title+creator", "creator")
"""Kinds that are what the entity is called: facts, which need no proof. All others must be found by the full text."""
_MAKERS = 4
_OF_EACH = 2
"""Values of each attribute that are paired with others."""
_VALUES = 12
"""Values that are paired with others, of all attributes."""
_LONGEST_VALUE = 4
_PAIRS = {"title": 3, "creator": 1, "type": 2, "attribute": 2}
"""Guesses that pair each of these with a value: every one costs a search when the index is built."""


def guesses(entity: Entity, creator: str) -> Iterator[tuple[str, str]]:
    """Yield (key, kind) of an entity's guessed queries; `creator` names the attribute of who made it."""
    title = key(entity.title)
    makers = [key(value) for value in entity.attributes.get(creator, ()) if isinstance(value, str)][:_MAKERS]
    makers = [maker for maker in makers if maker and maker != title]
    if title:
        yield title, "title"
        yield from ((f"{title} {maker}", "title+creator") for maker in makers)
    for name in ALIASES:
        aliases = (key(value) for value in entity.attributes.get(name, ()) if isinstance(value, str))
        yield from ((alias, "alias") for alias in aliases if alias)
    yield from ((maker, "creator") for maker in makers)
    yield from _with_values(entity, creator, {"title": title, "creator": "".join(makers[:1]), "type": key(entity.type)})


def _with_values(entity: Entity, creator: str, named: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the values, each thing that is `named` with a value, and two values together."""
    values = list(_values(entity, creator))
    yield from ((value, "attribute") for _, value in values)
    for name, one in named.items():
        others = [value for _, value in values if value not in one] if one else []
        yield from ((f"{one} {value}", f"{name}+attribute") for value in others[: _PAIRS[name]])
    pairs = [(one, other) for (a, one), (b, other) in combinations(values, 2) if a != b]
    yield from ((f"{one} {other}", "attribute+attribute") for one, other in pairs[: _PAIRS["attribute"]])


def _values(entity: Entity, creator: str) -> Iterator[tuple[str, str]]:
    """Yield (attribute, key) of the short values, the first of each attribute before the second of any."""
    lists = []
    for name, given in entity.attributes.items():
        if name != creator and name not in ALIASES:
            words = (key(one) if isinstance(one, str) else str(int(one)) for one in given if _usable(one))
            short = (word for word in words if word and word.count(" ") < _LONGEST_VALUE)
            lists.append((name, [*islice(short, _OF_EACH)]))
    found = [(name, words[place]) for place in range(_OF_EACH) for name, words in lists if place < len(words)]
    yield from found[:_VALUES]


def _usable(value: str | float) -> bool:
    return isinstance(value, str) or year_like(value)
