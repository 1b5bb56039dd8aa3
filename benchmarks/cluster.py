"""A cluster beside one index, of the same catalogue (MSRD, 9,750 entities): what it answers, and what it costs.

For each number of shards: of each arm's best 100 the share that the one index has, too (ties at the end fall either
way); the nearest 100 against the exact ones; nDCG@10 of the whole, untrained, on train queries; milliseconds of a query
by one process, and by replicas, in turns, in one run; and what an entity takes on the disk, by file.

    python benchmarks/cluster.py [QUERIES] [SHARDS …]      (after benchmarks/msrd.py, which builds the index)
"""

from __future__ import annotations

import shutil
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
from common import OUT, data, judgments, mean, quantile, report, rows

from ltrr_cli import Engine
from ltrr_cli.cluster.build import build_cluster
from ltrr_cli.cluster.router import Cluster
from ltrr_cli.estimators.measures import parse_measures

if TYPE_CHECKING:
    from pathlib import Path

ARMS = ("lexical", "popular", "structured", "semantic", "fuzzy", "memory", "related")
DEPTH = 100
NOW = 1.7e9


def main() -> None:
    """Build and compare."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    catalog = OUT / "msrd.jsonl"
    if not catalog.exists():
        catalog.write_text("".join(line + "\n" for line in _lines()))
    judged = judgments(data("msrd") / "qrels.tsv.zst")
    queries = [
        (row["query"], judged[row["query_id"]])
        for row in rows(data("msrd") / "queries.jsonl.zst")
        if row["split"] == "train" and judged.get(row["query_id"])
    ][:count]
    for shards in map(int, sys.argv[2:] or ("4",)):
        path = OUT / f"msrd-{shards}.ltrr"
        if not (path / "cluster.json").exists():
            shutil.copytree(OUT / "msrd.ltrr", path, dirs_exist_ok=True)  # its vectors are taken over
            started = time.perf_counter()
            build_cluster([catalog], path, shards=shards)
            print(f"{shards} shards built from vectors in {time.perf_counter() - started:.1f} s")
        _compare(path, shards, queries)
    report(_sizes(OUT / "msrd.ltrr"))


def _lines() -> list[str]:
    from common import lines

    return lines(data("msrd") / "catalog.jsonl.zst")


def _compare(path: Path, shards: int, queries: list[tuple[str, dict[str, int]]]) -> None:
    (measure,) = parse_measures(["nDCG@10"])
    shared: dict[str, list[float]] = {arm: [] for arm in ARMS}
    recall: list[float] = []
    judged = {"one index": 0.0, "replicas": 0.0}
    ms: dict[str, list[float]] = {name: [] for name in judged}
    with Engine.open(OUT / "msrd.ltrr") as one, Cluster.open(path, replicas=1) as many:
        view = one._opened.view  # noqa: SLF001 – below the public API
        every = np.arange(view.rows)
        for text, want in queries:
            expected, found = (engine.retrieve(text, depth=DEPTH, now=NOW) for engine in (one, many))
            for arm in ARMS:
                if expected[arm]:
                    have = {hit for hit, _ in found[arm]}
                    shared[arm].append(mean([hit in have for hit, _ in expected[arm]]))
            exact = view.similarity(every, one._opened.query_vectors.of(text))  # noqa: SLF001
            nearest = view.ids(np.argsort(-exact, kind="stable")[:DEPTH])
            near = {hit for hit, _ in found["semantic"]}
            recall.append(mean([hit in near for hit in nearest]))
            for name, engine in (("one index", one), ("replicas", many)):
                started = time.perf_counter()
                answer = engine.search(text, log=False, explore=False, now=NOW)
                ms[name].append(1e3 * (time.perf_counter() - started))
                judged[name] += measure.score([result.id for result in answer.results], want)
    print(f"\n{shards} shards, {len(queries)} train queries")
    report(
        [
            *(
                (f"{arm}: overlap@{DEPTH}", f"{mean(values):.4f} of {len(values)}")
                for arm, values in shared.items()
                if values
            ),
            (f"semantic: recall@{DEPTH} of the exact ones", f"{mean(recall):.4f}"),
            *((f"{name}: nDCG@10", f"{judged[name] / len(queries):.4f}") for name in ms),
            *(
                (f"{name}: ms, median and 95 %", f"{quantile(v, 0.5):.1f}, {quantile(v, 0.95):.1f}")
                for name, v in ms.items()
            ),
        ]
    )


def _sizes(index: Path) -> list[tuple[str, str]]:
    """Return bytes per entity by what they are for."""
    with Engine.open(index) as engine:
        count, segment = engine.info().entities, engine._opened.view.segments[0].name  # noqa: SLF001
    kinds: Counter[str] = Counter()
    folder = index / "segments" / segment
    for file in folder.rglob("*"):
        if file.is_file():
            name = file.relative_to(folder).as_posix()
            kinds[name.split("/")[0] if not name.startswith("columns/") else "/".join(name.split(".")[0:1])] += (
                file.stat().st_size
            )
    return [
        (name, f"{size / count:,.0f} bytes an entity")
        for name, size in [*kinds.most_common(12), ("all", kinds.total())]
    ]


if __name__ == "__main__":
    main()
