"""A segment: an immutable part of the index. The writer makes one, the reader maps it."""

from __future__ import annotations

import errno
import json
from array import array
from collections import Counter
from contextlib import contextmanager
from copy import copy
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from ltrr_cli.analysis.multilingual import Multilingual, language_of, of_languages
from ltrr_cli.analysis.versions import read_analysis
from ltrr_cli.errors import IndexDirectoryError
from ltrr_cli.index.counted import Counted
from ltrr_cli.index.entity_lines import entity_line, read_entity, read_face, read_named
from ltrr_cli.index.external import open_external
from ltrr_cli.index.files import map_bytes, mapped
from ltrr_cli.index.fluent import Fluency
from ltrr_cli.index.fresh import shares_below, year_of
from ltrr_cli.index.fulltext import Fulltext, FulltextWriter
from ltrr_cli.index.growing import Growing
from ltrr_cli.index.ids import Ids, write_ids
from ltrr_cli.index.manifest import FORMAT_VERSION
from ltrr_cli.index.numbers import Numbers, NumbersWriter
from ltrr_cli.index.postings import Postings
from ltrr_cli.index.postings_writer import PostingsWriter
from ltrr_cli.index.scale import Scale
from ltrr_cli.index.sparse import Sparse
from ltrr_cli.index.spelling import Spelling
from ltrr_cli.index.spelling_writer import SpellingWriter
from ltrr_cli.index.standing import Standing
from ltrr_cli.index.suggest import READ, Suggester
from ltrr_cli.index.titles import Titles, TitlesWriter
from ltrr_cli.index.values import Values, ValuesWriter, terms
from ltrr_cli.index.vectors import Vectors, VectorsWriter, write_vectors
from ltrr_cli.index.words import Words, WordsWriter
from ltrr_cli.text import hash64, tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from ltrr_cli.analysis.base import Analysis, Terms
    from ltrr_cli.index.entity_lines import Face, Named
    from ltrr_cli.index.passages import Passages
    from ltrr_cli.index.whole import Whole
    from ltrr_cli.records import Entity


_NAMED_KEPT = 4096


