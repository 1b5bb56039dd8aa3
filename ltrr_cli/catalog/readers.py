"""Raw records of any source: the format is found by content, with the file's name as a hint."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from ltrr_cli.catalog import jsonl, parquet
from ltrr_cli.catalog.delimited import read_delimited
from ltrr_cli.catalog.source import Meter, chunks, label, opened, size
from ltrr_cli.catalog.stream import Stream
from ltrr_cli.catalog.wrapped import around, is_indented

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ltrr_cli.catalog.jsonl import Raw

_DELIMITED = {".csv", ".tsv", ".tab", ".psv"}
_JSON = {".jsonl", ".ndjson", ".json"}
_PACKED = {".gz", ".zst", ".gzip", ".zstd"}


def read(source: str | Path, *, stdin: BinaryIO | None = None, meter: Meter | None = None) -> Iterator[Raw]:
    """Yield every record of a source with the line it begins at (from 1), or why it is bad.

    JSON lines, a JSON array of objects, also as a member of one object, objects over several lines each, CSV, TSV (also
    with `;` or `|`) and Parquet, each plain, gzip or Zstandard;
    `-` is `stdin`. Memory stays bounded: no file is loaded whole.

    Raises:
        CatalogError: the source cannot be opened, or holds none of these formats.
    """
    meter = meter if meter is not None else Meter()
    with opened(source, stdin) as file:
        stream = Stream(chunks(file, meter), label(source))
        if stream.head.startswith(parquet.MAGIC):
            plain = size(source) is not None and _begins(Path(source), parquet.MAGIC)
            yield from (
                parquet.read_parquet(Path(source), stream.name, meter) if plain else parquet.spooled(stream, meter)
            )
            return
        stream.refuse_binary()
        kind = form(stream.head, str(source))
        if kind == "array":
            yield from jsonl.read_array(stream)
        elif kind == "lines" and (inside := around(stream.head)):
            meter.note(f"{stream.name} is one object: the records are those under {inside[0][:80]!r}")
            yield from jsonl.read_array(stream, inside[1])
        elif kind == "lines" and is_indented(stream.head):
            yield from jsonl.read_objects(stream)
        elif kind == "lines":
            yield from jsonl.read_lines(stream)
        else:
            yield from read_delimited(stream, meter)


def form(head: bytes, name: str) -> str:
    """Return how text is laid out, `lines` (JSON), `array` (JSON) or `delimited`, from its beginning and its name."""
    suffixes = [suffix.lower() for suffix in Path(name).suffixes if suffix.lower() not in _PACKED]
    suffix = suffixes[-1] if suffixes else ""
    begin = head.lstrip()
    if suffix in _DELIMITED and not begin.startswith((b'{"', b'[{"')):
        return "delimited"
    if begin.startswith(b"["):
        return "array"
    if suffix in _JSON or begin.startswith(b"{"):
        return "lines"
    # A damaged first line does not make a CSV of JSON lines.
    first = [line.lstrip() for line in head[: 1 << 16].split(b"\n")[:20]]
    return "lines" if sum(line.startswith(b"{") for line in first) * 2 > sum(map(bool, first)) else "delimited"


def _begins(path: Path, magic: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(magic)) == magic
