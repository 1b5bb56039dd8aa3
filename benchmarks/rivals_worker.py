"""One system of benchmarks/rivals.py in a process of its own: it does what it is told in JSON lines, and tells times.

    python benchmarks/rivals_worker.py SYSTEM FOLDER DATA

SYSTEM is a name in rivals_systems.py, `ltrr`, or `encoder`, which only encodes; FOLDER is what it builds and opens;
DATA has documents.jsonl, vectors.npy, queries.json (texts) and queries.npy. The environment of the rivals runs this
with the encoder's own code, which needs no more than numpy, onnxruntime and tokenizers.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rivals_systems import Rival

sys.path.insert(0, str(Path(__file__).parent.parent))


class Others:
    """A rival, given the vector of each query, or encoding it."""

    def __init__(self, name: str, folder: Path, data: Path) -> None:
        from rivals_systems import RIVALS

        self._rival: Rival = RIVALS[name]
        self._folder, self._data = folder, data

    def build(self) -> dict[str, float]:
        """Build, vectors given; return seconds by the clock and of the processor."""
        import numpy as np

        documents = [json.loads(line) for line in (self._data / "documents.jsonl").open(encoding="utf-8")]
        vectors = np.load(self._data / "vectors.npy")
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        with clock() as spent:
            self._rival.build(self._folder, documents, vectors)
        return spent

    def open(self) -> None:
        """Open the index, and the encoder if the system uses vectors."""
        if self._rival.dense:
            from ltrr_cli.encoder import Encoder

            self._encoder = Encoder.open()
        self._rival.open(self._folder)

    def rank(self) -> dict[int, list[list[str]]]:
        """Return the answers to all queries, 10 and 100 deep."""
        import numpy as np

        asked = list(zip(self._texts(), np.load(self._data / "queries.npy"), strict=True))
        deep = [self._rival.search(text, vector, 100) for text, vector in asked]
        if not self._rival.by_k:
            return {10: [found[:10] for found in deep], 100: deep}
        return {10: [self._rival.search(text, vector, 10) for text, vector in asked], 100: deep}

    def asks(self, texts: list[str]) -> tuple[Callable[[str], object], Callable[[str], object]]:
        """Return how to answer a query with its vector to be made, and with its vector given."""
        if not self._rival.dense:
            return (alone := lambda text: self._rival.search(text, None, 10)), alone  # type: ignore[arg-type]  # unused
        vectors = dict(zip(texts, self._encoder.encode(texts, kind="query"), strict=True))

        def whole(text: str) -> object:
            return self._rival.search(text, self._encoder.encode([text], kind="query")[0], 10)

        return whole, lambda text: self._rival.search(text, vectors[text], 10)

    def _texts(self) -> list[str]:
        return [str(text) for text in json.loads((self._data / "queries.json").read_text(encoding="utf-8"))]


class Ltrr(Others):
    """ltrr as it comes: it logs each answer, and makes the vectors of queries itself."""

    def __init__(self, folder: Path, data: Path) -> None:
        self._folder, self._data = folder, data

    def build(self) -> dict[str, float]:
        """Build into an index that has the same texts' vectors, which are used again; nothing else is."""
        from ltrr_cli import Engine

        (catalog,) = json.loads((self._data / "catalog.json").read_text(encoding="utf-8"))
        with clock() as spent:
            Engine.build(catalog, self._folder)
        return spent

    def open(self) -> None:
        """Open the index."""
        from ltrr_cli import Engine

        self._engine = Engine.open(self._folder)

    def rank(self) -> dict[int, list[list[str]]]:
        """Return the answers to all queries, 10 and 100 deep, without chance, logging nothing."""
        texts, found = self._texts(), {}
        self._engine.warm_up(texts)
        for k in (10, 100):
            answers = [self._engine.search(text, k=k, explore=False, log=False) for text in texts]
            found[k] = [[result.id for result in answer.results] for answer in answers]
        return found

    def asks(self, texts: list[str]) -> tuple[Callable[[str], object], Callable[[str], object]]:  # noqa: ARG002
        """Return how to answer: the engine keeps the vectors of queries, so a text's second answer has it given."""
        return self._engine.search, self._engine.search


class OnlyEncoder(Others):
    """The encoder alone, which every system with vectors needs: its share of times and of memory."""

    def __init__(self) -> None:
        pass

    def open(self) -> None:
        """Open the encoder."""
        from ltrr_cli.encoder import Encoder

        self._encoder = Encoder.open()

    def asks(self, texts: list[str]) -> tuple[Callable[[str], object], Callable[[str], object]]:  # noqa: ARG002
        """Return how to encode a query, and how to do nothing."""
        return (lambda text: self._encoder.encode([text], kind="query")), (lambda _: None)


@contextmanager
def clock() -> Iterator[dict[str, float]]:
    """Give what is filled at the end: the seconds that passed, and those of the processor."""
    spent: dict[str, float] = {}
    wall, cpu = time.perf_counter(), time.process_time()
    yield spent
    spent |= {"seconds": time.perf_counter() - wall, "cpu": time.process_time() - cpu}


def peak() -> float:
    """Return the most megabytes that this process and those it started had resident."""
    tasks = Path("/proc/self/task").glob("*/children")
    own = [os.getpid(), *(int(child) for path in tasks for child in path.read_text().split())]
    words = [Path(f"/proc/{one}/status").read_text(encoding="utf-8").split() for one in own]
    return sum(int(status[status.index("VmHWM:") + 1]) for status in words) * 1024 / 1e6


def do(system: Others, asked: dict[str, Any]) -> object:
    """Do what a line asks for."""
    match asked["do"]:
        case "build":
            return {**system.build(), "peak": peak()}
        case "open":
            system.open()
            return True
        case "rank":
            return system.rank()
        case "answer":
            system.asks([])[0](asked["text"])
            return True
        case "time":
            whole, given = system.asks(asked["texts"])
            with clock() as spent:
                answered = times(whole, asked["texts"])
            return {"whole": answered, "cpu": [spent["cpu"] * 1e3], "given": times(given, asked["texts"])}
        case _:
            return peak()


def times(call: Callable[[str], object], texts: list[str]) -> list[float]:
    """Return the milliseconds of each call."""
    spent = []
    for text in texts:
        started = time.perf_counter()
        call(text)
        spent.append((time.perf_counter() - started) * 1e3)
    return spent


def main() -> None:
    """Answer lines until there are no more; standard output is for answers only."""
    name, folder, data = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    system = (
        Ltrr(folder, data) if name == "ltrr" else OnlyEncoder() if name == "encoder" else Others(name, folder, data)
    )
    for line in sys.stdin:
        print(json.dumps(do(system, json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    main()
