"""A large index on this machine: build, open, query, add, delete, ingest; time, memory, disk.

    python benchmarks/million.py [ENTITIES]           (default 1,000,000)

Entities are MSRD's movies recombined: a title of two titles' halves, a text of sentences of two others, attributes of
a fifth. Vectors are synthetic: a table has a random vector for every token, a text's is their mean. They pass through
the whole pipeline and cost next to nothing, so that `build` is the time of everything but the encoder. Every step is a
process of its own; memory is the most that was resident. What is resident for each entity tells how memory grows where
entities are many: a build of few holds some hundred megabytes whatever their number. `calls` sets
MSRD's own queries beside the calls of the engines that they make (benchmarks/speed.py), `crowd` lets two processes
search at once.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from subprocess import PIPE, Popen
from typing import TYPE_CHECKING, Any

from common import OUT, data, quantile, report, rows, times
from speed import warm

if TYPE_CHECKING:
    from collections.abc import Iterator

STEPS = ("build", "query", "calls", "crowd", "add", "delete", "query", "ingest", "learn", "compact")
ADDED, DELETED, QUERIES, EVENTS = 1_000, 1_000, 300, 100_000
_WORDS_OF_TEXT = 40


def entities(count: int, *, first: int = 0, seed: int = 1) -> Iterator[dict[str, Any]]:
    """Yield recombined entities, the same ones for the same seed."""
    movies = rows(data("msrd") / "catalog.jsonl.zst")
    rng = random.Random(seed)
    sentences = [[part for part in movie["text"].split(". ") if part] or [movie["title"]] for movie in movies]
    titles = [movie["title"].split() or ["?"] for movie in movies]
    plain = [{k: v for k, v in movie.items() if k not in {"id", "title", "text"}} for movie in movies]
    for number in range(first, first + count):
        one, other, third, fourth, fifth = rng.choices(range(len(movies)), k=5)
        halves = titles[one][: (len(titles[one]) + 1) // 2] + titles[other][len(titles[other]) // 2 :]
        words = ". ".join((rng.choice(sentences[third]), rng.choice(sentences[fourth]))).split()[:_WORDS_OF_TEXT]
        yield {"id": f"e{number}", "title": " ".join(halves), "text": " ".join(words), **plain[fifth]}


def write(path: Path, records: Iterator[dict[str, Any]]) -> None:
    """Write JSON lines."""
    with path.open("w") as out:
        for record in records:
            print(json.dumps(record, ensure_ascii=False), file=out)


def table_encoder(folder: Path) -> None:
    """Write an encoder that looks up a random vector for every token and averages them."""
    import numpy as np
    from onnx import helper, numpy_helper

    from ltrr_cli.encoder import encoder_folder

    folder.mkdir(exist_ok=True)
    shipped = encoder_folder(None)
    (folder / "tokenizer.json").write_bytes((shipped / "tokenizer.json").read_bytes())
    table = np.random.default_rng(0).normal(size=(30_522, 384)).astype(np.float32)
    graph = helper.make_graph(
        [helper.make_node("Gather", ["table", "input_ids"], ["token_embeddings"])],
        "table",
        [helper.make_tensor_value_info(name, 7, ["b", "s"]) for name in ("input_ids", "attention_mask")],
        [helper.make_tensor_value_info("token_embeddings", 1, ["b", "s", 384])],
        [numpy_helper.from_array(table, "table")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    (folder / "model.onnx").write_bytes(model.SerializeToString(deterministic=True))


def rate(index: Path, seed: int) -> tuple[float, float]:
    """Search so many titles in this process; return when it began, all warm, and when it ended."""
    from ltrr_cli import Engine

    titles = [record["title"] for record in entities(QUERIES + 20, seed=seed)]
    with Engine.open(index) as engine:
        times(engine.search, titles[:20])
        begun = time.time()
        times(engine.search, titles[20:])
        return begun, time.time()


def step(name: str, root: Path, count: int) -> dict[str, float | str]:
    """Do one step in this process; return its figures."""
    from ltrr_cli import Engine

    index = root / "million.ltrr"
    started = time.perf_counter()
    figures: dict[str, float | str] = {}
    if name == "build":
        before, busy = resident(), time.process_time()
        Engine.build(root / "catalog.jsonl", index, encoder=str(root / "table"))
        figures["entities/s"] = count / (time.perf_counter() - started)
        figures["processor µs/entity"] = 1e6 * (time.process_time() - busy) / count
        figures["more resident bytes/entity"] = (resident() - before) / count
        figures["disk GB"] = sum(path.stat().st_size for path in index.rglob("*") if path.is_file()) / 1e9
    elif name == "add":
        Engine.build(root / "more.jsonl", index, add=True)
    elif name == "delete":
        Engine.delete(index, [f"e{number}" for number in range(DELETED)])
    elif name == "compact":
        Engine.compact(index)
    elif name == "calls":
        figures |= dict(warm(index, QUERIES))
    elif name == "crowd":
        with ProcessPoolExecutor(2) as pool:
            starts, ends = zip(*pool.map(partial(rate, index), (7, 8)), strict=True)
        figures["queries/s"] = 2 * QUERIES / (max(ends) - min(starts))
    elif name == "learn":
        Engine.relearn(index)
    else:
        Engine.open(index).close()
        figures["first open ms"] = (time.perf_counter() - started) * 1e3  # with all imports
        begun = time.perf_counter()
        with Engine.open(index) as engine:
            figures["open ms"] = (time.perf_counter() - begun) * 1e3
            figures["open files"] = sum(1 for _ in Path("/proc/self/fd").iterdir())
            if name == "query":
                titles = [record["title"] for record in entities(QUERIES + 20, seed=7)]
                spent = times(engine.search, titles)
                figures |= {"first ms": spent[0], "p50 ms": quantile(spent[20:], 0.5)}
                figures["p99 ms"] = quantile(spent[20:], 0.99)
                figures["browse ms"] = quantile(times(lambda _: engine.search("", log=False), titles[:20]), 0.5)
                figures["recommend ms"] = quantile(times(lambda _: engine.recommend(log=False), titles[:20]), 0.5)
            else:
                begun = time.perf_counter()
                engine.ingest(_events(count))
                figures["events/s"] = EVENTS / (time.perf_counter() - begun)
    return {"s": time.perf_counter() - started, **figures}


def resident() -> int:
    """Return how many bytes were resident at most, so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _events(count: int) -> Iterator[Any]:
    """Yield plain events, no impressions: what people who searched titles clicked."""
    from ltrr_cli.records import Event

    rng = random.Random(3)
    known = [record["title"] for record in entities(10_000, seed=1)]
    moment = time.time() - EVENTS
    for number in range(EVENTS):
        chosen = min(int(rng.paretovariate(0.5)) - 1, len(known) - 1, count - 1)
        yield Event(
            id=f"m{number}",
            text=known[chosen],
            user=f"u{number % 5000}",
            entity_id=f"e{chosen + DELETED if count > 2 * DELETED else chosen}",
            action="click",
            time=moment + number,
        )


