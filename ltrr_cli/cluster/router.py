"""The public API of a cluster: the Engine, with its arms spread over replicas.

A router understands and encodes the query once, holds the policy, asks the replicas, pools, ranks and logs. There may
be many, on any machine that sees the index.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from ltrr_cli.cluster.fleet import Fleet
from ltrr_cli.cluster.runtime import connect
from ltrr_cli.cluster.spread import Spread
from ltrr_cli.config import read_config
from ltrr_cli.engine import Engine
from ltrr_cli.errors import UsageError
from ltrr_cli.retrieval.base import apart, find
from ltrr_cli.settings import effective

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import NoReturn, Self

    from ltrr_cli.engine.opened import Opened
    from ltrr_cli.retrieval.base import Strategy

_LOOK = 1.0
"""Seconds after which who serves looks whether there is a new generation."""
MAX_REPLICAS = 16
_SHARE = 0.4
"""Share of `timeout_ms` that replicas have: arms that others wait for have half of it."""


class Cluster(Engine):
    """An Engine whose segments are searched by replicas in a Ray cluster; open it with `Cluster.open`."""

    _fleet: Fleet

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
        config = effective(read_config(root), settings)
        connect(address)
        fleet = Fleet(root, replicas=replicas, timeout=_SHARE * config.timeout_ms / 1e3, shared=shared)
        arms = [Spread(one, fleet) for one in find(config.strategies, strategies) if apart(one)]
        engine = super().open(root, strategies=[*strategies, *arms], settings=settings)
        engine._fleet = fleet  # noqa: SLF001 – its own
        try:
            fleet.follow(engine._opened.view.names)  # noqa: SLF001
            fleet.wait()
        except BaseException:
            engine.close()
            raise
        return engine

    @property
    def fleet(self) -> Fleet:
        """The replicas."""
        return self._fleet

    def close(self) -> None:
        """Let go of the index, and of replicas that are not shared."""
        self._fleet.close()
        super().close()

    def _fresh(self) -> Opened:
        opened = super()._fresh()
        self._fleet.follow(opened.view.names)
        return opened

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
            cluster.fleet.end()
