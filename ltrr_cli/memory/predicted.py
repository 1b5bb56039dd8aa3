"""Predicted queries: what people will probably type to reach an entity, guessed from its own fields at build time.

A key's score for an entity is the share of that key's pull: a title that many entities share predicts none of them
strongly, and the more popular ones a little more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.index.values import ALIASES
from ltrr_cli.memory.keys import Keys, build_keys
from ltrr_cli.text import key

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ltrr_cli.records import Entity

WEIGHTS = {"title": 1.0, "alias": 0.9, "title+creator": 1.0, "creator": 0.3}
"""How strongly each kind of predicted query speaks for its entity."""
_MAX_WORDS = 16


def predict(entity: Entity, creator: str) -> Iterator[tuple[str, str]]:
    """Yield (key, kind) of the queries predicted for an entity; `creator` names the attribute of who made it."""
    title = key(entity.title)
    makers = [key(value) for value in entity.attributes.get(creator, ()) if isinstance(value, str)][:4]
    if title:
        yield title, "title"
        for maker in makers:
            if maker and maker != title:
                yield f"{title} {maker}", "title+creator"
                yield f"{maker} {title}", "title+creator"
    for name in ALIASES:
        for value in entity.attributes.get(name, ()):
            if isinstance(value, str) and key(value):
                yield key(value), "alias"
    for maker in makers:
        if maker and maker != title:
            yield maker, "creator"


class PredictedWriter:
    """Collects the predicted queries of one segment, in row order."""

    def __init__(self, *, creator: str) -> None:
        self._creator = creator
        self._keys: dict[str, dict[int, tuple[float, str]]] = {}

    def add(self, row: int, entity: Entity, popularity: float) -> None:
        """Add the next row; `popularity` in [0, 1], nan if unknown."""
        pull = 0.5 if np.isnan(popularity) else 0.25 + 0.75 * popularity
        for predicted, kind in predict(entity, self._creator):
            if predicted.count(" ") >= _MAX_WORDS:
                continue
            entries = self._keys.setdefault(predicted, {})
            score = WEIGHTS[kind] * pull
            if row not in entries or entries[row][0] < score:
                entries[row] = (score, kind)

    def write(self, directory: Path) -> None:
        """Write predicted.parquet (key, row, score, kind) and the lookup beside it."""
        import polars as pl

        shares: list[tuple[str, list[int], list[float]]] = []
        flat: list[tuple[str, int, float, str]] = []
        for predicted, entries in self._keys.items():
            total = sum(score for score, _ in entries.values())
            best = sorted(entries.items(), key=lambda item: (-item[1][0], item[0]))[:100]
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


def _share(score: float, total: float, kind: str) -> float:
    """Return the score's share of the key's pull, at most the kind's own weight."""
    return WEIGHTS[kind] * score / total


def open_predicted(directory: Path) -> Keys:
    """Map the lookup of one segment; refs are that segment's rows."""
    return Keys.open(directory / "predicted")
