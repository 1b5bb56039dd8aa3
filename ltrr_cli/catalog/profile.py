"""What a sample of records says about each field: how often it is there, and what its values look like."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ltrr_cli.catalog.weights import weighings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

_URL = ("http://", "https://", "www.", "ftp://", "data:", "//")
_IMAGE = (".jpg", ".jpeg", ".png", ".gif", ".webp", ".svg", ".mp3", ".mp4")
MAX_KEYS = 64
"""Keys over all records up to which a nested object counts as a group of fields, not as a table of data."""


@dataclass(slots=True, kw_only=True)
class Profile:
    """Counts over the sample's records; lengths are in characters, of text values only."""

    name: str
    records: int = 0
    present: int = 0
    texts: int = 0
    numbers: int = 0
    truths: int = 0
    lists: int = 0
    nested: int = 0
    binary: int = 0
    items: int = 0  # in lists, all together
    numeric_items: int = 0
    nested_items: int = 0
    characters: int = 0
    pieces: int = 0  # text values, in lists or alone
    words: int = 0
    addresses: int = 0
    integral: int = 0
    scalars: set[str] = field(default_factory=set)  # distinct values as text
    written: set[str] = field(default_factory=set)  # distinct texts, alone or in lists

    @property
    def scalar(self) -> bool:
        """Whether most values are single texts or numbers."""
        return (self.texts + self.numbers) * 2 > self.present

    @property
    def length(self) -> float:
        """Mean length of a text value in characters."""
        return self.characters / max(1, self.pieces)

    @property
    def words_each(self) -> float:
        """Mean number of words of a text value."""
        return self.words / max(1, self.pieces)

    @property
    def unique(self) -> bool:
        """Whether every record has a single value of its own."""
        return 0 < self.records == self.texts + self.numbers == len(self.scalars)

    @property
    def textual(self) -> bool:
        """Whether most values are texts, alone or in lists."""
        return self.pieces > 0 and (self.texts * 2 > self.present or self.lists * 2 > self.present)

    @property
    def numeric(self) -> bool:
        """Whether nine of ten values are numbers."""
        return self.present > 0 and self.numbers * 10 >= self.present * 9

    @property
    def urls(self) -> bool:
        """Whether most texts are web addresses or names of media files."""
        return self.pieces > 0 and self.addresses * 5 >= self.pieces * 4

    def add(self, value: object) -> None:
        """Count one value; empty ones do not count."""
        if isinstance(value, str):
            value = value.strip()
        if value is None or value in ("", [], {}) or (isinstance(value, float) and not math.isfinite(value)):
            return
        self.present += 1
        if isinstance(value, str):
            self.texts += 1
            self.scalars.add(value)
            self._add_text(value)
        elif isinstance(value, bool):
            self.truths += 1
        elif isinstance(value, (int, float)):
            self.numbers += 1
            self.integral += value == int(value)
            self.scalars.add(repr(value) if isinstance(value, float) else format(value, "x"))
        elif isinstance(value, (list, tuple)):
            self._add_list(value)
        else:
            self.nested += isinstance(value, dict)
            self.binary += not isinstance(value, dict)

    def _add_list(self, several: Sequence[object]) -> None:
        self.lists += 1
        self.items += len(several)
        for item in several:
            if isinstance(item, str):
                self._add_text(item)
            elif isinstance(item, (int, float)):
                self.numeric_items += 1
            else:
                self.nested_items += item is not None

    def _add_text(self, text: str) -> None:
        self.written.add(text)
        self.pieces += 1
        self.characters += len(text)
        self.words += text.count(" ") + 1
        self.addresses += text.startswith(_URL) or (text.endswith(_IMAGE) and " " not in text)


def flat(record: Mapping[str, object], weighted: AbstractSet[str] = frozenset()) -> Iterator[tuple[str, object]]:
    """Yield the fields of a record, those of nested objects as `outer.inner`, one level deep.

    Of a field that weighs its values these are its list.
    """
    for name, value in record.items():
        if isinstance(value, dict) and name in weighted:
            yield name, list(value)
        elif isinstance(value, dict) and 0 < len(value) <= MAX_KEYS:
            for key, inner in value.items():
                yield f"{name}.{key}", inner
        else:
            yield name, value


def profiles(records: Sequence[Mapping[str, object]]) -> dict[str, Profile]:
    """Return the profile of every field, in order of first appearance.

    The fields of a nested object whose keys differ from record to record (more than 64 in all) are one field.
    """
    found: dict[str, Profile] = {}
    weighted = weighings(records)
    for record in records:
        for name, value in flat(record, weighted):
            profile = found.get(name)
            if profile is None:
                profile = found[name] = Profile(name=name, records=len(records))
            profile.add(value)
    tables = _tables(records) - weighted
    for name in [name for name in found if name.partition(".")[0] in tables and "." in name]:
        del found[name]
    for table in sorted(tables):
        found[table] = Profile(name=table, records=len(records), present=1, nested=1)
    return found


def _tables(records: Sequence[Mapping[str, object]]) -> set[str]:
    keys: dict[str, set[str]] = {}
    for record in records:
        for name, value in record.items():
            if isinstance(value, dict):
                keys.setdefault(name, set()).update(value)
    return {name for name, inner in keys.items() if len(inner) > MAX_KEYS}
