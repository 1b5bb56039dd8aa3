"""How many searches with feedback `ltrr serve` answers, how fast, whether an event is lost, and whether memory grows.

    python benchmarks/serve.py INDEX --queries FILE [--seconds 20] [--workers 1,2] [--requests 100000 [--no-log]]

INDEX is copied first. Everything goes over loopback, from as many connections as `--connections` says, by a client in
this process, which shares the processors with the server. Each connection searches, clicks on one of the first results
of every other answer, and waits for both. Then the log is read: every acknowledged event has to be in it, once.

The first line is what the engine does without a server, in this run: its rate is what the others are compared with.
With `--requests` the server's resident memory is told after every tenth of so many requests. What is logged and learned
takes memory, by the engine's doing; `--no-log` tells what the server itself keeps.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

from ltrr_cli import Engine

if TYPE_CHECKING:
    from collections.abc import Sequence

_K = 10
HEADS = (
    "searches/s",
    "ratio",
    "CPU ms",
    "p50 ms",
    "p99 ms",
    "click p50",
    "p99",
    "clicks/s",
    "errors",
    "lost",
    "doubled",
)


@dataclass(slots=True)
class Load:
    """What a run of the client saw; times in ms."""

    searches: list[float] = field(default_factory=list)
    clicks: list[float] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)
    errors: int = 0
    seconds: float = 0.0

    @property
    def requests(self) -> int:
        """Requests that were answered."""
        return len(self.searches) + len(self.clicks)


class Connection:
    """One connection that stays open: HTTP/1.1 with the few headers that are needed."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def open(self) -> None:
        """Connect."""
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)

    async def ask(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        """Return status and body."""
        head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        self._writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        answer = await self._reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", answer)
        content = await self._reader.readexactly(int(length[1]) if length else 0)
        return int(answer[9:12]), content

    def close(self) -> None:
        """Hang up."""
        self._writer.close()


async def visit(port: int, name: str, queries: list[str], load: Load, *, until: float, most: int, logged: bool) -> None:
    """Search, and click on every other answer that is logged, until the time is over or enough was asked."""
    rng = random.Random(name)
    line = Connection(port)
    await line.open()
    while time.perf_counter() < until and load.requests < most:
        began = time.perf_counter()
        status, body = await line.ask(
            "GET", f"/search?q={quote_plus(rng.choice(queries))}&k={_K}&user={name}&log={logged:d}"
        )
        load.searches.append((time.perf_counter() - began) * 1e3)
        if status != 200:
            load.errors += 1
            continue
        answer = json.loads(body)
        if not logged or len(load.searches) % 2 or not answer["results"]:
            continue
        event_id = f"{name}-{answer['query_id']}"
        clicked = rng.choice(answer["results"][:3])["id"]
        attributes = {"event_id": event_id, "object": {"object_id": clicked}}
        row = {"action_name": "click", "query_id": answer["query_id"], "event_attributes": attributes}
        began = time.perf_counter()
        status, body = await line.ask("POST", "/feedback", json.dumps(row).encode())
        load.clicks.append((time.perf_counter() - began) * 1e3)
        if status == 200 and json.loads(body)["recorded"] == 1:
            load.acknowledged.append(event_id)
        else:
            load.errors += 1
    line.close()


async def drive(
    port: int,
    queries: list[str],
    connections: int,
    load: Load,
    *,
    seconds: float,
    most: int = 10**9,
    logged: bool = True,
) -> None:
    """Visit on all connections at once."""
    began = time.perf_counter()
    visits = [
        visit(port, f"v{number}", queries, load, until=began + seconds, most=most, logged=logged)
        for number in range(connections)
    ]
    await asyncio.gather(*visits)
    load.seconds += time.perf_counter() - began


class Server:
    """`ltrr serve` as a process."""

    def __init__(self, index: Path, *args: str) -> None:
        program = [sys.executable, "-m", "ltrr_cli.cli", "serve", "--port", "0", "--rate", "0", "--quiet"]
        self._process = subprocess.Popen([*program, "--index", str(index), *args], stderr=subprocess.PIPE, text=True)
        assert self._process.stderr is not None
        told = self._process.stderr.readline()
        found = re.search(r":(\d+)/", told)
        if found is None:
            raise SystemExit(told)
        self.port = int(found[1])

    @property
    def resident(self) -> float:
        """Resident memory of all its processes, in MiB."""
        return sum(_resident(one) for one in _family(self._process.pid))

    @property
    def used(self) -> float:
        """CPU milliseconds of all its processes so far."""
        return sum(_used(one) for one in _family(self._process.pid))

    def end(self) -> None:
        """End it as an operator would."""
        self._process.send_signal(signal.SIGTERM)
        self._process.wait()


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in _family(int(child)))]


def _resident(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _used(pid: int) -> float:
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) * 1e3 / os.sysconf("SC_CLK_TCK")


