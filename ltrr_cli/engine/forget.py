"""Forgetting a person: everything he did goes from the logs, and what is learned is learned again without him.

His are the queries and events that bear his id; of the sessions in which nobody else is named also those that bear
none; and events that refer to his queries.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ltrr_cli.engine.people import pseudonyms_of
from ltrr_cli.engine.purge import purge, rows
from ltrr_cli.errors import UsageError
from ltrr_cli.feedback.people import event_id_of, session_of, user_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ltrr_cli.engine.fold import Logs

KIND = "forgot"
TYPED = "history"
"""The lines typed at the prompt, which do not say who typed them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """How many queries and events went, and the files of the index that still hold the id as a word of their own.

    What is left is somebody else's: a query in which the id was typed, an entity that bears it.
    """

    user: str
    queries: int
    events: int
    left: tuple[str, ...]


def forget(root: Path, user: str, *, now: float) -> Forgotten:
    """Remove a person from the logs and from what is learned; one of whom nothing is known changes nothing."""
    if not user:
        raise UsageError("nobody is named", next="name the user to forget")
    pseudonyms = pseudonyms_of(root)
    known_as = user if pseudonyms is None else pseudonyms.of(user)
    his = purge(root, {"kind": KIND, "time": now}, lambda logs: _His.of(logs, known_as))
    left = dict.fromkeys(path for name in dict.fromkeys((known_as, user)) for path in _left(root, name))
    return Forgotten(user=user, queries=len(his.queries), events=his.acted, left=tuple(left))


class _His:
    """Which lines are a person's: ids of his queries and events, and the sessions that are his alone."""

    def __init__(self, user: str) -> None:
        self.user = user
        self.queries: set[str] = set()
        self.events: set[str] = set()
        self.acted = 0
        self.sessions: set[str] = set()
        self._bytes = user.encode("utf-8", "surrogatepass")

    @classmethod
    def of(cls, logs: Logs, user: str) -> _His:
        """Go through the logs twice: first for the sessions, which say whose the nameless lines are."""
        his = cls(user)
        others: set[str] = set()
        for row in rows(logs.queries, logs.events):
            who, session = user_of(row), session_of(row)
            if session and who:
                (his.sessions if who == user else others).add(session)
        his.sessions -= others
        his.queries = {str(row.get("query_id")) for row in rows(logs.queries) if his.is_query(row)}
        for row in rows(logs.events):
            if his.is_event(row):
                his.events.add(event_id_of(row))
                his.acted += 1
        return his

    def is_query(self, row: dict[str, Any]) -> bool:
        """Whether a row of the queries log is his."""
        who = user_of(row)
        return who == self.user if who else session_of(row) in self.sessions

    def is_event(self, row: dict[str, Any]) -> bool:
        """Whether a row of the events log is his."""
        return self.is_query(row) or (not user_of(row) and str(row.get("query_id", "")) in self.queries)

    def is_control(self, row: dict[str, Any]) -> bool:
        """None more."""
        del row
        return False

    def is_damaged(self, line: bytes, *, after_gone: bool) -> bool:
        """Whether his id stands in it."""
        del after_gone
        return self._bytes in line


def _left(root: Path, user: str) -> Iterator[str]:
    """Yield the files of logs and learned state that hold the id as a JSON string of its own, and the lines typed."""
    wanted = json.dumps(user, ensure_ascii=False).encode("utf-8", "surrogatepass")
    for folder in ("log", "learned"):
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and wanted in path.read_bytes():
                yield path.relative_to(root).as_posix()
    typed = root / TYPED
    if typed.is_file() and user.encode("utf-8", "surrogatepass") in typed.read_bytes():
        yield TYPED
