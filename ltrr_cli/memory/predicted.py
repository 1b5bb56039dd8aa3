"""Predicted queries: what people will probably type to reach an entity, guessed from its own fields at build time.

Names (title, alias, creator) are kept as they are; pairs of fields, key phrases and what a model generated
(`memory.generated`) only where the entity is found for them (`memory.consistency`), and count less the
further down it stands. A key's score for an entity is its share of the key's pull: a title that many entities share
predicts none of them strongly, and the more popular ones a little more.
"""

from __future__ import annotations

import math
import shutil
from array import array
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.index.bag import BagsWriter
from ltrr_cli.index.gathered import Gathered
from ltrr_cli.memory.consistency import MOST_SHARED, Judge
from ltrr_cli.memory.guesses import NAMED, guesses
from ltrr_cli.memory.keys import Keys
from ltrr_cli.memory.keys_writer import write_keys
from ltrr_cli.memory.phrases import Phrases
from ltrr_cli.memory.prefixes import Prefixes, write_tables
from ltrr_cli.text import key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    import polars as pl
    from numpy.typing import NDArray

    from ltrr_cli.analysis.base import Analysis, Terms
    from ltrr_cli.index.counted import Counted
    from ltrr_cli.records import Entity

WEIGHTS = {
    "title": 1.0,
    "alias": 0.9,
    "title+creator": 1.0,
    "creator": 0.3,
    "attribute": 0.3,
    "title+attribute": 0.9,
    "creator+attribute": 0.5,
    "type+attribute": 0.3,
    "attribute+attribute": 0.4,
    "phrase": 0.4,
    "generated": 0.4,
}
"""How strongly each kind of predicted query speaks for its entity."""
_KINDS = tuple(WEIGHTS)
_NUMBER = {kind: number for number, kind in enumerate(_KINDS)}
PHRASES = 4
"""Key phrases of an entity's text."""
_MAX_WORDS = 16
_STARTS = 4
"""Words of a title from which a prefix may go on."""
_LATER_START = 0.5
_MOST_ENTITIES = 100
_BATCH = 1 << 14
"""Rows that are copied to predicted.parquet together: some such batches wait in memory."""
_TOGETHER = 4096
"""Keys that are read from the table together."""
_LAST = 0.5
"""What a guess keeps of its score where the entity is the last that is found; at the top it keeps all."""


class PredictedWriter:
    """Collects the predicted queries of one segment: `read` every entity, `add` every row in order, then `write`.

    Between the last two comes `refine`, by which they are judged.
    """

    def __init__(self, directory: Path, *, creator: str, values: Counted) -> None:
        """`directory` is the segment's, `creator` names the attribute of who made an entity.

        `values` counts those of all entities; they complete a prefix, too.
        """
        self._directory = directory
        self._values = values
        self._creator = creator
        self._phrases = Phrases()
        self._pulls = array("d")
        self._guesses = Gathered(directory / "guesses")
        self._titles = Gathered(directory / "titles")
        self._bags = BagsWriter(directory / "bags")
        self._judge: Judge | None = None

    def read(self, entity: Entity) -> None:
        """Count the words of an entity's text: by them key phrases are told."""
        self._phrases.count(entity.text)

    def add(self, row: int, entity: Entity, popularity: float, indexed: Mapping[str, Terms]) -> None:
        """Add the next row; `popularity` in [0, 1], nan if unknown; `indexed` are the terms of its fields."""
        self._bags.add(row, indexed)
        self._pulls.append(0.5 if math.isnan(popularity) else 0.25 + 0.75 * popularity)
        self._complete(row, entity)
        phrases = self._phrases.of(entity.text, PHRASES)
        self._put(row, [*guesses(entity, self._creator), *((phrase, "phrase") for phrase in phrases)])

    def _complete(self, row: int, entity: Entity) -> None:
        """Note what a prefix may go on to: the title, from each of its first words on."""
        words = key(entity.title).split()
        rests = [" ".join(words[start:]) for start in range(min(len(words), _STARTS))]
        pulls = [self._pulls[row] * (_LATER_START if start else 1.0) for start in range(len(rests))]
        self._titles.extend(rests, [row] * len(rests), pulls, bytes(len(rests)))

    def _put(self, row: int, pairs: Iterable[tuple[str, str]]) -> None:
        """Add a row's guesses and their kinds."""
        kept = [(guess, kind) for guess, kind in pairs if guess.count(" ") < _MAX_WORDS]
        pull = self._pulls[row]
        self._guesses.extend(
            [guess for guess, _ in kept],
            [row] * len(kept),
            [WEIGHTS[kind] * pull for _, kind in kept],
            [_NUMBER[kind] for _, kind in kept],
        )

    def refine(self, analysis: Analysis, *, generated: Sequence[Sequence[str]] = ()) -> None:
        """Drop, when they are written, the guesses that the entities' words do not bear out.

        `generated` are the queries that a model made for each row, in order.
        """
        for row, queries in enumerate(generated):
            self._put(row, ((one, "generated") for one in filter(None, map(key, queries))))
        self._judge = Judge(self._bags.finish(), analysis)

    def _judged(self, table: pl.DataFrame, judge: Judge, progress: Callable[[int], None]) -> pl.DataFrame:
        """Return the guesses that are borne out, with what their standing leaves of their weights.

        `progress` is told how many were looked at since the last call.
        """
        kinds = table["kind"].to_numpy()
        named = np.isin(kinds, [_NUMBER[kind] for kind in NAMED])
        generated = np.append(0, (kinds == _NUMBER["generated"]).cumsum())  # how many in the rows before each
        ranks, told = np.zeros(len(table), np.int64), 0  # 0: not found, or not looked for
        for names, places in _groups(table, ~named):
            begin, end = int(places[0, 0]), int(places[-1, 1])
            rows = table["number"][begin:end].to_list()
            own = generated[places[:, 0]] == generated[places[:, 1]]  # made of the entities' own words
            for guess, (low, high), whole in zip(names.to_list(), places.tolist(), own.tolist(), strict=True):
                if high - low <= MOST_SHARED:
                    found = judge.ranks(guess, whole=whole)
                    ranks[low:high] = [found.get(row, 0) for row in rows[low - begin : high - begin]]
            progress(end - told)
            told = end
        progress(len(table) - told)
        standing = np.where(named, 1.0, _LAST + (1 - _LAST) / np.maximum(1, ranks))
        return table.with_columns(weight=table["weight"].to_numpy() * standing).filter(named | (ranks > 0))

    def write(self, progress: Callable[[int, int], None] = lambda *_: None) -> None:
        """Write predicted.parquet (key, row, score, kind), the lookup beside it, and the tables of completions.

        `progress` is told (guesses looked at since the last call, in all).
        """
        import polars as pl

        folder = self._directory / "scored"
        folder.mkdir()
        parts: list[Path] = []

        def entries() -> Iterator[tuple[str, list[int], list[float]]]:
            for table in self._scored(progress):
                parts.append(folder / f"{len(parts)}.arrow")
                table.write_ipc(parts[-1], record_batch_size=_BATCH)
                yield from _entries(table)

        write_keys(self._directory / "predicted", entries())
        pl.scan_ipc(parts).sink_parquet(self._directory / "predicted.parquet")
        shutil.rmtree(folder)
        self._bags.remove()
        write_tables(self._directory / "complete.titles", self._titles.tables())
        write_tables(self._directory / "complete.values", map(_completed, self._values.tables()))

    def _scored(self, progress: Callable[[int, int], None]) -> Iterator[pl.DataFrame]:
        """Yield the guesses that are kept, one range of keys after the other, with their scores."""
        total = self._guesses.length
        progress(0, total)
        for part in self._guesses.tables():
            table = _strongest(part)
            progress(len(part) - len(table), total)
            if self._judge is None:
                progress(len(table), total)
            else:
                table = self._judged(table, self._judge, lambda rows: progress(rows, total))
            yield _scores(table)


