"""The public API of a cluster: the Engine, with its arms spread over replicas.

A router understands and encodes the query once, holds the policy, asks the replicas, pools, ranks and logs. There may
be many, on any machine that sees the index.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from ltrr_cli.cluster.fleet import Fleet
from ltrr_cli.cluster.outbox import Outbox
from ltrr_cli.cluster.recorder import Way
from ltrr_cli.cluster.runtime import connect
from ltrr_cli.cluster.spread import Spread
from ltrr_cli.config import read_config
from ltrr_cli.engine import Engine
from ltrr_cli.engine.arguments import checked_action, checked_dwell, checked_moment, one_line
from ltrr_cli.engine.receiving import Received
from ltrr_cli.errors import FeedbackError, UsageError
from ltrr_cli.feedback.ubi import event_to_ubi
from ltrr_cli.index.manifest import read_manifest
from ltrr_cli.records import Event
from ltrr_cli.retrieval.base import apart, find
from ltrr_cli.settings import effective

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import NoReturn, Self

    from ltrr_cli.engine.opened import Opened
    from ltrr_cli.retrieval.base import Strategy

_LOOK = 1.0
"""Seconds after which who serves looks whether there is a new generation."""
KEPT = "kept until the recorder is back"
MAX_REPLICAS = 16
_SHARE = 0.4
"""Share of `timeout_ms` that replicas have: arms that others wait for have half of it."""


class Cluster(Engine):
    """An Engine whose segments are searched by replicas in a Ray cluster; open it with `Cluster.open`."""

    _fleet: Fleet
    _recorder: Way
    _outbox: Outbox

    @classmethod
    def open(
        cls,
        index: str | Path,
        *,
        strategies: Sequence[Strategy] = (),
        settings: Mapping[str, float] | None = None,
        address: str | None = None,
        replicas: int = 2,
        shared: bool = False,
    ) -> Self:
        """Open an index, any one: its segments are the shards. `strategies` and `settings` as in `Engine.open`.

        Each segment gets so many `replicas`, in the Ray cluster at `address`, by default one on this machine; with
        `shared` they stay, and serve whoever opens the index next. Raises `LtrrError`.
        """
        if not 1 <= replicas <= MAX_REPLICAS:
            raise UsageError(f"replicas must be from 1 to {MAX_REPLICAS}, not {replicas}")
        root = Path(index).absolute()
        read_manifest(root)  # no index is told before a Ray is started
        config = effective(read_config(root), settings)
        connect(address)
        fleet = Fleet(root, replicas=replicas, timeout=_SHARE * config.timeout_ms / 1e3, shared=shared)
        arms = [Spread(one, fleet) for one in find(config.strategies, strategies) if apart(one)]
        engine = super().open(root, strategies=[*strategies, *arms], settings=settings)
        engine._fleet, engine._recorder = fleet, Way(root, shared=shared)  # noqa: SLF001 – its own
        engine._outbox = Outbox(root, engine._recorder.take)  # noqa: SLF001
        try:
            engine.refresh()
            fleet.wait_for_some()
        except BaseException:
            engine.close()
            raise
        return engine

    @property
    def fleet(self) -> Fleet:
        """The replicas."""
        return self._fleet

    def close(self) -> None:
        """Log what is left, and let go of the index, and of replicas that are not shared."""
        if not self._closed:
            self._outbox.close()
            self._fleet.close()
            self._recorder.close()
        super().close()

    def _fresh(self) -> Opened:
        opened = super()._fresh()
        opened.noted = self._outbox.put
        self._fleet.follow(opened.view.names)
        return opened

    def record(
        self,
        query_id: str,
        entity_id: str,
        action: str = "click",
        *,
        user: str = "",
        session: str = "",
        dwell: float = 0.0,
        now: float | None = None,
    ) -> bool:
        """Record what a user did with a result; False if exactly this was recorded before.

        When it returns the event is on the disk: in the log, or where the recorder is away, in this router's outbox.
        """
        event = Event(
            id="",
            query_id=query_id,
            entity_id=entity_id,
            action=checked_action(action),
            user=self._fresh().known_as(one_line(user, "user")),
            session=one_line(session, "session"),
            dwell=checked_dwell(dwell),
            time=round(checked_moment(now), 3),
        )
        (told,) = self.receive([event_to_ubi(event)], now=now)
        if told.status == "refused":
            raise FeedbackError(told.reason, where=query_id)
        return told.status == "recorded"

    def receive(self, rows: Sequence[object], *, now: float | None = None, sync: bool = True) -> list[Received]:
        """Record UBI events that others sent, each accepted or refused on its own.

        When it returns they are on the disk, whatever `sync` says. Where the recorder is away, what it will say of them
        is not known yet.
        """
        del sync
        moment = checked_moment(now)
        given = [{"timestamp": moment, **row} if isinstance(row, dict) else {"event": row} for row in rows]
        told = self._outbox.deliver(given)
        return [Received(status="recorded", reason=KEPT)] * len(given) if told is None else told

    def end(self) -> None:
        """End the replicas and the recorder, shared ones too."""
        self._outbox.flush()
        self._fleet.end()
        self._recorder.end()

    def refresh(self) -> int:
        """Follow the index to its newest generation; returns how many segments that has."""
        return len(self._fresh().view.segments)


def serving(
    index: str | Path,
    *,
    address: str | None = None,
    replicas: int = 2,
    tell: Callable[[int], None] = lambda _: None,
) -> NoReturn:
    """Keep shared replicas of an index until something is raised, a signal's `SystemExit` say; then end them.

    `tell` is told how many segments are served, whenever that changes. Raises `LtrrError`.
    """
    with Cluster.open(index, address=address, replicas=replicas, shared=True) as cluster:
        told = 0
        try:
            while True:
                count = cluster.refresh()
                if count != told:
                    tell(count)
                told = count
                time.sleep(_LOOK)
        finally:
            cluster.end()
