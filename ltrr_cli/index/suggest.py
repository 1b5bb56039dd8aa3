"""Content understanding: values of known attributes that an entity's own text names.

Only those are suggested that the catalogue does not give the entity.

A value that the text names is offered with a weight: how often entities whose text names it have it, smoothed as
(both + κ·p) / (named + κ), p the share of all entities that have it. It is offered where that is at least `LEAST` and
twice p: "family" in a text says little, "stand-up comedy" much. Only attributes whose values come again are looked at.
Suggestions are marked, apart from the catalogue's own values, and count by their weight.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from ltrr_cli.index.dictionary import MAX_WORDS, TYPE
from ltrr_cli.index.values import ALIASES, terms
from ltrr_cli.text import tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ltrr_cli.index.counted import Counted
    from ltrr_cli.records import Entity

LEAST = 0.3
"""Least weight of a value that is suggested."""
_LIFT = 2.0
_KAPPA = 5.0
_OFTEN = 3
"""Entities that a value must have."""
_AGAIN = 2.0
"""Entities that an attribute's values must have on average: one whose values are all different has names, not kinds."""
READ = 2_000
"""Words of a text that are looked at."""
_LETTERS = 3


class Suggester:
    """Learns from all entities which values texts name, then suggests. First `read` all, then ask.

    Or it is told the `weights` that were learned before, and suggests at once.
    """

    def __init__(self, values: Counted, weights: Mapping[tuple[str, str], float] | None = None) -> None:
        """`values` counts those of all entities, by attribute."""
        self.learns = weights is None
        """Whether it is to be shown all entities."""
        self._values = values
        self._named: Counter[tuple[str, str]] = Counter()
        self._both: Counter[tuple[str, str]] = Counter()
        self._by_word: dict[str, tuple[str, ...]] | None = None  # the attributes that have a value
        self._together: dict[tuple[str, ...], tuple[str, ...]] = {}  # one object for each such tuple
        self._firsts: dict[str, int] = {}
        self._weights: dict[tuple[str, str], float] | None = None
        if weights is not None:
            self._weights, self._by_word = dict(weights), self._looked_for(weights)

    def read(self, entity: Entity) -> None:
        """Count which values an entity's text names."""
        named = self._mentions(entity.text)
        if named:
            self._named.update(named)
            self._both.update(named & set(terms(entity)))

    def of(self, entity: Entity) -> dict[tuple[str, str], float]:
        """Return (attribute, key) → weight of what is suggested for an entity; all entities are read."""
        weights = self.weights
        if not weights:
            return {}
        found = sorted(self._mentions(entity.text))
        own = set(terms(entity)) if found else ()
        return {pair: weights[pair] for pair in found if pair not in own}

    @property
    def weights(self) -> Mapping[tuple[str, str], float]:
        """Weights, in [LEAST, 1], of the values that may be suggested."""
        if self._weights is None:
            self._weights = {}
            have = {(name, word): count for name, word, count in self._frequent() if (name, word) in self._named}
            for pair, named in self._named.items():
                base = have[pair] / self._values.entities
                weight = (self._both[pair] + _KAPPA * base) / (named + _KAPPA)
                if weight >= max(LEAST, _LIFT * base):
                    self._weights[pair] = weight
            self._firsts = {}
            self._by_word = self._looked_for(self._weights)  # the others need no more be found
        return self._weights

    def _mentions(self, text: str) -> set[tuple[str, str]]:
        known = self._known()
        if not text or not known:
            return set()
        words = tokens(text)[:READ]
        found: set[tuple[str, str]] = set()
        for start, word in enumerate(words):
            longest = self._firsts.get(word)
            if longest is not None:
                for end in range(start + 1, min(len(words), start + longest) + 1):
                    value = " ".join(words[start:end])
                    if value in known:
                        found.update((name, value) for name in known[value])
        return found

    def _known(self) -> dict[str, tuple[str, ...]]:
        """Return the values that texts are searched for, by their keys: there may be as many as entities."""
        if self._by_word is None:
            self._by_word = self._looked_for(
                (name, word)
                for name, word, _ in self._frequent()
                if len(word) >= _LETTERS and not word.replace(" ", "").isdigit()
            )
        return self._by_word

    def _frequent(self) -> Iterator[tuple[str, str, int]]:
        """Yield (attribute, key, entities) of the values that often occur, of attributes whose values come again."""
        import polars as pl

        distinct: Counter[int] = Counter()
        having: Counter[int] = Counter()
        for table in self._values.tables():
            for name, values, entities in table.group_by("name").agg(pl.len(), pl.col("entities").sum()).iter_rows():
                distinct[name] += values
                having[name] += entities
        names = self._values.names
        again = [
            number
            for number, name in enumerate(names)
            if name != TYPE and name not in ALIASES and having[number] >= _AGAIN * distinct[number]
        ]
        often = (pl.col("entities") >= _OFTEN) & pl.col("name").is_in(again)
        for table in self._values.tables():
            for word, number, count in table.filter(often).select("word", "name", "entities").iter_rows():
                yield names[number], word, count

    def _looked_for(self, pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
        """Return by key the attributes of values to look for, and note how long those are that begin with a word."""
        found: dict[str, tuple[str, ...]] = {}
        for name, word in pairs:
            names = (*found.get(word, ()), name)
            found[word] = self._together.setdefault(names, names)
            first = word.partition(" ")[0]
            self._firsts[first] = min(MAX_WORDS, max(self._firsts.get(first, 0), word.count(" ") + 1))
        return found
