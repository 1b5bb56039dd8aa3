"""All live segments as one space of rows: what strategies search."""

from __future__ import annotations

import math
from bisect import bisect_right
from copy import copy
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.analysis.base import Asked
from ltrr_cli.index.fluent import Fluency
from ltrr_cli.index.fulltext import TEXT_FIELDS
from ltrr_cli.index.segment import Segment
from ltrr_cli.index.values import FIRST_YEAR, LAST_YEAR
from ltrr_cli.text import hash64

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from ltrr_cli.analysis.base import Slot
    from ltrr_cli.index.entity_lines import Face, Named
    from ltrr_cli.index.manifest import Live
    from ltrr_cli.records import Entity

Found = tuple["NDArray[np.int64]", "NDArray[np.float32]"]
"""Rows and scores, best first."""
Part = tuple[Segment, "NDArray[np.int64]", "NDArray[np.int64]"]
"""Those of some rows that a segment has: the segment, their places among the rows, its own numbers of them."""
Placed = tuple[Segment, "NDArray[np.int64] | slice", "NDArray[np.int64]"]
"""The same, to write what a segment says of its rows to their places: a slice of all where one segment has them all.

To write to a slice is several times quicker than to places.
"""

_PLACES = {field: place for place, field in enumerate(TEXT_FIELDS)}
_SPARE, _DEEPER = 2, 4
"""Under a filter twice as many are fetched as would do if it were blind to the query, and then four times as many."""
_FEW = 8
"""Where some are deleted, so many more are fetched as would do."""
_DATED = 0.9
"""So great a share of an attribute's numbers are calendar years, where it is one of years."""


