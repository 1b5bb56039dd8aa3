"""Pools and features of judged queries, kept as arrays, so that experiments with rankers need no index.

Made once for each set and kept in `.out/ranker`: for every query the pool that the untrained policy's mean gives, its
candidates' features, the grades, and the ideal.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from common import OUT, data

from ltrr_cli import Engine
from ltrr_cli.engine.search import candidates
from ltrr_cli.evaluation.sets import read_set
from ltrr_cli.ranking.registry import names
from ltrr_cli.records import Query
from ltrr_cli.retrieval.base import BUILT_IN

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from ltrr_cli.ranking.linear import LinearRanker

PARTS = OUT / "ranker"
NOW = 1_750_000_000.0
NAMES = names(BUILT_IN)
MOST = {"train": 4000, "dev": 2000}
SETS = ("msrd", "cranfield", "trecsession2012", "snips")


@dataclass(frozen=True, slots=True)
class Pages:
    """Queries of one part: `values` (rows, features), `grades` (rows,), `starts` (queries + 1,), `ideal` (queries,)."""

    values: NDArray[np.float32]
    grades: NDArray[np.int64]
    starts: NDArray[np.int64]
    ideal: NDArray[np.float64]

    def __len__(self) -> int:
        """Return the number of queries."""
        return len(self.ideal)

    def of(self, query: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Return a query's values and grades."""
        span = slice(self.starts[query], self.starts[query + 1])
        return self.values[span], self.grades[span]

    def ndcg(self, ranker: LinearRanker) -> float:
        """Return the mean nDCG@10 of a ranker over these pools; what is equal stands in the pool's order."""
        return self.ndcg_of(ranker.score(NAMES, self.values))

    def ndcg_of(self, scores: NDArray[np.floating]) -> float:
        """Return the mean nDCG@10 of (rows,) scores."""
        discounts = 1 / np.log2(np.arange(2, 12))
        total = 0.0
        for start, end, ideal in zip(self.starts[:-1], self.starts[1:], self.ideal, strict=True):
            best = np.argsort(-scores[start:end], kind="stable")[:10]
            gains = self.grades[start:end][best]
            total += float(gains @ discounts[: len(gains)]) / ideal
        return total / len(self)


def pages(name: str, part: str) -> Pages:
    """Return a part, `train` or `dev`, of a set."""
    path = PARTS / f"{name}-{part}.npz"
    if not path.exists():
        PARTS.mkdir(parents=True, exist_ok=True)
        _make(name)
    with np.load(path, allow_pickle=False) as file:
        return Pages(file["values"], file["grades"], file["starts"], file["ideal"])


def built(name: str) -> Path:
    """Return the index of a set, built if it is not there."""
    index = OUT / f"{name}.ltrr"
    if not (index / "manifest.json").exists():
        Engine.build(data(name) / "catalog.jsonl.zst", index)
    return index


def _make(name: str) -> None:
    folder = data(name)
    judged = read_set(folder / "queries.jsonl.zst", folder / "qrels.tsv.zst")
    queries = [query for query in judged.queries if max(judged.qrels[query.id].values()) > 0]
    random.Random(1).shuffle(queries)
    if any(query.split for query in queries):
        parts = {part: [query for query in queries if (query.split == "train") == (part == "train")] for part in MOST}
    else:
        parts = {"train": queries[: len(queries) // 2], "dev": queries[len(queries) // 2 :]}
    place = {one: number for number, one in enumerate(NAMES)}
    with Engine.open(built(name)) as engine:
        opened = engine._opened  # noqa: SLF001 – the features of the whole pool, which no answer shows
        for part, chosen in parts.items():
            kept = chosen[: MOST[part]]
            values, grades, ideal = [], [], []
            for number, query in enumerate(kept):
                if number % 500 == 0:
                    opened.query_vectors.make([one.text for one in kept[number : number + 500]])
                pool, found = candidates(opened, Query(id="", text=query.text, time=NOW))
                block = np.full((len(found), len(NAMES)), np.nan, np.float32)
                block[:, [place[one] for one in names(pool.arms)]] = found
                values.append(block)
                known = judged.qrels[query.id]
                grades.append([max(0, known.get(one, 0)) for one in opened.view.ids(pool.rows)])
                best = np.array(sorted((max(0, grade) for grade in known.values()), reverse=True)[:10])
                ideal.append(float(best @ (1 / np.log2(np.arange(2, 2 + len(best))))))
            np.savez(
                PARTS / f"{name}-{part}.npz",
                values=np.concatenate(values),
                grades=np.concatenate([np.array(one, np.int64) for one in grades]),
                starts=np.cumsum([0, *map(len, grades)]),
                ideal=np.array(ideal),
            )
            print(f"{name} {part}: {len(kept):,} queries", flush=True)
