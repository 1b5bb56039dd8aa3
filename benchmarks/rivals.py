"""Beside what users would pick instead: same data, same machine, same run, same vectors.

ltrr with nothing learned, LanceDB, Milvus Lite, txtai, Tantivy and USearch fused by hand, and bm25s, each as its own
documentation sets up a hybrid search (rivals_systems.py says how), on MSRD's dev queries, Cranfield and snips' test
queries. All that use vectors get those of ltrr's encoder: one for each entity, the text that ltrr encodes. Every system
runs in processes of its own. What learning adds is told apart: it needs clicks, and no rival takes any.

    python benchmarks/rivals.py [SET…] [--only quality|learned|times]

makes .out/rivals-venv from rivals.txt if it is not there (with txtai's PyTorch, gigabytes), keeps what it measured in
.out/rivals, measures what is not there yet, and writes benchmarks/rivals.md. Linux only: memory is read from /proc.
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
import time
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from common import OUT, ROOT, data
from headline import built, halves
from rivals_page import write_page
from rivals_systems import RIVALS

from ltrr_cli import Engine
from ltrr_cli.catalog import Catalog
from ltrr_cli.estimators.measures import parse_measures
from ltrr_cli.evaluation.evaluate import WHOLE, ids, rank_all
from ltrr_cli.evaluation.sets import read_set
from ltrr_cli.evaluation.simulate import START, simulate
from ltrr_cli.evaluation.users import PositionBased, Users

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ltrr_cli.evaluation.sets import TestSet

SETS = {"msrd": "dev", "cranfield": None, "snips": "test"}
"""Set → the split of its queries that is asked."""
PARTS = ("quality", "learned", "times")
SESSIONS = 5_000
TIMED, WARM, ROUNDS, COLD = 200, 20, 4, 3
"""Queries timed, queries before them, in how many turns, and processes started for a cold answer."""
VENV = OUT / "rivals-venv"
KEPT = OUT / "rivals"
SYSTEMS = ("ltrr", *RIVALS)


class BrokenError(Exception):
    """A rival did not do what it was told; the message is the last line that it wrote."""


class Worker:
    """A process with one system; `ask` has it do something and returns its answer."""

    def __init__(self, name: str, folder: Path) -> None:
        python = sys.executable if name in {"ltrr", "encoder"} else str(VENV / "bin" / "python")
        own = place(name, folder)
        command = [python, str(ROOT / "benchmarks" / "rivals_worker.py"), name, str(own), str(folder)]
        self._errors = own.with_suffix(".stderr")
        with self._errors.open("w", encoding="utf-8") as errors:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
            )

    def ask(self, do: str, **arguments: object) -> Any:
        """Raise BrokenError if the process ends without an answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            print(json.dumps({"do": do, **arguments}), file=self._process.stdin, flush=True)
            answer = self._process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            written = [line for line in self._errors.read_text(encoding="utf-8").splitlines() if line.strip()]
            raise BrokenError(f"{do}: {written[-1] if written else f'exit {self._process.wait()}'}")
        return json.loads(answer)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Tell the process that there is no more to do, and wait for it."""
        self._process.communicate()


def place(name: str, folder: Path) -> Path:
    """Return where a system keeps its index."""
    return folder / ("ltrr.ltrr" if name == "ltrr" else "".join(c if c.isalnum() else "-" for c in name.lower()))


def environment() -> None:
    """Make the rivals' environment if it is not there."""
    if (VENV / "bin" / "python").exists():
        return
    print(f"making {VENV}", file=sys.stderr)
    subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
    packages = str(ROOT / "benchmarks" / "rivals.txt")
    subprocess.run([str(VENV / "bin" / "pip"), "install", "--quiet", "--requirement", packages], check=True)


def judged(name: str) -> TestSet:
    """Return the queries of a set that are asked, and their judgments."""
    folder = data(name)
    return read_set(folder / "queries.jsonl.zst", folder / "qrels.tsv.zst", split=SETS[name])


def prepare(name: str) -> Path:
    """Write what all systems are given: words, vectors, queries; ltrr has an index with the same vectors."""
    folder = KEPT / name
    if (folder / "catalog.json").exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    index = built(name)
    catalog = data(name) / "catalog.jsonl.zst"
    entities = list(Catalog([catalog]))
    with (folder / "documents.jsonl").open("w", encoding="utf-8") as out:
        for entity in entities:
            more = [entity.type, *(str(one) for pair in entity.attributes.items() for one in words(*pair))]
            texts = {"title": entity.title, "text": entity.text, "more": "\n".join(more)}
            print(json.dumps({"id": entity.id, **texts}, ensure_ascii=False), file=out)
    texts_ = [query.text for query in judged(name).queries]
    with Engine.open(index) as engine:
        view = engine._opened.view  # noqa: SLF001 – the vectors themselves
        (segment,) = view.segments
        place_of = {entity_id: row for row, entity_id in enumerate(view.ids(np.arange(view.rows, dtype=np.int64)))}
        order = [place_of[entity.id] for entity in entities]
        np.save(folder / "vectors.npy", np.asarray(segment.vectors.matrix[order], np.float32))
        np.save(folder / "queries.npy", engine._opened.encoder.encode(texts_, kind="query"))  # noqa: SLF001
    (folder / "queries.json").write_text(json.dumps(texts_), encoding="utf-8")
    shutil.copytree(index, place("ltrr", folder), dirs_exist_ok=True)
    (folder / "catalog.json").write_text(json.dumps([str(catalog)]), encoding="utf-8")
    return folder


