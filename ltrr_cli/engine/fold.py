"""The fold: learned state = fold(queries, events, control). Live learning and rebuilding run this same code."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from ltrr_cli.engine.hindsight import KIND
from ltrr_cli.feedback.log import Log, Position, decode_line
from ltrr_cli.feedback.ubi import event_from_ubi, impression_from_ubi
from ltrr_cli.text import hash64

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from ltrr_cli.engine.learned import Learned
    from ltrr_cli.feedback.impressions import Impressions
    from ltrr_cli.records import Event, Impression


UNDO = "undo"
"""The kind of control record that takes an event back: the fold leaves the event out, wherever it stands."""


class Logs:
    """The three logs of an index."""

    def __init__(self, root: Path) -> None:
        def log(name: str) -> Log:
            return Log(root / "log", name, lock=root / "locks" / f"log-{name}")

        self.queries, self.events, self.control = log("queries"), log("events"), log("control")

    def all_events(self) -> Iterator[Event]:
        """Yield every event that was not taken back, in the order of the log; what cannot be read is skipped."""
        undone = self.undone()
        for _, row in self.events.replay():
            try:
                event = event_from_ubi(row)
            except ValueError:
                continue
            if event.id not in undone:
                yield event

    def all_impressions(self) -> Iterator[Impression]:
        """Yield every impression, in the order of the log; what cannot be read is skipped."""
        for _, row in self.queries.replay():
            try:
                yield impression_from_ubi(row)
            except ValueError:
                continue

    def undone(self) -> set[str]:
        """Return the ids of the events that were taken back."""
        rows = (row for _, row in self.control.replay() if row.get("kind") == UNDO)
        return {str(row.get("event_id")) for row in rows}

    def events_held(self) -> AbstractContextManager[None]:
        """Keep everybody from appending events."""
        return self.events.held()


class Written(NamedTuple):
    """Events that this process has just logged, with the hashes of their ids and where their lines start.

    The fold need not read them again.
    """

    starts: Sequence[Position]
    events: Sequence[Event]
    hashes: Sequence[int]


def catch_up(
    learned: Learned,
    logs: Logs,
    impressions: Impressions,
    *,
    written: Written | None = None,
    progress: Callable[[int], None] | None = None,
) -> int:
    """Apply what the logs hold beyond the state's positions; returns how many events were new.

    A control record takes effect before the first event behind its `after` position. `progress` is told of every 1,000
    events. Of `written` events only the last is read again, where they follow what is learned; each must be as the log
    gives it back. The events' end is noted before the control records are read: whatever was written before one of
    those events is then seen before it, whoever writes meanwhile.
    """
    end = logs.events.end()
    pending: list[tuple[Position, dict[str, Any]]] = []
    for following, row in _rows(learned, logs.control, learned.control_at):
        learned.control_at = following
        if row.get("kind") == KIND:
            learned.expect(row)
            continue
        if row.get("kind") == UNDO:
            learned.take_back(str(row.get("event_id")))
            continue
        with _if_usable(learned):
            file, offset = row.get("after", (1, 0))
            learned.teaching.look_ahead(row)
            pending.append((Position(int(file), int(offset)), row))
    fresh = 0
    for count, (following, event, event_hash) in enumerate(_events(learned, logs.events, written), 1):
        if following > end:
            break
        while pending and pending[0][0] <= learned.events_at:
            with _if_usable(learned):
                learned.apply_control(pending.pop(0)[1], impressions.find)
        learned.events_at = following
        if event is None:
            learned.counts["unreadable events"] += 1
            continue
        impression = impressions.find(event.query_id) if event.query_id else None
        fresh += learned.apply(event, event_hash, impression)
        if progress is not None and count % 1000 == 0:
            progress(1000)
    for _, row in pending:
        with _if_usable(learned):
            learned.apply_control(row, impressions.find)
    learned.forget_expected()
    return fresh


@contextmanager
def _if_usable(learned: Learned) -> Iterator[None]:
    """Count, and leave out, a control record that no ltrr would have written: the log may be a stranger's."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError):
        learned.counts["unreadable control records"] += 1


def _events(learned: Learned, log: Log, written: Written | None) -> Iterator[tuple[Position, Event | None, int]]:
    """Yield the position behind each line, its event (None where it is none), and the hash of the event's id."""
    start = learned.events_at
    if written is not None and written.starts[0] == start:
        yield from zip(written.starts[1:], written.events, written.hashes, strict=False)
        start = written.starts[-1]
    for following, row in _rows(learned, log, start):
        try:
            event = event_from_ubi(row)
        except ValueError:
            yield following, None, 0
        else:
            yield following, event, hash64(event.id)


def _rows(learned: Learned, log: Log, start: Position) -> Iterator[tuple[Position, dict[str, Any]]]:
    """Yield the position behind each sound line, and its row."""
    for position, line in log.lines_after(start):
        try:
            row = decode_line(line)
        except ValueError:
            if log.read_at(position) is not None:
                return  # a write that failed was taken back, and another made, while we read: next time
            learned.counts[f"damaged lines in the {log.name} log"] += 1
            continue
        yield Position(position.file, position.offset + len(line) + 1), row
