"""Speed as ratios against the raw engines in the same run, on MSRD (benchmarks/msrd.py builds the index).

Warm: the whole of `Engine.search`, logging included, beside the calls that it makes (encoder, Tantivy, USearch), noted
and made again one after the other, for the same queries, alternating. After each query the ranker's features and scores
of 200 candidates drawn at random, beside the bare product of their vectors with the query's. Cold: `ltrr query TEXT
--json` beside a script that imports the same libraries and makes the same calls, and `ltrr --help` beside importing
typer and rich.console; whole processes, alternating, best of several.

    python benchmarks/speed.py [QUERIES]
"""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import numpy as np
from common import OUT, data, quantile, report, rows

from ltrr_cli import Engine
from ltrr_cli.engine.search import prepare, rank
from ltrr_cli.index.fulltext import Fulltext
from ltrr_cli.index.vectors import Vectors
from ltrr_cli.records import Query
from ltrr_cli.retrieval.pool import Pool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ltrr_cli.engine.opened import Opened

CANDIDATES = 200
FOUND = 60
"""Candidates that each arm found."""

BARE = """
import os, sys, json
import typer
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
import numpy as np, onnxruntime, tokenizers, tantivy, usearch.index
index, text = sys.argv[1:]
manifest = json.load(open(index + "/manifest.json"))
folder = index + "/encoder/" + manifest["encoder"]
segment = index + "/segments/" + manifest["segments"][0]["name"]
tokenizer = tokenizers.Tokenizer.from_file(folder + "/tokenizer.json")
tokenizer.no_padding(); tokenizer.enable_truncation(256)
options = onnxruntime.SessionOptions(); options.intra_op_num_threads = 1
options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
session = onnxruntime.InferenceSession(folder + "/model.onnx", options, providers=["CPUExecutionProvider"])
ids = np.array([tokenizer.encode(text).ids], np.int64)
vector = session.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})[0][0]
full = tantivy.Index.open(segment + "/fulltext"); searcher = full.searcher()
for field in ("title", "text"):
    query = tantivy.Query.term_query(full.schema, field, text.split()[0], "freq")
    hits = searcher.search(query, 24).hits
    searcher.fast_field_values("row", [address for _, address in hits])
graph = usearch.index.Index.restore(segment + "/ann.usearch", view=True)
graph.search(vector, 24)
print(json.dumps({"hits": len(hits)}))
"""


def warm(index: Path, count: int) -> list[tuple[str, str]]:
    """Time searches and the bare calls of the same queries, in turn."""
    texts = list(dict.fromkeys(row["query"] for row in rows(data("msrd") / "queries.jsonl.zst")))
    random.Random(1).shuffle(texts)
    whole: list[float] = []
    parts: dict[str, list[float]] = {"encode": [], "Tantivy": [], "USearch": []}
    ranked: list[tuple[float, float]] = []
    rng = np.random.default_rng(1)
    with Engine.open(index) as engine:
        for text in texts[count : count + 100]:
            engine.search(text, log=False)
        opened = engine._opened  # noqa: SLF001 – the raw engines inside
        for number, text in enumerate(texts[:count]):
            started = time.perf_counter()
            engine.search(text, seed=number)
            whole.append((time.perf_counter() - started) * 1e3)
            ranked.append(ranking(opened, text, rng))
            with recorded() as calls:
                engine.search(text, seed=number, log=False)
            started = time.perf_counter()
            opened.encoder.encode([text], kind="query")
            parts["encode"].append((time.perf_counter() - started) * 1e3)
            for name, made in calls.items():
                started = time.perf_counter()
                for call in made:
                    call()
                parts[name].append((time.perf_counter() - started) * 1e3)
    middle = {name: quantile(values, 0.5) for name, values in parts.items()}
    engines = quantile([sum(row) for row in zip(*parts.values(), strict=True)], 0.5)
    return [
        ("warm search, p50 / p99", f"{quantile(whole, 0.5):.2f} / {quantile(whole, 0.99):.2f} ms"),
        ("bare calls, p50", f"{engines:.2f} ms ({', '.join(f'{k} {v:.2f}' for k, v in middle.items())})"),
        ("search - bare calls", f"{quantile(whole, 0.5) - engines:+.2f} ms"),
        ("search / bare calls", f"{quantile(whole, 0.5) / engines:.2f}"),
        (
            f"ranking {CANDIDATES} candidates / product, p50",
            f"{quantile([ours for ours, _ in ranked], 0.5):.2f} / {quantile([bare for _, bare in ranked], 0.5):.3f} ms",
        ),
    ]


