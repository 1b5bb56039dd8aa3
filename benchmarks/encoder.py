"""The encoder's speed and faithfulness, as ratios to an fp32 export of the same model and to the machine's sgemm peak.

    python benchmarks/encoder.py [FP32_ENCODER_DIR]

Times are the best of several runs that take turns: a shared machine's speed drifts by more than the differences.
`peak` is the float32 matrix products' rate divided by what NumPy's sgemm reaches in the same run.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: the peak is that of one thread

import sys
import time
from pathlib import Path

import numpy as np

from ltrr_cli.encoder import Encoder
from ltrr_cli.encoder.bench import PASSAGE_WORDS, TITLE_WORDS, Speed, measure, sentences

ROUNDS, TEXTS, SIDE = 3, 400, 1024


def sgemm_peak() -> float:
    """Return NumPy's best rate of a float32 matrix product, in multiply-adds per second."""
    a = np.ones((SIDE, SIDE), dtype=np.float32)
    times = []
    for _ in range(10):
        start = time.perf_counter()
        a @ a
        times.append(time.perf_counter() - start)
    return SIDE**3 / min(times)


def best(speeds: list[Speed]) -> tuple[float, float, float]:
    """Return the best titles/s, passages/s and ms per query."""
    return max(s.titles for s in speeds), max(s.passages for s in speeds), min(s.query_ms for s in speeds)


def main(arguments: list[str]) -> None:
    """Print one table."""
    folders: dict[str, Path | None] = {"shipped": None}
    if arguments:
        folders["fp32"] = Path(arguments[0])
    encoders = {name: Encoder.open(folder, threads=1) for name, folder in folders.items()}
    runs: dict[str, list[Speed]] = {name: [] for name in encoders}
    for _ in range(ROUNDS):
        for name, encoder in encoders.items():
            runs[name].append(measure(encoder, texts=TEXTS, threads=1))
    texts = sentences(100, TITLE_WORDS) + sentences(20, PASSAGE_WORDS)
    vectors = {name: encoder.encode(texts) for name, encoder in encoders.items()}
    reference, base = list(vectors.values())[-1], best(list(runs.values())[-1])
    # MiniLM-L6: 6 layers of 4 · 384² + 2 · 384 · 1536 multiply-adds per token, and its ~118 tokens per passage
    work, peak = 118 * 6 * (4 * 384**2 + 2 * 384 * 1536), sgemm_peak()
    print(f"sgemm peak {2 * peak / 1e9:.0f} GFLOP/s; ×: ratio to {list(encoders)[-1]}, one thread")
    print(f"{'encoder':10}{'titles/s':>16}{'passages/s':>16}{'ms/query':>16}{'cosine min':>12}{'mean':>9}{'peak':>7}")
    for name, speeds in runs.items():
        values = best(speeds)
        cells = "".join(f"{v:9.2f} ×{v / b:5.2f}" for v, b in zip(values, base, strict=True))
        cosine = (vectors[name] * reference).sum(axis=1)
        print(f"{name:10}{cells}{cosine.min():12.4f}{cosine.mean():9.4f}{values[1] * work / peak:7.2f}")


if __name__ == "__main__":
    main(sys.argv[1:])
