"""What a cluster has on the disk, beside what every index has.

    cluster.json          written last: the digest of what was built from, and the shards with the segments they became
    shards/00000/         an ordinary index of the entities whose hash64(id) mod shards is 0; shard.json marks it done
    unfinished/<digest>/  while it is built: the split catalogue, its statistics, vectors as Parquet
    segments/000001/      the shard's segment again, by hard links: no byte lies there twice

`hash64` is BLAKE2b with 8 bytes, little-endian.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from ltrr_cli import __version__
from ltrr_cli.errors import IndexDirectoryError, NewerFormatError
from ltrr_cli.index.computed import FOLDER as UNFINISHED
from ltrr_cli.index.files import digest as digest_of
from ltrr_cli.index.files import replace_file
from ltrr_cli.text import hash64

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

FORMAT_VERSION = 1
MAX_SHARDS = 10_000
_NAME, _DONE = "cluster.json", "shard.json"
OWN = (_NAME, "shards")
"""What a cluster has beside an index's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """One shard: `shards/<name>`, so many entities, live as `segments/<segment>`."""

    name: str
    entities: int
    segment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What cluster.json says. Of `parts` by the hash of the id, those without entities have no shard.

    `bad` counts the records that were left out.
    """

    digest: str
    parts: int
    shards: tuple[Shard, ...]
    bad: int = 0

    def write(self, root: Path) -> None:
        """Write it down in one step."""
        row = {"format_version": FORMAT_VERSION, **asdict(self)}
        replace_file(root / _NAME, json.dumps(row, indent=1).encode() + b"\n")


def read_layout(root: Path) -> Layout | None:
    """Read cluster.json; None where there is none. Raises `IndexDirectoryError` for a damaged or newer one."""
    path = root / _NAME
    if not path.exists():
        return None
    try:
        row = json.loads(path.read_bytes())
        version = int(row["format_version"])
        if version > FORMAT_VERSION:
            raise NewerFormatError(f"the cluster has format version {version}", where=str(path), next="update ltrr")
        shards = tuple(Shard(**one) for one in row["shards"])
        bad = int(row.get("bad", 0))  # ltrr before 0.1 did not write it
        return Layout(digest=str(row["digest"]), parts=int(row["parts"]), shards=shards, bad=bad)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise IndexDirectoryError(
            f"cluster.json is damaged: {error}", where=str(path), next="build it again: ltrr cluster build"
        ) from error


def part_of(entity_id: str, parts: int) -> int:
    """Return which of the parts an entity belongs to."""
    return hash64(entity_id) % parts


def part_name(number: int) -> str:
    """Return the name of a part."""
    return f"{number:05d}"


def shard_folder(root: Path, name: str) -> Path:
    """Return the index that a shard is."""
    return root / "shards" / name


def work_folder(root: Path, digest: str) -> Path:
    """Return where a build with this digest keeps what it has done so far."""
    return root / UNFINISHED / digest


def finished(root: Path, name: str, digest: str) -> int | None:
    """Return how many entities the shard has if a build with this digest finished it, else None."""
    try:
        row = json.loads((shard_folder(root, name) / _DONE).read_bytes())
        return int(row["entities"]) if row["digest"] == digest else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def finish(root: Path, name: str, digest: str, entities: int) -> None:
    """Mark a shard as done; it is there, whole, when this is called."""
    replace_file(
        shard_folder(root, name) / _DONE, json.dumps({"digest": digest, "entities": entities}).encode() + b"\n"
    )


def inputs_digest(sources: Sequence[Path], settings: Mapping[str, object]) -> str:
    """Return the digest of the sources' contents, in order, and of all that decides what is made of them."""
    told = {"version": __version__, "sources": [digest_of(path) for path in sources], **settings}
    return hashlib.blake2b(json.dumps(told, sort_keys=True).encode(), digest_size=8).hexdigest()
