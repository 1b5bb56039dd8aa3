"""Piped queries beside the encoder alone, on the same queries: `ltrr query < QUERIES` against `Encoder.encode`.

Both in one process each, alternating, best of several, on MSRD (benchmarks/msrd.py builds the index). The pipe's time
is that of its answers after the first batch, so that starting the program does not count; the encoder has the same
queries but for that batch, in the same batches, with as many threads as the pipe gives it.

    python benchmarks/pipe.py [QUERIES]
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from common import OUT, data, report, rows

from ltrr_cli.cli.stream import BATCH
from ltrr_cli.encoder import Encoder

if TYPE_CHECKING:
    from pathlib import Path

ROUNDS = 5


def encode(encoder: Encoder, texts: list[str]) -> float:
    """Return how many texts a second the encoder does alone."""
    started = time.perf_counter()
    for start in range(0, len(texts), BATCH):
        encoder.encode(texts[start : start + BATCH], kind="query")
    return len(texts) / (time.perf_counter() - started)


def pipe(index: Path, texts: list[str], more: list[str]) -> float:
    """Return how many queries a second come out of the pipe, after the first batch."""
    command = [sys.executable, "-m", "ltrr_cli.cli", "query", "--index", str(index), "--no-log", *more]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError
        process.stdin.write("".join(f"{json.dumps({'query': text})}\n" for text in texts))
        process.stdin.close()
        started = 0.0
        for number, _ in enumerate(process.stdout, 1):
            if number == BATCH:
                started = time.perf_counter()
    return (len(texts) - BATCH) / (time.perf_counter() - started)


def main() -> None:
    """Time both in turn."""
    index = OUT / "msrd.ltrr"
    if not (index / "manifest.json").exists():
        sys.exit("first: python benchmarks/msrd.py")
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    texts = sorted({row["query"] for row in rows(data("msrd") / "queries.jsonl.zst")})
    random.Random(1).shuffle(texts)
    texts = texts[: count + BATCH]
    encoder = Encoder.open(next((index / "encoder").iterdir()))
    ways: dict[str, list[str]] = {"all strategies": [], "semantic alone": ["--strategies", "semantic:50"]}
    encode(encoder, texts[:BATCH])
    alone: list[float] = []
    piped: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(ROUNDS):
        alone.append(encode(encoder, texts[BATCH:]))
        for way, more in ways.items():
            piped[way].append(pipe(index, texts, more))
    lines = [("encoder alone", f"{max(alone):.0f} queries/s")]
    for way, rates in piped.items():
        lines.append((f"piped, {way}", f"{max(rates):.0f} queries/s = {max(rates) / max(alone):.2f} of the encoder"))
    report(lines)


if __name__ == "__main__":
    main()
