"""Which field of a sample plays a role: first by the names that catalogues use, then by what the values look like.

Every function takes the profiles of the fields that are still free, in order of appearance, and returns the name of the
best, "" where none will do.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ltrr_cli.catalog import names
from ltrr_cli.catalog.amounts import mark_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ltrr_cli.catalog.profile import Profile

_CODE = re.compile(r"[^\W\d_].*\d|\d.*[^\W\d_]")
_DATE = re.compile(r"\d{4}-\d\d-\d\d|\d{8}T")
_PROSE_CHARACTERS = 80
_PROSE_WORDS = 8
_LONG = 256
"""Characters; a longer text is no attribute value."""
_EMBEDDING, _INNER_EMBEDDING = 8, 64
"""Numbers per list from which on a list is taken for a vector; those of an inner field may be of as many objects."""
_FEW_TYPES = 50
_FEW_CATEGORIES = 12
EMPTY = "empty in all records looked at"
"""Why a field is not used of which nothing else is known."""
_STRONG_IDS = 13
"""So many names at the beginning of `names.ID` are ids even where some records lack one or share one."""


def entity_id(free: Mapping[str, Profile]) -> str:
    """Return the field that tells entities apart: of its own in every record of the sample.

    A field with one of the usual names may have gaps and doubles; the records concerned are bad.
    """
    single = {name: profile for name, profile in free.items() if profile.scalar and not _fractional(profile)}
    unique = {name: profile for name, profile in single.items() if profile.unique}
    mostly = {
        name: profile
        for name, profile in single.items()
        if names.normal(name) in ("id", "_id")
        or (profile.present * 2 >= profile.records and len(profile.scalars) * 10 >= profile.present * 9)
    }
    found = _named(unique, names.ID) or _named(mostly, names.ID[:_STRONG_IDS])
    if found:
        return found
    references = [name for name in unique if names.is_reference(name) or names.is_identifier(name)]
    coded = [name for name, profile in unique.items() if _is_coded(profile)]
    return next(iter(references + coded), "") or _named(unique, names.ADDRESS)


def title(free: Mapping[str, Profile]) -> str:
    """Return the field that holds what an entity is called, by name; `title` itself may hold lists of texts."""
    able = {
        name: profile
        for name, profile in free.items()
        if (profile.scalar or (names.normal(name) == "title" and _are_titles(profile))) and not profile.urls
    }
    return _named(able, names.TITLE, lambda plain: plain.endswith(names.TITLE_SUFFIXES) and plain not in names.CREATOR)


def title_by_content(free: Mapping[str, Profile]) -> str:
    """Return the first field of short, mostly different texts of more than one word."""
    for name, profile in free.items():
        if (
            profile.texts * 10 >= profile.records * 9
            and not profile.urls
            and 3 <= profile.length <= 120
            and profile.words_each >= 1.3
            and len(profile.scalars) * 2 >= profile.texts
            and names.normal(name) not in names.CREATOR
            and not _is_date(profile)
        ):
            return name
    return ""


def text(free: Mapping[str, Profile]) -> tuple[str, ...]:
    """Return all fields that are texts by name; where there is none, all that hold prose."""
    named = [name for name, profile in free.items() if _is_called_text(name) and _may_be_text(profile)]
    return tuple(named or [name for name, profile in free.items() if _is_prose(profile)])


def type_(free: Mapping[str, Profile]) -> str:
    """Return the field that says what kind of thing an entity is; a category only where it has few values."""
    able = {
        name: profile
        for name, profile in free.items()
        if profile.texts * 2 > profile.present
        and len(profile.scalars) <= _FEW_TYPES
        and profile.length <= 64
        and names.normal(name.rpartition(".")[0]) not in names.TEXT
    }
    few = {
        name: profile
        for name, profile in able.items()
        if len(profile.scalars) <= _FEW_CATEGORIES and len(profile.scalars) * 2 <= profile.present
    }
    return _named(able, names.TYPE) or _named(few, names.WEAK_TYPE)


def popularity(free: Mapping[str, Profile]) -> str:
    """Return the numeric field that counts how much an entity is wanted."""
    able = {name: profile for name, profile in free.items() if profile.numeric or _is_written_number(profile)}
    return _named(able, names.POPULARITY)


def creator(free: Mapping[str, Profile]) -> str:
    """Return the field that names who made an entity."""
    able = {name: profile for name, profile in free.items() if profile.textual and not why_ignored(profile)}
    return _named(able, names.CREATOR, lambda plain: plain.removesuffix("_name") in names.CREATOR)


def why_ignored(profile: Profile) -> str:
    """Return why a field cannot be an attribute, "" if it can.

    A field that always holds the same value stays: a sorted catalogue begins with a thousand records of one language.
    """
    most = profile.present / 2
    listed = profile.lists > most
    least = _INNER_EMBEDDING if "." in profile.name else _EMBEDDING
    numbers = profile.numeric_items * 2 > profile.items and profile.items >= least * profile.lists
    reasons = (
        (profile.present == 0, EMPTY),
        (profile.nested > most, "a nested object"),
        (profile.binary > most, "binary data"),
        (listed and profile.nested_items * 2 > profile.items, "a list of objects or lists"),
        (listed and numbers, "long lists of numbers, such as an embedding"),
        (profile.urls, "web addresses or file names"),
        (profile.length > _LONG, "long free text"),
    )
    return next((why for holds, why in reasons if holds), "")


def _named(free: Mapping[str, Profile], table: tuple[str, ...], suffix: Callable[[str], bool] = lambda _: False) -> str:
    """Return the field whose name comes first in the table; failing that, whose last part does; then by suffix."""

    def matches() -> Iterator[tuple[int, int, int, str]]:
        for order, name in enumerate(free):
            plain, inner = names.normal(name), names.normal(name.rpartition(".")[2])
            if plain in table:
                yield 0, table.index(plain), order, name
            elif inner in table:
                yield 1, table.index(inner), order, name
            elif suffix(plain):
                yield 2, 0, order, name

    return min(matches(), default=(0, 0, 0, ""))[-1]


def _fractional(profile: Profile) -> bool:
    return profile.numbers > 0 and profile.integral < profile.numbers


def _are_titles(profile: Profile) -> bool:
    """Tell whether most values are short texts, or lists of nothing else."""
    others = profile.numeric_items + profile.nested_items
    return profile.textual and not others and profile.length <= _LONG


def _is_coded(profile: Profile) -> bool:
    """Tell whether all texts are of the kind `B00123` or `tt0111161`: single short words, with digits."""
    return (
        profile.texts == profile.present
        and not profile.urls
        and profile.words == profile.pieces
        and profile.length <= 64
        and all(_CODE.search(value) and not _DATE.match(value) for value in profile.scalars)
    )


def _is_date(profile: Profile) -> bool:
    """Tell whether the values hold hardly any letters, as dates, times and measures do."""
    letters = sum(character.isalpha() for value in profile.scalars for character in value)
    return letters * 3 < profile.characters


def _is_called_text(name: str) -> bool:
    """Tell whether a field is a text by its name, or the value of an object that is: `description.value`."""
    outer, _, inner = name.rpartition(".")
    return names.normal(name) in names.TEXT or (
        names.normal(outer) in names.TEXT and inner in ("value", "html", "text")
    )


def _may_be_text(profile: Profile) -> bool:
    """Tell whether a field named as text holds text, or nothing yet."""
    return profile.present == 0 or (profile.textual and not profile.urls)


def _is_prose(profile: Profile) -> bool:
    return profile.texts > 0 and profile.length >= _PROSE_CHARACTERS and profile.words_each >= _PROSE_WORDS


def _is_written_number(profile: Profile) -> bool:
    """Tell whether a field holds numbers written as text."""
    return profile.texts > 0 and (
        all(_is_float(value) for value in profile.scalars) or mark_of(profile.name, profile.written) != ""
    )


def _is_float(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True
