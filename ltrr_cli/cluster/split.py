"""Stage one, first half: the catalogue is read once, cut into parts by the hash of the id, and its statistics taken.

whole.json, whole.npz       the statistics of all (`index.whole`)
00000/000000.jsonl          chunks of a part: entities, a line each, as segments keep them
split.json                  written last: the schema, and how many entities and chunks each part has
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from ltrr_cli.catalog.schema import Schema
from ltrr_cli.cluster.layout import part_name, part_of
from ltrr_cli.index.entity_lines import entity_line, read_entity
from ltrr_cli.index.files import replace_file
from ltrr_cli.index.whole import Census
from ltrr_cli.records import Bad

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ltrr_cli.catalog import Catalog
    from ltrr_cli.records import Entity

CHUNK = 4096
"""Entities that are encoded by one task."""
_TOGETHER = 65_536
"""Bytes of a part that wait in memory."""
_NAME = "split.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A catalogue in parts: `entities` says how many each has.

    What was left out is counted in `bad`; `rejected` are the first 1,000, for the run that goes on where one stopped.
    """

    schema: Schema
    entities: tuple[int, ...]
    bad: int
    notes: tuple[str, ...]
    rejected: tuple[Bad, ...] = ()

    @property
    def parts(self) -> list[int]:
        """Numbers of the parts that have entities."""
        return [part for part, count in enumerate(self.entities) if count]

    def chunks(self, directory: Path, part: int) -> list[Path]:
        """Return a part's chunks, in order."""
        count = -(-self.entities[part] // CHUNK)
        return [chunk_file(directory, part, number) for number in range(count)]

    def write(self, directory: Path) -> None:
        """Write it down: the parts are whole."""
        row = {**asdict(self), "schema": self.schema.to_dict()}
        replace_file(directory / _NAME, json.dumps(row).encode() + b"\n")

    @classmethod
    def read(cls, directory: Path) -> Split | None:
        """Read it, None where the parts are not whole."""
        try:
            row = json.loads((directory / _NAME).read_bytes())
        except FileNotFoundError:
            return None
        return cls(
            schema=Schema.from_dict(row["schema"]),
            entities=tuple(row["entities"]),
            bad=int(row["bad"]),
            notes=tuple(row["notes"]),
            rejected=tuple(Bad(**one) for one in row.get("rejected", ())),
        )


def split(
    catalog: Catalog,
    directory: Path,
    parts: int,
    *,
    suggest: bool,
    progress: Callable[[str, int, int | None], None],
) -> Split:
    """Cut a catalogue into parts."""
    shutil.rmtree(directory, ignore_errors=True)
    for part in range(parts):
        (directory / part_name(part)).mkdir(parents=True)
    census = Census(directory / "counted", suggest=suggest)
    counts, waiting, done = [0] * parts, [bytearray() for _ in range(parts)], 0

    def write(part: int) -> None:
        with chunk_file(directory, part, (counts[part] - 1) // CHUNK).open("ab") as out:
            out.write(waiting[part])
        waiting[part].clear()

    for count, entity in enumerate(catalog, 1):
        part = part_of(entity.id, parts)
        waiting[part] += entity_line(entity)
        counts[part] += 1
        if len(waiting[part]) >= _TOGETHER or counts[part] % CHUNK == 0:
            write(part)
        census.add(entity)
        if count % 500 == 0:
            progress("reading", catalog.bytes_read - done, catalog.bytes_total)
            done = catalog.bytes_read
    for part in range(parts):
        if waiting[part]:
            write(part)
    progress("reading", catalog.bytes_read - done, catalog.bytes_total)
    found = Split(
        schema=catalog.schema,
        entities=tuple(counts),
        bad=catalog.bad_count,
        notes=tuple(catalog.notes),
        rejected=tuple(catalog.bad),
    )
    census.read(
        entity for part in found.parts for chunk in found.chunks(directory, part) for entity in read_chunk(chunk)
    )
    census.whole().write(directory)
    found.write(directory)
    return found


def chunk_file(directory: Path, part: int, number: int) -> Path:
    """Return the file of a part's chunk."""
    return directory / part_name(part) / f"{number:06d}.jsonl"


def read_chunk(path: Path) -> Iterator[Entity]:
    """Yield the entities of a chunk."""
    with path.open("rb") as lines:
        yield from map(read_entity, lines)
