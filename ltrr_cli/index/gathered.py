"""Many rows of a text and some numbers, gathered one by one and given back in order: a build has twenty for an entity.

As Python objects a row would take half a kilobyte. Here some wait in memory; the others lie in files, each sorted, of
which the rows of one range of keys after the other are read. So memory hardly grows with the rows: by a byte or two.
"""

from __future__ import annotations

import shutil
from array import array
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    import polars as pl

_TOGETHER = 1 << 16
"""Rows that wait as Python objects, and then share a file."""
_RANGE = 1 << 18
"""Rows that are read together, about."""
_SAMPLED = 64
"""One of so many keys stays in memory: it tells where a range may end."""
_BATCH = 1 << 10
"""Rows of a file that can be read without the others."""


class Gathered:
    """Rows of (key, number, weight, kind) and perhaps a text; `add` them all, then go through the `tables` once.

    Attributes:
        length: how many there are.
    """

    def __init__(self, folder: Path, *, texts: bool = False) -> None:
        """`folder`, for the files, is made when it is needed, and removed at the end of `tables`."""
        self._folder = folder
        self._with_texts = texts
        self._parts: list[Path] = []
        self._sample: list[str] = []
        self.length = 0
        self._clear()

    def _clear(self) -> None:
        self._keys: list[str] = []
        self._texts: list[str] = []
        self._numbers, self._weights, self._kinds = array("q"), array("d"), array("B")

    def add(self, key: str, number: int, weight: float, kind: int = 0) -> None:
        """Add a row without a text; `kind` in 0…255."""
        self.extend((key,), (number,), (weight,), (kind,))

    def extend(
        self,
        keys: Sequence[str],
        numbers: Iterable[int],
        weights: Iterable[float],
        kinds: Iterable[int],
        texts: Iterable[str] = (),
    ) -> None:
        """Add a row for each key: quicker than one by one. `texts` if rows have them."""
        self._keys += keys
        self._numbers.extend(numbers)
        self._weights.extend(weights)
        self._kinds.extend(kinds)
        self._texts += texts
        self.length += len(keys)
        if len(self._keys) >= _TOGETHER:
            self._settle()

    def tables(self) -> Iterator[pl.DataFrame]:
        """Yield all rows: key (String), number (Int64), weight (Float64), kind (UInt8), with texts also text (String).

        Keys ascend by their bytes, within a table and from one to the next; rows of a key are in one table, in the
        order of adding. There is at least one table.
        """
        import polars as pl

        if not self._parts:  # few: no files
            yield self._taken()
            return
        if self._keys:
            self._settle()
        try:
            places = self._places()
            for low, high in pairwise(places):
                parts = [
                    pl.scan_ipc(part).slice(start, end - start)
                    for part, start, end in zip(self._parts, low, high, strict=True)
                ]
                yield pl.concat(parts).collect().sort("key", maintain_order=True)
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _places(self) -> list[list[int]]:
        """Return where the ranges begin in each part, and at last where the parts end."""
        import polars as pl

        sample = pl.Series(self._sample, dtype=pl.String).sort()
        self._sample = []
        bounds = sample.gather_every(max(1, _RANGE // _SAMPLED))[1:].unique().sort()
        places = [[0] * len(self._parts)] + [[] for _ in range(len(bounds) + 1)]
        for part in self._parts:
            own = pl.scan_ipc(part).select("key").collect()["key"]
            found = own.search_sorted(bounds, "left").to_list() if len(bounds) else []
            for place, row in zip([*found, len(own)], places[1:], strict=True):
                row.append(place)
        return places

    def _settle(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._parts.append(self._folder / f"{len(self._parts)}.arrow")
        table = self._taken()
        self._sample += table["key"].gather_every(_SAMPLED, _SAMPLED // 2).to_list()  # a Series would keep all keys
        table.write_ipc(self._parts[-1], record_batch_size=_BATCH)

    def _taken(self) -> pl.DataFrame:
        """Return the rows that wait, which do so no more."""
        import numpy as np
        import polars as pl

        columns = {
            "key": pl.Series(self._keys, dtype=pl.String),
            "number": pl.Series(np.array(self._numbers, np.int64)),
            "weight": pl.Series(np.array(self._weights, np.float64)),
            "kind": pl.Series(np.array(self._kinds, np.uint8)),
        }
        if self._with_texts:
            columns["text"] = pl.Series(self._texts, dtype=pl.String)
        self._clear()
        return pl.DataFrame(columns).sort("key", maintain_order=True)