class SegmentWriter:
    """Writes a segment into an unpublished directory, in two passes, so that memory does not grow with the texts.

    First `add` every entity; then go through `rows`, which indexes them; then `finish` with their vectors. `scale` is
    that of a larger segment beside it, to which popularity and freshness are compared; `whole` says what the segment is
    a part of.
    """

    def __init__(
        self,
        directory: Path,
        *,
        creator: str,
        suggest: bool = False,
        schema: Mapping[str, object] | None = None,
        scale: Scale | None = None,
        whole: Whole | None = None,
    ) -> None:
        directory.mkdir(parents=True)
        (directory / "columns").mkdir()
        self._directory = directory
        self._creator = creator
        self._schema = schema
        self._scale = scale if whole is None else whole.scale
        self._whole = whole
        self._lines = (directory / "entities.jsonl").open("wb")
        columns = directory / "columns"
        self._offsets = Growing(directory / "entities.offsets.npy", np.int64)
        self._offsets.add(0)
        self._popularity = array("d")
        self._titles = TitlesWriter(columns)
        self._values = ValuesWriter(columns)
        self._numbers = NumbersWriter(columns)
        self.counted = Counted(columns / "values.counted")
        """How many entities have each of the terms that a query may name, by attribute; until `finish_text`."""
        self._suggester = Suggester(self.counted, None if whole is None else whole.suggested) if suggest else None
        self.suggested = (0, 0)
        """How many values were suggested, and for how many entities."""
        self._fields: set[str] = set()
        self._postings: PostingsWriter | None = None
        self.languages: list[str] = []
        """Which language each row's text, or where there is none its title, is guessed to be in."""
        self._analysis = Multilingual()
        self._words = WordsWriter(columns)
        self._spelling = SpellingWriter(columns)
        self._years = array("d")
        self._described: dict[str, Any] = {}

    def __len__(self) -> int:
        """Return the number of entities added."""
        return len(self._popularity)

    def add(self, entity: Entity) -> None:
        """Add the next row."""
        self._lines.write(entity_line(entity))
        self._offsets.add(self._lines.tell())
        self._values.weighted.update(entity.weights)
        self._fields.update(entity.attributes)
        self.counted.add(terms(entity))
        self._popularity.append(np.nan if entity.popularity is None else entity.popularity)
        self.languages.append(language_of(entity.text or entity.title))

    def close(self) -> None:
        """Close the file of entities: all are added, or adding failed."""
        self._lines.close()

    def rows(
        self, read: Callable[[Entity], None] | None = None
    ) -> Iterator[tuple[int, Entity, float, dict[str, Terms]]]:
        """Index every entity; yield (row, entity, popularity, the terms of each of its fields).

        Popularity is its share of the catalogue in [0, 1], nan if unknown. `read` is shown all of them before the first
        is indexed.
        """
        self._lines.close()
        if self._scale is not None and self._scale.entities <= len(self):
            self._scale = None  # of a smaller segment: what is added tells more
        among = None if self._scale is None else self._scale.popularity
        shares = shares_below(np.array(self._popularity, np.float64), among)
        np.save(self._directory / "columns" / "popularity.npy", shares)
        self._analysis = of_languages(Counter(self.languages)) if self._whole is None else self._whole.analysis
        self._show(read)
        postings = self._postings = PostingsWriter(self._directory / "columns", self._fields)
        fulltext = FulltextWriter(self._directory / "fulltext", self._analysis)
        with (self._directory / "entities.jsonl").open("rb") as lines:
            for row, line in enumerate(lines):
                entity, share = read_entity(line), float(shares[row])
                attributes = {name: words(values) for name, values in entity.attributes.items()}
                fields = {
                    "title": entity.title,
                    "creator": attributes.pop(self._creator, ""),
                    "attributes": " ".join([entity.type, *attributes.values()]),
                    "text": entity.text,
                }
                # Tantivy weighs by log2(2 + x): the most popular count double.
                popularity = 0.0 if np.isnan(share) else 2 * share
                spoken = dict.fromkeys(fields, self.languages[row])
                spoken["title"] = language_of(entity.title) or spoken["title"]
                indexed = fulltext.add(row, fields, self._terms(entity), popularity, languages=spoken)
                self._spelling.add(fields)
                self._words.add({name: terms.surest() for name, terms in indexed.items()})
                self._numbers.add(entity)
                self._years.append(year_of(entity))
                self._titles.add(entity.title)
                postings.add(entity)
                yield row, entity, share, indexed
        fulltext.finish()

    def _show(self, read: Callable[[Entity], None] | None) -> None:
        """Show all entities to `read`, and to the suggester, which counts the values that texts name."""
        readers = [] if read is None else [read]
        if self._suggester is not None and self._suggester.learns:
            readers.append(self._suggester.read)
        for entity in self.entities() if readers else ():
            for one in readers:
                one(entity)

    def _terms(self, entity: Entity) -> list[str]:
        """Return the terms of the next row's values, suggested ones included."""
        if self._suggester is None:
            return self._values.add(entity)
        suggested = self._suggester.of(entity)
        values, entities = self.suggested
        self.suggested = (values + len(suggested), entities + bool(suggested))
        return self._values.add(entity, suggested)

    @property
    def analysis(self) -> Analysis:
        """How the texts are cut: known once `rows` has begun."""
        return self._analysis

    def entities(self) -> Iterator[Entity]:
        """Yield every entity again, in row order: all are added."""
        self._lines.close()
        with (self._directory / "entities.jsonl").open("rb") as lines:
            yield from map(read_entity, lines)

    def finish_text(self) -> None:
        """Write all that does not depend on vectors: `rows` has ended."""
        columns = self._directory / "columns"
        self._offsets.close()
        names = self._values.write(self.counted, None if self._suggester is None else self._suggester.weights)
        self.counted.remove()
        if self._postings is not None:
            self._postings.write()
        write_ids(columns, (entity.id for entity in self.entities()))
        self._titles.close()
        self._words.close()
        self._spelling.write()
        among = None if self._scale is None else self._scale.years
        np.save(columns / "freshness.npy", shares_below(np.array(self._years, np.float64), among))
        Scale.of(self._popularity, self._years).write(columns)
        self._described = {
            "format_version": FORMAT_VERSION,
            "entities": len(self),
            "attributes": list(names),
            "weighted": sorted(self._values.weighted),
            "numbers": list(self._numbers.write()),
            "creator": self._creator,
            **({"schema": self._schema} if self._schema is not None else {}),
            "suggest": self._suggester is not None,
            "analysis": {
                "version": self._analysis.version,
                "main": self._analysis.main,
                "others": self._analysis.others,
            },
            "has_popularity": not bool(np.isnan(self._popularity).all()),
        }

    def describe(self, directory: Path, *, fluency: Fluency, generated: int, encoded: bool) -> None:
        """Write segment.json into the segment's directory, or one that has the same texts."""
        row = {**self._described, "generated": generated, "fluency": fluency.to_rows(), "encoded": encoded}
        (directory / "segment.json").write_text(json.dumps(row) + "\n")

    def finish(
        self,
        vectors: NDArray[np.float32] | VectorsWriter,
        texts: NDArray[np.uint64],
        passages: Passages | None = None,
        *,
        fluency: Fluency = Fluency(),  # noqa: B008 – frozen
        generated: int = 0,
    ) -> None:
        """Write the rest: all rows' unit vectors, (n, dim) or a writer that has them, and the hashes of their texts.

        `passages` lie in its directory already. `fluency` is what the encoder knows of their languages; `generated`
        counts the entities for which a model made queries.
        """
        if not self._described:
            self.finish_text()
        finish_vectors(self._directory, vectors, texts, passages)
        self.describe(self._directory, fluency=fluency, generated=generated, encoded=True)


