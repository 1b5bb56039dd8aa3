"""What the benchmarks share: where the data is, how rankings are judged, how times are told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ltrr_cli.index.fulltext import TEXT_FIELDS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ltrr_cli.index.view import View

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


def plain_bm25(view: View, text: str, depth: int = 100) -> list[tuple[str, float]]:
    """Return (entity id, score) by BM25 summed over all fields, each with weight 1, best first."""
    fulltext = view.segments[0].fulltext
    words = [slot.terms[0] for slot in view.segments[0].analysis.query(text).slots]
    terms = fulltext.either([fulltext.terms(words, [(name, 1.0)], 0.0) for name in TEXT_FIELDS])
    rows_, scores = fulltext.search(terms, depth)
    return [(name, float(score)) for name, score in zip(view.ids(np.array(rows_, np.int64)), scores, strict=True)]
