"""The way to one replica: whatever is asked while it is busy goes there together, in one call.

A call takes a millisecond however little it carries; so what waits is never sent piece by piece.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, Any

from ltrr_cli.cluster.asked import Asked, Found
from ltrr_cli.cluster.runtime import ray
from ltrr_cli.engine.workers import WORKERS
from ltrr_cli.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Callable

BATCH = 64
"""Questions of one call, at most."""
_CALLS = 2
"""Calls under way: while one is worked on the next is on its way."""
_AGAIN = 0.1
"""Seconds between two looks at one that is being opened again."""
_REST = 0.25
"""Seconds in which a replica that failed is asked only if no other is left."""

_Waiting = tuple[Asked, "Future[Found]"]


class Lane:
    """Asks one replica; `make` returns its handle, and whether it was made now (`own`), again when it died for good."""

    def __init__(self, make: Callable[[], tuple[Any, bool]]) -> None:
        self._make = make
        self._actor, self.own = make()
        self._waiting: deque[_Waiting] = deque()
        self._calls: set[int] = set()
        self._lock = threading.Lock()
        self._failed = float("-inf")
        self._begun = self._closed = False

    @property
    def load(self) -> tuple[bool, int]:
        """Return whether it has just failed, and how much waits for it: the least is asked first."""
        return time.monotonic() - self._failed < _REST, len(self._waiting) + len(self._calls)

    def wait(self, end: float) -> int:
        """Wait until the replica is open, to a time of the monotonic clock; returns its process.

        Raises `ClusterError` where it does not open.
        """
        module = ray()
        while True:
            try:
                return int(module.get(self._actor.ready.remote(), timeout=max(0.0, end - time.monotonic())))
            except module.exceptions.RayError as error:
                if not isinstance(error, module.exceptions.ActorUnavailableError) or time.monotonic() > end:
                    raise ClusterError(
                        f"a replica does not open: {str(error).strip().splitlines()[-1][:200]}",
                        next="check that every machine of the cluster sees the index under this path",
                    ) from error
            time.sleep(_AGAIN)

    def close(self) -> None:
        """Let the replica go, and end it, if it was made here."""
        if self.own:
            self.end()
        self._closed = True

    def end(self) -> None:
        """End the replica."""
        self._closed = True
        ray().kill(self._actor)

    def ask(self, asked: Asked) -> Future[Found]:
        """Return the answer to come; it raises what Ray raises where the replica does not live to give it."""
        future: Future[Found] = Future()
        with self._lock:
            self._waiting.append((asked, future))
            begun, self._begun = self._begun, True
        if not begun:
            WORKERS.begin(self._send)  # in a thread of its own: by then a query's other arms have come, too
        return future

    def _send(self) -> None:
        with self._lock:
            self._begun = False
            if not self._waiting or len(self._calls) >= _CALLS:
                return
            batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
            self._calls.add(id(batch))
        try:
            coming = self._actor.search.remote([asked for asked, _ in batch]).future()
        except Exception as error:  # noqa: BLE001 – whatever it is, who waits is told
            self._fail(batch, error)
            return
        coming.add_done_callback(lambda done: self._came(batch, done))

    def _came(self, batch: list[_Waiting], done: Future[list[Found]]) -> None:
        error = done.exception()
        if error is not None:
            WORKERS.begin(partial(self._fail, batch, error))  # Ray's own thread must not wait for Ray
            return
        with self._lock:
            self._calls.discard(id(batch))
        for (_, future), found in zip(batch, done.result(), strict=True):
            future.set_result(found)
        self._send()

    def _fail(self, batch: list[_Waiting], error: BaseException) -> None:
        unavailable = ray().exceptions.ActorUnavailableError
        with self._lock:
            self._calls.discard(id(batch))
            self._failed = time.monotonic()
        if not isinstance(error, unavailable) and not self._closed:  # it does not come back by itself
            try:
                self._actor, self.own = self._make()
            except Exception:  # noqa: BLE001 – the next question tries again
                self._failed = time.monotonic()
        for _, future in batch:
            future.set_exception(error)
        self._send()
