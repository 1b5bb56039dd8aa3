"""The replicas of all segments of an index, some for each, spread over the machines; and how they are asked.

Every segment is asked at once, each through its least busy replica. One that has not answered when nearly all usually
have (the 95th percentile of the last answers) is asked again through another, and the first answer counts (Dean and
Barroso, The tail at scale, CACM 2013). What has not come by the deadline is left out, and named.
"""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import FIRST_COMPLETED, as_completed, wait
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from ltrr_cli.cluster.lane import Lane
from ltrr_cli.cluster.replica import Replica
from ltrr_cli.cluster.runtime import actor, ray
from ltrr_cli.engine.workers import WORKERS
from ltrr_cli.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from ltrr_cli.cluster.asked import Asked, Found

_QUANTILE = 0.95
_ANSWERS = 512
"""Answers that the quantile is taken of; before there are `_ENOUGH`, a second replica is asked after `_AT_FIRST`."""
_ENOUGH, _AT_FIRST = 32, 0.1
_LEAST = 0.002
_OPENING = 120.0
"""Seconds in which all replicas must open."""
_AGAIN = 0.05
"""Seconds before a segment is asked again all of whose replicas failed."""


@dataclass(slots=True)
class _Try:
    """A segment that is asked: through which lanes it has been, since when, and when it is asked again."""

    asked: Asked
    started: float
    again: float = float("inf")
    lanes: list[Lane] = field(default_factory=list)
    futures: list[Future[Found]] = field(default_factory=list)


class Fleet:
    """Replicas of segments. With `shared` they outlive this process, else they end with it. Any thread may search."""

    def __init__(self, root: Path, *, replicas: int, timeout: float, shared: bool = False) -> None:
        self._root = root
        self._replicas = replicas
        self._timeout = timeout
        self._shared = shared
        self._lanes: dict[str, list[Lane]] = {}
        self._took: deque[float] = deque(maxlen=_ANSWERS)
        self.hedged = 0
        """Questions that went to a second replica."""

    def follow(self, segments: Sequence[str]) -> None:
        """Have replicas of these segments, and of no others."""
        for number, segment in enumerate(segments):
            if segment not in self._lanes:
                self._lanes[segment] = [self._lane(segment, number, copy) for copy in range(self._replicas)]
        for segment in [one for one in self._lanes if one not in segments]:
            for lane in self._lanes.pop(segment):
                lane.close()

    def wait(self) -> list[int]:
        """Wait until all replicas are open; returns their processes. Raises `ClusterError` where one does not open."""
        return [one.result() for opening in self._opening(list(self._lanes.values())) for one in opening]

    def wait_for_some(self) -> None:
        """Wait until every segment has an open replica, but for those that others opened before.

        Raises `ClusterError` where none opens.
        """
        for opening in self._opening([lanes for lanes in self._lanes.values() if all(lane.own for lane in lanes)]):
            failed: ClusterError | None = None
            for one in as_completed(opening):
                error = one.exception()
                if error is None:
                    break
                failed = error if isinstance(error, ClusterError) else ClusterError(str(error))
            else:
                raise failed or ClusterError("a segment has no replica")

    def _opening(self, segments: Sequence[Sequence[Lane]]) -> list[list[Future[int]]]:
        end = time.monotonic() + _OPENING
        return [[WORKERS.begin(partial(lane.wait, end)) for lane in lanes] for lanes in segments]

    def close(self) -> None:
        """Let the replicas go; those that this process made end, unless they are shared."""
        for lane in () if self._shared else self._all():
            lane.close()
        self._lanes = {}

    def end(self) -> None:
        """End all replicas, shared ones too."""
        for lane in self._all():
            lane.end()
        self._lanes = {}

    def _all(self) -> list[Lane]:
        return [lane for lanes in self._lanes.values() for lane in lanes]

    def search(self, wanted: Mapping[str, Asked]) -> tuple[dict[str, Found], list[str]]:
        """Ask about each segment; returns what was found, by segment, and which did not answer in time."""
        now = time.monotonic()
        end, patience = now + self._timeout, self._patience()
        left = {segment: _Try(asked, now) for segment, asked in wanted.items()}
        found: dict[str, Found] = {}
        for segment, one in left.items():
            self._ask(segment, one)
            one.again = now + patience
        while left and now < end:
            futures = {future: segment for segment, one in left.items() for future in one.futures}
            until = min(end, *(one.again for one in left.values()))
            wait(futures, timeout=max(0.0, until - now), return_when=FIRST_COMPLETED)
            now = time.monotonic()
            for future, segment in futures.items():
                if segment in left and future.done():
                    self._take(left, segment, future, found, now)
            for segment, one in left.items():
                if one.again <= now:
                    self.hedged += self._ask(segment, one) and len(one.futures) > 1
        return found, sorted(left)

    def _take(
        self, left: dict[str, _Try], segment: str, future: Future[Found], found: dict[str, Found], now: float
    ) -> None:
        """Take an answer; where the replica failed, another is asked."""
        one = left[segment]
        if future.exception() is None:
            found[segment] = future.result()
            self._took.append(now - one.started)
            del left[segment]
            return
        one.futures.remove(future)
        others = [lane for lane in self._lanes[segment] if lane not in one.lanes]
        one.again = min(one.again, now if others else now + _AGAIN)

    def _ask(self, segment: str, one: _Try) -> bool:
        """Ask through the least busy replica that was not asked, if one is left; all over where all have failed."""
        lanes = [lane for lane in self._lanes[segment] if lane not in one.lanes]
        if not lanes and not one.futures:
            one.lanes.clear()
            lanes = self._lanes[segment]
        one.again = float("inf")
        if lanes:
            lane = min(lanes, key=lambda lane: lane.load)
            one.lanes.append(lane)
            one.futures.append(lane.ask(one.asked))
        return bool(lanes)

    def _patience(self) -> float:
        if len(self._took) < _ENOUGH:
            return _AT_FIRST
        ordered = sorted(self._took)
        return max(_LEAST, ordered[int(_QUANTILE * (len(ordered) - 1))])

    def _lane(self, segment: str, number: int, copy: int) -> Lane:
        """Return the way to a replica, made where it is not there yet: copies of a segment on different machines."""
        module = ray()

        def make() -> tuple[Any, bool]:
            nodes = sorted(node["NodeID"] for node in module.nodes() if node["Alive"])
            place = module.util.scheduling_strategies.NodeAffinitySchedulingStrategy(
                nodes[(number + copy) % len(nodes)], soft=True
            )
            name = f"{segment}/{copy}"
            return actor(Replica, self._root, name, segment, shared=self._shared, scheduling_strategy=place)

        return Lane(make)
