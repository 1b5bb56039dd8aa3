"""Vectors that a build has computed and not published yet: they survive its end, however it ends, for the next one.

    unfinished/<encoder>.vectors    records of (uint64 hash of a text, dim float32: its unit vector), in any order

A record that a crash tore is cut off, or has no unit norm. Holds: the build lock.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.index.files import sync_file, writing

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

FOLDER = "unfinished"
_TOLERANCE = 1e-3
"""A vector whose squared norm is further from 1 was damaged."""
_READ = 65_536
"""Records that are checked together."""


class Computed:
    """What was computed with one encoder; `add` appends to it."""

    def __init__(self, root: Path, encoder: str, dim: int) -> None:
        self._path = root / FOLDER / f"{encoder}.vectors"
        self._record = np.dtype([("hash", "<u8"), ("vector", "<f4", (dim,))])

    def read(self) -> tuple[NDArray[np.uint64], NDArray[np.float32]]:
        """Return (hashes, vectors), (n,) and (n, dim), mapped; a damaged vector has the hash 0."""
        count = self._path.stat().st_size // self._record.itemsize if self._path.exists() else 0
        if not count:
            return np.empty(0, np.uint64), np.empty((0, *self._record["vector"].shape), np.float32)
        records = np.memmap(self._path, self._record, "r", shape=(count,))
        hashes, vectors = np.array(records["hash"]), records["vector"]
        for start in range(0, count, _READ):
            part = np.asarray(vectors[start : start + _READ])
            hashes[start : start + _READ][~(np.abs(np.einsum("nd,nd->n", part, part) - 1) < _TOLERANCE)] = 0
        return hashes, vectors

    def add(self, hashes: NDArray[np.uint64], vectors: NDArray[np.float32]) -> None:
        """Append the vectors of some texts, (n, dim), and their hashes, (n,); they are on the disk then."""
        records = np.empty(len(hashes), self._record)
        records["hash"], records["vector"] = hashes, vectors
        with writing(self._path.parent):
            new = not self._path.exists()
            self._path.parent.mkdir(exist_ok=True)
            with self._path.open("ab") as out:
                out.truncate(out.tell() // self._record.itemsize * self._record.itemsize)
                out.write(records.tobytes())
                out.flush()
                os.fsync(out.fileno())
            if new:
                sync_file(self._path.parent)


def forget_computed(root: Path) -> None:
    """Remove what was computed: a segment has it now."""
    shutil.rmtree(root / FOLDER, ignore_errors=True)
