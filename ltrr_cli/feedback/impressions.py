"""Finding a logged impression by its query id, without reading the whole log.

Sorted arrays, kept with each snapshot of the learned state, cover the log up to a position; what follows is scanned
when it is first asked for. Both know only a 64-bit hash of the id, so the id is compared once the line is read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltrr_cli.feedback.log import Log, Position, decode_line
from ltrr_cli.feedback.ubi import impression_from_ubi
from ltrr_cli.text import hash64

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray

    from ltrr_cli.records import Impression

_PREFIX = b'{"query_id":"'
_PARSED_KEPT = 256


class Impressions:
    """The impressions of one log by query id.

    `hashes` (n,) uint64, ascending, with `files` (n,) uint32 and `offsets` (n,) uint64 in the same order, cover the log
    before `start`; within equal hashes the later line comes later. Give all three or none.
    """

    def __init__(
        self,
        log: Log,
        *,
        hashes: NDArray[np.uint64] | None = None,
        files: NDArray[np.uint32] | None = None,
        offsets: NDArray[np.uint64] | None = None,
        start: Position = Position(),  # noqa: B008 – frozen
    ) -> None:
        self._log = log
        self._covered = None
        if hashes is not None and files is not None and offsets is not None:
            self._covered = (hashes, files, offsets)
        self._reached = start
        self._later: dict[int, list[Position]] = {}
        self._parsed: dict[
            tuple[str, Position], Impression
        ] = {}  # hindsight, credit and training ask one after another

    def find(self, query_id: str) -> Impression | None:
        """Return the latest sound impression with that id, or None."""
        self._scan()
        for position in self._positions(hash64(query_id)):
            impression = self._parsed.get((query_id, position)) or self._parse(query_id, position)
            if impression is not None:
                return impression
        return None

    def _parse(self, query_id: str, position: Position) -> Impression | None:
        row = self._row(query_id, position)
        try:
            impression = impression_from_ubi(row) if row is not None else None
        except ValueError:
            return None
        if impression is not None:
            if len(self._parsed) >= _PARSED_KEPT:
                self._parsed.clear()
            self._parsed[query_id, position] = impression
        return impression

    def known(self, query_id: str) -> bool:
        """Tell whether a sound line with that id is in the log."""
        return next(self._rows(query_id), None) is not None

    @property
    def reached(self) -> Position:
        """The position down to which the log is known."""
        return self._reached

    @property
    def count(self) -> int:
        """Number of logged impressions."""
        self._scan()
        return sum(map(len, self._later.values())) + (0 if self._covered is None else len(self._covered[0]))

    def table(self) -> tuple[NDArray[np.uint64], NDArray[np.uint32], NDArray[np.uint64], Position]:
        """Return hashes, files and offsets of the log so far, as the constructor takes them, and where they end."""
        import numpy as np

        self._scan()
        later = [(number, place) for number, places in self._later.items() for place in places]
        hashes = np.array([number for number, _ in later], dtype=np.uint64)
        files = np.array([place.file for _, place in later], dtype=np.uint32)
        offsets = np.array([place.offset for _, place in later], dtype=np.uint64)
        if self._covered is not None:
            hashes = np.concatenate([self._covered[0], hashes])
            files = np.concatenate([self._covered[1], files])
            offsets = np.concatenate([self._covered[2], offsets])
        order = np.lexsort((offsets, files, hashes))
        return hashes[order], files[order], offsets[order], self._reached

    def _rows(self, query_id: str) -> Iterator[dict[str, Any]]:
        """Yield the rows with that id, latest first."""
        self._scan()
        for position in self._positions(hash64(query_id)):
            row = self._row(query_id, position)
            if row is not None:
                yield row

    def _row(self, query_id: str, position: Position) -> dict[str, Any] | None:
        row = self._log.read_at(position)
        return row if row is not None and row.get("query_id") == query_id else None

    def _positions(self, wanted: int) -> Iterator[Position]:
        yield from reversed(self._later.get(wanted, ()))
        if self._covered is not None:
            import numpy as np

            hashes, files, offsets = self._covered
            target = np.uint64(wanted)
            first, after = np.searchsorted(hashes, target, "left"), np.searchsorted(hashes, target, "right")
            for index in range(int(after) - 1, int(first) - 1, -1):
                yield Position(int(files[index]), int(offsets[index]))

    def _scan(self) -> None:
        """Take in the lines appended since the last call."""
        if not self._log.reaches_beyond(self._reached):
            return
        for position, line in self._log.lines_after(self._reached):
            query_id = _query_id(line)
            if query_id is not None:
                self._later.setdefault(hash64(query_id), []).append(position)
            self._reached = Position(position.file, position.offset + len(line) + 1)


def _query_id(line: bytes) -> str | None:
    """Read the id off the start of a line; parse the line only where it does not start as ours do."""
    if line.startswith(_PREFIX):
        found = line[len(_PREFIX) : line.find(b'"', len(_PREFIX))]
        if b"\\" not in found:
            try:
                return found.decode()
            except UnicodeDecodeError:
                return None
    try:
        query_id = decode_line(line).get("query_id")
    except ValueError:
        return None
    return query_id if isinstance(query_id, str) else None
