"""Workers: threads in which the arms run, so that a slow one can be left behind.

Most arms take less than handing them to a thread of their own costs, and all of them compete for the interpreter: so
one worker takes them one after the other, and where one of them takes long a further worker goes on with the rest. What
waits for something else (`waits`, the encoder) has a worker from the start.

A thread cannot be stopped. One that is left behind ends when its arm does, and serves again; the threads are daemons,
so that none keeps the program from ending.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections import Counter, deque
from concurrent.futures import Future, wait
from dataclasses import dataclass
from functools import partial
from math import isfinite
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import numpy as np

from ltrr_cli.retrieval.base import Hits, waits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ltrr_cli.retrieval.base import Request, Strategy


_T = TypeVar("_T")
_MOST_LATE = 2
"""Queries that an arm may have left behind before it is no longer asked."""
_DEEPEST = 100
"""Hits that a strategy which looks past a filter is asked for four times of, and then ever more."""
_PATIENCE = 2e-3
"""Seconds in which an arm should come to an end: then a further worker takes what has not begun yet."""
_AT_EXIT = 2.0
"""Seconds that a program which ends waits for what was begun."""
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
    distinct = set(found.tolist())
    if min(distinct) < 0 or max(distinct) >= rows:
        raise ValueError("it found a row that the index does not have")
    if len(distinct) < len(found):
        raise ValueError("it found an entity twice")
    # nan is not below anything, and what is infinite stands at an end
    if not (isfinite(scores[0]) and isfinite(scores[-1]) and (scores[1:] <= scores[:-1]).all()):
        raise ValueError("its scores are not finite, or not in descending order")
    return Hits(found, scores)


def applies(strategy: Strategy, request: Request) -> bool:
    """Ask a strategy whether it applies; one that cannot tell is asked to retrieve, and fails there."""
    try:
        return bool(strategy.applies(request))
    except Exception:  # noqa: BLE001 – strategies may come from anywhere
        return True


_Given: TypeAlias = "SimpleQueue[Callable[[_Given], None]]"
"""What a worker is given to do, one thing after the other: it is called with this queue, to call the worker idle."""


class Workers:
    """Threads that wait for work: as many as arms have ever run at once. Any thread may ask for them."""

    def __init__(self) -> None:
        self._idle: list[_Given] = []
        self._begun: set[Future[Any]] = set()
        self._late: Counter[str] = Counter()  # runs that were left behind, and go on
        self._lock = threading.Lock()
        os.register_at_fork(after_in_child=self._forget)  # a forked process has none of the threads

    def run(
        self, chosen: Sequence[tuple[Strategy, int]], request: Request, timeout: float, started: float | None = None
    ) -> list[Ran]:
        """Run the (strategy, depth) and wait for them, see `start`."""
        return self.start(chosen, request, timeout, started)()

    def start(
        self, chosen: Sequence[tuple[Strategy, int]], request: Request, timeout: float, started: float | None = None
    ) -> Callable[[], list[Ran]]:
        """Begin to run the (strategy, depth); what is returned waits for them.

        What is not done `timeout` seconds after `started` has failed; so has, at once, what is still busy with several
        queries that it was too slow for. `started` is a time of the performance counter, by default now.
        """
        end = (time.perf_counter() if started is None else started) + timeout
        done: SimpleQueue[tuple[int, Ran]] = SimpleQueue()
        late = Ran(Hits.none(), timeout * 1e3, f"took longer than {timeout * 1e3:g} ms")
        found = [late] * len(chosen)
        tasks: dict[int, _Task] = {}
        others: deque[_Task] = deque()
        for number, (strategy, depth) in enumerate(chosen):
            if self._late[strategy.name] >= _MOST_LATE:
                found[number] = Ran(Hits.none(), 0.0, BUSY)
                continue
            task = tasks[number] = _Task(number, strategy, request, depth, done)
            if waits(strategy):
                self._worker().put(partial(self._do, deque([task])))
            else:
                others.append(task)
        most = len(others)
        if others:
            self._worker().put(partial(self._do, others))
        return partial(self._collect, found, tasks, others, most, done, end)

    def _collect(
        self,
        found: list[Ran],
        tasks: dict[int, _Task],
        others: deque[_Task],
        most: int,
        done: SimpleQueue[tuple[int, Ran]],
        end: float,
    ) -> list[Ran]:
        """Wait for the tasks; one worker goes through `others`, and there may be `most` where they are slow."""
        hands, stuck = 1, False
        while tasks:
            if stuck and others and hands < most:
                self._worker().put(partial(self._do, others))
                hands += 1
            left = max(0.0, end - time.perf_counter())
            try:
                number, ran = done.get(timeout=min(left, _PATIENCE) if others and hands < most else left)
            except Empty:
                if not left:
                    break
                stuck = True
                continue
            stuck = False
            found[number] = ran
            del tasks[number]
        self._leave(tasks, others)
        return found

    def begin(self, work: Callable[[], _T]) -> Future[_T]:
        """Do something else in a worker's thread; the future has what comes of it."""
        future: Future[_T] = Future()
        self._begun.add(future)
        future.add_done_callback(self._begun.discard)
        self._worker().put(partial(self._work, work, future))
        return future

    def finish(self) -> None:
        """Wait for what was begun, a little: a program that ends while the encoder is at work would be aborted."""
        wait([*self._begun], _AT_EXIT)

    def _work(self, work: Callable[[], _T], future: Future[_T], given: _Given) -> None:
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 – whatever it is, who waits for the result is told
            self._idle.append(given)
            future.set_exception(error)
        else:
            self._idle.append(given)
            future.set_result(result)

    def _leave(self, tasks: Mapping[int, _Task], others: deque[_Task]) -> None:
        """Leave behind what runs, and let nothing begin that does not."""
        with self._lock:
            never = {task.number for task in others}
            others.clear()
            for number, task in tasks.items():
                if number not in never and not task.finished:
                    task.late = True
                    self._late[task.strategy.name] += 1

    def _worker(self) -> _Given:
        try:
            return self._idle.pop()
        except IndexError:
            given: _Given = SimpleQueue()
            threading.Thread(target=self._serve, args=(given,), name="ltrr-arm", daemon=True).start()
            return given

    def _serve(self, given: _Given) -> None:
        while True:
            given.get()(given)

    def _do(self, tasks: deque[_Task], given: _Given) -> None:
        """Do tasks until there are none; a function of its own, so that a thread that waits keeps nothing of them."""
        idle = False
        while task := self._next(tasks):
            try:
                ran = run(task.strategy, task.request, task.depth)
            except KeyboardInterrupt:  # the strategy's own: a key pressed is the main thread's
                ran = Ran(Hits.none(), 0.0, "KeyboardInterrupt")
            if not tasks and not idle:  # first: who then hears of the result, and has more to do, needs no other thread
                idle = True
                self._idle.append(given)
            task.done.put((task.number, ran))
            with self._lock:
                task.finished = True
                if task.late:
                    self._late[task.strategy.name] -= 1
        if not idle:
            self._idle.append(given)

    def _next(self, tasks: deque[_Task]) -> _Task | None:
        with self._lock:
            return tasks.popleft() if tasks else None

    def _forget(self) -> None:
        self._idle.clear()
        self._begun.clear()
        self._late.clear()
        self._lock = threading.Lock()


WORKERS = Workers()
"""Those of this process, for all its indexes."""
atexit.register(WORKERS.finish)