def main() -> None:
    """Print a line for each step."""
    parser = argparse.ArgumentParser()
    parser.add_argument("count", nargs="?", type=int, default=1_000_000)
    parser.add_argument("--step", choices=STEPS)
    parser.add_argument("--only", nargs="*", choices=STEPS, default=STEPS)
    given = parser.parse_args()
    root = OUT / f"million-{given.count}"
    if given.step:
        found = step(given.step, root, given.count)
        found["peak MB"] = resident() / 2**20
        print(json.dumps(found))
        return
    root.mkdir(parents=True, exist_ok=True)
    if not (root / "catalog.jsonl").exists():
        table_encoder(root / "table")
        write(root / "catalog.jsonl", entities(given.count))
        write(root / "more.jsonl", entities(ADDED, first=given.count, seed=2))
    for name in given.only:
        command = [sys.executable, __file__, str(given.count), "--step", name]
        with Popen(command, stdout=PIPE, text=True) as process:
            out, _ = process.communicate()
        if process.returncode:
            sys.exit(f"{name} failed")
        figures = json.loads(out.splitlines()[-1])
        said = ((key, value if isinstance(value, str) else f"{value:,.4g}") for key, value in figures.items())
        report([(name, " · ".join(f"{key} {value}" for key, value in said))])


if __name__ == "__main__":
    main()
