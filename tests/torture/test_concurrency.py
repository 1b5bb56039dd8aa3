"""Many processes at once: nothing is lost, doubled or torn, and nobody fails."""

from __future__ import annotations

import json
import os
import shutil
import time
import traceback
from collections import Counter
from typing import TYPE_CHECKING

from kills import click

from ltrr_cli.engine import Engine
from ltrr_cli.engine.fold import Logs

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.context import ForkServerContext
    from pathlib import Path

    import pytest
    from conftest import Budget


def loop(kind: str, root: Path, out: Path, catalogs: tuple[Path, ...], number: int, end: float) -> None:
    """Search and record, ingest, or build, until the time is over; write what was acknowledged, or what failed."""
    handle = os.open(out, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        turn = 0
        while turn == 0 or time.time() < end:
            for row in LOOPS[kind](root, catalogs, number, turn):
                os.write(handle, json.dumps(row).encode() + b"\n")
            turn += 1
    except BaseException:  # noqa: BLE001 – whatever it is, the test is to fail with it
        os.write(handle, json.dumps({"failed": traceback.format_exc()}).encode() + b"\n")


def _ask(root: Path, catalogs: tuple[Path, ...], number: int, turn: int) -> list[object]:
    out: list[object] = []
    with Engine.open(root) as engine:
        for step in range(5):
            now = 1.75e9 + number * 1e5 + turn * 10 + step
            answer = engine.search(("love", "rain night", "gold")[step % 3], user=f"u{number}", now=now)
            shown = answer.results[turn % len(answer.results)].id
            engine.record(answer.query_id, shown, now=now)
            out.append(["event", answer.query_id, shown, now])
            out.append(["query", answer.query_id])
    return out


def _ingest(root: Path, catalogs: tuple[Path, ...], number: int, turn: int) -> list[object]:
    now = 1.76e9 + number * 1e5 + turn * 10
    events = [click(number, now + step / 10) for step in range(30)]
    with Engine.open(root) as engine:
        engine.ingest(events, now=now + 1000)
    return [["event", "", event.entity_id, event.time] for event in events]


def _build(root: Path, catalogs: tuple[Path, ...], number: int, turn: int) -> list[object]:
    Engine.build(catalogs[turn % 2], root)
    return [["built"]]


LOOPS: dict[str, Callable[[Path, tuple[Path, ...], int, int], list[object]]] = {
    "ask": _ask,
    "ingest": _ingest,
    "build": _build,
}


def test_together(
    built: Path,
    tmp_path: Path,
    catalogs: tuple[Path, ...],
    forked: ForkServerContext,
    budget: Budget,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Eight search and record, four ingest, one builds: every acknowledged event is there once, every query too."""
    root = shutil.copytree(built, tmp_path / "songs.ltrr")
    crowd = (
        [("ask", 8), ("ingest", 4), ("build", 1)] if budget.seconds > 10 else [("ask", 2), ("ingest", 1), ("build", 1)]
    )
    kinds = [kind for kind, count in crowd for _ in range(count)]
    outs = [tmp_path / f"{number}.out" for number in range(len(kinds))]
    end = time.time() + budget.seconds
    processes = [
        forked.Process(target=loop, args=(kind, root, outs[number], catalogs, number, end))
        for number, kind in enumerate(kinds)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(600)
    assert [process.exitcode for process in processes] == [0] * len(processes)
    rows = [json.loads(line) for out in outs for line in out.read_text().splitlines()]
    assert [row["failed"] for row in rows if isinstance(row, dict)] == []
    events = Counter((one.query_id, one.entity_id, round(one.time, 3)) for one in Logs(root).all_events())
    acknowledged = {(row[1], row[2], round(row[3], 3)) for row in rows if row[0] == "event"}
    assert acknowledged <= events.keys()
    assert max(events.values()) == 1
    queries = Counter(row["query_id"] for _, row in Logs(root).queries.replay())
    asked = {row[1] for row in rows if row[0] == "query"}
    assert asked <= queries.keys()
    assert max(queries.values()) == 1
    report = Engine.verify(root, deep=True)
    assert report.damage == []
    assert report.notes == []
    with Engine.open(root) as engine:
        assert engine.info().events == len(events)
    builds = sum(row[0] == "built" for row in rows)
    with capsys.disabled():
        print(
            f"\n{len(kinds)} processes for {budget.seconds:g} s: {len(acknowledged):,} events acknowledged, "
            f"{len(acknowledged):,} found exactly once; {len(asked):,} queries; {builds} builds; 0 errors"
        )
