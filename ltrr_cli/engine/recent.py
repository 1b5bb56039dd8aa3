"""The latest answers in brief: which arms ran how deep, and what people did with the pages.

It follows the ends of the logs, a few megabytes at first and then only what is new, so that it may be asked every few
seconds whatever the length of the log.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from ltrr_cli.feedback.log import Position, decode_line
from ltrr_cli.feedback.ubi import event_from_ubi, impression_from_ubi

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from ltrr_cli.engine.opened import Opened
    from ltrr_cli.feedback.log import Log

KEPT = 3000
"""Answers that are looked at, at most."""
_OF_THE_POLICY = ("thompson", "no-explore")
"""Modes in which the learned policy chose, by a particle or by its mean."""
_BYTES = 8 * 2**20
"""Bytes of a log that are read at once; of what is older nothing is told."""


@dataclass(slots=True)
class Page:
    """An answer: when it was given, how deep each arm was drawn, and the rewards of what was done with it so far.

    `line` is where it stands in the log, None where the policy did not choose the depths.
    """

    time: float
    depths: Mapping[str, int]
    line: Position | None = None
    reward: float = 0.0
    acted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Some answers that follow each other: from when on, how many, which share was acted on, rewards of a page.

    `shares` tells of each arm its share of all that was drawn; they sum to 1.
    """

    at: float
    pages: int
    acted: float
    reward: float
    shares: Mapping[str, float] = field(default_factory=dict)


class Recent:
    """The latest answers of an index by query id, the oldest first; what was taken back is told as it was."""

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self._queries_at: Position | None = None
        self._events_at: Position | None = None

    def follow(self, opened: Opened) -> None:
        """Take in what the logs hold beyond what is known; damaged lines are left out."""
        self._queries_at, rows = _fresh(opened.logs.queries, self._queries_at)
        for line, row in rows:
            try:
                one = impression_from_ubi(row)
            except ValueError:
                continue
            depths = {arm.name: arm.depth for arm in one.trace.arms} if one.trace is not None else {}
            chosen = one.trace is not None and one.trace.mode in _OF_THE_POLICY and depths
            self.pages[one.query_id] = Page(one.time, depths, line if chosen else None)
        self._events_at, rows = _fresh(opened.logs.events, self._events_at)
        for _, row in rows:
            try:
                event = event_from_ubi(row)
            except ValueError:
                continue
            page = self.pages.get(event.query_id)
            if page is not None:
                reward = opened.config.reward(event.action, event.dwell)
                page.reward += reward
                page.acted |= reward > 0
        for query_id in list(islice(self.pages, max(0, len(self.pages) - KEPT))):
            del self.pages[query_id]

    def spans(self, most: int) -> list[Span]:
        """Return at most so many spans of equally many answers, the oldest first; the last may have fewer."""
        pages = list(self.pages.values())
        size = max(1, -(-len(pages) // most))
        return [_span(pages[start : start + size]) for start in range(0, len(pages), size)]

    def whole(self) -> Span | None:
        """Return all of it as one span, None where nothing was answered."""
        return _span(list(self.pages.values())) if self.pages else None


def _span(pages: list[Page]) -> Span:
    drawn: dict[str, int] = {}
    for page in pages:
        for name, depth in page.depths.items():
            drawn[name] = drawn.get(name, 0) + depth
    total = max(1, sum(drawn.values()))
    return Span(
        at=pages[0].time,
        pages=len(pages),
        acted=sum(page.acted for page in pages) / len(pages),
        reward=sum(page.reward for page in pages) / len(pages),
        shares={name: depth / total for name, depth in sorted(drawn.items(), key=lambda item: (-item[1], item[0]))},
    )


def _fresh(log: Log, known: Position | None) -> tuple[Position, Iterator[tuple[Position, dict[str, Any]]]]:
    """Return the end of a log, and its rows from `known` on with where they begin; at most the last `_BYTES`."""
    end = log.end()
    start = Position(end.file, max(0, end.offset - _BYTES))
    if known is not None:
        start = max(start, known)
    return end, _rows(log, start, end)


def _rows(log: Log, start: Position, end: Position) -> Iterator[tuple[Position, dict[str, Any]]]:
    """Yield where they begin, and the sound rows between two positions; the first line may be half a one."""
    for position, line in log.lines_after(start):
        if position >= end:
            return
        try:
            yield position, decode_line(line)
        except ValueError:
            continue