def words(field: str, values: tuple[object, ...]) -> Iterator[object]:
    """Yield what of an attribute can be searched as words: texts, and years."""
    yield from (value for value in values if isinstance(value, str) or field == "year")


@contextmanager
def told(system: str, into: dict[str, Any]) -> Iterator[None]:
    """Note a failure of a rival as its result, and go on; one of ltrr ends the benchmark."""
    try:
        yield
    except BrokenError as broken:
        if system == "ltrr":
            raise
        into[system] = {"failed": str(broken)}
        print(f"{system}: {broken}", file=sys.stderr)


def quality(name: str) -> dict[str, Any]:
    """Return system → depth → answers to all queries of the set; each system's are kept as soon as they are there."""
    folder, path = prepare(name), KEPT / name / "quality.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    for system in SYSTEMS:
        if system in found:
            continue
        started = time.perf_counter()
        with told(system, found), Worker(system, folder) as worker:
            if system != "ltrr":
                worker.ask("build")
            worker.ask("open")
            found[system] = worker.ask("rank")
        path.write_text(json.dumps(found), encoding="utf-8")
        print(f"{name}, {system}: {time.perf_counter() - started:.0f} s", file=sys.stderr)
    return found


def learned(name: str) -> dict[str, Any]:
    """Return what ltrr answers to queries that simulated people asked, and to the others, before and after."""
    prepare(name)
    test = judged(name)
    asked, unseen = halves([replace(query, split="") for query in test.queries])
    answers: dict[str, Any] = {}

    def watch(done: int, engine: Engine) -> None:
        if done in {0, SESSIONS}:
            ranked = ids(rank_all(engine, [*asked, *unseen], depth=10, now=START, alone=False))
            answers["learned" if done else "cold"] = ranked[WHOLE]

    simulated = simulate(
        built(name),
        asked,
        test.qrels,
        sessions=SESSIONS,
        users=Users(100, taste=0.0, noise=0.1, seed=1),
        model=PositionBased(),
        measure=parse_measures(["nDCG@10"])[0],
        seed=1,
        watch=watch,
    )
    groups = {"asked": [query.id for query in asked], "unseen": [query.id for query in unseen]}
    return {"groups": groups, "answers": answers, "clicks": simulated.clicks}


def times(name: str) -> dict[str, Any]:
    """Return system → seconds of a build, milliseconds of answers, cold and warm, megabytes of memory and disk."""
    folder = prepare(name)
    found: dict[str, Any] = {}
    load = [os.getloadavg()[0]]
    for system in SYSTEMS:
        with told(system, found), Worker(system, folder) as worker:
            found[system] = {"build": worker.ask("build"), "cold": []}
            found[system]["disk"] = megabytes(built(name) if system == "ltrr" else place(system, folder))
    found["encoder"] = {"cold": []}
    texts = list(dict.fromkeys(json.loads((folder / "queries.json").read_text(encoding="utf-8"))))
    random.Random(1).shuffle(texts)
    for number in range(COLD):
        for system in [one for one in found if "failed" not in found[one]]:
            with told(system, found):
                found[system]["cold"].append(cold(system, folder, texts[number]))
    with ExitStack() as stack:
        workers = {s: stack.enter_context(Worker(s, folder)) for s in found if "failed" not in found[s]}
        for system, worker in workers.items():
            with told(system, found):
                worker.ask("open")
                worker.ask("time", texts=texts[:WARM])
                found[system] |= {"whole": [], "given": [], "cpu": []}
        timed = texts[WARM : WARM + TIMED]
        for part in range(ROUNDS):
            for system, worker in workers.items():
                with told(system, found):
                    for kind, spent in worker.ask("time", texts=timed[part::ROUNDS]).items():
                        found[system][kind] += spent
        for system, worker in workers.items():
            with told(system, found):
                found[system]["peak"] = worker.ask("peak")
    encoder = place("ltrr", folder) / "encoder"
    return {"systems": found, "encoder": megabytes(encoder), "load": [*load, os.getloadavg()[0]], "queries": len(timed)}


def cold(system: str, folder: Path, text: str) -> tuple[float, float]:
    """Return the milliseconds of a process that opens, answers and ends, by the clock and of the processor."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    with Worker(system, folder) as worker:
        worker.ask("open")
        worker.ask("answer", text=text)
    spent, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent * 1e3, (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1e3


def megabytes(folder: Path) -> float:
    """Return what the files of a folder take."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def main() -> None:
    """Measure what is not measured yet, then write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="*", metavar="SET", default=list(SETS), help=", ".join(SETS))
    parser.add_argument("--only", choices=PARTS)
    given = parser.parse_args()
    if unknown := set(given.sets) - set(SETS):
        parser.error(f"there is no set {', '.join(sorted(unknown))}; choose from {', '.join(SETS)}")
    environment()
    for name in given.sets:
        for part, measure in (("quality", quality), ("learned", learned), ("times", times)):
            path = KEPT / name / f"{part}.json"
            if given.only in {None, part} and (part == "quality" or not path.exists()):
                path.write_text(json.dumps(measure(name)), encoding="utf-8")
    print(write_page({name: judged(name) for name in SETS}, KEPT, VENV / "bin" / "python"))


if __name__ == "__main__":
    main()
