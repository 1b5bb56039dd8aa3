"""Workers: threads in which the arms run side by side, so that a slow one can be left behind.

A thread cannot be stopped. One that is left behind ends when its arm does, and serves again; the threads are daemons,
so that none keeps the program from ending.
"""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.retrieval.base import Hits

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ltrr_cli.retrieval.base import Request, Strategy


_MOST_LATE = 2
"""Queries that an arm may have left behind before it is no longer asked."""
_DEEPEST = 100
"""Hits that a strategy which looks past a filter is asked for four times of, and then ever more."""
BUSY = "is still busy with earlier queries, for which it was too slow"


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of an arm: its hits, in `ms`, or an `error`."""

    hits: Hits
    ms: float
    error: str = ""


@dataclass(slots=True)
class _Task:
    """`late`: it was left behind before it was `finished`."""

    number: int
    strategy: Strategy
    request: Request
    depth: int
    done: SimpleQueue[tuple[int, Ran]]
    late: bool = False
    finished: bool = False


def run(strategy: Strategy, request: Request, depth: int) -> Ran:
    """Run one arm here and now, however long it takes."""
    started = time.perf_counter()
    try:
        hits, error = _within(strategy, request, depth), ""
    except KeyboardInterrupt:
        raise
    except BaseException as failure:  # noqa: BLE001 – strategies may come from anywhere, and a panic in Rust is no Exception
        hits, error = Hits.none(), f"{type(failure).__name__}: {failure}"[:200]
    return Ran(hits, (time.perf_counter() - started) * 1e3, error)


def _within(strategy: Strategy, request: Request, depth: int) -> Hits:
    """Return what the strategy finds of what the filter allows; one that looks past it is asked for more."""
    view = request.view
    if view.allowed is None:
        return _checked(strategy.retrieve(request, depth), depth, view.rows)
    wanted = depth
    while True:
        hits = _checked(strategy.retrieve(request, wanted), wanted, view.rows)
        kept = view.living(hits.rows)
        if kept.all() or len(hits.rows) < wanted or np.count_nonzero(kept) >= depth or wanted >= view.rows:
            return Hits(hits.rows[kept][:depth], hits.scores[kept][:depth])
        wanted = min(view.rows, max(_DEEPEST, wanted) * 4)


def _checked(hits: Hits, depth: int, rows: int) -> Hits:
    """Return the first `depth` hits of an index with so many rows; ValueError where they are not what was agreed."""
    if not isinstance(hits, Hits):
        raise TypeError(f"it returned {type(hits).__name__}, not Hits")
    found, scores = np.asarray(hits.rows), np.asarray(hits.scores)
    if found.ndim != 1 or found.shape != scores.shape:
        raise ValueError("rows and scores are not two lists of the same length")
    if not len(found):
        return Hits.none()
    if found.dtype.kind not in "iu" or scores.dtype.kind not in "iuf":
        raise ValueError("rows are not whole numbers, or scores no numbers")
    found, scores = found[:depth].astype(np.int64, copy=False), scores[:depth].astype(np.float32, copy=False)
    if int(found.min()) < 0 or int(found.max()) >= rows:
        raise ValueError("it found a row that the index does not have")
    if len(set(found.tolist())) < len(found):
        raise ValueError("it found an entity twice")
    if not (np.isfinite(scores).all() and (scores[1:] <= scores[:-1]).all()):
        raise ValueError("its scores are not finite, or not in descending order")
    return Hits(found, scores)


def applies(strategy: Strategy, request: Request) -> bool:
    """Ask a strategy whether it applies; one that cannot tell is asked to retrieve, and fails there."""
    try:
        return bool(strategy.applies(request))
    except Exception:  # noqa: BLE001 – strategies may come from anywhere
        return True


class Workers:
    """Threads that wait for work: as many as arms have ever run at once. Any thread may ask for them."""

    def __init__(self) -> None:
        self._idle: list[SimpleQueue[_Task]] = []
        self._late: Counter[str] = Counter()  # runs that were left behind, and go on
        self._lock = threading.Lock()
        os.register_at_fork(after_in_child=self._forget)  # a forked process has none of the threads

    def run(
        self, chosen: Sequence[tuple[Strategy, int]], request: Request, timeout: float, started: float | None = None
    ) -> list[Ran]:
        """Run the (strategy, depth) side by side; what is not done `timeout` seconds after `started` has failed.

        So has, at once, what is still busy with several queries that it was too slow for. `started` is a time of the
        performance counter, by default now.
        """
        end = (time.perf_counter() if started is None else started) + timeout
        done: SimpleQueue[tuple[int, Ran]] = SimpleQueue()
        late = Ran(Hits.none(), timeout * 1e3, f"took longer than {timeout * 1e3:g} ms")
        found = [late] * len(chosen)
        tasks: dict[int, _Task] = {}
        for number, (strategy, depth) in enumerate(chosen):
            if self._late[strategy.name] >= _MOST_LATE:
                found[number] = Ran(Hits.none(), 0.0, BUSY)
            else:
                tasks[number] = _Task(number, strategy, request, depth, done)
                self._worker().put(tasks[number])
        for _ in list(tasks):
            try:
                number, ran = done.get(timeout=max(0.0, end - time.perf_counter()))
            except Empty:
                break
            found[number] = ran
            del tasks[number]
        self._leave(tasks.values())
        return found

    def _leave(self, tasks: Iterable[_Task]) -> None:
        with self._lock:
            for task in tasks:
                if not task.finished:
                    task.late = True
                    self._late[task.strategy.name] += 1

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
        try:
            ran = run(task.strategy, task.request, task.depth)
        except KeyboardInterrupt:  # the strategy's own: a key pressed is the main thread's
            ran = Ran(Hits.none(), 0.0, "KeyboardInterrupt")
        self._idle.append(tasks)  # first: who then hears of the result, and has more to do, needs no other thread
        task.done.put((task.number, ran))
        with self._lock:
            task.finished = True
            if task.late:
                self._late[task.strategy.name] -= 1

    def _forget(self) -> None:
        self._idle.clear()
        self._late.clear()
        self._lock = threading.Lock()


WORKERS = Workers()
"""Those of this process, for all its indexes."""
