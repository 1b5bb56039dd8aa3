"""Taking back an event: a control record says so, and the fold goes on as if the event had never come.

The log keeps the event; nothing is rewritten. Whoever has learned it already folds the logs again without it, from the
last snapshot if it does not hold the event, else from their beginning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltrr_cli.engine.fold import UNDO
from ltrr_cli.engine.learn import at_the_end
from ltrr_cli.errors import FeedbackError
from ltrr_cli.text import hash64

if TYPE_CHECKING:
    from ltrr_cli.engine.opened import Opened


def undo(opened: Opened, event_id: str, *, now: float) -> bool:
    """Take back an event, for good; False if it was taken back before. When this returns it is on the disk.

    Raises `FeedbackError` for an id that was never logged here.
    """
    with at_the_end(opened) as end:
        if not opened.learned.seen[hash64(event_id)]:
            raise FeedbackError(
                "no event with this id was recorded by this index", where=event_id, next="see: ltrr feedback tail"
            )
        if event_id in opened.logs.undone():
            return False
        row = {"kind": UNDO, "time": now, "event_id": event_id, "after": [end.file, end.offset]}
        opened.logs.control.append([row])
    opened.catch_up()
    return True
