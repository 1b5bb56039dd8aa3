"""Entity ids of one segment: row → id, and id → row, by memory map."""

from __future__ import annotations

from array import array
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.index.files import map_bytes, mapped
from ltrr_cli.index.growing import Growing
from ltrr_cli.text import hash64

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

_BY_ROW = "ids.by_row.npy"


def write_ids(directory: Path, ids: Iterable[str]) -> None:
    """Write the ids in row order, their hashes in row order, and these sorted."""
    offsets, unordered = Growing(directory / "ids.offsets.npy", np.int64), array("Q")
    with (directory / "ids.bin").open("wb") as out:
        offsets.add(0)
        for entity_id in ids:
            out.write(entity_id.encode())
            offsets.add(out.tell())
            unordered.append(hash64(entity_id))
    offsets.close()
    hashes = np.array(unordered, np.uint64)
    order = np.argsort(hashes, kind="stable")
    np.save(directory / _BY_ROW, hashes)
    np.save(directory / "ids.hash.npy", hashes[order])
    np.save(directory / "ids.row.npy", order.astype(np.int64))


class Ids:
    """Both directions of the mapping."""

    def __init__(self, directory: Path) -> None:
        self._text: NDArray[np.uint8] = map_bytes(directory / "ids.bin")
        self._offsets: NDArray[np.int64] = mapped(directory / "ids.offsets.npy")
        self._hashes: NDArray[np.uint64] = mapped(directory / "ids.hash.npy")
        self._rows: NDArray[np.int64] = mapped(directory / "ids.row.npy")
        by_row = directory / _BY_ROW
        self._written: NDArray[np.uint64] | None = mapped(by_row) if by_row.exists() else None
        if self._written is not None and len(self._written) != len(self._rows):
            raise ValueError("the files of ids do not fit together")

    def __len__(self) -> int:
        """Return the number of entities."""
        return len(self._rows)

    def ids(self, rows: NDArray[np.int64]) -> list[str]:
        """Return the ids of these rows."""
        starts, ends = self._offsets[rows].tolist(), self._offsets[rows + 1].tolist()
        text = self._text.data  # a view: its slices take half of the time that an array's do
        return [str(text[start:end], "utf-8") for start, end in zip(starts, ends, strict=True)]

    def hashes(self, rows: NDArray[np.int64]) -> NDArray[np.uint64]:
        """Return `hash64` of the ids of these rows, (n,)."""
        return self._by_row[rows]

    @cached_property
    def _by_row(self) -> NDArray[np.uint64]:
        """The hash of each row's id; an older ltrr did not write them: then they are made when first asked for."""
        if self._written is not None:
            return self._written
        hashes = np.zeros(len(self), np.uint64)
        if len(self):
            hashes.put(self._rows, self._hashes, mode="clip")  # of a damaged file some are wrong, and nothing fails
        return hashes

    def rows(self, hashes: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Return the row of each id hash, -1 where there is none: (n,) int64."""
        if not len(self):
            return np.full(len(hashes), -1, np.int64)
        places = np.minimum(np.searchsorted(self._hashes, hashes), len(self._hashes) - 1)
        return np.where(self._hashes[places] == hashes, self._rows[places], -1)
