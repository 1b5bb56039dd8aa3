"""Finding logged impressions by query id, or by session, without reading the whole log.

What is kept with each snapshot of the learned state covers the log up to a position; what follows is scanned when it is
first asked for. Only 64-bit hashes of ids are known, so an id is compared once its line is read.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

from ltrr_cli.feedback.log import Log, Position, decode_line
from ltrr_cli.feedback.positions import Positions
from ltrr_cli.feedback.times import parse_time
from ltrr_cli.feedback.ubi import impression_from_ubi
from ltrr_cli.memory.exposure import Exposure, shown_at, shown_on
from ltrr_cli.memory.table import Table
from ltrr_cli.text import hash64

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from numpy.typing import NDArray

    from ltrr_cli.records import Impression

_PREFIX = b'{"query_id":"'
_SESSION = b'"query_attributes":{"session_id":"'
_PARSED_KEPT = 256
_SESSIONS_KEPT = 10_000  # as many as may be open at once


@dataclass(frozen=True, slots=True)
class Asked:
    """What a session asked, and when (seconds)."""

    query_id: str
    text: str
    time: float


class Impressions:
    """The impressions of one log by query id and by session; `ids` and `sessions` cover the log before `start`."""

    def __init__(
        self,
        log: Log,
        *,
        ids: Positions | None = None,
        sessions: Positions | None = None,
        start: Position = Position(),  # noqa: B008 – frozen
        exposure: Exposure | None = None,
    ) -> None:
        self._log = log
        self._ids = Positions() if ids is None else ids
        self._sessions = Positions() if sessions is None else sessions
        self._reached = start
        self._exposure = Exposure() if exposure is None else exposure
        self._parsed: dict[
            tuple[str, Position], Impression
        ] = {}  # hindsight, credit and training ask one after another
        self._kept = _PARSED_KEPT
        self._scanning = Lock()  # several threads may look back at once
        self._asked: dict[str, tuple[int, tuple[Asked, ...]]] = {}  # session → lines read, and what they say

    @classmethod
    def load(cls, log: Log, table: Mapping[str, NDArray[Any]]) -> Impressions:
        """Go on from what `table` returned. Raises KeyError, TypeError or ValueError if it is damaged."""

        def positions(name: str) -> Positions:
            return Positions({part: table[f"{name}_{part}"] for part in ("hashes", "files", "offsets")})

        (pages,) = table["exposure_total"].tolist()
        exposure = Exposure(Table(table["exposure_hashes"], table["exposure_values"]), float(pages))
        return cls(
            log,
            ids=positions("id"),
            sessions=positions("session"),
            start=Position(*table["start"].tolist()),
            exposure=exposure,
        )

    def table(self) -> dict[str, NDArray[Any]]:
        """Return the arrays that stand for the log so far."""
        import numpy as np

        self._scan()
        parts: dict[str, NDArray[Any]] = {f"id_{part}": values for part, values in self._ids.arrays().items()}
        parts |= {f"session_{part}": values for part, values in self._sessions.arrays().items()}
        hashes, values = self._exposure.table.arrays()
        parts |= {"exposure_hashes": hashes, "exposure_values": values}
        parts["exposure_total"] = np.array([self._exposure.total])
        return {**parts, "start": np.array([self._reached.file, self._reached.offset])}

    def find(self, query_id: str) -> Impression | None:
        """Return the latest sound impression with that id, or None."""
        self._scan()
        for position in reversed(self._ids.find(hash64(query_id))):
            impression = self._parsed.get((query_id, position)) or self._parse(query_id, position)
            if impression is not None:
                return impression
        return None

    @contextmanager
    def kept(self, count: int) -> Iterator[None]:
        """Keep `count` of them as they were read, while a batch asks for each more than once: some 40 kB each."""
        self._kept = max(count, _PARSED_KEPT)
        try:
            yield
        finally:
            self._kept = _PARSED_KEPT
            if len(self._parsed) > self._kept:
                self._parsed.clear()

    def known(self, query_id: str) -> bool:
        """Tell whether a sound line with that id is in the log."""
        self._scan()
        return any(self._row(query_id, position) is not None for position in self._ids.find(hash64(query_id)))

    def of_session(self, session: str) -> tuple[Asked, ...]:
        """Return what a session asked, in the order of the log; nothing for an empty name."""
        if not session:
            return ()
        self._scan()
        positions = self._sessions.find(hash64(session))
        read, asked = self._asked.get(session, (0, ()))
        if read < len(positions):
            asked += tuple(self._read(session, positions[read:]))
            if len(self._asked) >= _SESSIONS_KEPT:
                self._asked.clear()
            self._asked[session] = len(positions), asked
        return asked

    @property
    def exposure(self) -> Exposure:
        """How often each entity was shown, down to the end of the log."""
        self._scan()
        return self._exposure

    @property
    def reached(self) -> Position:
        """The position down to which the log is known."""
        return self._reached

    @property
    def count(self) -> int:
        """Number of logged impressions."""
        self._scan()
        return len(self._ids)

    def _parse(self, query_id: str, position: Position) -> Impression | None:
        row = self._row(query_id, position)
        try:
            impression = impression_from_ubi(row) if row is not None else None
        except ValueError:
            return None
        if impression is not None:
            if len(self._parsed) >= self._kept:
                self._parsed.clear()
            self._parsed[query_id, position] = impression
        return impression

    def _row(self, query_id: str, position: Position) -> dict[str, Any] | None:
        row = self._log.read_at(position)
        return row if row is not None and row.get("query_id") == query_id else None

    def _read(self, session: str, positions: list[Position]) -> Iterator[Asked]:
        for position in positions:
            row = self._log.read_at(position)
            if row is None:
                continue
            if isinstance(row.get("query_attributes"), dict):
                row["query_attributes"].pop("ltrr", None)  # the trace is long, and nothing to do with it
            try:
                found = impression_from_ubi(row)
            except ValueError:
                continue
            if found.session == session:
                yield Asked(found.query_id, found.text, found.time)

    def _scan(self) -> None:
        """Take in the lines appended since the last call."""
        with self._scanning:
            if not self._log.reaches_beyond(self._reached):
                return
            for position, line in self._log.lines_after(self._reached):
                query_id, session = _names(line)
                if query_id is not None:
                    self._ids.add(hash64(query_id), position)
                    if session:
                        self._sessions.add(hash64(session), position)
                    self._show(line)
                self._reached = Position(position.file, position.offset + len(line) + 1)

    def _show(self, line: bytes) -> None:
        shown = shown_on(line)
        try:
            time = parse_time(shown_at(line)) if shown else 0.0
        except ValueError:
            return
        self._exposure.add(shown, time)


def _names(line: bytes) -> tuple[str | None, str]:
    """Read id and session off a line; parse it only where it is not written as ours are.

    Inside a JSON string the quotes of `_SESSION` would be escaped, so it cannot be found in what somebody typed.
    """
    query_id = _text_after(line, len(_PREFIX)) if line.startswith(_PREFIX) else None
    if query_id is not None:
        start = line.find(_SESSION)
        session = "" if start < 0 else _text_after(line, start + len(_SESSION))
        if session is not None:
            return query_id, session
    try:
        row = decode_line(line)
    except ValueError:
        return None, ""
    query_id, attributes = row.get("query_id"), row.get("query_attributes")
    found = attributes.get("session_id") if isinstance(attributes, dict) else None
    return query_id if isinstance(query_id, str) else None, found if isinstance(found, str) else ""


def _text_after(line: bytes, start: int) -> str | None:
    """Return the JSON string whose text begins here, None where it is not plain."""
    text = line[start : line.find(b'"', start)]
    if b"\\" in text:
        return None
    try:
        return text.decode()
    except UnicodeDecodeError:
        return None
