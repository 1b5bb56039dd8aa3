"""The memory: what its predictions cover, what they do to untrained answers, and what a look-up costs.

Coverage: share of queries with a judged entity among the first 20 that the predicted memory alone has (no feedback),
and the mean share of their judged entities there, on the sets' dev or test queries. Look-up: one million (query,
entity) pairs, written, opened by memory map and asked for queries of one to five words that occur as in language
(Zipf); the time to open it, the first look-up, exact and by shared words.

    python benchmarks/memory.py [msrd] [snips] [lookup]
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from common import OUT, data, judgments, mean, quantile, report, rows, times

from ltrr_cli import Engine
from ltrr_cli.memory.keys import Keys
from ltrr_cli.memory.keys_writer import write_keys
from ltrr_cli.text import hash64

DEPTH = 20
SPLIT = {"msrd": "dev", "snips": "test"}
PAIRS = 1_000_000
WORDS = 200_000


def coverage(name: str) -> list[tuple[str, str]]:
    """Ask the predicted memory alone; the index is built if it is not there."""
    folder, index = data(name), OUT / f"{name}.ltrr"
    if not (index / "manifest.json").exists():
        Engine.build(folder / "catalog.jsonl.zst", index)
    judged = judgments(folder / "qrels.tsv.zst")
    queries = [
        row for row in rows(folder / "queries.jsonl.zst") if row["split"] == SPLIT[name] and judged.get(row["query_id"])
    ]
    some, share = [], []
    with Engine.open(index) as engine:
        for row in queries:
            want = judged[row["query_id"]]
            found = {one.id for one in engine.memory(row["query"], k=DEPTH).entities}
            some.append(float(bool(found & set(want))))
            share.append(len(found & set(want)) / len(want))
    split = f"{name}, {len(queries):,} {SPLIT[name]} queries"
    return [
        (f"{split}: with a target in the top {DEPTH}", f"{mean(some):.3f}"),
        (f"{split}: share of all targets there", f"{mean(share):.3f}"),
    ]


def lookup() -> list[tuple[str, str]]:
    """Write a table of a million pairs, and look queries up in it."""
    rng = np.random.default_rng(1)
    lengths = rng.integers(1, 6, PAIRS)
    drawn = np.minimum(rng.zipf(1.3, int(lengths.sum())), WORDS).tolist()
    ends = np.cumsum(lengths).tolist()
    entries: dict[str, list[int]] = {}
    for row, (end, length) in enumerate(zip(ends, lengths.tolist(), strict=True)):
        entries.setdefault(" ".join(f"w{word}" for word in drawn[end - length : end]), []).append(row)
    with tempfile.TemporaryDirectory(dir=OUT) as folder:
        write_keys(Path(folder) / "table", ((key, refs, [1.0] * len(refs)) for key, refs in entries.items()))
        known = rng.permutation(np.array(list(entries), object))[:3000].tolist()
        started = time.perf_counter()
        table = Keys.open(Path(folder) / "table")
        opened = (time.perf_counter() - started) * 1e3
        started = time.perf_counter()
        table.similar(known[0].split(" "))
        first = (time.perf_counter() - started) * 1e3
        table.similar(known[1].split(" "))
        exact = times(lambda key: table.exact(hash64(key)), known[2:])
        similar = times(lambda key: table.similar(key.split(" ")), known[2:])
    return [
        (f"look-up, {PAIRS:,} pairs of {len(entries):,} queries: opened in", f"{opened:.2f} ms"),
        ("the first query", f"{first:.2f} ms"),
        ("exact, p50 / p95", f"{quantile(exact, 0.5):.4f} / {quantile(exact, 0.95):.4f} ms"),
        ("by shared words, p50 / p95", f"{quantile(similar, 0.5):.4f} / {quantile(similar, 0.95):.4f} ms"),
    ]


def main() -> None:
    """Measure what is named, by default all."""
    wanted = sys.argv[1:] or ["msrd", "snips", "lookup"]
    OUT.mkdir(exist_ok=True)
    lines = []
    for name in wanted:
        lines += lookup() if name == "lookup" else coverage(name)
    report(lines)


if __name__ == "__main__":
    main()
