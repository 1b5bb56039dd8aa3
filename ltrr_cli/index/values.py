"""Attribute values: which entities have which, and how much.

A value is known by a term, `attribute=key of the value`. Numbers that look like years also give their decade, so that
"90s" finds 1994; titles and aliases are values of `title`. Where the catalogue weighs the values of an attribute
(`{"pop": 0.7, "country": 0.3}`), each value has a second term with its weight in tenths, `genre=pop#7`. A suggested
value (`index/suggest.py`) has the term `genre~pop` alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.index.dictionary import MAX_TITLE, MAX_WORDS, TITLE, Dictionary
from ltrr_cli.index.dictionary_writer import DictionaryWriter
from ltrr_cli.index.files import mapped
from ltrr_cli.index.growing import Growing, Lists
from ltrr_cli.index.ragged import found, taken
from ltrr_cli.kept import Kept
from ltrr_cli.text import hash64, key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from ltrr_cli.index.counted import Counted
    from ltrr_cli.index.dictionary import Reading
    from ltrr_cli.records import Entity, Value

ALIASES = ("aliases", "alias", "aka", "also_known_as", "alternative_titles")
"""Attributes whose values are further titles."""
FIRST_YEAR, LAST_YEAR = 1000, 2199
LEVELS = 10
"""A catalogue's weight of a value is told apart in so many steps."""


def year_like(value: float) -> bool:
    """Tell whether a number may be a calendar year."""
    return FIRST_YEAR <= value <= LAST_YEAR and value == int(value)


def terms(entity: Entity) -> list[tuple[str, str]]:
    """Return (attribute, key) of each value of the entity that a query may name, its type included."""
    found = [("type", key(entity.type))] if entity.type else []
    for name, values in entity.attributes.items():
        found += [(name, word) for word in words_of(values)]
    return found


def words_of(values: Iterable[Value]) -> list[str]:
    """Return the keys of those of an attribute's values that a query may name; years give their decade as well."""
    found: list[str] = []
    for value in values:
        if isinstance(value, str):
            word = key(value)
            if word and word.count(" ") < MAX_WORDS:
                found.append(word)
        elif year_like(value):
            found += str(int(value)), f"{int(value) // 10}0s"
    return found


def names_of(entity: Entity) -> list[str]:
    """Return the distinct keys of the entity's title and aliases that a query may name, the title first."""
    spoken = [entity.title, *(value for name in ALIASES for value in entity.attributes.get(name, ()))]
    keys = [key(value) for value in spoken if isinstance(value, str)]
    return list(dict.fromkeys(word for word in keys if word and word.count(" ") < MAX_TITLE))


def weights_of(entity: Entity) -> dict[tuple[str, str], float]:
    """Return the catalogue's weight, in (0, 1], of each (attribute, key) whose attribute carries weights."""
    found: dict[tuple[str, str], float] = {}
    for name, weights in entity.weights.items():
        for value, weight in zip(entity.attributes.get(name, ()), weights, strict=False):
            if isinstance(value, str):
                found[name, key(value)] = max(weight, found.get((name, key(value)), 0.0))
    return found


def level_terms(term: str) -> list[tuple[str, float]]:
    """Return (term, weight) of a weighted value in each of its steps."""
    return [(f"{term}#{level}", level / LEVELS) for level in range(1, LEVELS + 1)]


_HASHES: Kept[str, int] = Kept(hash64)


class ValuesWriter:
    """Writes the values of entities, in row order, into a directory."""

    def __init__(self, directory: Path) -> None:
        """Begin the arrays."""
        self._directory = directory
        self._hashes = Lists(directory / "values.hashes.npy", directory / "values.starts.npy", np.uint64)
        self._weights = Growing(directory / "values.weight.npy", np.float32)
        self._dictionary = DictionaryWriter(directory)
        self.weighted: set[str] = set()
        """Attributes of which the catalogue weighs values; to be complete before the first row is added."""

    def add(self, entity: Entity, suggested: Mapping[tuple[str, str], float] | None = None) -> list[str]:
        """Add the next row; returns its terms for the full text. `suggested` are (attribute, key) and weights."""
        pairs = sorted(set(terms(entity)))
        names = names_of(entity)
        weighted = weights_of(entity)
        self._dictionary.add_names(entity.type, names)
        found = {f"{name}={word}": weighted.get((name, word), 1.0) for name, word in pairs}
        found |= {f"{TITLE}={name}": 1.0 for name in names}
        found |= {f"{name}~{word}": weight for (name, word), weight in (suggested or {}).items()}
        self._hashes.add(map(_HASHES.__getitem__, found))
        self._weights.extend(found.values())
        steps = [
            f"{name}={word}#{max(1, round(weighted.get((name, word), 1.0) * LEVELS))}"
            for name, word in pairs
            if name in self.weighted
        ]
        return [*found, *steps]

    def write(self, counted: Counted, suggested: Mapping[tuple[str, str], float] | None = None) -> tuple[str, ...]:
        """Write the rest of the arrays; returns the attribute names that the dictionary numbers.

        `counted` are the `terms` of all entities.
        """
        self._hashes.close()
        self._weights.close()
        return self._dictionary.write(counted, suggested or {}, without=ALIASES)


@dataclass(frozen=True, slots=True)
class Values:
    """The arrays of one segment, by memory map; without `weight`, which an older ltrr did not write, each counts 1."""

    starts: NDArray[np.int64]
    hashes: NDArray[np.uint64]
    weight: NDArray[np.float32] | None
    dictionary: Dictionary

    @classmethod
    def open(cls, directory: Path, names: tuple[str, ...]) -> Values:
        """Map the files that `ValuesWriter` made."""
        weight = directory / "values.weight.npy"
        return cls(
            mapped(directory / "values.starts.npy"),
            mapped(directory / "values.hashes.npy"),
            mapped(weight) if weight.exists() else None,
            Dictionary.open(directory, names),
        )

    def readings(self, phrases: NDArray[np.uint64]) -> Sequence[tuple[int, Reading]]:
        """Return (place in `phrases`, reading) for each meaning of a phrase with one of the hashes."""
        return self.dictionary.readings(phrases)

    def having(self, rows: NDArray[np.int64], wanted: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Tell which of the wanted term hashes each row has: (wanted, n) bool."""
        starts = self.starts[rows]
        flat, ends = taken(self.hashes, starts, self.starts[rows + 1] - starts)
        which, hits = found(flat, wanted)
        out = np.zeros((len(wanted), len(rows)), bool)
        out[which, ends.searchsorted(hits, "right")] = True
        return out

    def shares(
        self, rows: NDArray[np.int64], wanted: NDArray[np.uint64], weights: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Return for each row the summed weights of the wanted term hashes that it has, by each of the m weightings.

        Each counts by the row's own weight of the value, 1 unless the catalogue or a suggestion says less. `weights`
        is (m, wanted); returns (m, n) float32.
        """
        starts = self.starts[rows]
        lengths = self.starts[rows + 1] - starts
        flat, ends = taken(self.hashes, starts, lengths)
        which, hits = found(flat, wanted)
        owner = ends.searchsorted(hits, "right")
        own = 1.0 if self.weight is None else self.weight[starts[owner] + hits - ends[owner] + lengths[owner]]
        out = np.empty((len(weights), len(rows)), np.float32)
        for place, one in enumerate(weights):
            out[place] = np.bincount(owner, one[which] * own, len(rows))  # a row has a value once
        return out