def finish_vectors(
    directory: Path,
    vectors: NDArray[np.float32] | VectorsWriter,
    texts: NDArray[np.uint64],
    passages: Passages | None,
) -> None:
    """Write a segment's vectors, and what they stand for; see `SegmentWriter.finish`."""
    own = None if passages is None else passages.vectors
    if isinstance(vectors, VectorsWriter):
        vectors.finish(own)
    else:
        write_vectors(directory, vectors, passages=own)
    np.save(directory / "vectors.text.npy", texts)


def words(values: tuple[str | float, ...]) -> str:
    """Return an attribute's values as one text."""
    return " ".join([value if isinstance(value, str) else f"{value:g}" for value in values])


class Segment:
    """A published segment, read by memory map. `base` is the index-wide number of its first row."""

    def __init__(self, directory: Path, *, base: int) -> None:
        self.name = directory.name
        self.base = base
        self._directory = directory
        with self._opening():
            row = json.loads((directory / "segment.json").read_bytes())
            if row["format_version"] != FORMAT_VERSION:
                raise ValueError(f"format version {row['format_version']}")
            columns = directory / "columns"
            self._offsets: NDArray[np.int64] = mapped(directory / "entities.offsets.npy")
            self._lines: NDArray[np.uint8] = map_bytes(directory / "entities.jsonl")
            self.popularity: NDArray[np.float32] = mapped(columns / "popularity.npy")
            self.analysis: Analysis = read_analysis(row.get("analysis"))
            self.has_popularity = bool(row["has_popularity"])
            self.encoded = bool(row.get("encoded", True))
            self.fluency = Fluency.from_rows(row.get("fluency", []))
            fresh = columns / "freshness.npy"  # ltrr before 0.1 wrote none
            self.freshness: NDArray[np.float32] | None = mapped(fresh) if fresh.exists() else None
            self.standing = Standing(self.popularity, self.freshness)
            self.words = Words.open(columns)
            self.spelling = Spelling.open(columns)
            self.ids = Ids(columns)
            self.titles = Titles(columns)
            self.values = Values.open(columns, tuple(row["attributes"]))
            self.weighted = frozenset(row.get("weighted", ()))
            self.numbers = Numbers.open(columns, tuple(row.get("numbers", ())))
            self.vectors = Vectors(directory)
            self.sparse = Sparse.open(directory, int(row["entities"]))
            self.external = open_external(directory)
            self.fulltext = Fulltext(directory / "fulltext")
            self._named: dict[int, Named] = {}

    @contextmanager
    def _opening(self) -> Iterator[None]:
        """Turn what goes wrong with its files into an `IndexDirectoryError`."""
        try:
            yield
        except (OSError, ValueError, KeyError, TypeError) as error:
            many = isinstance(error, OSError) and error.errno == errno.EMFILE
            raise IndexDirectoryError(
                f"the segment cannot be opened: {error}",
                where=str(self._directory),
                next="let the process open more files (ulimit -n), then merge the segments: ltrr index compact"
                if many
                else "build the index again",
            ) from error

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.ids)

    @cached_property
    def postings(self) -> Postings:
        """Which rows have which value, mapped when a filter asks for it: they are many files.

        Of a segment that was built without them they are made here, for the time.
        """
        with self._opening():
            written = Postings.open(self._directory / "columns")
        if written is not None:
            return written
        with TemporaryDirectory(prefix="ltrr-", ignore_cleanup_errors=True) as folder:
            fields = {name for row in range(len(self)) for name in self.entity(row).attributes}
            writer = PostingsWriter(Path(folder), fields)
            for row in range(len(self)):
                writer.add(self.entity(row))
            writer.write()
            made = Postings.open(Path(folder))
        assert made is not None  # it was written just now
        return made

    def within(self, allowed: NDArray[np.bool_]) -> Segment:
        """Return the segment whose vectors are searched within the allowed rows, (rows,) bool.

        Full text is not: its order of all matches costs little, so `View.search` reads it as deep as it has to.
        """
        narrow = copy(self)
        narrow.vectors = self.vectors.within(np.flatnonzero(allowed))
        return narrow

    def entity(self, row: int) -> Entity:
        """Return the entity at a row of this segment."""
        return read_entity(self.line(row))

    def face(self, row: int) -> Face:
        """Return what a list of results shows of the entity at a row of this segment."""
        return read_face(self.line(row))

    def named(self, row: int) -> Named:
        """Return what the entity at a row of this segment is named, and names; the last ones are kept."""
        found = self._named.get(row)
        if found is None:
            if len(self._named) >= _NAMED_KEPT:
                self._named.clear()
            found = self._named[row] = read_named(self.line(row))
        return found

    def line(self, row: int) -> bytes:
        """Return the entity's JSON line."""
        return self._lines[self._offsets[row] : self._offsets[row + 1]].tobytes()

    def suggestions(self, row: int) -> list[tuple[str, str, float]]:
        """Return (attribute, key, weight) of what the entity's text says of it that the catalogue does not."""
        cut = tokens(self.entity(row).text)[:READ]
        phrases = {" ".join(cut[at:end]) for at in range(len(cut)) for end in range(at + 1, min(len(cut), at + 6) + 1)}
        listed = sorted(phrases)
        own = set(self.values.hashes[self.values.starts[row] : self.values.starts[row + 1]].tolist())
        found = self.values.readings(np.array([hash64(phrase) for phrase in listed], np.uint64)) if own else ()
        some = ((one.attribute, one.word or listed[place], one.suggested) for place, one in found if one.suggested > 0)
        return sorted({one for one in some if hash64(f"{one[0]}~{one[1]}") in own}, key=lambda one: (-one[2], *one[:2]))

    def row(self, entity_id: str) -> int | None:
        """Return the row of an id, None if the segment does not have it."""
        found = int(self.ids.rows(np.array([hash64(entity_id)], np.uint64))[0])
        return found if found >= 0 else None
