"""The recorder: the one process that writes a cluster's logs. All learned state is a fold over these.

Routers send it what they have answered and what people did. What it says it has taken is on the disk; what it does not
say stays in the router's outbox, and comes again: an answer is known by its id then, an event by its identity, so that
each is logged once. It may be killed at any time: Ray starts it again, and it has no state but the logs.
"""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ltrr_cli.cluster.outbox import BATCH, abandoned
from ltrr_cli.cluster.runtime import actor, ray
from ltrr_cli.engine import Engine
from ltrr_cli.errors import ClusterError, LtrrError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ltrr_cli.cluster.outbox import Line
    from ltrr_cli.engine.receiving import Received

_TEND_EVERY = 50
"""Events after which it is looked whether there is enough to train with, or to write the learned state down."""
_PATIENCE, _AGAIN = 10.0, 0.2
"""Seconds that a router waits for it, where it died meanwhile; and between two tries."""


class Recorder:
    """Writes the logs of the index at `root`, and learns from them."""

    def __init__(self, root: str) -> None:
        self._root = Path(root)
        self._engine = Engine.open(self._root)
        self._since = 0
        self._gather()

    def take(self, lines: Sequence[Line]) -> list[Received]:
        """Log lines, in order; returns what became of the events. All is on the disk then."""
        answers = [line.row for line in lines if line.kind == "query"]
        if answers:
            self._engine.log_answers(answers)
        events = [line.row for line in lines if line.kind == "event"]
        told = self._engine.receive(events) if events else []
        self._since += len(events)
        return told

    def tend(self) -> None:
        """Take what dead routers left; train the ranker and write the learned state down, where it is time to."""
        self._gather()
        if self._since >= _TEND_EVERY:
            self._since = 0
            with suppress(LtrrError):  # what was logged is safe without it, and it is tried again
                self._engine.tend()

    def _gather(self) -> None:
        for path, lines in abandoned(self._root):
            for start in range(0, len(lines), BATCH):
                self.take(lines[start : start + BATCH])
            path.unlink(missing_ok=True)


class Way:
    """The way to the recorder of an index, which is started where there is none."""

    def __init__(self, root: Path, *, shared: bool) -> None:
        self._root = root
        self._shared = shared
        self._actor: Any = None
        self._own = False

    def take(self, lines: Sequence[Line]) -> list[Received]:
        """Have it log lines; raises `ClusterError` where it is away for longer than a router waits."""
        module = ray()
        end = time.monotonic() + _PATIENCE
        while True:
            try:
                if self._actor is None:
                    self._actor, self._own = actor(Recorder, self._root, "recorder", shared=self._shared)
                told: list[Received] = module.get(self._actor.take.remote(list(lines)), timeout=_PATIENCE)
                self._actor.tend.remote()  # nobody waits for it
            except module.exceptions.RayTaskError as error:
                raise error.cause from None
            except module.exceptions.RayError as error:
                if not isinstance(error, module.exceptions.ActorUnavailableError):
                    self._actor = None  # it does not come back by itself
                if time.monotonic() > end:
                    raise ClusterError(
                        "the recorder is away", next="what it has not taken is kept, and sent again"
                    ) from error
                time.sleep(_AGAIN)
            else:
                return told

    def close(self) -> None:
        """End it, if it was made here, and is not shared."""
        if self._own and not self._shared:
            self.end()

    def end(self) -> None:
        """End it."""
        if self._actor is not None:
            ray().kill(self._actor)
            self._actor = None
