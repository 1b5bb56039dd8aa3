"""How many entities have each value: there may be ten values for an entity that no other has.

They are gathered in files (`index/gathered.py`), and counted there once all are known.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from ltrr_cli.index.gathered import Gathered

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import polars as pl


class Counted:
    """Counts of (name, word): `add` each entity's, then go through the `tables`, as often as need be.

    Attributes:
        entities: how many were added.
    """

    def __init__(self, folder: Path) -> None:
        """`folder`, for the files, is there until `remove`."""
        self._folder = folder
        self._rows = Gathered(folder / "gathered")
        self._numbers: dict[str, int] = {}
        self._parts: list[Path] = []
        self.entities = 0

    @property
    def names(self) -> tuple[str, ...]:
        """The names so far, in the order of their numbers."""
        return tuple(self._numbers)

    def add(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Count an entity's (name, word), which may repeat; all are added before the tables are asked for."""
        self.entities += 1
        own = [*dict.fromkeys(pairs)]
        words = [word for _, word in own]
        numbers = [self._numbers.setdefault(name, len(self._numbers)) for name, _ in own]
        first = dict(zip(reversed(words), reversed(range(len(words))), strict=True))
        firsts = [first[word] == place for place, word in enumerate(words)]
        self._rows.extend(words, numbers, firsts, bytes(len(words)))

    def tables(self) -> Iterator[pl.DataFrame]:
        """Yield all counts: word (String), name (Int64, its number), entities (UInt32), first (Float64).

        Words ascend by their bytes, each is in one table. `first` counts the entities that have the word under no other
        name that was added before: summed over a word's rows, all that have it.
        """
        import polars as pl

        if not self._parts:
            self._count()
        for part in self._parts:
            yield pl.read_ipc(part)

    def _count(self) -> None:
        import polars as pl

        for table in self._rows.tables():
            counts = table.group_by("key", "number").agg(entities=pl.len(), first=pl.col("weight").sum())
            self._folder.mkdir(exist_ok=True)
            self._parts.append(self._folder / f"{len(self._parts)}.arrow")
            counts.rename({"key": "word", "number": "name"}).sort("word", "name").write_ipc(self._parts[-1])

    def remove(self) -> None:
        """Remove the files."""
        shutil.rmtree(self._folder, ignore_errors=True)
