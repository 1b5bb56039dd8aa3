"""Words of an entity's fields by row, for the ranker's match features: 32-bit hashes of stems, in order.

Three arrays, by memory map: `words.npy`, row by row, in each the title's, creator's, attributes' and text's words;
`words.starts.npy` (4 x rows + 1) where each field of each row begins; `words.totals.npy` (4) how many words the fields
have in all rows. Two words in 4 billion share a hash: then one match too many is counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.index.files import mapped
from ltrr_cli.index.fulltext import TEXT_FIELDS
from ltrr_cli.index.growing import Lists
from ltrr_cli.index.ragged import found, taken
from ltrr_cli.kept import Kept
from ltrr_cli.text import hash64

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

MOST = 512
"""Words of a field beyond this match nothing."""
_FIELDS = len(TEXT_FIELDS)
_BOUNDS = np.arange(_FIELDS + 1)[:, None]


def stem_hashes(stems: Sequence[str]) -> NDArray[np.uint32]:
    """Return the lower 32 bits of each stem's hash, (n,)."""
    return np.array([*map(_HASHES.__getitem__, stems)], np.uint32)


_HASHES: Kept[str, int] = Kept(lambda stem: hash64(stem) & 0xFFFFFFFF)


class WordsWriter:
    """Writes the fields' stems, in row order, into a directory."""

    def __init__(self, directory: Path) -> None:
        """Begin the arrays."""
        self._directory = directory
        self._lists = Lists(directory / "words.npy", directory / "words.starts.npy", np.uint32)
        self._totals = np.zeros(_FIELDS, np.int64)

    def add(self, fields: Mapping[str, Sequence[str]]) -> None:
        """Add the next row: the stems of each of `TEXT_FIELDS`."""
        for place, name in enumerate(TEXT_FIELDS):
            stems = fields[name][:MOST]
            self._lists.add(map(_HASHES.__getitem__, stems))
            self._totals[place] += len(stems)

    def close(self) -> None:
        """Write the rest of the arrays."""
        self._lists.close()
        np.save(self._directory / "words.totals.npy", self._totals)


@dataclass(frozen=True, slots=True)
class Matches:
    """Where a query's w distinct stems stand in the f fields of n rows; `TEXT_FIELDS` names the fields, in order.

    `counts` (f, n, w) how often each stem occurs; `lengths` (f, n) words of the fields. Of titles, in shares of
    [0, 1], (n,) float32: `prefix` of the query's words that the title begins with, in order; `phrase` of the query's
    pairs of neighbours that are neighbours in the title; `named`: 1 where the whole title stands in the query, in
    order.
    """

    counts: NDArray[np.int64]
    lengths: NDArray[np.int64]
    prefix: NDArray[np.float32]
    phrase: NDArray[np.float32]
    named: NDArray[np.float32]


class Words:
    """The fields' words in one segment; `means` (f,) are the fields' usual lengths in words."""

    def __init__(self, directory: Path) -> None:
        self._starts: NDArray[np.int64] = mapped(directory / "words.starts.npy")
        self._words: NDArray[np.uint32] = mapped(directory / "words.npy")
        totals: NDArray[np.int64] = mapped(directory / "words.totals.npy")
        rows = (len(self._starts) - 1) // _FIELDS
        self.means: NDArray[np.float64] = np.maximum(1.0, totals / max(1, rows))

    @classmethod
    def open(cls, directory: Path) -> Words | None:
        """Open a segment's words, None where it was written before there were any (ltrr before 0.1)."""
        return cls(directory) if (directory / "words.npy").exists() else None

    def match(self, rows: NDArray[np.int64], stems: NDArray[np.uint32]) -> Matches:
        """Match the hashes of a query's distinct stems, in order, with the fields of each row."""
        n, w = len(rows), len(stems)
        bounds = self._starts[rows * _FIELDS + _BOUNDS]
        starts, lengths = bounds[0], bounds[1:] - bounds[:-1]
        flat, ends = taken(self._words, starts, bounds[-1] - starts)
        word, hits = found(flat, stems)
        stops = bounds[1:] - (bounds[-1] - ends)  # where each field ends in `flat`
        slot = stops.T.ravel().searchsorted(hits, "right")
        row = slot // _FIELDS
        field = slot - row * _FIELDS
        counts = np.bincount((field * n + row) * w + word, minlength=_FIELDS * n * w).reshape(_FIELDS, n, w)
        of_title = (field == 0).nonzero()[0]
        of_title = of_title[hits[of_title].argsort()]
        owner, word, hits, title = row[of_title], word[of_title], hits[of_title], lengths[0]
        run = _run(owner, hits - (stops[0] - title)[owner], word, n)
        follows = (hits[1:] - hits[:-1] == 1) & (word[1:] - word[:-1] == 1) & (owner[1:] == owner[:-1])
        pairs = np.bincount(owner[1:][follows], minlength=n)
        whole = np.bincount(owner, minlength=n) == title
        return Matches(
            counts=counts,
            lengths=lengths,
            prefix=(run / w).astype(np.float32),
            phrase=np.minimum(1, pairs / max(1, w - 1)).astype(np.float32),
            named=((title > 0) & whole & (pairs == title - 1)).astype(np.float32),
        )


def _run(owner: NDArray[np.int64], place: NDArray[np.int64], word: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Return for each row how many words from its first on are the query's first, second, and so on."""
    own = place == word
    run = np.zeros(n, np.int64)
    for row, spot in zip(owner[own].tolist(), place[own].tolist(), strict=True):  # places ascend within a row
        if spot == run[row]:
            run[row] += 1
    return run
