"""How far readings of queries are to be trusted: learned from whether what people chose had the value that was read.

For each (attribute, form of the words: whole, phrase, word, range) the fold adds up masses of choices with and without
the value, relative to a fixed epoch as in `evidence`. Only pages on which some results had the value and others not
count: elsewhere the choice says nothing. The trust is the mean of a Beta posterior, (h + κ·p₀) / (h + m + κ).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

KAPPA = 20.0
"""Weight of the prior, in choices of today's worth."""
_MOST = 10_000
"""Kinds of readings that are kept."""
_LEAST, _HIGHEST = 0.01, 0.99


class Trust:
    """Masses of hits and misses by (attribute, form)."""

    def __init__(self, masses: Mapping[tuple[str, str], tuple[float, float]] | None = None) -> None:
        self._masses = dict(masses or {})

    def add(self, attribute: str, form: str, mass: float, *, hit: bool) -> None:
        """Add the mass (relative to the epoch, ≥ 0) of one choice: the entity has the value (`hit`) or not."""
        pair = (attribute, form)
        if pair in self._masses or len(self._masses) < _MOST:
            hits, misses = self._masses.get(pair, (0.0, 0.0))
            self._masses[pair] = (hits + mass, misses) if hit else (hits, misses + mass)

    def probability(self, attribute: str, form: str, prior: float, scale: float) -> float:
        """Return the probability that such a reading is meant, in [0.01, 0.99].

        `prior` is p₀; `scale` is `growth(now)`, what a choice of today weighs.
        """
        known = self._masses.get((attribute, form))
        if known is None:
            return prior
        hits, misses = known[0] / scale, known[1] / scale
        return min(_HIGHEST, max(_LEAST, (hits + KAPPA * prior) / (hits + misses + KAPPA)))

    def __iter__(self) -> Iterator[tuple[str, str, float, float]]:
        """Yield (attribute, form, hits, misses), masses relative to the epoch, in order of their names."""
        for (attribute, form), (hits, misses) in sorted(self._masses.items()):
            yield attribute, form, hits, misses

    def to_rows(self) -> list[list[object]]:
        """Return a JSON-ready form."""
        return [list(row) for row in self]

    @classmethod
    def from_rows(cls, rows: Sequence[Sequence[object]]) -> Trust:
        """Read `to_rows`'s form; TypeError or ValueError where it is damaged."""
        masses = {}
        for attribute, form, hits, misses in rows:
            if not (isinstance(hits, float | int) and isinstance(misses, float | int)):
                raise TypeError("a mass of readings is no number")
            masses[str(attribute), str(form)] = (float(hits), float(misses))
        return cls(masses)


NO_TRUST = Trust()
"""What is known before any feedback: nothing."""
