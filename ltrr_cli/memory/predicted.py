"""Predicted queries: what people will probably type to reach an entity, guessed from its own fields at build time.

Names (title, alias, creator) are kept as they are; pairs of fields, key phrases and what a model generated
(`memory.generated`) only where the full text finds the entity for them (`memory.consistency`), and count less the
further down it stands. A key's score for an entity is its share of the key's pull: a title that many entities share
predicts none of them strongly, and the more popular ones a little more.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.index.values import terms
from ltrr_cli.memory.consistency import MOST_SHARED, Judge
from ltrr_cli.memory.guesses import NAMED, guesses
from ltrr_cli.memory.keys import Keys, build_keys
from ltrr_cli.memory.phrases import Phrases
from ltrr_cli.memory.prefixes import Prefixes, write_prefixes
from ltrr_cli.text import key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from ltrr_cli.analysis.base import Analysis
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
PHRASES = 4
"""Key phrases of an entity's text."""
_MAX_WORDS = 16
_STARTS = 4
"""Words of a title from which a prefix may go on."""
_LATER_START = 0.5
_MOST_ENTITIES = 100
_LAST = 0.5
"""What a guess keeps of its score where the entity is the last that the full text finds."""


class PredictedWriter:
    """Collects the predicted queries of one segment: `add` every row in order, then `refine`, then `write`."""

    def __init__(self, *, creator: str) -> None:
        self._creator = creator
        self._phrases = Phrases()
        self._pulls: list[float] = []
        self._keys: dict[str, dict[int, tuple[float, str]]] = {}
        self._titles: list[tuple[str, float, int]] = []
        self._values: Counter[str] = Counter()

    def add(self, row: int, entity: Entity, popularity: float) -> None:
        """Add the next row; `popularity` in [0, 1], nan if unknown."""
        self._pulls.append(0.5 if np.isnan(popularity) else 0.25 + 0.75 * popularity)
        self._phrases.count(entity.text)
        self._complete(row, entity)
        for guess, kind in guesses(entity, self._creator):
            self._put(guess, row, kind)

    def _complete(self, row: int, entity: Entity) -> None:
        """Note what a prefix may go on to: the title, from each of its first words on, and the values."""
        words = key(entity.title).split(" ")
        for start in range(min(len(words), _STARTS)):
            weight = self._pulls[row] * (_LATER_START if start else 1.0)
            self._titles.append((" ".join(words[start:]), weight, row))
        self._values.update({word for _, word in terms(entity)})

    def _put(self, guess: str, row: int, kind: str) -> None:
        if guess.count(" ") >= _MAX_WORDS:
            return
        entries = self._keys.setdefault(guess, {})
        score = WEIGHTS[kind] * self._pulls[row]
        if row not in entries or entries[row][0] < score:
            entries[row] = (score, kind)

    def refine(
        self,
        entities: Iterable[Entity],
        directory: Path,
        analysis: Analysis,
        *,
        generated: Sequence[Sequence[str]] = (),
        progress: Callable[[int, int], None] = lambda *_: None,
    ) -> None:
        """Add the texts' key phrases, and drop the guesses that the segment's full text does not bear out.

        `entities` are all rows again, in order, `generated` the queries that a model made for each; `progress` is told
        (guesses judged since the last call, in all).
        """
        self._guess(entities, generated)
        judge = Judge(directory, analysis)
        unsure = [guess for guess, entries in self._keys.items() if any(k not in NAMED for _, k in entries.values())]
        progress(0, len(unsure))
        for count, guess in enumerate(unsure, 1):
            entries = self._keys[guess]
            ranks = judge.ranks(guess) if len(entries) <= MOST_SHARED else {}
            for row, (score, kind) in list(entries.items()):
                if kind in NAMED:
                    continue
                if row in ranks:
                    entries[row] = (score * _standing(ranks[row]), kind)
                else:
                    del entries[row]
            if not entries:
                del self._keys[guess]
            if count % 500 == 0:
                progress(500, len(unsure))
        progress(len(unsure) % 500, len(unsure))

    def _guess(self, entities: Iterable[Entity], generated: Sequence[Sequence[str]]) -> None:
        for row, entity in enumerate(entities):
            for phrase in self._phrases.of(entity.text, PHRASES):
                self._put(phrase, row, "phrase")
        for row, queries in enumerate(generated):
            for one in filter(None, map(key, queries)):
                self._put(one, row, "generated")

    def write(self, directory: Path) -> None:
        """Write predicted.parquet (key, row, score, kind), the lookup beside it, and the tables of completions."""
        import polars as pl

        shares: list[tuple[str, list[int], list[float]]] = []
        flat: list[tuple[str, int, float, str]] = []
        for predicted, entries in self._keys.items():
            total = sum(score for score, _ in entries.values())
            best = sorted(entries.items(), key=lambda item: (-item[1][0], item[0]))[:_MOST_ENTITIES]
            scores = [_share(score, total, kind) for _, (score, kind) in best]
            shares.append((predicted, [row for row, _ in best], scores))
            flat.extend((predicted, row, score, kind) for (row, (_, kind)), score in zip(best, scores, strict=True))
        table = pl.DataFrame(
            flat,
            schema={"key": pl.String, "row": pl.Int64, "score": pl.Float64, "kind": pl.String},
            orient="row",
        )
        table.write_parquet(directory / "predicted.parquet")
        build_keys(shares).write(directory / "predicted")
        write_prefixes(directory / "complete.titles", (one for one in self._titles if one[0]))
        write_prefixes(directory / "complete.values", ((word, float(n), n) for word, n in self._values.items()))


def _standing(rank: int) -> float:
    """Return what a rank keeps of a guess's score: 1 at the top, `_LAST` from about the tenth on."""
    return _LAST + (1 - _LAST) / rank


def _share(score: float, total: float, kind: str) -> float:
    """Return the score's share of the key's pull, at most the kind's own weight."""
    return WEIGHTS[kind] * score / total


def open_predicted(directory: Path) -> Keys:
    """Map the lookup of one segment; refs are that segment's rows."""
    return Keys.open(directory / "predicted")


def open_completions(directory: Path) -> tuple[Prefixes | None, Prefixes | None]:
    """Map one segment's titles (their numbers are rows) and values (numbers of entities) by their beginning."""
    return Prefixes.open(directory / "complete.titles"), Prefixes.open(directory / "complete.values")
