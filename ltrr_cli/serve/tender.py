"""Training, and writing the learned state down, in a process of its own.

Both take seconds of a processor, and much memory. So whoever asks meanwhile is answered, and the memory goes back when
the process ends. It may end at any time: what it publishes is published whole, and all that it reads is in the logs.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import TYPE_CHECKING

from ltrr_cli.engine import Engine
from ltrr_cli.errors import LtrrError
from ltrr_cli.wire.text import safe

if TYPE_CHECKING:
    from pathlib import Path


class Tender:
    """Starts the process for an index, one at a time."""

    def __init__(self, index: Path) -> None:
        self._command = [sys.executable, "-m", __name__, str(index)]
        self._process: subprocess.Popen[bytes] | None = None
        self._ended: asyncio.Task[int] | None = None

    def start(self) -> None:
        """Start it, unless it runs; to be called where the event loop runs."""
        if self._ended is not None and not self._ended.done():
            return
        # In a session of its own Ctrl-C does not reach it: the server ends it.
        self._process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, start_new_session=True)  # noqa: S603 – ourselves
        self._ended = asyncio.create_task(asyncio.to_thread(self._process.wait))

    async def close(self) -> None:
        """End it."""
        if self._process is not None and self._ended is not None:
            self._process.terminate()
            await self._ended


def main(index: str) -> int:
    """Do what is due; returns the exit code."""
    try:
        with Engine.open(index) as engine:
            engine.tend()
    except LtrrError as error:  # what was logged is safe without it, and it is tried again
        sys.stderr.write(f"error: learning waits: {safe(error)}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
