"""What people did, on its way to the log: whatever has come while one batch was written is the next one.

A disk takes as long to write through one line as a thousand. So the lines of all who click at once share one write, and
each is told that his event is recorded only when it is on the disk. No engine waits for the disk: the answers that the
events name are written through before an engine logs and learns the events, and these after it, beside the engines.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ltrr_cli.engine.fold import Logs
from ltrr_cli.errors import FeedbackError
from ltrr_cli.serve.log import tell
from ltrr_cli.serve.problems import Busy, Problem
from ltrr_cli.serve.tender import Tender

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ltrr_cli.engine.receiving import Received
    from ltrr_cli.serve.pool import Pool

_WAITING = 10_000
"""Events that may wait, at most."""
_BATCH = 2_000
_SWEEP_EVERY = 50
"""Events after which it is looked whether there is enough to train with, or to write the learned state down."""

_Parcel = tuple["Sequence[object]", "asyncio.Future[list[Received]]"]
"""Events that came together, and who waits for what became of them."""


class Inbox:
    """Gathers events, and has the pool log and learn them."""

    def __init__(self, index: Path, pool: Pool) -> None:
        self._pool = pool
        self._logs = Logs(index)
        self._tender = Tender(index)
        self._parcels: list[_Parcel] = []
        self._writing: asyncio.Task[None] | None = None
        self._sweeping: asyncio.Task[None] | None = None
        self._since = 0

    async def put(self, rows: Sequence[object]) -> list[Received]:
        """Return what became of each event, once it is on the disk. Raises `Busy`, `TimeoutError`, `LtrrError`.

        After a `TimeoutError` the events may be recorded, or not: those with an id or a time may be sent again.
        """
        if sum(len(one) for one, _ in self._parcels) + len(rows) > _WAITING:
            raise Busy
        done: asyncio.Future[list[Received]] = asyncio.get_running_loop().create_future()
        self._parcels.append((rows, done))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        return await asyncio.wait_for(done, self._pool.timeout)

    async def close(self) -> None:
        """Write what is left."""
        if self._writing is not None:
            await self._writing
        self._tender.close()
        if self._sweeping is not None:
            await self._sweeping

    async def _write(self) -> None:
        try:
            while self._parcels:
                await self._write_some(self._take())
        finally:
            self._writing = None

    def _take(self) -> list[_Parcel]:
        """Take whole parcels from the front, one at least."""
        taken, rows = 0, 0
        for parcel, _ in self._parcels:
            if taken and rows + len(parcel) > _BATCH:
                break
            taken, rows = taken + 1, rows + len(parcel)
        parcels, self._parcels = self._parcels[:taken], self._parcels[taken:]
        return parcels

    async def _write_some(self, parcels: list[_Parcel]) -> None:
        rows = [row for parcel, _ in parcels for row in parcel]
        try:
            found = iter(await self._written(rows))
        except Exception as error:  # noqa: BLE001 – each of those who wait is told
            for _, done in parcels:
                if not done.done():
                    done.set_exception(error)
            return
        for parcel, done in parcels:
            own = [next(found) for _ in parcel]
            if not done.done():
                done.set_result(own)
        self._since += len(rows)
        if self._since >= _SWEEP_EVERY and self._sweeping is None:
            self._since = 0
            self._sweeping = asyncio.create_task(self._sweep())

    async def _written(self, rows: Sequence[object]) -> list[Received]:
        """Return what became of the rows, once it is on the disk: also what was there before, but perhaps not yet."""
        detail = "nothing was recorded"
        try:
            await asyncio.to_thread(self._logs.queries.sync)
            found = await self._pool.run_anyhow(lambda engine: engine.receive(rows, sync=False))
            detail = "it is not certain that it was recorded"
            await asyncio.to_thread(self._flush)
        except FeedbackError as error:  # the disk is full, or not ours
            tell(error)
            raise Problem(kind="read-only", detail=detail, next="send it again later") from error
        return found

    def _flush(self) -> None:
        self._logs.control.sync()
        self._logs.events.sync()

    async def _sweep(self) -> None:
        try:
            if await self._pool.run_anyhow(lambda engine: engine.sweep()):
                await self._tender.tend()
        except Exception as error:  # noqa: BLE001 – nobody waits for it
            tell(error)
        finally:
            self._sweeping = None