def quantile(values: list[float], share: float) -> float:
    """Return a quantile."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] if values else 0.0


def alone(index: Path, queries: list[str], seconds: float) -> tuple[float, float]:
    """Return searches a second, and CPU milliseconds of each, of one engine in this process, which logs them."""
    rng = random.Random(0)
    with Engine.open(index) as engine:
        for text in queries[:20]:
            engine.search(text, k=_K, log=False)
        began, used, count = time.perf_counter(), time.process_time(), 0
        while time.perf_counter() < began + seconds:
            engine.search(rng.choice(queries), k=_K)
            count += 1
        return count / (time.perf_counter() - began), (time.process_time() - used) * 1e3 / count


def lost(index: Path, load: Load) -> tuple[int, int]:
    """Return how many acknowledged events are not in the log, and how many are in it more than once."""
    with Engine.open(index) as engine:
        logged = [one.id for one in engine.events()]
    mine = [one for one in logged if re.match(r"v\d+-", one)]
    return len(set(load.acknowledged) - set(mine)), len(mine) - len(set(mine))


def fresh(source: Path, folder: Path) -> Path:
    """Return a new copy of the index."""
    target = folder / "copy.ltrr"
    shutil.rmtree(target, ignore_errors=True)
    return shutil.copytree(source, target)


def measure(source: Path, folder: Path, queries: list[str], options: argparse.Namespace) -> None:
    """Print a line for each number of workers."""
    index = fresh(source, folder)
    rate, used = alone(index, queries, options.seconds / 2)
    print("CPU ms: of all processes of the server, for a search and what is clicked on it")
    print(_row("", HEADS))
    print(_row("engine, no server", (f"{rate:.0f}", "1.00", f"{used:.1f}")))
    for workers in options.workers.split(","):
        for engines in options.engines.split(","):
            index = fresh(source, folder)
            server = Server(index, "--workers", workers, "--engines", engines)
            warm, load = Load(), Load()
            try:
                asyncio.run(drive(server.port, queries, options.connections, warm, seconds=2))
                before = server.used
                asyncio.run(drive(server.port, queries, options.connections, load, seconds=options.seconds))
                each = (server.used - before) / len(load.searches)
            finally:
                server.end()
            load.acknowledged += warm.acknowledged
            gone, doubled = lost(index, load)
            searched = len(load.searches) / load.seconds
            times = [f"{quantile(one, share):.0f}" for one in (load.searches, load.clicks) for share in (0.5, 0.99)]
            figures = (f"{searched:.0f}", f"{searched / rate:.2f}", f"{each:.1f}", *times)
            counts = (f"{len(load.clicks) / load.seconds:.0f}", str(load.errors + warm.errors), str(gone), str(doubled))
            print(_row(f"workers {workers}, engines {engines}", (*figures, *counts)), flush=True)


def _row(name: str, cells: Sequence[str]) -> str:
    widths = (11, 7, 8, 8, 8, 10, 8, 10, 8, 6, 9)
    return f"{name:<22}" + "".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=False))


def remember(source: Path, folder: Path, queries: list[str], options: argparse.Namespace) -> None:
    """Print the server's memory after every tenth of the requests."""
    index = fresh(source, folder)
    server = Server(index, "--workers", "1", "--engines", options.engines.split(",")[0])
    load, most = Load(), options.requests
    try:
        print(f"\n{'requests':>10}{'MiB':>8}")
        while load.requests < most and load.seconds < options.limit:
            step = load.requests + max(1, most // 10)
            left = options.limit - load.seconds
            asked = drive(
                server.port, queries, options.connections, load, seconds=left, most=step, logged=not options.no_log
            )
            asyncio.run(asked)
            print(f"{load.requests:>10,}{server.resident:>8.0f}", flush=True)
    finally:
        server.end()
    print(f"{load.errors} errors, {lost(index, load)} lost and doubled, {load.requests / load.seconds:.0f} requests/s")


def texts_of(path: Path) -> list[str]:
    """Return the queries of a JSON lines file, those to train on where it names any."""
    rows: list[dict[str, Any]] = [json.loads(line) for line in path.read_text().splitlines()]
    chosen = [row for row in rows if row.get("split", "train") == "train"] or rows
    return [str(row["query"]) for row in chosen]


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("index", type=Path)
    parser.add_argument("--queries", type=Path, required=True)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--workers", default="1,2")
    parser.add_argument("--engines", default="1")
    parser.add_argument("--requests", type=int, default=0)
    parser.add_argument("--limit", type=float, default=900.0, help="seconds that --requests may take")
    parser.add_argument("--no-log", action="store_true", help="with --requests: searches that log and teach nothing")
    options = parser.parse_args()
    queries = texts_of(options.queries)
    print(f"{options.index.name}, {len(queries):,} queries, {options.connections} connections")
    print(f"load {os.getloadavg()[0]:.1f} at the start")
    with tempfile.TemporaryDirectory() as folder:
        if options.requests:
            remember(options.index, Path(folder), queries, options)
        else:
            measure(options.index, Path(folder), queries, options)
    print(f"load {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    main()
