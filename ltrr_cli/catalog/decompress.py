"""Gzip and Zstandard as streams of chunks: memory stays bounded, whatever the file claims to expand to."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_OUT = 1 << 18
# One Zstandard block takes 4 bytes and may expand to 128 KiB: a slice of 1 KiB gives at most 32 MiB.
_SLICE = 1 << 10


class BrokenError(Exception):
    """The bytes end early or are damaged; what came before is good."""


def gunzip(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Decompress gzip members one after the other.

    Raises:
        BrokenError: the data is damaged or ends inside a member.
    """
    member = zlib.decompressobj(wbits=31)
    begun = False
    for piece in pieces:
        rest = piece
        while rest:
            if not begun:
                rest = rest.lstrip(b"\0")  # tape and block devices pad members with zeros
                begun = bool(rest)
                continue
            before = member.copy()
            try:
                out = member.decompress(rest, _OUT)
            except zlib.error as error:
                yield _until_error(before, rest)
                raise BrokenError(f"the gzip data is damaged ({error})") from None
            if out:
                yield out
            rest = member.unconsumed_tail
            if member.eof:
                rest = member.unused_data
                member = zlib.decompressobj(wbits=31)
                begun = False
    if begun:
        yield member.flush()
        raise BrokenError("the gzip data ends early")


def _until_error(member: zlib._Decompress, piece: bytes) -> bytes:
    """Return what a piece gives before the damage: zlib itself drops all that the failing call had decompressed."""
    out: list[bytes] = []
    try:
        for start in range(len(piece)):
            out.append(member.decompress(piece[start : start + 1]))  # noqa: PERF401 – what came before an error counts
    except zlib.error:
        pass
    return b"".join(out)


def unzstd(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Decompress Zstandard frames one after the other.

    Raises:
        BrokenError: the data is damaged, ends inside a frame, or needs a window of more than 128 MiB.
    """
    import zstandard

    frame = zstandard.ZstdDecompressor().decompressobj()
    begun = False
    for piece in pieces:
        gathered: list[bytes] = []
        gathered_size = 0
        for start in range(0, len(piece), _SLICE):
            rest = piece[start : start + _SLICE]
            while rest:
                begun = True
                try:
                    out = frame.decompress(rest)
                except zstandard.ZstdError as error:
                    yield b"".join(gathered)
                    raise BrokenError(f"the Zstandard data is damaged ({error})") from None
                gathered.append(out)
                gathered_size += len(out)
                rest = b""
                if frame.eof:
                    rest = frame.unused_data
                    frame = zstandard.ZstdDecompressor().decompressobj()
                    begun = False
            if gathered_size >= _OUT:
                yield b"".join(gathered)
                gathered, gathered_size = [], 0
        yield b"".join(gathered)
    if begun:
        raise BrokenError("the Zstandard data ends early")
