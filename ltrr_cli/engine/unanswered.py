"""Pages that nobody acted on: which of them count, written down as control records.

A page's window closes after half an hour, or with the session's next query. It counts if somebody did anything in its
session: a batch of queries that nobody reads teaches nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ltrr_cli.text import hash64

if TYPE_CHECKING:
    from ltrr_cli.engine.learned import Learned
    from ltrr_cli.feedback.impressions import Impressions
    from ltrr_cli.feedback.log import Position

KIND = "no-action"
WINDOW = 1800.0
"""Seconds after which a page's window closes."""


def closed_pages(learned: Learned, impressions: Impressions, end: Position, *, now: float) -> dict[str, Any] | None:
    """Return the control record of pages to count, as of the events' `end`; None if there is nothing to record."""
    pages: list[str] = []
    over: list[str] = []
    for session, latest in learned.sessions.items():
        asked = impressions.of_session(session)
        last = max((one.time for one in asked), default=0.0)
        for one in asked:
            closed = one.time < last or one.time + WINDOW <= now
            known = bool(learned.teaching.answered[hash64(one.query_id)])
            if closed and not known and not learned.config.is_held_out(one.text):
                pages.append(one.query_id)
        if max(latest, last) + WINDOW <= now:
            over.append(session)
    if not pages and not over:
        return None
    pages = list(dict.fromkeys(pages))
    return {"kind": KIND, "time": now, "query_ids": pages, "closed": over, "after": [end.file, end.offset]}
