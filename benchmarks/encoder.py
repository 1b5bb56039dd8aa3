"""The encoder's speed and faithfulness, as ratios to an fp32 export of the same model and to the machine's sgemm peak.

    python benchmarks/encoder.py [--quality] [OTHER_ENCODER_DIR …] [FP32_ENCODER_DIR]

Times are the best of several runs that take turns: a shared machine's speed drifts by more than the differences.
`peak` is the float32 matrix products' rate divided by what NumPy's sgemm reaches in the same run. With --quality the
encoders also search, alone and exactly, Cranfield, 300 train queries of MSRD among 2,500 of its movies, and xquadr's
English questions (nDCG@10, cosines to the last encoder's vectors).
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: the peak is that of one thread

import sys
import time
from pathlib import Path

import numpy as np
from common import data, judgments, mean, rows

from ltrr_cli.encoder import Encoder
from ltrr_cli.encoder.bench import PASSAGE_WORDS, TITLE_WORDS, Speed, measure, sentences
from ltrr_cli.estimators.measures import parse_measures

ROUNDS, TEXTS, SIDE = 3, 400, 1024


def sgemm_peak() -> float:
    """Return NumPy's best rate of a float32 matrix product, in multiply-adds per processor second."""
    a = np.ones((SIDE, SIDE), dtype=np.float32)
    times = []
    for _ in range(10):
        start = time.process_time()
        a @ a
        times.append(time.process_time() - start)
    return SIDE**3 / min(times)


def best(speeds: list[Speed]) -> tuple[float, float, float]:
    """Return the best titles/s, passages/s and ms per query."""
    return max(s.titles for s in speeds), max(s.passages for s in speeds), min(s.query_ms for s in speeds)


def judged(name: str) -> tuple[list[str], list[str], list[str], list[dict[str, int]]]:
    """Return (ids, texts, queries, each query's judgments) of a set, the same ones at every call."""
    entities, queries = rows(data(name) / "catalog.jsonl.zst"), rows(data(name) / "queries.jsonl.zst")
    grades = judgments(data(name) / "qrels.tsv.zst")
    if name == "xquadr":
        entities = [one for one in entities if one["lang"] == "en"]
        queries = [one for one in queries if one["lang"] == "en"]
    known = {one["id"] for one in entities}
    queries = [one for one in queries if known & grades.get(one["query_id"], {}).keys()]
    if name == "msrd":
        queries = [one for one in queries if one["split"] == "train"]
        queries = [queries[i] for i in np.random.default_rng(1).permutation(len(queries))[:300].tolist()]
        needed = {entity for one in queries for entity in grades[one["query_id"]]}
        entities = sorted(entities, key=lambda one: one["id"] not in needed)[:2500]
    ids = [one["id"] for one in entities]
    known = set(ids)
    own = [{e: g for e, g in grades[one["query_id"]].items() if e in known} for one in queries]
    texts = [". ".join(filter(None, (one.get("title"), one.get("text")))) for one in entities]
    return ids, texts, [one["query"] for one in queries], own


def quality(encoders: dict[str, Encoder]) -> None:
    """Print how well each encoder's nearest vectors answer judged queries."""
    (ndcg,) = parse_measures(["nDCG@10"])
    for name in ("cranfield", "msrd", "xquadr"):
        ids, texts, queries, grades = judged(name)
        reference = None
        for encoder_name, encoder in reversed(encoders.items()):
            vectors, asked = encoder.encode(texts), encoder.encode(queries, kind="query")
            best = np.argsort(-(asked @ vectors.T), axis=1)[:, :10]
            scores = [
                ndcg.score([ids[i] for i in row], grade) for row, grade in zip(best.tolist(), grades, strict=True)
            ]
            reference = vectors if reference is None else reference
            cosine = (vectors * reference).sum(axis=1)
            print(
                f"{name:10} {encoder_name:10} nDCG@10 {mean(scores):.4f}  cosine min {cosine.min():.4f} "
                f"mean {cosine.mean():.4f}  ({len(ids)} texts, {len(queries)} queries)",
                flush=True,
            )


def main(arguments: list[str]) -> None:
    """Print one table."""
    folders: dict[str, Path | None] = {"shipped": None}
    given = [Path(word) for word in arguments if word != "--quality"]
    folders |= {folder.name: folder for folder in given}
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
    if "--quality" in arguments:
        quality(encoders)


if __name__ == "__main__":
    main(sys.argv[1:])
