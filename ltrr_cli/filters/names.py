"""Which field a name means, and the names nearest to one that means none."""

from __future__ import annotations

from difflib import SequenceMatcher
from types import MappingProxyType
from typing import TYPE_CHECKING

from ltrr_cli.text import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_MOST = 8
NOTHING: Mapping[str, str] = MappingProxyType({})
_SHORTEST, _LIKE = 3, 0.8
_OF_OBJECTS = ("name", "title", "label")
"""Inner fields that an object is called by: who says genres means genres.name, not genres.id."""


def field_named(name: str, fields: Iterable[str], called: Mapping[str, str] = NOTHING) -> str | None:
    """Return the field that a name means, None for none or several.

    It is the one of this name; else one that has it but for case and accents; else one that the catalogue `called` so;
    else the only field of objects, `outer.inner`, that begins or ends so, or the name of the objects that it speaks of.
    """
    if name in fields:
        return name
    wanted = fold(name)
    meant = {fold(known): field for known, field in called.items()} | {fold(field): field for field in fields}
    if wanted in meant:
        return meant[wanted]
    parts = {field: fold(field).split(".") for field in fields if "." in field}
    within = [field for field, (*_, last) in parts.items() if last == wanted]
    of = {last: field for field, (outer, *_, last) in parts.items() if outer == wanted}
    within += of.values()
    naming = [of[last] for last in _OF_OBJECTS if last in of]
    return within[0] if len(within) == 1 else next(iter(naming), None)


def is_like(name: str, known: Iterable[str]) -> bool:
    """Tell whether a name is hardly another than one of the known: a part of it, or nearly the same."""
    wanted = fold(name)[:100]
    if len(wanted) < _SHORTEST:
        return False
    return any(
        wanted in (own := fold(one)) or SequenceMatcher(None, wanted, own.rpartition(".")[2]).ratio() >= _LIKE
        for one in known
    )


def nearest(name: str, known: Iterable[str]) -> list[str]:
    """Return up to eight of the known names, those that hold it first, then by Ratcliff & Obershelp's measure."""
    wanted = fold(name)[:100]

    def distance(one: str) -> tuple[bool, float, str]:
        own = fold(one)
        return wanted not in own, -SequenceMatcher(None, wanted, own).ratio(), one

    return sorted(known, key=distance)[:_MOST]
