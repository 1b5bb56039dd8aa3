"""A catalogue: sources in, entities out, and an account of what was left out."""

from __future__ import annotations

import json
from itertools import chain, islice
from typing import TYPE_CHECKING, BinaryIO

from ltrr_cli.catalog.entities import Maker
from ltrr_cli.catalog.infer import INFER_ALL, Overrides, infer, with_others
from ltrr_cli.catalog.objects import joined
from ltrr_cli.catalog.readers import read
from ltrr_cli.catalog.seen import Seen
from ltrr_cli.catalog.source import Meter, label, size
from ltrr_cli.errors import CatalogError
from ltrr_cli.records import Bad, Entity
from ltrr_cli.text import hash64

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from ltrr_cli.catalog.jsonl import Raw
    from ltrr_cli.catalog.schema import Schema

SAMPLE = 2000
"""Records from which the schema is inferred, over all sources."""
MAX_BAD = 1000
"""Bad records that are remembered; all are counted."""
_LINE_BITS = 40
_DEEPEST = 4


class Catalog:
    """The entities of some sources, read one by one; iterate once.

    `schema` is the one given, or inferred: every source gives its share of the first 2,000 records. `read_count`
    counts the entities handed out, `bad_count` the records left out (`bad` holds the first 1,000). `notes` are
    remarks for the user, complete after the pass. `bytes_read` of `bytes_total` (as stored, compressed) serve a
    progress bar; the total is None where a source is a stream.
    """

    def __init__(
        self,
        sources: Sequence[str | Path],
        *,
        overrides: Overrides = INFER_ALL,
        schema: Schema | None = None,
        like: Schema | None = None,
        strict: bool = False,
        stdin: BinaryIO | None = None,
        on_bad: Callable[[Bad], None] | None = None,
    ) -> None:
        """Open the sources and, without a schema, infer one; `on_bad` is told of every record that is left out.

        `like` is the schema of the entities that these join.

        Raises:
            CatalogError: no source, one that cannot be opened, or an override that names no field.
        """
        if not sources:
            raise CatalogError("no catalogue is named", next="name a JSONL, CSV or Parquet file, or - for stdin")
        self.bad: list[Bad] = []
        self.bad_count = 0
        self.read_count = 0
        self.notes: list[str] = []
        self._sources = list(sources)
        self._strict = strict
        self._stdin = stdin
        self._on_bad = on_bad
        self._meters = [Meter() for _ in sources]
        sizes = [size(source) for source in sources]
        self.bytes_total = None if None in sizes else sum(filter(None, sizes))
        streams = [label(source) for source, known in zip(sources, sizes, strict=True) if known is None]
        if len(set(streams)) < len(streams):
            raise CatalogError(
                "a stream is named twice", where=streams[0], next="it can be read only once: name it once"
            )
        # A file is read again after the sample; a stream cannot be: what the sample took is kept.
        self._begun: dict[int, tuple[list[Raw], Iterator[Raw]]] = {}
        self._spent = False
        self.schema = schema if schema is not None else self._infer(sizes, overrides, like)

    @property
    def bytes_read(self) -> int:
        """Bytes read so far, as stored."""
        return sum(meter.bytes_read for meter in self._meters)

    def __iter__(self) -> Iterator[Entity]:
        """Yield the entities in order; of those that share an id, the first.

        Raises:
            CatalogError: a source cannot be read on, nothing is usable, a second pass, or (strict) a bad record.
        """
        maker = Maker(self.schema)
        seen = Seen()  # a place is source and line in one number
        if not self.schema.id:
            self._note("ids are made from the content of the records: no field tells them apart")
        for number, line, raw in self.records():
            made = maker.make(raw)
            if isinstance(made, Entity):
                place = number << _LINE_BITS | line
                first = seen.before(hash64(made.id), place)  # which may be on the same line
                if first is None:
                    self.read_count += 1
                    yield made
                    continue
                made = f"duplicate id, first seen at {self._place(first)}"
            self.leave_out(number, line, made)
        for remark in maker.notes():
            self._note(remark)
        self.check_usable()

    def records(self) -> Iterator[tuple[int, int, Mapping[str, object]]]:
        """Yield (number of its source, its line, the record) of what can be read, instead of entities.

        A record is as it is written, but that lists of objects are objects of lists; see `objects`.

        Raises:
            CatalogError: a source cannot be read on, a second pass, or (strict) a bad record.
        """
        if self._spent:
            raise CatalogError("this catalogue was read already", next="open it anew")
        self._spent = True
        for number in range(len(self._sources)):
            for line, raw in self._raw(number):
                if isinstance(raw, Bad):
                    self._leave_out(raw)
                else:
                    yield number, line, joined(raw)
            for remark in self._meters[number].notes:
                self._note(remark)

    def leave_out(self, number: int, line: int, reason: str) -> None:
        """Count a record of a source as bad; raises `CatalogError` if the catalogue is strict."""
        self._leave_out(Bad(source=label(self._sources[number]), line=line, reason=reason))

    def check_usable(self) -> None:
        """Raise `CatalogError` where no record was usable."""
        if not self.read_count:
            raise self._nothing()

    def _infer(self, sizes: Sequence[int | None], overrides: Overrides, like: Schema | None) -> Schema:
        share = -(-SAMPLE // len(self._sources))
        samples: list[list[Mapping[str, object]]] = []
        for number, source in enumerate(self._sources):
            if sum(map(len, samples)) >= SAMPLE:
                break
            rows = read(source, stdin=self._stdin, meter=Meter() if sizes[number] is not None else self._meters[number])
            taken: list[Raw] = []
            good = 0
            for line, raw in islice(rows, 10 * share):
                taken.append((line, raw))
                good += not isinstance(raw, Bad)
                if good == share:
                    break
            samples.append([raw for _, raw in taken if not isinstance(raw, Bad)])
            if sizes[number] is None:
                self._begun[number] = taken, rows
        # Without a record there is nothing that an override could name; the pass will say so better.
        read_as = [[*map(joined, one)] for one in samples]
        sample = [*chain.from_iterable(read_as)]
        schema = infer(sample, overrides if sample else INFER_ALL, like=like, tell=self._note)
        if len(samples) > 1:
            schema = with_others(schema, read_as)
        if len(sample) == 1 and not (schema.id and schema.title):
            _refuse_wrapper(next(chain.from_iterable(samples)), label(self._sources[0]))
        return schema

    def _raw(self, number: int) -> Iterator[Raw]:
        if number in self._begun:
            taken, rows = self._begun.pop(number)
            yield from taken
            yield from rows
        else:
            yield from read(self._sources[number], stdin=self._stdin, meter=self._meters[number])

    def _place(self, packed: int) -> str:
        return f"{label(self._sources[packed >> _LINE_BITS])}:{packed & (1 << _LINE_BITS) - 1}"

    def _leave_out(self, bad: Bad) -> None:
        self.bad_count += 1
        if len(self.bad) < MAX_BAD:
            self.bad.append(bad)
        if self._on_bad is not None:
            self._on_bad(bad)
        if self._strict:
            raise CatalogError(
                bad.reason, where=f"{bad.source}:{bad.line}", next="correct it, or read without --strict"
            )

    def _note(self, remark: str) -> None:
        if remark not in self.notes:
            self.notes.append(remark)

    def _nothing(self) -> CatalogError:
        where = ", ".join(label(source) for source in self._sources[:3])
        if not self.bad:
            return CatalogError("there is no record", where=where, next="check that this is the right file")
        first = self.bad[0]
        advice = f"the first, {first.source}:{first.line}: {first.reason}"
        if first.reason.startswith("not JSON"):
            advice += "; JSON must be an array of objects, or objects one after the other"
        return CatalogError(f"none of the {self.bad_count:,} records is usable", where=where, next=advice)


def _refuse_wrapper(record: Mapping[str, object], source: str, within: tuple[str, ...] = ()) -> None:
    """Refuse a single object around a list of objects: an export whose records are some levels further down."""
    for name, value in record.items():
        path = (*within, name)
        if isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
            raise CatalogError(
                f"this is one object with {len(value):,} records inside, under {'.'.join(path)!r}",
                where=source,
                next=f"take them out, for example with: jq -c '{''.join(f'.[{json.dumps(one)}]' for one in path)}[]'",
            )
        if isinstance(value, dict) and len(within) < _DEEPEST:
            _refuse_wrapper(value, source, path)
