"""Engines in threads: one request at a time each, a line before them that is never longer than can be served.

An engine is not for several threads at once, so each has a thread of its own. Several in one process share the
interpreter: more processes answer more, more engines only keep one that takes long from holding up the others.
"""

from __future__ import annotations

import asyncio
import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar

from ltrr_cli.engine import Engine
from ltrr_cli.serve.problems import Busy

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

T = TypeVar("T")
_USUAL = 10.0
"""Seconds for a request from which on an arm has the time that ltrr.toml gives it."""
_WAITING = 64
"""Requests in the line of each engine, at most."""
_Job = tuple["Callable[[Engine], Any]", "asyncio.Future[Any]"]


class Pool:
    """Some engines of one index, each in its thread."""

    def __init__(self, index: Path, count: int, *, timeout: float) -> None:
        self.timeout = timeout
        self._index = index
        self._count = count
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._engines: list[Engine] = []
        self._threads: list[threading.Thread] = []

    def open(self) -> None:
        """Open the engines and start their threads; they answer into the event loop that runs here."""
        self._loop = asyncio.get_running_loop()
        # An arm has half of a request's time, so that where it hangs the others still answer.
        settings = {"timeout_ms": self.timeout * 500} if self.timeout < _USUAL else {}
        for _ in range(self._count):
            engine = Engine.open(self._index, settings=settings)
            self._engines.append(engine)
            engine.search("a", explore=False, log=False)  # whoever comes first need not wait for the encoder
            thread = threading.Thread(target=self._serve, args=(engine,), name="ltrr-engine", daemon=True)
            self._threads.append(thread)
            thread.start()

    @property
    def waiting(self) -> int:
        """Requests in the line."""
        return self._jobs.qsize()

    async def run(self, job: Callable[[Engine], T]) -> T:
        """Return what `job` returns, run with an engine of its own.

        Raises `Busy` where the line is full, and `TimeoutError` at the deadline. A job that has begun by then goes on
        to its end, one that has not is left out.
        """
        if self.waiting >= _WAITING * self._count:
            raise Busy
        return await asyncio.wait_for(self._put(job), self.timeout)

    async def run_anyhow(self, job: Callable[[Engine], T]) -> T:
        """Return what `job` returns, however many wait and however long it takes."""
        return await self._put(job)

    def _put(self, job: Callable[[Engine], T]) -> asyncio.Future[T]:
        done: asyncio.Future[T] = self._loop.create_future()
        self._jobs.put((job, done))
        return done

    async def close(self) -> None:
        """Finish what is in the line, then close the engines."""
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            await asyncio.to_thread(thread.join)
        for engine in self._engines:
            engine.close()
        self._engines = []
        self._threads = []

    def _serve(self, engine: Engine) -> None:
        while (job := self._jobs.get()) is not None:
            self._do(engine, *job)

    def _do(self, engine: Engine, job: Callable[[Engine], Any], done: asyncio.Future[Any]) -> None:
        """Do one job; in a function of its own, so that a thread that waits keeps nothing of it."""
        if done.cancelled():
            return
        try:
            value, error = job(engine), None
        except Exception as failure:  # noqa: BLE001 – whoever waits for it deals with it
            value, error = None, failure
        self._loop.call_soon_threadsafe(_settle, done, value, error)


def _settle(done: asyncio.Future[Any], value: object, error: Exception | None) -> None:
    if done.done():
        return  # whoever asked has gone, or waits no longer
    if error is None:
        done.set_result(value)
    else:
        done.set_exception(error)
