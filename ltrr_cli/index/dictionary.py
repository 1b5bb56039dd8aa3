"""The dictionary from words to attribute values, made from the catalogue itself: what words of a query may mean.

Values, types, titles and aliases are known by the hashes of their keys, sorted, by memory map. For each first word it
says how long the longest phrase is that begins so: few spans of a query need looking up at all. An entity's alias also
reads as the attribute values that name this entity by its title.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ltrr_cli.index.files import mapped

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

TITLE = "title"
"""The attribute by which titles and aliases are read."""
TYPE = "type"
MAX_WORDS = 6
"""Longer values are text, not names: nobody types them as part of a query."""
MAX_TITLE = 12
"""Longer titles are not read."""
NONE = -1


class Reading(NamedTuple):
    """What a phrase may mean: the value `word` of an attribute ("": the phrase itself), that so many `entities` have.

    `types` are those of the entities of this title, with their numbers. `suggested` is the weight of the entities for
    which the value was suggested, see `index/suggest.py`.
    """

    attribute: str
    word: str
    entities: int
    types: tuple[tuple[str, int], ...] = ()
    suggested: float = 0.0


@dataclass(frozen=True, slots=True)
class Dictionary:
    """The arrays of one segment, by memory map."""

    names: tuple[str, ...]
    hashes: NDArray[np.uint64]
    attribute: NDArray[np.uint16]
    count: NDArray[np.int32]
    type: NDArray[np.int32]
    text: NDArray[np.int32]
    suggested: NDArray[np.float32]
    first: NDArray[np.uint64]
    longest: NDArray[np.uint8]
    types: tuple[str, ...]
    texts: tuple[str, ...]
    values_only: bool = False
    """An older ltrr wrote it: without titles, aliases and first words."""

    @classmethod
    def open(cls, directory: Path, names: tuple[str, ...]) -> Dictionary:
        """Map the files that `dictionary_writer.DictionaryWriter.write` made."""

        def column(name: str) -> Any:
            return mapped(directory / f"phrases.{name}.npy")

        told = directory / "phrases.json"
        old = not told.exists()
        texts = {} if old else json.loads(told.read_bytes())
        hashes = column("hash")
        none = np.full(len(hashes), NONE, np.int32) if old else None
        return cls(
            names=names,
            hashes=hashes,
            attribute=column("attribute"),
            count=column("count"),
            type=column("type") if none is None else none,
            text=column("text") if none is None else none,
            suggested=np.zeros(len(hashes), np.float32) if old else column("suggested"),
            first=np.empty(0, np.uint64) if old else column("first"),
            longest=np.empty(0, np.uint8) if old else column("longest"),
            types=tuple(texts.get("types", ())),
            texts=tuple(texts.get("texts", ())),
            values_only=old,
        )

    def reach(self, firsts: NDArray[np.uint64]) -> list[int]:
        """Return how many words the longest phrase has that begins with each of these token hashes, 0 for none."""
        if self.values_only:
            return [MAX_WORDS] * len(firsts)
        if not len(self.first):
            return [0] * len(firsts)
        places = np.minimum(self.first.searchsorted(firsts), len(self.first) - 1)
        lengths: list[int] = np.where(self.first[places] == firsts, self.longest[places], 0).tolist()
        return lengths

    def readings(self, phrases: NDArray[np.uint64]) -> list[tuple[int, Reading]]:
        """Return (place in `phrases`, reading) for each meaning of each phrase with one of the hashes."""
        lows = self.hashes.searchsorted(phrases)
        known = (self.hashes.take(lows, mode="clip") == phrases).nonzero()[0] if len(self.hashes) else lows[:0]
        lows = lows[known]
        lengths = self.hashes.searchsorted(phrases[known], "right") - lows
        ends = lengths.cumsum()
        entries = np.arange(int(ends[-1]) if len(ends) else 0) + (lows - ends + lengths).repeat(lengths)
        told: dict[int, list[tuple[str, int]]] = {}
        found: list[tuple[int, Reading]] = []
        for place, attribute, count, kind, text, suggested in zip(
            known.repeat(lengths).tolist(), *(column.take(entries).tolist() for column in self._columns), strict=True
        ):
            if kind != NONE:
                told.setdefault(place, []).append((self.types[kind], count))
            else:
                word = "" if text == NONE else self.texts[text]
                found.append((place, Reading(self.names[attribute], word, count, (), suggested)))
        for place, types in told.items():
            found.append((place, Reading(TITLE, "", sum(count for _, count in types), tuple(types))))
        return sorted(found, key=lambda one: one[0])

    @property
    def _columns(self) -> tuple[NDArray[Any], ...]:
        """What each entry says: attribute, count, type, text, weight of suggestions."""
        return self.attribute, self.count, self.type, self.text, self.suggested
