"""What the benchmarks share: where the data is, how rankings are judged, how times are told."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

ROOT = Path(__file__).parent.parent
OUT = ROOT / ".out"
"""Indexes that benchmarks build and keep; not committed."""


def data(name: str) -> Path:
    """Return the folder of a data set, or end with a word where to find it."""
    folder = Path(os.environ.get("LTRR_DATA", ROOT.parent / "shared" / "data")) / name
    if not folder.is_dir():
        sys.exit(f"this benchmark needs the data set {name} in {folder}; LTRR_DATA says where the sets are")
    return folder


def lines(path: Path) -> list[str]:
    """Return the lines of a Zstandard-compressed text."""
    return subprocess.run(["zstd", "-dcq", str(path)], check=True, capture_output=True).stdout.decode().splitlines()


def rows(path: Path) -> list[Any]:
    """Return the JSON objects of a compressed JSONL file."""
    return [json.loads(line) for line in lines(path)]


def judgments(path: Path) -> dict[str, dict[str, int]]:
    """Return query id → entity id → grade, grades above 0 only."""
    judged: dict[str, dict[str, int]] = {}
    for line in lines(path):
        query_id, entity_id, grade = line.split("\t")
        if int(grade) > 0:
            judged.setdefault(query_id, {})[entity_id] = int(grade)
    return judged


def ndcg(ranking: Sequence[str], judged: Mapping[str, int], k: int = 10) -> float:
    """Return nDCG@k with linear gains and log2 discounts (Järvelin & Kekäläinen 2002, as trec_eval has it)."""
    gains = [judged.get(entity_id, 0) for entity_id in ranking[:k]]
    ideal = sorted(judged.values(), reverse=True)[:k]
    return _dcg(gains) / _dcg(ideal) if ideal else 0.0


def _dcg(gains: Sequence[int]) -> float:
    return sum(gain / math.log2(place + 2) for place, gain in enumerate(gains))


def reciprocal_rank_fusion(rankings: Sequence[Sequence[str]], k: int = 60) -> list[str]:
    """Return the entities by Σ 1 / (k + rank) (Cormack, Clarke & Büttcher, SIGIR 2009)."""
    scores: dict[str, float] = {}
    for ranking in rankings:
        for rank, entity_id in enumerate(ranking, 1):
            scores[entity_id] = scores.get(entity_id, 0.0) + 1 / (k + rank)
    return sorted(scores, key=lambda entity_id: (-scores[entity_id], entity_id))


def mean(values: Sequence[float]) -> float:
    """Return the arithmetic mean."""
    return sum(values) / len(values)


def times(call: Callable[[Any], object], arguments: Sequence[Any]) -> list[float]:
    """Return milliseconds of each call."""
    spent = []
    for argument in arguments:
        started = time.perf_counter()
        call(argument)
        spent.append((time.perf_counter() - started) * 1e3)
    return spent


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value below which this share lies (nearest rank)."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def report(rows_: Sequence[tuple[str, str]]) -> None:
    """Print aligned lines."""
    width = max(len(name) for name, _ in rows_)
    for name, value in rows_:
        print(f"{name:<{width}}  {value}")


def batches(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    """Split into runs of `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
