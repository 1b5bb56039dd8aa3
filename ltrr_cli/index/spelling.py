"""The words of a segment as people see them, with how often each occurs, found by near spellings and by prefixes.

A word is kept without accents, in which it is compared, and as it is written most often. By memory map:
`spelling.letters.npy` the words' code points one after the other, words in ascending order; `spelling.starts.npy`
(n + 1); `spelling.counts.npy` (n, 4) in how many entities' title, creator, attributes and text each stands;
`spelling.written.npy` and `spelling.ends.npy` the written forms in UTF-8; `spelling.signs.npy` (n,) and
`spelling.order.npy` (n,) a sign of each word's letters, shortest words first, and which word it is of;
`spelling.lengths.npy` where each length begins among them.

A sign has a bit for each letter that a word has, and one for each that it has twice (letters share 32 bits). One typing
error changes at most two bits, so that words whose signs differ more need not be compared: of 100,000 words a few
hundred are left, and the scan that leaves them reads 8 bytes a word.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, fields
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.index.edits import distances
from ltrr_cli.index.files import mapped

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

LONGEST = 32
"""Characters of a word that is compared; longer ones are no words that people mistype but ids and links."""
_SAMPLED = 64


@lru_cache(maxsize=65536)
def spellable(word: str) -> bool:
    """Whether a word may be mistyped: it has letters and no digits ("1984" is not a wrong "1985"), and is not long."""
    if len(word) > LONGEST:
        return False
    return word.isalpha() or (not any(char.isdigit() for char in word) and any(char.isalpha() for char in word))


@lru_cache(maxsize=16384)
def sign(word: str) -> int:
    """Return the 64 bits of a word: which letters it has (0–31), and which twice or more (32–63)."""
    once = twice = 0
    for char in word:
        bit = 1 << (ord(char) & 31)
        twice |= once & bit
        once |= bit
    return once | twice << 32


@dataclass(frozen=True)
class Spelling:
    """The arrays of one segment, n words."""

    letters: NDArray[np.uint32]
    starts: NDArray[np.int64]
    counts: NDArray[np.int32]
    written: NDArray[np.uint8]
    ends: NDArray[np.int64]
    signs: NDArray[np.uint64]
    order: NDArray[np.int32]
    lengths: NDArray[np.int64]

    @classmethod
    def open(cls, directory: Path) -> Spelling | None:
        """Map what `spelling_writer.SpellingWriter.write` wrote; None where an older ltrr wrote the segment."""
        if not (directory / "spelling.starts.npy").exists():
            return None
        return cls(**{part.name: mapped(directory / f"spelling.{part.name}.npy") for part in fields(cls)})

    def __len__(self) -> int:
        """Return the number of words."""
        return len(self.starts) - 1

    def plain(self, place: int) -> str:
        """Return a word without accents."""
        return self.letters[self.starts[place] : self.starts[place + 1]].tobytes().decode("utf-32-le")

    def word(self, place: int) -> str:
        """Return a word as it is written most often."""
        return self.written[self.ends[place] : self.ends[place + 1]].tobytes().decode()

    def find(self, word: str) -> int | None:
        """Return the place of a word without accents, None where the segment does not have it."""
        place = self._bound(word)
        return place if place < len(self) and self.plain(place) == word else None

    def completions(self, prefix: str) -> NDArray[np.int64]:
        """Return the places of all words that begin with a prefix, itself left out, in the words' order."""
        return np.arange(self._bound(prefix), self._bound(f"{prefix}\U0010ffff")) if prefix else np.empty(0, np.int64)

    @cached_property
    def _samples(self) -> list[str]:
        """Every so many-th word, where a search begins: to read a word from the map takes longer than all else."""
        return [self.plain(place) for place in range(0, len(self), _SAMPLED)]

    def _bound(self, word: str) -> int:
        sample = bisect_left(self._samples, word)
        low, high = max(0, (sample - 1) * _SAMPLED), min(len(self), sample * _SAMPLED)
        while low < high:
            middle = (low + high) // 2
            if self.plain(middle) < word:
                low = middle + 1
            else:
                high = middle
        return low

    def near(self, word: str, limit: float) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return the places of words within `limit` (1 or 2) of a word without accents, itself too, and their costs.

        Costs are those of `edits.distances`; both (m,), places ascending.
        """
        places = self.alike(word, int(limit))
        if not len(places):
            return places, np.empty(0, np.float32)
        starts, sizes = self.starts[places], self.starts[places + 1] - self.starts[places]
        columns = np.arange(int(sizes.max()))
        inside = columns < sizes[:, None]
        spelt = np.where(inside, self.letters.take(np.where(inside, starts[:, None] + columns, 0)), 0)
        costs = distances(np.array([*map(ord, word)], np.uint32), spelt, sizes, limit)
        good = np.flatnonzero(costs <= limit)
        good = good[places[good].argsort()]
        return places[good], costs[good]

    def alike(self, word: str, most: int) -> NDArray[np.int64]:
        """Return the places of words of about the length, whose signs allow `most` errors (1 or 2) of this word."""
        found, own, size = [], np.uint64(sign(word)), len(word)
        for length in range(max(1, size - most), min(LONGEST, size + most) + 1):
            low, high = int(self.lengths[length]), int(self.lengths[length + 1])
            differ = np.bitwise_count(self.signs[low:high] ^ own)
            found.append(self.order[low:high][differ <= 2 * most - abs(length - size)])
        return np.concatenate(found).astype(np.int64) if found else np.empty(0, np.int64)
