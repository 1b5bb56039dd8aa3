"""Words of an entity's fields by row, for the ranker's match features: 32-bit hashes of stems, in order.

Two arrays a field, by memory map: `words.<field>.npy`, and `words.<field>.starts.npy` (rows + 1) where each
row's begin.
Two words in 4 billion share a hash: then one match too many is counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.index.files import mapped
from ltrr_cli.text import token_hash

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

MOST = 512
"""Words of a field beyond this match nothing."""


def stem_hashes(stems: Sequence[str]) -> NDArray[np.uint32]:
    """Return the lower 32 bits of each stem's hash, (n,)."""
    return np.array([token_hash(stem) & 0xFFFFFFFF for stem in stems], np.uint32)


def surest(terms: Sequence[tuple[int, str]]) -> list[str]:
    """Return the first term of each position, in order: an analysis names a word's surest form first."""
    first: dict[int, str] = {}
    for place, term in terms:
        first.setdefault(place, term)
    return [first[place] for place in sorted(first)]


class WordsWriter:
    """Collects one field's stems in row order."""

    def __init__(self) -> None:
        self._rows: list[NDArray[np.uint32]] = []

    def add(self, stems: Sequence[str]) -> None:
        """Add the next row."""
        self._rows.append(stem_hashes(stems[:MOST]))

    def write(self, directory: Path, field: str) -> None:
        """Write the arrays."""
        starts = np.cumsum([0, *map(len, self._rows)], dtype=np.int64)
        np.save(directory / f"words.{field}.starts.npy", starts)
        np.save(directory / f"words.{field}.npy", np.concatenate([np.empty(0, np.uint32), *self._rows]))


@dataclass(frozen=True, slots=True)
class Matches:
    """Where a query's w distinct stems stand in a field of n rows.

    `counts` (n, w) float32 how often each stem occurs; `lengths` (n,) words in the field. In shares of [0, 1], (n,)
    float32: `prefix` of the query's words that the field begins with, in order; `phrase` of the query's pairs of
    neighbours that are neighbours in the field; `named`: 1 where the whole field stands in the query, in order.
    """

    counts: NDArray[np.float32]
    lengths: NDArray[np.int64]
    prefix: NDArray[np.float32]
    phrase: NDArray[np.float32]
    named: NDArray[np.float32]


class Words:
    """One field of one segment; `mean` is its usual length in words."""

    def __init__(self, directory: Path, field: str) -> None:
        self._starts: NDArray[np.int64] = mapped(directory / f"words.{field}.starts.npy")
        self._words: NDArray[np.uint32] = mapped(directory / f"words.{field}.npy")
        self.mean = max(1.0, len(self._words) / max(1, len(self._starts) - 1))

    @classmethod
    def open(cls, directory: Path, field: str) -> Words | None:
        """Open a field, None where the segment was written before there were any (ltrr before 0.1)."""
        return cls(directory, field) if (directory / f"words.{field}.npy").exists() else None

    def count(
        self, rows: NDArray[np.int64], stems: NDArray[np.uint32]
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Return `counts` and `lengths` of `Matches` alone, which is quicker."""
        hits, word, ends, lengths = self._find(rows, stems)
        return _counted(np.searchsorted(ends, hits, "right"), word, len(rows), len(stems)), lengths

    def _find(
        self, rows: NDArray[np.int64], stems: NDArray[np.uint32]
    ) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.int64], NDArray[np.int64]]:
        """Return places of the stems in the rows' words, one row after the other, and which each is; ends, lengths."""
        starts = self._starts[rows]
        lengths = self._starts[rows + 1] - starts
        ends = np.cumsum(lengths)
        total = int(ends[-1]) if len(rows) else 0
        flat = self._words[np.repeat(starts - ends + lengths, lengths) + np.arange(total)]
        found = [np.flatnonzero(flat == stem) for stem in stems]  # few: quicker than looking each word up
        word = np.repeat(np.arange(len(stems)), [len(one) for one in found])
        return np.concatenate([np.empty(0, np.intp), *found]), word, ends, lengths

    def match(self, rows: NDArray[np.int64], stems: NDArray[np.uint32]) -> Matches:
        """Match the hashes of a query's distinct stems, in order, with the field of each row."""
        hits, word, ends, lengths = self._find(rows, stems)
        order = np.argsort(hits)
        hits, word = hits[order], word[order]
        owner = np.searchsorted(ends, hits, "right")
        n, w = len(rows), len(stems)
        counts = _counted(owner, word, n, w)
        place = hits - (ends - lengths)[owner]
        prefix = _run(owner, place, word, n)
        follows = (np.diff(hits) == 1) & (np.diff(word) == 1) & (np.diff(owner) == 0)
        pairs = np.bincount(owner[1:][follows], minlength=n)
        found = np.bincount(owner, minlength=n)
        named = (lengths > 0) & (found == lengths) & (pairs == lengths - 1)
        return Matches(
            counts=counts,
            lengths=lengths,
            prefix=(prefix / w).astype(np.float32),
            phrase=np.minimum(1, pairs / max(1, w - 1)).astype(np.float32),
            named=named.astype(np.float32),
        )


def _counted(owner: NDArray[np.intp], word: NDArray[np.intp], n: int, w: int) -> NDArray[np.float32]:
    return np.bincount(owner * w + word, minlength=n * w).reshape(n, w).astype(np.float32)


def _run(owner: NDArray[np.int64], place: NDArray[np.int64], word: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Return for each row how many words from its first on are the query's first, second, and so on."""
    own = place == word
    run = np.zeros(n, np.int64)
    for row, spot in zip(owner[own].tolist(), place[own].tolist(), strict=True):  # places ascend within a row
        if spot == run[row]:
            run[row] += 1
    return run
