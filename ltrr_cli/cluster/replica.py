"""A replica: a process somewhere that keeps one segment open, and searches it for all who ask.

A segment never changes, so a replica is never out of date: another generation of the index has other segments. What was
deleted meanwhile is left out by who asks.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ltrr_cli.cluster.asked import Found
from ltrr_cli.engine.workers import run
from ltrr_cli.errors import IndexDirectoryError
from ltrr_cli.index.locks import share
from ltrr_cli.index.manifest import Live
from ltrr_cli.index.narrow import narrowed
from ltrr_cli.index.view import View
from ltrr_cli.retrieval.base import find

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ltrr_cli.cluster.asked import Asked
    from ltrr_cli.retrieval.base import Strategy

_FILTERS = 16
"""Filters whose rows are kept."""


class Replica:
    """One segment of the index at `root`, open."""

    def __init__(self, root: str, segment: str) -> None:
        folder = Path(root) / "segments" / segment
        handle = share(folder)  # as long as it lives, nobody collects it
        if handle is None:
            raise IndexDirectoryError(
                f"there is no segment {segment}", where=root, next="check that this machine sees it"
            )
        self._handle = handle
        self._view = View(Path(root), [Live(name=segment)])
        self._views: dict[str, View] = {"": self._view}
        self._strategies: dict[str, Strategy] = {}

    def search(self, batch: Sequence[Asked]) -> list[Found]:
        """Answer some queries; what goes wrong with one is said of that one."""
        return [self._answer(asked) for asked in batch]

    def ready(self) -> int:
        """Return the process that this is: it is open, and answers."""
        return os.getpid()

    def _answer(self, asked: Asked) -> Found:
        strategy = self._strategies.get(asked.arm)
        if strategy is None:
            strategy = self._strategies[asked.arm] = find([asked.arm])[0]
        ran = run(strategy, asked.request(self._within(asked)), asked.depth)
        return Found(ran.hits, ran.error)

    def _within(self, asked: Asked) -> View:
        written = asked.query.filter if asked.within is not None else ""
        view = self._views.pop(written, None)
        if view is None and asked.within is not None:
            view = narrowed(self._view, asked.within)
            while len(self._views) >= _FILTERS:
                self._views.pop(next(one for one in self._views if one))
        self._views[written] = view = view or self._view
        return view
