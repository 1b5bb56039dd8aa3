"""A table from keys (normalised queries) to entities with a value, looked up by memory map.

A key is found by its exact text, or by the words it shares with the query. Only hashes are stored: the table holds
nobody's words.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.index.files import mapped
from ltrr_cli.text import token_hash

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

MAX_POSTINGS = 2_000
"""So many (word, key) pairs are looked at for a query: those of its rarest words first, of each word its shortest keys.
"""
MAX_SIMILAR = 48
MIN_SIMILARITY = 0.5
_ROUNDING = 1e-6
"""Masses are float32: one of two equally rare words is half, and must not miss the limit by rounding."""
_MISSING_IN_QUERY = 0.4
"""Weight of a query word that the key lacks, beside 1 for a key word that the query lacks: "play hello please" still
means "hello", but "hello" does not mean "hello kitty"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The arrays: m keys, e entries in key order, t words sorted by hash, p postings in word order.

    Keys are numbered by how many words they have, so that a word's postings begin with its shortest keys; `numbers`
    leads from the sorted hashes to them. Tables without it (ltrr before 0.1) number the keys by hash.
    """

    hashes: NDArray[np.uint64]  # (m,) sorted
    masses: NDArray[np.float32]  # (m,) summed idf of the key's distinct words
    totals: NDArray[np.float64]  # (m,) summed values of the key's entries
    starts: NDArray[np.int64]  # (m + 1,) entries of each key
    refs: NDArray[np.int64]  # (e,) what an entry refers to: rows; -1 where the entity is not in the index
    values: NDArray[np.float64]  # (e,)
    words: NDArray[np.uint64]  # (t,)
    word_starts: NDArray[np.int64]  # (t + 1,)
    postings: NDArray[np.int32]  # (p,) keys that hold the word, ascending for each
    numbers: NDArray[np.int32] | None = None  # (m,) the key of each hash

    @classmethod
    def open(cls, directory: Path) -> Keys:
        """Map what `keys_writer.write_keys` wrote."""
        files = {part.name: directory / f"{part.name}.npy" for part in fields(cls)}
        return cls(**{name: mapped(path) for name, path in files.items() if name != "numbers" or path.exists()})

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
        place = int(self.hashes.searchsorted(np.uint64(key_hash)))
        if place == len(self.hashes) or int(self.hashes[place]) != key_hash:
            return None
        return place if self.numbers is None else int(self.numbers[place])

    def similar(self, query: Sequence[str]) -> list[tuple[int, float]]:
        """Return (key number, similarity in (0, 1]) of keys that share words with the query, best first.

        The similarity is Tversky's ratio over idf weights: shared / (shared + missing from the query + 0.4 × missing
        from the key). It is at least MIN_SIMILARITY, or the query has all of the key's words.
        """
        if not len(self.words) or not query:
            return []
        wanted = np.array(sorted({token_hash(word) for word in query}), np.uint64)
        places = self.words.searchsorted(wanted)
        places[places == len(self.words)] = 0
        places = places[self.words[places] == wanted]
        if not len(places):
            return []
        lows = self.word_starts[places]
        counts = self.word_starts[places + 1] - lows
        weights = np.log1p(len(self.hashes) / counts)
        total = float(weights.sum()) * len(wanted) / len(places)  # an unknown word weighs as the mean of the known
        order = counts.argsort(kind="stable")
        lows, counts, weights = lows[order], counts[order], weights[order]
        read = np.minimum(counts, np.maximum(0, MAX_POSTINGS - (counts.cumsum() - counts)))
        ranges = list(zip(lows.tolist(), counts.tolist(), read.tolist(), weights.tolist(), strict=True))
        numbers, shared = _summed(
            np.concatenate([self.postings[low : low + some] for low, _, some, _ in ranges]), weights.repeat(read)
        )
        masses = self.masses.take(numbers)
        cut = [(low, count, some, weight) for low, count, some, weight in ranges if some < count]
        if cut:
            most = np.minimum(shared + sum(weight for _, _, _, weight in cut), masses)
            best = _first(numbers, most / (masses + _MISSING_IN_QUERY * (total - most)), 2 * MAX_SIMILAR)
            best.sort()  # ascending numbers are found more quickly
            numbers, shared, masses = numbers[best], shared[best], masses[best]
            for low, count, some, weight in cut:
                rest = self.postings[low + some : low + count]
                shared += weight * (rest.take(rest.searchsorted(numbers), mode="clip") == numbers)
        missing = np.maximum(masses - shared, 0)
        similarity = shared / (shared + missing + _MISSING_IN_QUERY * np.maximum(total - shared, 0))
        good = ((similarity >= MIN_SIMILARITY - _ROUNDING) | (missing <= _ROUNDING * shared)).nonzero()[0]
        good = good[_first(numbers[good], similarity[good], MAX_SIMILAR)]
        return list(zip(numbers[good].tolist(), np.minimum(similarity[good], 1.0).tolist(), strict=True))


def _first(numbers: NDArray[np.int32], values: NDArray[np.float64], most: int) -> NDArray[np.intp]:
    """Return the places of the highest values, best first, equal ones by their number."""
    if len(values) > most:
        least = values[values.argpartition(-most)[-most]]
        among = (values >= least).nonzero()[0]
        numbers, values = numbers[among], values[among]
    else:
        among = np.arange(len(values))
    best: NDArray[np.intp] = among[np.lexsort((numbers, -values))][:most]
    return best


def _summed(numbers: NDArray[np.int32], masses: NDArray[np.float64]) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Return the distinct numbers, ascending, and the sum of the masses of each."""
    order = numbers.argsort(kind="stable")
    ordered = numbers[order]
    new = np.empty(len(ordered), bool)
    new[:1] = True
    np.not_equal(ordered[1:], ordered[:-1], out=new[1:])
    starts = new.nonzero()[0]
    return ordered[starts], np.add.reduceat(masses[order], starts)
