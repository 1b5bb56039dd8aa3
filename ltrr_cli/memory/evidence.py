"""Observed evidence: how much reward a key (a query, a user, everybody) gave to an entity, decayed by its age.

Masses are kept relative to a fixed epoch, reward × 2^((time − epoch) / half-life), so that they only ever add up and
the past is never rewritten; a reader scales them down by 2^((now − epoch) / half-life).
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.memory.keys import MIN_SIMILARITY, Keys
from ltrr_cli.memory.keys_writer import write_keys
from ltrr_cli.memory.prefixes import write_prefixes
from ltrr_cli.text import hash64

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

EPOCH = 1_577_836_800.0  # 2020-01-01
Entries = tuple["NDArray[np.int64]", "NDArray[np.float64]"]
"""Rows (distinct, in the index) and their masses."""


def growth(time: float, half_life: float) -> float:
    """Return 2^((time − epoch) / half-life); both in seconds, half-life > 0."""
    return float(2.0 ** min(900.0, max(-900.0, (time - EPOCH) / half_life)))


class Evidence:
    """One table of masses: a mapped part from the last checkpoint, and what came since."""

    def __init__(self, name: str, *, words: bool) -> None:
        self.name = name
        self._words = words
        self._keys: Keys | None = None
        self._new: dict[str, dict[str, float]] = {}
        self._by_word: dict[str, set[str]] = {}
        self._by_hash: dict[int, str] = {}
        self._gone: set[int] = set()  # hashes of keys whose mapped part is forgotten
        self._gone_numbers: set[int] = set()
        self._gone_entities: set[str] = set()  # ids of entities whose mapped part is forgotten

    def open(self, directory: Path) -> None:
        """Map the part that a checkpoint wrote."""
        self._keys = Keys.open(directory / self.name)

    def add(self, key: str, entity_id: str, mass: float) -> None:
        """Add mass (relative to the epoch) for one entity under one key."""
        entities = self._new.get(key)
        if entities is None:
            entities = self._new[key] = {}
            if self._words:
                self._by_hash[hash64(key)] = key
                for word in key.split(" "):
                    self._by_word.setdefault(word, set()).add(key)
        entities[entity_id] = entities.get(entity_id, 0.0) + mass

    def forget_key(self, name: int) -> None:
        """Forget everything under the key with this `hash64`; what is added later counts again."""
        for key in [key for key in self._new if hash64(key) == name]:
            del self._new[key]
            self._by_hash.pop(name, None)
            for word in key.split(" "):
                self._by_word.get(word, set()).discard(key)
        self._gone.add(name)
        number = self._keys.exact(name) if self._keys is not None else None
        if number is not None:
            self._gone_numbers.add(number)

    def forget_entity(self, entity_id: str) -> None:
        """Forget one entity under every key; what is added later counts again."""
        for entities in self._new.values():
            entities.pop(entity_id, None)
        self._gone_entities.add(entity_id)

    @property
    def new(self) -> Mapping[str, Mapping[str, float]]:
        """What came since the last checkpoint: masses by key and entity id."""
        return self._new

    def latest(self, count: int) -> list[str]:
        """Return the keys that came last since the last checkpoint, the latest first."""
        return list(islice(reversed(self._new), count))

    def knows(self, key: str) -> bool:
        """Whether anything was added under exactly this key."""
        return key in self._new or (self._keys is not None and self._mapped(hash64(key)) is not None)

    def _mapped(self, name: int) -> int | None:
        """Return the number of a key in the mapped part, None if it is not there or forgotten."""
        number = self._keys.exact(name) if self._keys is not None else None
        return None if number in self._gone_numbers else number

    def exact(self, key: str, row: Callable[[str], int | None]) -> Entries | None:
        """Return the masses under exactly this key; `row` maps an id to its row in the index."""
        return self._entries(self._mapped(hash64(key)), key, row)

    def similar(
        self, query: Sequence[str], row: Callable[[str], int | None], near: Sequence[tuple[int, float]] = ()
    ) -> list[tuple[float, Entries]]:
        """Return (similarity, masses) for keys that share words with the query, the same key excluded.

        `near` adds (hash of a key, similarity in (0, 1]) of keys that are like it otherwise; of two similarities of
        one key the higher counts.
        """
        found = [
            (similarity, self._entries(number, "", row))
            for number, similarity in self._mapped_like(query, near).items()
        ]
        found += [
            (similarity, self._entries(None, key, row))
            for key, similarity in sorted(self._new_like(query, near).items())
        ]
        return [(similarity, entries) for similarity, entries in found if entries is not None]

    def _mapped_like(self, query: Sequence[str], near: Sequence[tuple[int, float]]) -> dict[int, float]:
        """Return how similar other keys of the mapped part are, by number."""
        if self._keys is None:
            return {}
        likeness = {
            number: similarity for number, similarity in self._keys.similar(query) if number not in self._gone_numbers
        }
        for name, similarity in near:
            number = self._mapped(name)
            if number is not None:
                likeness[number] = max(similarity, likeness.get(number, 0.0))
        same = self._keys.exact(hash64(" ".join(query)))
        if same is not None:
            likeness.pop(same, None)
        return likeness

    def _new_like(self, query: Sequence[str], near: Sequence[tuple[int, float]]) -> dict[str, float]:
        """Return how similar other keys are under which something came since the last checkpoint."""
        likeness = {self._by_hash[name]: similarity for name, similarity in near if name in self._by_hash}
        for key in {key for word in set(query) for key in self._by_word.get(word, ())}:
            shared = len(set(query) & set(key.split(" ")))
            similarity = shared / max(len(set(query)), len(set(key.split(" "))))
            if similarity >= MIN_SIMILARITY:
                likeness[key] = max(similarity, likeness.get(key, 0.0))
        likeness.pop(" ".join(query), None)
        return likeness

    def _entries(self, number: int | None, key: str, row: Callable[[str], int | None]) -> Entries | None:
        new = self._new.get(key) if key or number is None else None
        if number is None and new is None:
            return None
        fresh: dict[int, float] = {}
        for entity_id, mass in (new or {}).items():
            place = row(entity_id)
            if place is not None:
                fresh[place] = fresh.get(place, 0.0) + mass
        refs, values = np.empty(0, np.int64), np.empty(0)
        if number is not None and self._keys is not None:
            refs, values = self._keys.entries(number)
            kept = refs >= 0
            if self._gone_entities:
                gone = [place for place in map(row, self._gone_entities) if place is not None]
                kept &= ~np.isin(refs, np.array(gone, np.int64))
            refs, values = refs[kept], values[kept]
            # What everybody acted on is much, and what came since is little: only that is looked at one by one.
            for place in np.flatnonzero(np.isin(refs, list(fresh))).tolist() if fresh else ():
                values[place] += fresh.pop(int(refs[place]), 0.0)
        return (
            np.concatenate([refs, np.fromiter(fresh.keys(), np.int64, len(fresh))]),
            np.concatenate([values, np.fromiter(fresh.values(), np.float64, len(fresh))]),
        )

    def write(
        self, directory: Path, old: Path | None, rows_of: Callable[[NDArray[np.uint64]], NDArray[np.int64]]
    ) -> None:
        """Write the merged table: `name.parquet` is the truth, the lookup beside it refers to the rows of one view."""
        import polars as pl

        schema = {"key": pl.String, "entity_id": pl.String, "mass": pl.Float64}
        flat = [(key, entity_id, mass) for key, entities in self._new.items() for entity_id, mass in entities.items()]
        table = pl.DataFrame(flat, schema=schema, orient="row")
        if old is not None:
            before = pl.read_parquet(old / f"{self.name}.parquet")
            if self._gone or self._gone_entities:
                gone = [key for key in before["key"].unique().to_list() if hash64(key) in self._gone]
                lost = pl.col("key").is_in(gone) | pl.col("entity_id").is_in(sorted(self._gone_entities))
                before = before.filter(~lost)
            table = pl.concat([before, table])
        table = table.group_by("key", "entity_id").agg(pl.col("mass").sum()).sort("key", "entity_id")
        table.write_parquet(directory / f"{self.name}.parquet")
        ids = table["entity_id"].to_list()
        table = table.with_columns(
            row=pl.Series(rows_of(np.array([hash64(i) for i in ids], np.uint64)), dtype=pl.Int64)
        )
        grouped = table.group_by("key", maintain_order=True).agg("row", "mass")
        write_keys(directory / self.name, grouped.iter_rows(), words=self._words)

    @staticmethod
    def write_texts(directory: Path, name: str, users: Callable[[str], int]) -> None:
        """Write which keys a written table has, by their beginning, with their mass and how many users they have."""
        import polars as pl

        table = pl.read_parquet(directory / f"{name}.parquet").group_by("key").agg(pl.col("mass").sum())
        write_prefixes(directory / f"{name}.texts", ((key, mass, users(key)) for key, mass in table.iter_rows()))
