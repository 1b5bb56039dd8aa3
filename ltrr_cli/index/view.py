"""All live segments as one space of rows: what strategies search."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.analysis.base import Asked
from ltrr_cli.index.segment import Segment
from ltrr_cli.text import hash64

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from ltrr_cli.analysis.base import Slot
    from ltrr_cli.index.manifest import Live
    from ltrr_cli.records import Entity

Found = tuple["NDArray[np.int64]", "NDArray[np.float32]"]
"""Rows and scores, best first."""
Part = tuple[Segment, "NDArray[np.int64]", "NDArray[np.int64]"]
"""Those of some rows that a segment has: the segment, their places among the rows, its own numbers of them."""


class View:
    """An immutable snapshot of the live segments. Row numbers run over all of them, in order."""

    def __init__(self, root: Path, live: Sequence[Live]) -> None:
        self.segments: list[Segment] = []
        base = 0
        for entry in live:
            self.segments.append(Segment(root / "segments" / entry.name, base=base))
            base += len(self.segments[-1])
        self.rows = base
        gone = [
            segment.base + row for segment, entry in zip(self.segments, live, strict=True) for row in entry.tombstones
        ]
        self._dead = np.array(sorted(gone), np.int64)
        self._bases = np.array([segment.base for segment in self.segments], np.int64)

    @property
    def entities(self) -> int:
        """Number of entities that are not deleted."""
        return self.rows - len(self._dead)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the segments, in row order."""
        return tuple(segment.name for segment in self.segments)

    def search(
        self, find: Callable[[Segment, int], tuple[Sequence[int], Sequence[float]] | Found], depth: int
    ) -> Found:
        """Return the best `depth` living rows over all segments; equal scores are ordered by row.

        `find(segment, limit)` returns that segment's rows and scores, best first. Each segment is asked for as many
        more as it has deleted ones, so that `depth` living ones remain.
        """
        rows: list[NDArray[np.int64]] = []
        scores: list[NDArray[np.float32]] = []
        for segment in self.segments:
            dead = self._dead_in(segment)
            own_rows, own_scores = find(segment, min(len(segment), depth + dead))
            rows.append(np.asarray(own_rows, np.int64) + segment.base)
            scores.append(np.asarray(own_scores, np.float32))
        return self.top(np.concatenate(rows), np.concatenate(scores), depth)

    def top(self, rows: NDArray[np.int64], scores: NDArray[np.float32], depth: int) -> Found:
        """Return the best `depth` of these that live, best first, equal ones by row."""
        if len(self._dead):
            living = self.living(rows)
            rows, scores = rows[living], scores[living]
        order = np.lexsort((rows, -scores))[:depth]
        return rows[order], scores[order]

    def _dead_in(self, segment: Segment) -> int:
        if not len(self._dead):
            return 0
        low, high = np.searchsorted(self._dead, [segment.base, segment.base + len(segment)])
        return int(high - low)

    def living(self, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Tell which rows are not deleted: (n,) bool."""
        return ~np.isin(rows, self._dead) if len(self._dead) else np.ones(len(rows), bool)

    def living_rows(self) -> NDArray[np.int64]:
        """Return all rows that are not deleted, ascending."""
        return np.setdiff1d(np.arange(self.rows, dtype=np.int64), self._dead, assume_unique=True)

    def by_segment(self, rows: NDArray[np.int64]) -> list[Part]:
        """Split rows by segment."""
        if len(self.segments) == 1:
            return [(self.segments[0], np.arange(len(rows)), rows)]
        owner = np.searchsorted(self._bases, rows, "right") - 1
        split = []
        for number in np.flatnonzero(np.bincount(owner)).tolist():
            places = np.flatnonzero(owner == number)
            split.append((self.segments[number], places, rows[places] - self._bases[number]))
        return split

    def ids(self, rows: NDArray[np.int64]) -> list[str]:
        """Return the ids of these rows."""
        out = [""] * len(rows)
        for segment, places, own in self.by_segment(rows):
            for place, entity_id in zip(places.tolist(), segment.ids.ids(own), strict=True):
                out[place] = entity_id
        return out

    def entity(self, row: int) -> Entity:
        """Return the entity at this row."""
        number = int(np.searchsorted(self._bases, row, "right")) - 1
        return self.segments[number].entity(row - int(self._bases[number]))

    def row(self, entity_id: str) -> int | None:
        """Return the living row of an id, None if there is none."""
        found = int(self.rows_of(np.array([hash64(entity_id)], np.uint64))[0])
        return found if found >= 0 else None

    def rows_of(self, hashes: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Return the living row of each id hash, -1 where there is none; a later segment replaces an earlier one."""
        out = np.full(len(hashes), -1, np.int64)
        for segment in self.segments:
            own = segment.ids.rows(hashes)
            out = np.where(own >= 0, own + segment.base, out)
        if len(self._dead):
            out[np.isin(out, self._dead)] = -1
        return out

    def popularity(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return each row's popularity, in [0, 1], nan where unknown."""
        out = np.empty(len(rows), np.float32)
        for segment, places, own in self.by_segment(rows):
            out[places] = segment.popularity[own]
        return out

    def freshness(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the share of its segment's dated entities that are older than each row, nan where it has no date."""
        out = np.full(len(rows), np.nan, np.float32)
        for segment, places, own in self.by_segment(rows):
            if segment.freshness is not None:
                out[places] = segment.freshness[own]
        return out

    def vectors(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the rows' unit vectors, (n, dim) float32."""
        parts = [(places, segment.vectors.matrix.take(own, 0)) for segment, places, own in self.by_segment(rows)]
        if len(parts) == 1:
            return parts[0][1]
        out = np.empty((len(rows), self.segments[0].vectors.matrix.shape[1]), np.float32)
        for places, part in parts:
            out[places] = part
        return out

    def asked(self, text: str) -> Asked:
        """Return a query as the newest segment sees it."""
        return self.segments[-1].analysis.query(text) if self.segments else Asked(())

    def frequencies(self, slot: Slot, fields: Sequence[str]) -> list[int]:
        """Return in how many entities' fields a word of a query occurs: for each field that of its most frequent form.

        Deleted entities are included.
        """
        alone = len(self.segments) == 1
        if alone and len(slot.terms) == 1:
            return [self.segments[0].fulltext.document_frequency(field, slot.terms[0]) for field in fields]
        counts = [0] * len(fields)
        for segment in self.segments:
            terms = slot.terms if alone else segment.analysis.terms(slot.word, slot.language)
            for place, field in enumerate(fields):
                counts[place] += max([segment.fulltext.document_frequency(field, term) for term in terms], default=0)
        return counts

    def idf(self, frequency: int, entities: int | None = None) -> float:
        """Return BM25's idf, ln(1 + (N − n + 0.5) / (n + 0.5)), as Lucene and Tantivy compute it."""
        total = self.rows if entities is None else entities
        return math.log(1 + (total - frequency + 0.5) / (frequency + 0.5))