def _strongest(table: pl.DataFrame) -> pl.DataFrame:
    """Return the guesses by key and row, of each the strongest kind, the first of equally strong ones."""
    table = table.with_row_index("order")
    table = table.sort("key", "number", "weight", "order", descending=[False, False, True, False])
    return table.unique(["key", "number"], keep="first", maintain_order=True).drop("order")


def _scores(table: pl.DataFrame) -> pl.DataFrame:
    """Return (key, row, score, kind) of each key's best rows: a row's share of the key's pull."""
    import polars as pl

    total = pl.col("weight").sum().over("key")
    table = table.with_columns(total=total).sort("key", "weight", "number", descending=[False, True, False])
    table = table.filter(pl.int_range(pl.len()).over("key") < _MOST_ENTITIES)
    kinds = table["kind"].to_numpy()
    # At most the kind's own weight.
    shares = np.array([*WEIGHTS.values()])[kinds] * table["weight"].to_numpy() / table["total"].to_numpy()
    names = pl.Series(_KINDS, dtype=pl.String).gather(kinds)
    return table.select("key", row="number", score=pl.Series(shares, dtype=pl.Float64), kind=names)


def _groups(
    table: pl.DataFrame, wanted: NDArray[np.bool_] | None = None
) -> Iterator[tuple[pl.Series, NDArray[np.int64]]]:
    """Yield, some thousands at a time, the keys of a table sorted by them, and the places (n, 2) of each one's rows.

    With `wanted`, (rows,) bool, only the keys that have such a row.
    """
    keys = table["key"]
    first = np.flatnonzero((keys != keys.shift()).fill_null(True).to_numpy())
    places = np.stack([first, np.append(first[1:], len(table))[: len(first)]], axis=1)
    if wanted is not None and len(first):
        places = places[np.logical_or.reduceat(wanted, first)]
    for start in range(0, len(places), _TOGETHER):
        part = places[start : start + _TOGETHER]
        yield keys.gather(part[:, 0]), part


def _completed(table: pl.DataFrame) -> pl.DataFrame:
    """Return the words of a table of counted values, and how many entities have each: its number and its weight."""
    import polars as pl

    counts = table.group_by(pl.col("word").alias("key")).agg(weight=pl.col("first").sum())
    return counts.with_columns(number=pl.col("weight").cast(pl.Int64))


def _entries(table: pl.DataFrame) -> Iterator[tuple[str, list[int], list[float]]]:
    """Yield (key, rows, scores) of a table sorted by key."""
    rows, scores = table["row"].to_numpy(), table["score"].to_numpy()
    for names, places in _groups(table):
        begin, end = int(places[0, 0]), int(places[-1, 1])
        of_rows, of_scores = rows[begin:end].tolist(), scores[begin:end].tolist()
        for name, (low, high) in zip(names.to_list(), (places - begin).tolist(), strict=True):
            yield name, of_rows[low:high], of_scores[low:high]


def open_predicted(directory: Path) -> Keys:
    """Map the lookup of one segment; refs are that segment's rows."""
    return Keys.open(directory / "predicted")


def open_completions(directory: Path) -> tuple[Prefixes | None, Prefixes | None]:
    """Map one segment's titles (their numbers are rows) and values (numbers of entities) by their beginning."""
    return Prefixes.open(directory / "complete.titles"), Prefixes.open(directory / "complete.values")
