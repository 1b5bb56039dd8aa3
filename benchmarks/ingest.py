"""Learning from logs: events and pages a second, as `ltrr feedback ingest` takes them, on MSRD (benchmarks/msrd.py).

People ask MSRD's train queries, a few of them often, and click what was judged right; the same for the same seed.

- plain: a search log without pages (query, entity_id, action, ts, user_id) into an index that has learned 100,000 such
  events, all told: read, checked, logged, flushed, learned, the learned state written at the end. Beside it the least
  that such a log costs in Python: each line parsed, written again with its checksum, and flushed, nothing learned.
- pages: another system's pages (its query, ten results) with a click each. Every arm is asked, before the click is
  learned, at what rank it would have found it (hindsight). *new queries*: nobody asked them before, so that each is
  encoded; *asked again*: the same once more, by others. Beside it the calls that the arms make for these queries, of
  Tantivy, of USearch and, for new ones, of the encoder, made again one after the other; both by processor time.
- million: the plain log ten times as long, into an index that has learned nothing.

Each step is a process of its own, with one thread for NumPy's matrices as in the command: seconds by the clock, of the
processor, and the most that was resident.

    python benchmarks/ingest.py [--million] [--events N] [--pages N]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import zlib
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from common import OUT, data, judgments, report, rows
from speed import recorded

from ltrr_cli import Engine
from ltrr_cli.engine.alone import look
from ltrr_cli.feedback.formats import Feedback
from ltrr_cli.feedback.times import parse_time
from ltrr_cli.records import Query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Figures = dict[str, float]

LEARNED = 100_000
"""Events that the index has learned before."""
USERS = 5_000
START = 1_600_000_000.0
ACTIONS = ("click", "click", "click", "play", "like")
SHOWN = 10
FIRST = 100
"""Pages that are ingested before those that count."""
CALLED = 300
"""Queries whose calls of the engines are made again."""


def asked() -> list[tuple[str, list[str]]]:
    """Return the train queries, in an order by chance, and the entities that were judged right for each."""
    folder = data("msrd")
    judged = judgments(folder / "qrels.tsv.zst")
    train = [row for row in rows(folder / "queries.jsonl.zst") if row["split"] == "train"]
    queries = sorted({row["query"]: sorted(judged.get(row["query_id"], {})) for row in train}.items())
    known = [(text, right) for text, right in queries if right]
    random.Random(1).shuffle(known)
    return known


def plain(count: int, *, first: int = 0) -> Iterator[dict[str, Any]]:
    """Yield events of a plain log; with `first` those that come after so many."""
    known, rng = asked(), random.Random(first)
    for number in range(first, first + count):
        text, right = known[min(int(rng.paretovariate(0.5)) - 1, len(known) - 1)]
        yield {
            "query": text,
            "entity_id": rng.choice(right),
            "action": rng.choice(ACTIONS),
            "ts": f"{stamp(number)}Z",
            "user_id": f"u{rng.randrange(USERS)}",
        }


def pages(count: int, turn: int) -> Iterator[dict[str, Any]]:
    """Yield pages of as many queries, each with its click: in turn 0 to begin with, in 1 and 2 the same by others."""
    queries, rng = asked()[::-1], random.Random(turn)
    known = queries[FIRST : FIRST + count] if turn else queries[:count]
    everything = sorted({entity for _, right in known for entity in right})
    for number, (text, right) in enumerate(known):
        place = rng.randrange(SHOWN)
        shown = rng.sample(everything, SHOWN)
        shown[place] = rng.choice(right)
        moment = stamp(1_000_000 + turn * 10_000 + number)
        page = {
            "query_id": f"p{turn}-{number}",
            "query": text,
            "ts": f"{moment}Z",
            "user_id": f"u{rng.randrange(USERS)}",
        }
        yield page | {"results": [{"entity_id": entity} for entity in shown]}
        yield page | {"entity_id": shown[place], "action": "click", "rank": place + 1}


def stamp(number: int) -> str:
    """Return the time of a record: one every ten seconds."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(START + number * 10)) + f".{number % 1000:03d}"


def write(path: Path, records: Iterator[dict[str, Any]]) -> Path:
    """Write JSON lines."""
    with path.open("w", encoding="utf-8") as out:
        for record in records:
            print(json.dumps(record, ensure_ascii=False), file=out)
    return path


