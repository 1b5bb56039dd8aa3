"""Training, and writing the learned state down, in a process of its own: `ltrr learn`.

Both take seconds of a processor, and much memory. So whoever asks meanwhile is answered, and the memory goes back when
the process ends. It may end at any time: what it publishes is published whole, and all that it reads is in the logs.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from ltrr_cli.errors import LockedError
from ltrr_cli.index.locks import exclusive

if TYPE_CHECKING:
    from pathlib import Path


class Tender:
    """Runs the process for an index: one at a time, however many servers and workers see that it is due."""

    def __init__(self, index: Path) -> None:
        self._lock = index / "locks" / "tend"
        self._command = [sys.executable, "-m", "ltrr_cli.cli", "learn", "--quiet", "--index", str(index)]
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False

    async def tend(self) -> None:
        """Return once it has ended; at once where another one runs."""
        await asyncio.to_thread(self._run)

    def close(self) -> None:
        """End it."""
        self._closed = True
        if self._process is not None:
            self._process.terminate()

    def _run(self) -> None:
        with suppress(LockedError), exclusive(self._lock, timeout=0):
            # In a session of its own Ctrl-C does not reach it: the server ends it.
            self._process = subprocess.Popen(  # noqa: S603 – ourselves
                self._command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True
            )
            if self._closed:
                self._process.terminate()
            self._process.wait()
