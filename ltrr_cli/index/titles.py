"""Title words by row, for the ranker's match features: hashes only, by memory map."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.index.files import mapped
from ltrr_cli.index.growing import Growing, Lists
from ltrr_cli.index.ragged import found, taken
from ltrr_cli.text import hash64, token_hash, tokens

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


_ORDER = "title.order.npy"


class TitlesWriter:
    """Writes each title's token hashes (sorted, distinct) and the hash of its key, in row order, into a directory.

    Beside them is which rows have the keys in ascending order.
    """

    def __init__(self, directory: Path) -> None:
        """Begin the arrays."""
        self._directory = directory
        self._keys = Growing(directory / "title.key.npy", np.uint64)
        self._words = Lists(directory / "title.words.npy", directory / "title.starts.npy", np.uint64)

    def add(self, title: str) -> None:
        """Add the next row."""
        words = tokens(title)
        self._keys.add(hash64(" ".join(words)))
        self._words.add(sorted(set(map(token_hash, words))))

    def close(self) -> None:
        """Write the rest of the arrays."""
        self._keys.close()
        np.save(self._directory / _ORDER, mapped(self._keys.path).argsort(kind="stable").astype(np.int64))
        self._words.close()


class Titles:
    """Match of a query with titles."""

    def __init__(self, directory: Path) -> None:
        self._key: NDArray[np.uint64] = mapped(directory / "title.key.npy")
        self._starts: NDArray[np.int64] = mapped(directory / "title.starts.npy")
        self._words: NDArray[np.uint64] = mapped(directory / "title.words.npy")
        self._path = directory / _ORDER

    @cached_property
    def _order(self) -> NDArray[np.int64]:
        """The rows by their keys' hashes, ascending; an older ltrr did not write them down."""
        if self._path.exists():
            order: NDArray[np.int64] = mapped(self._path)
            if len(order) == len(self._key):
                return order
        return self._key.argsort(kind="stable").astype(np.int64)

    def having(self, hashes: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return (places in `hashes`, rows) of the titles whose key has one of the hashes, rows ascending for each."""
        order = self._order
        lows = self._key.searchsorted(hashes, "left", sorter=order)
        lengths = self._key.searchsorted(hashes, "right", sorter=order) - lows
        flat = np.repeat(lows - lengths.cumsum() + lengths, lengths) + np.arange(int(lengths.sum()))
        return np.repeat(np.arange(len(hashes)), lengths), order[flat]

    def match(
        self, rows: NDArray[np.int64], key_hash: int, words: NDArray[np.uint64], weights: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        """Return (same, covered, filled), each (n,) float32 in [0, 1].

        `same`: the title is the query. `covered`: share of the query's word weights that the title has. `filled`: share
        of the title's words that the query has. `words` are the query's distinct token hashes, `weights` sum to 1.
        """
        n = len(rows)
        starts = self._starts[rows]
        lengths = self._starts[rows + 1] - starts
        flat, ends = taken(self._words, starts, lengths)
        which, hits = found(flat, words)
        owner = ends.searchsorted(hits, "right")
        covered = np.bincount(owner, weights[which], n).astype(np.float32)
        filled = (np.bincount(owner, minlength=n) / np.maximum(lengths, 1)).astype(np.float32)
        return (self._key[rows] == np.uint64(key_hash)).astype(np.float32), covered, filled