@contextmanager
def recorded() -> Iterator[dict[str, list[Callable[[], object]]]]:
    """Note the searches in Tantivy and USearch that are made meanwhile, to be made again alone."""
    calls: dict[str, list[Callable[[], object]]] = {"Tantivy": [], "USearch": []}

    def noting(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*arguments: Any, **named: Any) -> Any:
            calls[name].append(lambda: method(*arguments, **named))
            return method(*arguments, **named)

        return noted

    with ExitStack() as stack:
        for name, owner, method in (
            ("Tantivy", Fulltext, "search"),
            ("Tantivy", Fulltext, "count"),
            ("USearch", Vectors, "nearest"),
        ):
            stack.enter_context(patch.object(owner, method, noting(name, getattr(owner, method))))
        yield calls


def ranking(opened: Opened, text: str, rng: np.random.Generator) -> tuple[float, float]:
    """Return the milliseconds of features and scores of random candidates, and of their product with the query."""
    ready = prepare(opened, Query(id="", text=text, time=0.0), informed=True)
    rows_of = np.sort(rng.choice(opened.view.rows, CANDIDATES, replace=False))
    ranks = np.zeros((CANDIDATES, len(ready.arms)), np.int32)
    for arm in range(len(ready.arms)):
        ranks[rng.choice(CANDIDATES, FOUND, replace=False), arm] = np.arange(1, FOUND + 1)
    scores = np.where(ranks > 0, 1 / np.maximum(ranks, 1), np.nan).astype(np.float32)
    pool = Pool(rows_of, tuple(ready.names), ranks, scores)
    vector = ready.request.vector
    started = time.perf_counter()
    rank(opened, ready, opened.learned.ranker, pool)
    ours = time.perf_counter() - started
    started = time.perf_counter()
    np.einsum("nd,d->n", opened.view.vectors(rows_of), vector)
    return ours * 1e3, (time.perf_counter() - started) * 1e3


def process(command: list[str]) -> tuple[float, float]:
    """Return the milliseconds of a whole process: by the clock, and of processor time, which others disturb less."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    compiled = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run(command, check=True, capture_output=True, env=compiled)
    clock, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return clock * 1e3, (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1e3


def pair(name: str, ours: list[str], theirs: list[str], times: int = 15) -> tuple[str, str]:
    """Time two commands in turn; compare their best runs, which noise disturbs least."""
    both = [(process(ours), process(theirs)) for _ in range(times)]
    told = []
    for kind, which in ((0, ""), (1, " of processor time")):
        ours_best, theirs_best = min(row[0][kind] for row in both), min(row[1][kind] for row in both)
        told.append(f"{ours_best:.0f} ms / {theirs_best:.0f} ms{which} = {ours_best / theirs_best:.2f}")
    return name, "; ".join(told)


def main() -> None:
    """Copy the index, so that the log does not grow, and time."""
    pristine = OUT / "msrd.ltrr"
    if not (pristine / "manifest.json").exists():
        sys.exit("first: python benchmarks/msrd.py")
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    ltrr = str(Path(sys.executable).parent / "ltrr")
    with tempfile.TemporaryDirectory(dir=OUT) as scratch:
        index = Path(scratch) / "msrd.ltrr"
        shutil.copytree(pristine, index)
        bare = Path(scratch) / "bare.py"
        bare.write_text(BARE, encoding="utf-8")
        json.loads(subprocess.run([sys.executable, bare, index, "space"], check=True, capture_output=True).stdout)
        lines = warm(index, count)
        query = [ltrr, "query", "space movie", "--json", "--index", str(index)]
        lines.append(pair("cold query / bare script", query, [sys.executable, str(bare), str(index), "space movie"]))
        imports = [sys.executable, "-c", "import typer, rich.console"]
        lines.append(pair("ltrr --help / import typer, rich", [ltrr, "--help"], imports))
    report(lines)


if __name__ == "__main__":
    main()
