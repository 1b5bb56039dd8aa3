"""A table from keys (normalised queries) to entities with a value, looked up by memory map.

A key is found by its exact text, or by the words it shares with the query. Only hashes are stored: the table holds
nobody's words.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.index.files import mapped
from ltrr_cli.text import hash64, token_hash

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

MAX_POSTINGS = 2_000
"""A word in more keys than this says too little, and costs too much, to look keys up by."""
MAX_SIMILAR = 16
MIN_SIMILARITY = 0.5
_ROUNDING = 1e-6
"""Masses are float32: one of two equally rare words is half, and must not miss the limit by rounding."""
_MISSING_IN_QUERY = 0.4
"""Weight of a query word that the key lacks, beside 1 for a key word that the query lacks: "play hello please" still
means "hello", but "hello" does not mean "hello kitty"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The arrays: m keys sorted by hash, e entries in key order, t words sorted by hash, p postings in word order."""

    hashes: NDArray[np.uint64]  # (m,)
    masses: NDArray[np.float32]  # (m,) summed idf of the key's distinct words
    totals: NDArray[np.float64]  # (m,) summed values of the key's entries
    starts: NDArray[np.int64]  # (m + 1,) entries of each key
    refs: NDArray[np.int64]  # (e,) what an entry refers to: rows; -1 where the entity is not in the index
    values: NDArray[np.float64]  # (e,)
    words: NDArray[np.uint64]  # (t,)
    word_starts: NDArray[np.int64]  # (t + 1,)
    postings: NDArray[np.int32]  # (p,) keys that hold the word

    def write(self, directory: Path) -> None:
        """Write each array as an .npy file."""
        directory.mkdir(parents=True, exist_ok=True)
        for part in fields(self):
            np.save(directory / f"{part.name}.npy", getattr(self, part.name))

    @classmethod
    def open(cls, directory: Path) -> Keys:
        """Map what `write` wrote."""
        return cls(**{part.name: mapped(directory / f"{part.name}.npy") for part in fields(cls)})

    def entries(self, number: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return (refs, values) of a key."""
        low, high = int(self.starts[number]), int(self.starts[number + 1])
        return self.refs[low:high], self.values[low:high]

    def gather(self, found: Sequence[tuple[int, float]]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return (refs, values × weight) of all entries of some (key number, weight)."""
        numbers = np.array([number for number, _ in found], np.int64)
        starts = self.starts[numbers]
        lengths = self.starts[numbers + 1] - starts
        flat = np.repeat(starts - np.cumsum(lengths) + lengths, lengths) + np.arange(int(lengths.sum()))
        return self.refs[flat], self.values[flat] * np.repeat([weight for _, weight in found], lengths)

    def exact(self, key_hash: int) -> int | None:
        """Return the number of the key with this hash."""
        if not len(self.hashes):
            return None
        place = int(np.searchsorted(self.hashes, np.uint64(key_hash)))
        return place if place < len(self.hashes) and int(self.hashes[place]) == key_hash else None

    def similar(self, query: Sequence[str]) -> list[tuple[int, float]]:
        """Return (key number, similarity in [MIN_SIMILARITY, 1]) of keys that share words with the query, best first.

        The similarity is Tversky's ratio over idf weights: shared / (shared + missing from the query + 0.4 × missing
        from the key).
        """
        if not len(self.words) or not query:
            return []
        wanted = np.array(sorted({token_hash(word) for word in query}), np.uint64)
        places = np.minimum(np.searchsorted(self.words, wanted), len(self.words) - 1)
        places = places[self.words[places] == wanted]
        lows, highs = self.word_starts[places], self.word_starts[places + 1]
        weights = np.log1p(len(self.hashes) / np.maximum(highs - lows, 1))
        unknown = (len(wanted) - len(places)) * (float(weights.mean()) if len(places) else 0.0)
        total = float(weights.sum()) + unknown
        usable = [
            (self.postings[low:high], weight)
            for low, high, weight in zip(lows.tolist(), highs.tolist(), weights.tolist(), strict=True)
            if high - low <= MAX_POSTINGS
        ]
        if not usable:
            return []
        flat = np.concatenate([numbers for numbers, _ in usable])
        mass = np.repeat([weight for _, weight in usable], [len(numbers) for numbers, _ in usable])
        numbers, inverse = np.unique(flat, return_inverse=True)
        shared = np.bincount(inverse, mass)
        missing = np.maximum(self.masses[numbers] - shared, 0) + _MISSING_IN_QUERY * np.maximum(total - shared, 0)
        similarity = shared / (shared + missing)
        good = np.flatnonzero(similarity >= MIN_SIMILARITY - _ROUNDING)
        best = good[np.lexsort((numbers[good], -similarity[good]))][:MAX_SIMILAR]
        return [(int(numbers[i]), min(1.0, max(MIN_SIMILARITY, float(similarity[i])))) for i in best]


def build_keys(entries: Iterable[tuple[str, Sequence[int], Sequence[float]]], *, words: bool = True) -> Keys:
    """Build the table from (key, refs, values), each key once. Without `words` it is found by the exact key only."""
    rows = sorted((hash64(key), key, refs, values) for key, refs, values in entries)
    posting: dict[int, list[int]] = {}
    distinct: list[set[int]] = []
    for number, (_, key, _, _) in enumerate(rows):
        own = {token_hash(word) for word in key.split(" ")} if words else set()
        distinct.append(own)
        for word in own:
            posting.setdefault(word, []).append(number)
    idf = {word: float(np.log1p(len(rows) / len(numbers))) for word, numbers in posting.items()}
    order = sorted(posting)
    return Keys(
        hashes=np.array([row[0] for row in rows], np.uint64),
        masses=np.array([sum(idf[word] for word in sorted(own)) for own in distinct], np.float32),
        totals=np.array([sum(row[3]) for row in rows], np.float64),
        starts=_starts([len(row[2]) for row in rows]),
        refs=np.array([ref for row in rows for ref in row[2]], np.int64),
        values=np.array([value for row in rows for value in row[3]], np.float64),
        words=np.array(order, np.uint64),
        word_starts=_starts([len(posting[word]) for word in order]),
        postings=np.array([number for word in order for number in posting[word]], np.int32),
    )


def _starts(lengths: Sequence[int]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