def timed(call: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds of a call, by the clock and of the processor."""
    started, busy = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - started, time.process_time() - busy


def ingested(index: Path, log: Path) -> Figures:
    """Ingest a log as the command does, and copy it."""
    with Engine.open(index) as engine:
        clock, processor = timed(lambda: engine.ingest(Feedback([log])))
    bare = min(timed(lambda: copied(log, log.with_suffix(".copy")))[1] for _ in range(3))
    return {"clock": clock, "processor": processor, "bare": bare}


def copied(log: Path, to: Path) -> None:
    """Parse each line of a log, and write it again with its checksum."""
    with log.open("rb") as source, to.open("wb") as out:
        for line in source:
            body = orjson.dumps(orjson.loads(line))
            out.write(b'%b,"crc32":"%08x"}\n' % (body[:-1], zlib.crc32(body)))
        out.flush()
        os.fsync(out.fileno())


def looked_back(index: Path, first: Path, log: Path, again: Path) -> Figures:
    """Ingest pages of queries that nobody asked before, then pages of the same queries; then make their calls alone.

    `first` has pages to begin with: code is loaded, files are mapped.
    """
    figures: Figures = {}
    with Engine.open(index) as engine:
        engine.ingest(Feedback([first]))
        for name, path in (("new", log), ("again", again)):
            clock, processor = timed(partial(engine.ingest, Feedback([path])))
            figures |= {name: clock, f"{name} processor": processor}
    with Engine.open(index) as engine:  # another one: nothing is kept of what was looked up
        opened = engine._opened  # noqa: SLF001 – what an ingest asks
        clicks = [row for row in map(orjson.loads, log.read_bytes().splitlines()) if "action" in row][:CALLED]
        for row in clicks:
            query = Query(id="", text=row["query"], time=parse_time(row["ts"]), user=row["user_id"])
            figures["encoder"] = figures.get("encoder", 0.0) + timed(partial(opened.query_vectors.of, query.text))[1]
            with recorded() as calls:
                look(opened, query)
            for name, made in calls.items():
                figures[name] = figures.get(name, 0.0) + sum(timed(call)[1] for call in made)
    return {**figures, "called": len(clicks)}


def step(name: str, root: Path) -> Figures:
    """Do one step in this process; return its figures."""
    index = root / "msrd.ltrr"
    if name == "pages":
        figures = looked_back(index, *(root / f"pages-{turn}.jsonl" for turn in range(3)))
    else:
        figures = ingested(index, root / f"{name}.jsonl")
    return {**figures, "resident": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def run(name: str, root: Path) -> Figures:
    """Do one step in a process of its own."""
    command = [sys.executable, __file__, "--step", name, "--root", str(root)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, env={**os.environ, "OPENBLAS_NUM_THREADS": "1"})
    figures: Figures = json.loads(done.stdout)
    return figures


def told_plain(name: str, count: int, found: Figures) -> list[tuple[str, str]]:
    """Return lines about a plain log of so many events."""
    return [
        (f"{name}, events a second by the clock", f"{count / found['clock']:,.0f}"),
        (f"{name}, events a second of the processor", f"{count / found['processor']:,.0f}"),
        (f"{name} / parsing, checksums and writing alone, processor", f"{found['processor'] / found['bare']:.1f}"),
        (
            f"{name}, clock · processor · memory",
            f"{found['clock']:.1f} s · {found['processor']:.1f} s · {memory(found)}",
        ),
    ]


def told_pages(count: int, found: Figures) -> list[tuple[str, str]]:
    """Return lines about so many pages of new queries, and as many of the same ones again."""
    bare = {part: found[part] / found["called"] for part in ("encoder", "Tantivy", "USearch")}
    arms = bare["Tantivy"] + bare["USearch"]
    told = []
    for name, title, calls in (("new", "new queries", arms + bare["encoder"]), ("again", "asked again", arms)):
        each = found[f"{name} processor"] / count
        told += [
            (f"pages, {title}, a second by the clock", f"{count / found[name]:,.0f}"),
            (f"pages, {title}, a second of the processor", f"{1 / each:,.0f}"),
            (f"pages, {title} / bare calls, processor", f"{each / calls:.1f}, these alone {1 / calls:,.0f} a second"),
        ]
    parts = ", ".join(f"{part} {1e3 * spent:.2f}" for part, spent in bare.items())
    return [*told, ("bare calls of a query, processor", f"{parts} ms"), ("pages, memory", memory(found))]


def memory(found: Figures) -> str:
    """Return the most that was resident, in words."""
    return f"{found['resident']:,.0f} MB"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--million", action="store_true")
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--pages", type=int, default=1_000)
    parser.add_argument("--step", choices=("learned", "plain", "pages", "million"), help=argparse.SUPPRESS)
    parser.add_argument("--root", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.step:
        print(json.dumps(step(given.step, given.root)))
        return
    pristine = OUT / "msrd.ltrr"
    if not (pristine / "manifest.json").exists():
        sys.exit("first: python benchmarks/msrd.py")
    with tempfile.TemporaryDirectory(dir=OUT) as scratch:
        root = Path(scratch)
        shutil.copytree(pristine, root / "msrd.ltrr")
        lines = []
        if given.million:
            write(root / "million.jsonl", plain(1_000_000))
            lines += told_plain("a million", 1_000_000, run("million", root))
            shutil.rmtree(root / "msrd.ltrr")
            shutil.copytree(pristine, root / "msrd.ltrr")
        write(root / "learned.jsonl", plain(LEARNED))
        run("learned", root)
        write(root / "plain.jsonl", plain(given.events, first=LEARNED))
        lines += told_plain("plain", given.events, run("plain", root))
        for turn, count in enumerate((FIRST, given.pages, given.pages)):
            write(root / f"pages-{turn}.jsonl", pages(count, turn))
        lines += told_pages(given.pages, run("pages", root))
        report(lines)


if __name__ == "__main__":
    main()
