"""Workers: threads in which the arms run side by side, so that a slow one can be left behind.

A thread cannot be stopped. One that is left behind ends when its arm does, and serves again; the threads are daemons,
so that none keeps the program from ending.
"""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from ltrr_cli.retrieval.base import Hits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ltrr_cli.retrieval.base import Request, Strategy


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of an arm: its hits, in `ms`, or an `error`."""

    hits: Hits
    ms: float
    error: str = ""


@dataclass(frozen=True, slots=True)
class _Task:
    number: int
    strategy: Strategy
    request: Request
    depth: int
    done: SimpleQueue[tuple[int, Ran]]


def run(strategy: Strategy, request: Request, depth: int) -> Ran:
    """Run one arm here and now, however long it takes."""
    started = time.perf_counter()
    try:
        hits, error = strategy.retrieve(request, depth), ""
    except KeyboardInterrupt:
        raise
    except BaseException as failure:  # noqa: BLE001 – strategies may come from anywhere, and a panic in Rust is no Exception
        hits, error = Hits.none(), f"{type(failure).__name__}: {failure}"[:200]
    return Ran(hits, (time.perf_counter() - started) * 1e3, error)


class Workers:
    """Threads that wait for work: as many as arms have ever run at once. Any thread may ask for them."""

    def __init__(self) -> None:
        self._idle: list[SimpleQueue[_Task]] = []
        os.register_at_fork(after_in_child=self._idle.clear)  # a forked process has none of the threads

    def run(self, chosen: Sequence[tuple[Strategy, int]], request: Request, timeout: float) -> list[Ran]:
        """Run the (strategy, depth) side by side; what takes longer than `timeout` seconds has failed by that."""
        done: SimpleQueue[tuple[int, Ran]] = SimpleQueue()
        for number, (strategy, depth) in enumerate(chosen):
            self._worker().put(_Task(number, strategy, request, depth, done))
        late = Ran(Hits.none(), timeout * 1e3, f"took longer than {timeout * 1e3:g} ms")
        found = [late] * len(chosen)
        end = time.monotonic() + timeout
        for _ in chosen:
            try:
                number, ran = done.get(timeout=max(0.0, end - time.monotonic()))
            except Empty:
                break
            found[number] = ran
        return found

    def _worker(self) -> SimpleQueue[_Task]:
        try:
            return self._idle.pop()
        except IndexError:
            tasks: SimpleQueue[_Task] = SimpleQueue()
            threading.Thread(target=self._serve, args=(tasks,), name="ltrr-arm", daemon=True).start()
            return tasks

    def _serve(self, tasks: SimpleQueue[_Task]) -> None:
        while True:
            self._do(tasks.get(), tasks)

    def _do(self, task: _Task, tasks: SimpleQueue[_Task]) -> None:
        """Do one task; in a function of its own, so that a thread that waits keeps nothing of it."""
        ran = run(task.strategy, task.request, task.depth)
        self._idle.append(tasks)  # first: who then hears of the result, and has more to do, needs no other thread
        task.done.put((task.number, ran))


WORKERS = Workers()
"""Those of this process, for all its indexes."""
