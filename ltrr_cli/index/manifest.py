"""manifest.json: the only file that is ever replaced. It names the live segments and the live learned snapshot."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ltrr_cli.errors import IndexDirectoryError, NewerFormatError
from ltrr_cli.index.files import replace_file

if TYPE_CHECKING:
    from pathlib import Path

FORMAT_VERSION = 1
NAME = "manifest.json"
_CHECK = b',\n "sha256": "'
_CHECK_BYTES = len(_CHECK) + 64 + len(b'"\n}\n')
Files = dict[str, tuple[int, str]]
"""Relative path → (size in bytes, SHA-256) of every immutable file in a directory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """A live immutable directory, `segments/<name>` or `learned/<name>`, and its files."""

    name: str
    files: Files = field(default_factory=dict)
    entities: int = 0
    tombstones: tuple[int, ...] = ()  # rows of a segment that a later one replaced or deleted
    part: bool = False  # of one build with the segment before it


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """The catalogue of the generation before: its segments are kept, so that it can be put live again."""

    generation: int
    created: str
    encoder: str
    sparse: str
    segments: tuple[Live, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One published state of the index: segments and learned state that belong together."""

    generation: int
    encoder: str
    segments: tuple[Live, ...]
    learned: Live
    created: str
    next_segment: int
    next_learned: int
    sparse: str = ""  # the encoder of sparse vectors; "": there is none
    earlier: Earlier | None = None  # what a rollback goes back to

    @property
    def directories(self) -> set[str]:
        """Every immutable directory that this state or the earlier one needs, such as `segments/000001`."""
        catalogues = [one for one in (self.as_earlier(), self.earlier) if one is not None]
        encoders = {digest for one in catalogues for digest in (one.encoder, one.sparse) if digest}
        segments = {live.name for one in catalogues for live in one.segments}
        return {
            f"learned/{self.learned.name}",
            *(f"encoder/{digest}" for digest in encoders),
            *(f"segments/{name}" for name in segments),
        }

    def as_earlier(self) -> Earlier:
        """Return the catalogue of this generation, as the next one keeps it."""
        return Earlier(
            generation=self.generation,
            created=self.created,
            encoder=self.encoder,
            sparse=self.sparse,
            segments=self.segments,
        )

    def write(self, root: Path) -> None:
        """Publish: after this returns, every opener sees this state, also after a power cut."""
        replace_file(root / NAME, self.encode())

    def encode(self, *, checked: bool = True) -> bytes:
        """Return the file's content; not `checked` as ltrr before 0.1 wrote it, without a checksum at its end."""
        row = {
            "format_version": FORMAT_VERSION,
            "generation": self.generation,
            "created": self.created,
            "encoder": self.encoder,
            **({"sparse": self.sparse} if self.sparse else {}),
            "segments": [_encode(live) for live in self.segments],
            "learned": _encode(self.learned),
            "next_segment": self.next_segment,
            "next_learned": self.next_learned,
            **({"earlier": _encode_earlier(self.earlier)} if self.earlier is not None else {}),
        }
        text = json.dumps(row, indent=1).encode()
        if not checked:
            return text + b"\n"
        return b'%b%b%b"\n}\n' % (text[:-2], _CHECK, hashlib.sha256(text).hexdigest().encode())


def stamp(root: Path) -> tuple[int, int, int]:
    """Return what differs once another manifest was published: a look at the file, which is not read."""
    try:
        status = (root / NAME).stat()
    except OSError:
        return (0, 0, 0)
    return status.st_ino, status.st_mtime_ns, status.st_size


def read_manifest(root: Path) -> Manifest:
    """Read the manifest of the index at `root`.

    Raises `IndexDirectoryError` if there is none, if it is damaged, or if its format version is not ours.
    """
    path = root / NAME
    try:
        content = path.read_bytes()
        row = json.loads(content)
        if isinstance(row, dict) and "sha256" in row and not _sound(content):
            raise ValueError("the checksum does not match")
    except FileNotFoundError:
        raise IndexDirectoryError(
            "no index here", where=str(root), next="make one with: ltrr index build CATALOG --index DIR.ltrr"
        ) from None
    except OSError as error:
        raise IndexDirectoryError(f"cannot read the index: {error.strerror}", where=str(path)) from error
    except (ValueError, RecursionError) as error:
        raise IndexDirectoryError(
            "the manifest is damaged", where=str(path), next="build the index again; its logs are kept"
        ) from error
    version = row.get("format_version") if isinstance(row, dict) else None
    if isinstance(version, int) and version > FORMAT_VERSION:
        raise NewerFormatError(
            f"the index has format version {version}, this ltrr reads {FORMAT_VERSION}",
            where=str(path),
            next="update ltrr, or build another index",
        )
    if version != FORMAT_VERSION:
        raise IndexDirectoryError(
            f"the manifest is damaged: format version {version}",
            where=str(path),
            next="build the index again; its logs are kept",
        )
    try:
        return Manifest(
            generation=int(row["generation"]),
            created=str(row["created"]),
            encoder=_plain(row["encoder"]),
            sparse=_plain(row["sparse"]) if row.get("sparse") else "",
            segments=tuple(_decode(live) for live in row["segments"]),
            learned=_decode(row["learned"]),
            next_segment=int(row["next_segment"]),
            next_learned=int(row["next_learned"]),
            earlier=_decode_earlier(row["earlier"]) if row.get("earlier") else None,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise IndexDirectoryError(
            f"the manifest is damaged: {error}", where=str(path), next="build the index again; its logs are kept"
        ) from error


def _sound(content: bytes) -> bool:
    """Tell whether a manifest that has a checksum agrees with it."""
    body, check = content[:-_CHECK_BYTES] + b"\n}", content[-_CHECK_BYTES:]
    return check == b'%b%b"\n}\n' % (_CHECK, hashlib.sha256(body).hexdigest().encode())


def _encode(live: Live) -> dict[str, Any]:
    return {
        "name": live.name,
        "entities": live.entities,
        "tombstones": list(live.tombstones),
        **({"part": True} if live.part else {}),
        "files": {name: list(entry) for name, entry in live.files.items()},
    }


def _decode(row: dict[str, Any]) -> Live:
    return Live(
        name=_plain(row["name"]),
        entities=int(row["entities"]),
        tombstones=tuple(int(number) for number in row["tombstones"]),
        part=bool(row.get("part")),
        files={_inside(name): (int(size), str(sha)) for name, (size, sha) in row["files"].items()},
    )


def _encode_earlier(earlier: Earlier) -> dict[str, Any]:
    return {
        "generation": earlier.generation,
        "created": earlier.created,
        "encoder": earlier.encoder,
        "sparse": earlier.sparse,
        "segments": [_encode(live) for live in earlier.segments],
    }


def _decode_earlier(row: dict[str, Any]) -> Earlier:
    return Earlier(
        generation=int(row["generation"]),
        created=str(row["created"]),
        encoder=_plain(row["encoder"]),
        sparse=_plain(row["sparse"]) if row["sparse"] else "",
        segments=tuple(_decode(live) for live in row["segments"]),
    )


def _plain(name: object) -> str:
    """Refuse a name that would lead out of the index directory."""
    if not isinstance(name, str) or not name.isalnum():
        raise ValueError(f"unusable name {name!r}")
    return name


def _inside(name: str) -> str:
    """Refuse a file's path that would lead out of its directory."""
    if not all(part and part not in (".", "..") and "\0" not in part for part in name.split("/")):
        raise ValueError(f"unusable path {name!r}")
    return name
