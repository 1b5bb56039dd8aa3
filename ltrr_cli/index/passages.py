"""The passages of a segment's long texts: a vector each, and which part of which text it stands for.

    passages.npy        (m, dim) float32 unit vectors, by row
    passages.row.npy    (m,) int64, ascending: whose it is
    passages.span.npy   (m, 2) int32: its first character in the entity's text, and the one after its last
    passages.text.npy   (m,) uint64: hashes of the encoded texts, so that a later build may use the vectors again

A segment without long texts, or of an older ltrr, has none of these files.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.index.files import mapped
from ltrr_cli.index.growing import Growing

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

    from numpy.typing import NDArray

VECTORS, TEXTS = "passages.npy", "passages.text.npy"
_ROWS, _SPANS = "passages.row.npy", "passages.span.npy"


@dataclass(frozen=True, slots=True)
class Passages:
    """The passages, in the order of their rows; `vectors` (m, dim), `rows` (m,), `spans` (m, 2)."""

    vectors: NDArray[np.float32]
    rows: NDArray[np.int64]
    spans: NDArray[np.int32]

    @classmethod
    def none(cls) -> Self:
        """Return no passages."""
        return cls(np.empty((0, 0), np.float32), np.empty(0, np.int64), np.empty((0, 2), np.int32))

    @classmethod
    def open(cls, directory: Path) -> Self:
        """Map a segment's passages; ValueError where the files do not fit together."""
        if not (directory / VECTORS).exists():
            return cls.none()
        found = cls(mapped(directory / VECTORS), mapped(directory / _ROWS), mapped(directory / _SPANS))
        if not len(found.vectors) == len(found.rows) == len(found.spans):
            raise ValueError("the files of passages do not fit together")
        return found

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.rows)

    def has(self, row: int) -> bool:
        """Whether a row has any: most have none."""
        place = int(self.rows.searchsorted(row))
        return place < len(self.rows) and int(self.rows[place]) == row

    def owners(self, keys: NDArray[np.int64], n: int) -> NDArray[np.int64]:
        """Return the distinct rows that graph numbers stand for: those from n on are passages."""
        own = keys < n
        return np.unique(np.concatenate([keys[own], self.rows[keys[~own] - n]]))

    def raise_all(self, scores: NDArray[np.float32], vector: NDArray[np.float32]) -> None:
        """Raise every row's score, (rows,), to its best passage's."""
        if len(self):
            owners, starts = np.unique(self.rows, return_index=True)
            best = np.maximum.reduceat(cosines(self.vectors, vector), starts)
            scores[owners] = np.maximum(scores[owners], best)

    def raise_some(self, scores: NDArray[np.float32], rows: NDArray[np.int64], vector: NDArray[np.float32]) -> None:
        """Raise the scores of these rows, (n,), to their best passages'."""
        if not len(self):
            return
        low, high = self.rows.searchsorted(rows, "left"), self.rows.searchsorted(rows, "right")
        places = np.flatnonzero(high > low)
        if not len(places):
            return
        counts = (high - low)[places]
        ends = counts.cumsum()
        flat = (low[places] - ends + counts).repeat(counts) + np.arange(int(ends[-1]))
        best = np.maximum.reduceat(cosines(self.vectors.take(flat, 0), vector), ends - counts)
        scores[places] = np.maximum(scores[places], best)

    def best(self, row: int, vector: NDArray[np.float32], least: float) -> tuple[int, int] | None:
        """Return the span of the row's passage that is nearest, None if none has a cosine of at least `least`."""
        low, high = (int(self.rows.searchsorted(row, side)) for side in ("left", "right"))
        if high == low:
            return None
        found = cosines(self.vectors[low:high], vector)
        place = int(found.argmax())
        if found[place] < least:
            return None
        start, end = self.spans[low + place].tolist()
        return start, end


class PassagesWriter:
    """Writes passages as they come, so that memory does not grow with them; no files where there are none."""

    def __init__(self, directory: Path, dim: int) -> None:
        self._directory = directory
        self._dim = dim
        self._files: tuple[Growing, ...] = ()

    def add(
        self,
        vectors: NDArray[np.float32],
        rows: NDArray[np.int64],
        spans: NDArray[np.int32],
        texts: NDArray[np.uint64],
    ) -> None:
        """Add some, rows ascending; `texts` (m,) are the hashes of what was encoded."""
        if not self._files:
            self._files = (
                Growing(self._directory / VECTORS, np.float32, width=self._dim),
                Growing(self._directory / _ROWS, np.int64),
                Growing(self._directory / _SPANS, np.int32, width=2),
                Growing(self._directory / TEXTS, np.uint64),
            )
        arrays: tuple[NDArray[np.generic], ...] = (vectors, rows, spans, texts)
        for file, numbers in zip(self._files, arrays, strict=True):
            file.append(numbers)

    def finish(self) -> Passages:
        """Return them all, mapped."""
        for file in self._files:
            file.close()
        return Passages.open(self._directory)


def cosines(matrix: NDArray[np.float32], vector: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the product of (n, dim) and (dim,): (n,) float32.

    On this thread: BLAS wakes its pool for it, which slows the encoder's down.
    """
    product: NDArray[np.float32] = np.einsum("nd,d->n", matrix, vector)
    return product
