"""A source as UTF-8 bytes: decompressed by magic number, UTF-16 recoded, with a head to look at before reading."""

from __future__ import annotations

import codecs
from itertools import chain
from typing import TYPE_CHECKING

from ltrr_cli.catalog.decompress import GZIP_MAGIC, ZSTD_MAGIC, BrokenError, gunzip, unzstd
from ltrr_cli.errors import CatalogError

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD = 1 << 20
"""Bytes that are looked at to find out what a source holds."""

_FOREIGN = {
    b"PK\x03\x04": ("a ZIP or Excel file", "unpack it, or export it as CSV"),
    b"BZh": ("compressed with bzip2", "recompress it with gzip or zstd"),
    b"\xfd7zXZ": ("compressed with xz", "recompress it with gzip or zstd"),
    b"SQLite format 3": ("an SQLite database", "export the table as CSV or JSONL"),
    b"%PDF": ("a PDF file", "name a JSONL, CSV, TSV or Parquet file"),
    b"\x89HDF": ("an HDF5 file", "export it as Parquet"),
    GZIP_MAGIC: ("compressed twice", "unpack it once"),
    ZSTD_MAGIC: ("compressed twice", "unpack it once"),
}


class Stream:
    """The decompressed bytes of one source, in chunks.

    `head` holds the first 1 MiB, or all if there is less. Once all chunks are read, `broken` says why they end early;
    it is "" when they do not. `recoded` says that the source was UTF-16.
    """

    def __init__(self, pieces: Iterator[bytes], name: str) -> None:
        self.name = name
        self.broken = ""
        self._rest = self._whole(self._unpacked(pieces))
        self.head = self._gather(b"")
        self.recoded = self.head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        if self.recoded:
            self._rest = _from_utf16(chain((self.head,), self._rest))
            self.head = self._gather(b"")
        elif self.head.startswith(codecs.BOM_UTF8):
            self.head = self.head[len(codecs.BOM_UTF8) :]

    def __iter__(self) -> Iterator[bytes]:
        """Yield the head, then the rest."""
        if self.head:
            yield self.head
        yield from self._rest

    def refuse_binary(self) -> None:
        """Stop at content that no reader understands.

        Raises:
            CatalogError: the head looks like another kind of file.
        """
        for magic, (what, advice) in _FOREIGN.items():
            if self.head.startswith(magic):
                raise CatalogError(f"this is {what}", where=self.name, next=advice)
        if b"\0" in self.head[:4096]:
            advice = "name a JSONL, CSV, TSV or Parquet file (text as UTF-8, or UTF-16 with a byte order mark)"
            raise CatalogError("this is not a text file", where=self.name, next=advice)

    def _gather(self, begin: bytes) -> bytes:
        gathered = [begin]
        have = len(begin)
        while have < HEAD and (piece := next(self._rest, None)) is not None:
            gathered.append(piece)
            have += len(piece)
        return b"".join(gathered)

    def _unpacked(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        begin = b""
        for piece in pieces:
            begin += piece
            if len(begin) >= len(ZSTD_MAGIC):
                break
        whole = chain((begin,), pieces) if begin else pieces
        if begin.startswith(GZIP_MAGIC):
            return gunzip(whole)
        return unzstd(whole) if begin.startswith(ZSTD_MAGIC) else whole

    def _whole(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """Turn a break into a remark, so that what came before it is kept."""
        try:
            for piece in pieces:
                if piece:
                    yield piece
        except BrokenError as error:
            self.broken = str(error)


def _from_utf16(pieces: Iterator[bytes]) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder("utf-16")("replace")
    for piece in pieces:
        yield decoder.decode(piece).encode("utf-8", "surrogatepass")
    yield decoder.decode(b"", final=True).encode("utf-8", "surrogatepass")
