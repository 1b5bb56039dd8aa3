"""Checking what a manifest covers: every file by size and SHA-256, and whether what the files say fits together."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.index.files import digest, map_bytes, mapped
from ltrr_cli.index.segment import Segment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from ltrr_cli.index.manifest import Live

TRUTH = ("entities.jsonl",)
"""Files of a segment that nothing else in the index can give back, with those in `external/`: vectors made elsewhere.

The encoder's own vectors can be made again.
"""
_TOLERANCE = 1e-3
_LOCKS = (".tantivy-meta.lock", ".tantivy-writer.lock")


def damaged_files(directory: Path, live: Live) -> Iterator[tuple[str, str]]:
    """Yield (relative path, what is wrong) for each file that is not as the manifest says, and for unknown ones."""
    for name, (size, sha) in live.files.items():
        path = directory / name
        try:
            if path.is_symlink() or not path.is_file():
                yield name, "is missing"
            elif path.stat().st_size != size:
                yield name, f"has {path.stat().st_size:,} bytes, not {size:,}"
            elif digest(path) != sha:
                yield name, "has other content than was written"
        except OSError as error:
            yield name, f"cannot be read: {error.strerror}"
    for name in strangers(directory, live):
        yield name, "is no file of this index"


def strangers(directory: Path, live: Live) -> list[str]:
    """Return what lies in a live directory and is not in the manifest, but for Tantivy's lock files."""
    return [
        path.relative_to(directory).as_posix()
        for path in sorted(directory.rglob("*"))
        if (path.is_symlink() or not path.is_dir())
        and path.relative_to(directory).as_posix() not in live.files
        and path.name not in _LOCKS
    ]


def contradictions(directory: Path, live: Live) -> Iterator[str]:
    """Yield what does not fit together in a segment whose files are whole: numbers of rows, ids, offsets, vectors.

    Reads every entity and every vector.
    """
    segment = Segment(directory, base=0)
    count = live.entities
    lengths = {
        "ids": len(segment.ids),
        "offsets": len(mapped(directory / "entities.offsets.npy")) - 1,
        "popularity": len(segment.popularity),
        "vectors": len(segment.vectors.matrix),
        "texts of vectors": len(mapped(directory / "vectors.text.npy")),
        "documents of the full text": segment.fulltext.entities,
        "nodes of the graph": segment.vectors.nodes() - len(segment.vectors.passages),
    }
    if segment.freshness is not None:
        lengths["freshness"] = len(segment.freshness)
    for what, length in lengths.items():
        if length != count:
            yield f"{length:,} {what} for {count:,} entities"
    if any(not 0 <= row < count for row in live.tombstones):
        yield "a tombstone for a row that does not exist"
    if any(length != count for length in lengths.values()):
        return
    yield from _entities(segment, directory, count)
    yield from _vectors(segment)


def _entities(segment: Segment, directory: Path, count: int) -> Iterator[str]:
    offsets = mapped(directory / "entities.offsets.npy")
    if offsets[0] != 0 or offsets[-1] != len(map_bytes(directory / "entities.jsonl")) or (np.diff(offsets) <= 0).any():
        yield "offsets that do not cut entities.jsonl into lines"
        return
    ids = segment.ids.ids(np.arange(count))
    if len(set(ids)) < count:
        yield "an id that stands twice"
    for row, entity_id in enumerate(ids):
        line = segment.line(row)
        try:
            own = json.loads(line)["id"]
        except (ValueError, KeyError, TypeError, RecursionError):
            own = None
        if own != entity_id or segment.row(entity_id) != row or line.count(b"\n") != 1:
            yield f"row {row} is not the entity that its id says"
            return


def _vectors(segment: Segment) -> Iterator[str]:
    for matrix in (segment.vectors.matrix, segment.vectors.passages.vectors):
        yield from _norms(matrix)


def _norms(matrix: NDArray[np.float32]) -> Iterator[str]:
    for start in range(0, len(matrix), 4096):
        norms = np.linalg.norm(matrix[start : start + 4096], axis=1)
        # A text without a word has no direction: all 0.
        if not np.isfinite(norms).all() or (np.abs(norms - 1) > _TOLERANCE)[norms > 0].any():
            yield "a vector that is not of length 1"
            return