class View:
    """An immutable snapshot of the live segments. Row numbers run over all of them, in order."""

    def __init__(self, root: Path, live: Sequence[Live]) -> None:
        self.segments: list[Segment] = []
        base = 0
        for entry in live:
            self.segments.append(Segment(root / "segments" / entry.name, base=base))
            base += len(self.segments[-1])
        self.rows = base
        self.total = base
        """Entities that idf is taken over: those of the whole, where this is a part of an index."""
        self._elsewhere: Mapping[tuple[str, str], Sequence[int]] | None = None
        later = next((number for number, entry in enumerate(live) if number and not entry.part), len(live))
        self.added_from = sum(map(len, self.segments[:later]))
        """The first row of what was added to the index after it was built."""
        self._dead = [len(entry.tombstones) for entry in live]
        """How many rows of each segment are deleted."""
        self._undeleted: NDArray[np.bool_] | None = None
        """Which rows are not deleted, (rows,) bool; None where none is."""
        if any(self._dead):
            self._undeleted = np.ones(self.rows, np.bool_)
            for segment, entry in zip(self.segments, live, strict=True):
                gone = np.array(entry.tombstones, np.int64)
                self._undeleted[segment.base + gone[(gone >= 0) & (gone < len(segment))]] = False
        self._living = self._undeleted
        """Which rows are not deleted, nor ruled out by a filter, (rows,) bool; None where all are."""
        self._counts = [len(segment) - dead for segment, dead in zip(self.segments, self._dead, strict=True)]
        """How many rows of each segment those are."""
        self.fluency = Fluency(tuple(group for segment in self.segments for group in segment.fluency.groups))
        self.external: dict[str, int] = {}
        """Names of the vectors made elsewhere, and their dimensions."""
        for segment in self.segments:
            self.external |= {name: one.dim for name, one in segment.external.items()}
        self.unencoded = sum(len(segment) for segment in self.segments if not segment.encoded)
        """Rows whose vectors are not there yet."""
        self._bases = np.array([segment.base for segment in self.segments], np.int64)
        self.allowed: NDArray[np.bool_] | None = None
        """Which rows a filter lets through, (rows,) bool, all of them living; None without a filter."""

    def within(self, allowed: NDArray[np.bool_]) -> View:
        """Return the view that finds these rows only, (rows,) bool, all living. Statistics and row numbers stay."""
        narrow = copy(self)
        parts = [allowed[segment.base : segment.base + len(segment)] for segment in self.segments]
        narrow.allowed = narrow._living = allowed  # noqa: SLF001 – its own copy
        narrow._counts = [int(np.count_nonzero(part)) for part in parts]  # noqa: SLF001
        narrow.segments = [segment.within(part) for segment, part in zip(self.segments, parts, strict=True)]
        return narrow

    def as_part(self, total: int, frequencies: Mapping[tuple[str, str], Sequence[int]]) -> View:
        """Return the view of a part of an index of `total` entities, which scores its rows as the whole would.

        `frequencies` are those of the words in the whole, by (word, language), in the order of `TEXT_FIELDS`.
        """
        part = copy(self)
        part.total, part._elsewhere = total, frequencies  # noqa: SLF001 – its own
        return part

    @property
    def alone(self) -> bool:
        """Whether there is one segment, and nothing else: then its statistics are those of the whole."""
        return len(self.segments) == 1 and self._elsewhere is None

    @property
    def entities(self) -> int:
        """Number of entities that are not deleted, nor ruled out by a filter."""
        return sum(self._counts)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the segments, in row order."""
        return tuple(segment.name for segment in self.segments)

    def search(
        self, find: Callable[[Segment, int], tuple[Sequence[int], Sequence[float]] | Found], depth: int
    ) -> Found:
        """Return the best `depth` living rows over all segments; equal scores are ordered by row.

        `find(segment, limit)` returns that segment's rows and scores, best first. It is asked for a few more where some
        are deleted, for more where a filter allows few, and deeper and deeper until `depth` of what it finds live.
        """
        if len(self.segments) == 1:
            return self.top(*self._search(find, 0, depth), depth)
        rows: list[NDArray[np.int64]] = [np.empty(0, np.int64)]
        scores: list[NDArray[np.float32]] = [np.empty(0, np.float32)]
        for number, segment in enumerate(self.segments):
            own_rows, own_scores = self._search(find, number, depth)
            rows.append(own_rows + segment.base)
            scores.append(own_scores)
        return self.top(np.concatenate(rows), np.concatenate(scores), depth)

    def _search(
        self,
        find: Callable[[Segment, int], tuple[Sequence[int], Sequence[float]] | Found],
        number: int,
        depth: int,
    ) -> Found:
        segment, count = self.segments[number], self._counts[number]
        most = len(segment)
        if not count:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        if count == most:
            limit = min(most, depth)
        elif self.allowed is None:
            limit = self._first_limit(number, depth)
        else:
            limit = min(most, depth * most * _SPARE // count + _SPARE)
        while True:
            found, scores = find(segment, limit)
            rows = np.asarray(found, np.int64)
            more = 0 if count == most else self.deeper(segment, rows, limit, depth)
            if not more:
                return rows, np.asarray(scores, np.float32)
            limit = more

    def top(self, rows: NDArray[np.int64], scores: NDArray[np.float32], depth: int) -> Found:
        """Return the best `depth` of these that live, best first, equal ones by row."""
        if self._living is not None:
            living = self._living[rows]
            rows, scores = rows[living], scores[living]
        order = np.lexsort((rows, -scores))[:depth]
        return rows[order], scores[order]

    def limits(self, depth: int) -> dict[str, int]:
        """Return for each segment that has rows, by name, how many to ask of one that knows of no deletion."""
        return {one.name: self._first_limit(place, depth) for place, one in enumerate(self.segments) if len(one)}

    def deeper(self, segment: Segment, rows: NDArray[np.int64], limit: int, depth: int) -> int:
        """Return how many to ask a segment for that was asked for `limit`, 0 where its `rows` are enough."""
        if len(rows) < limit or limit == len(segment) or np.count_nonzero(self.living(rows + segment.base)) >= depth:
            return 0
        return min(len(segment), limit * _DEEPER)

    def _first_limit(self, number: int, depth: int) -> int:
        """Return how many rows of a segment are enough for `depth` living ones, if deletions are spread evenly."""
        most, dead = len(self.segments[number]), self._dead[number]
        return min(most, depth + min(dead, depth * dead // max(1, most - dead) + _FEW))

    def living(self, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Tell which rows are not deleted, nor ruled out by a filter: (n,) bool."""
        return self._living[rows] if self._living is not None else np.ones(len(rows), np.bool_)

    def living_rows(self) -> NDArray[np.int64]:
        """Return all rows that are not deleted, nor ruled out by a filter, ascending."""
        return np.arange(self.rows, dtype=np.int64) if self._living is None else np.flatnonzero(self._living)

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

    def placed(self, rows: NDArray[np.int64]) -> list[Placed]:
        """Split rows by segment, to write to their places."""
        return [(self.segments[0], slice(None), rows)] if len(self.segments) == 1 else [*self.by_segment(rows)]

    def ids(self, rows: NDArray[np.int64]) -> list[str]:
        """Return the ids of these rows."""
        if len(self.segments) == 1:
            return self.segments[0].ids.ids(rows)
        out = [""] * len(rows)
        for segment, places, own in self.by_segment(rows):
            for place, entity_id in zip(places.tolist(), segment.ids.ids(own), strict=True):
                out[place] = entity_id
        return out

    def hashes(self, rows: NDArray[np.int64]) -> NDArray[np.uint64]:
        """Return `hash64` of the ids of these rows, (n,)."""
        out = np.empty(len(rows), np.uint64)
        for segment, places, own in self.placed(rows):
            out[places] = segment.ids.hashes(own)
        return out

    def entity(self, row: int) -> Entity:
        """Return the entity at this row."""
        segment, own = self._at(row)
        return segment.entity(own)

    def _at(self, row: int) -> tuple[Segment, int]:
        """Return the segment of a row, and its own number of it."""
        segment = self.segments[bisect_right(self.segments, row, key=lambda one: one.base) - 1]
        return segment, row - segment.base

    def face(self, row: int) -> Face:
        """Return what a list of results shows of the entity at this row; quicker than all of it."""
        segment, own = self._at(row)
        return segment.face(own)

    def named(self, row: int) -> Named:
        """Return what the entity at this row is named, and names."""
        segment, own = self._at(row)
        return segment.named(own)

    def suggestions(self, row: int) -> list[tuple[str, str, float]]:
        """Return (attribute, key, weight) of the values that were suggested for the entity at this row."""
        segment, own = self._at(row)
        return segment.suggestions(own)

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
        if self._undeleted is not None:
            out[(out >= 0) & ~self._undeleted[out]] = -1
        return out

    def popularity(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return each row's popularity, in [0, 1], nan where unknown."""
        out = np.empty(len(rows), np.float32)
        for segment, places, own in self.placed(rows):
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

    def similarity(self, rows: NDArray[np.int64], vector: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the cosine of each row's best vector, its passages' included, with a unit vector: (n,) float32."""
        out = np.empty(len(rows), np.float32)
        for segment, places, own in self.by_segment(rows):
            out[places] = segment.vectors.similarity(own, vector)
        return out

    @cached_property
    def has_passages(self) -> bool:
        """Whether any text is so long that parts of it have vectors."""
        return any(len(segment.vectors.passages) for segment in self.segments)

    def passage(self, row: int, vector: NDArray[np.float32]) -> tuple[int, int] | None:
        """Return which part of the row's text is nearest to a unit vector; None where nothing is nearer than all."""
        segment, own = self._at(row)
        return segment.vectors.passage(own, vector)

    def document_frequency(self, field: str, term: str) -> int:
        """Return in how many entities' `field` the stemmed term occurs, deleted ones included."""
        if len(self.segments) == 1:
            return self.segments[0].fulltext.document_frequency(field, term)
        return sum([segment.fulltext.document_frequency(field, term) for segment in self.segments])

    def asked(self, text: str) -> Asked:
        """Return a query as the newest segment sees it."""
        return self.segments[-1].analysis.query(text) if self.segments else Asked(())

    def frequencies(self, slot: Slot, fields: Sequence[str]) -> list[int]:
        """Return in how many entities' fields a word of a query occurs: for each field that of its most frequent form.

        Deleted entities are included.
        """
        if self._elsewhere is not None:
            known = self._elsewhere[slot.word, slot.language]
            return [known[_PLACES[field]] for field in fields]
        alone = len(self.segments) == 1
        if alone and len(slot.terms) == 1:
            return [self.segments[0].fulltext.document_frequency(field, slot.terms[0]) for field in fields]
        counts = [0] * len(fields)
        for segment in self.segments:
            terms = slot.terms if alone else segment.analysis.terms(slot.word, slot.language)
            for place, field in enumerate(fields):
                counts[place] += max([segment.fulltext.document_frequency(field, term) for term in terms], default=0)
        return counts

    def phrase_reach(self, firsts: NDArray[np.uint64]) -> list[int]:
        """Return how many words the longest phrase of the dictionary has that begins with each of these tokens."""
        each = [segment.values.dictionary.reach(firsts) for segment in self.segments]
        return each[0] if len(each) == 1 else [max(lengths) for lengths in zip(*each, strict=True)]

    @cached_property
    def numeric(self) -> tuple[str, ...]:
        """Names of the numeric attributes, in order of appearance."""
        return tuple(dict.fromkeys(name for segment in self.segments for name in segment.numbers.names))

    def spread(self, attribute: str) -> tuple[float, float] | None:
        """Return the lowest and the highest number of an attribute; None where no segment has it."""
        own = [segment.numbers for segment in self.segments if attribute in segment.numbers.names]
        ends = [one.spread[one.names.index(attribute)][[0, -1]].tolist() for one in own]
        return (min(low for low, _ in ends), max(high for _, high in ends)) if ends else None

    def dated(self, attribute: str) -> bool:
        """Whether the numbers of an attribute may be calendar years, but for one in ten: 0 often is an unknown year."""
        own = [segment.numbers for segment in self.segments if attribute in segment.numbers.names]
        values = np.array([one.spread[one.names.index(attribute)] for one in own])
        if not own or np.any(values[:, [0, -1]] % 1):
            return False
        return bool(np.mean((values >= FIRST_YEAR) & (values <= LAST_YEAR)) >= _DATED)

    def share(self, attribute: str, low: float, high: float) -> float | None:
        """Return about which share of an attribute's numbers is in [low, high]; None where no segment has it."""
        parts = [
            (len(segment), share)
            for segment in self.segments
            if (share := segment.numbers.share(attribute, low, high)) is not None
        ]
        return sum(n * share for n, share in parts) / sum(n for n, _ in parts) if parts else None

    def idf(self, frequency: int, entities: int | None = None) -> float:
        """Return BM25's idf, ln(1 + (N − n + 0.5) / (n + 0.5)), as Lucene and Tantivy compute it."""
        return _idf(frequency, self.total if entities is None else entities)


@lru_cache(maxsize=65536)
def _idf(frequency: int, total: int) -> float:
    return math.log(1 + (total - frequency + 0.5) / (frequency + 0.5))
