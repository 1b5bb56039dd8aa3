"""Looking back: which events of a batch are credited in hindsight, and what every arm would have found for them.

All of a batch is looked up before any of it is learned, so that the order does not count: two threads look up. Python
lets one of them run at a time, but the encoder and the engines do without it.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from ltrr_cli.engine.alone import look
from ltrr_cli.engine.hindsight import Hindsight
from ltrr_cli.errors import EncoderError, IndexDirectoryError
from ltrr_cli.policy.base import MAX_DEPTH
from ltrr_cli.records import Query

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ltrr_cli.engine.alone import Looked
    from ltrr_cli.engine.learn import Ingested
    from ltrr_cli.engine.opened import Opened
    from ltrr_cli.records import Event

_THREADS = 2
_LOOKED_UP = 200
"""Events of plain logs, about, that are looked up at first."""


def look_back(opened: Opened, events: Mapping[int, Event], done: Ingested) -> list[Hindsight]:
    """Return every arm's rank of what was acted on, for the events that are to be credited so.

    `events` are those of a batch by the hash of their ids, in order, none of them learned; `done` counts the queries
    that are not in the log.
    """
    asked = [
        (event, query)
        for number, (fate, event) in enumerate(events.items())
        if (query := _query(opened, event, done, number, fate)) is not None and _can_earn(opened, event, query)
    ]
    # Of several actions on one page each arm is asked once.
    queries = {_page(event, query): query for event, query in asked}
    ours = all(type(arm).__module__.startswith("ltrr_cli.") for arm in opened.strategies)
    if len(queries) < 2 or not ours:  # what others wrote is never asked by two threads at once
        found = [_looked(opened, query) for query in queries.values()]
    else:
        with ThreadPoolExecutor(_THREADS, thread_name_prefix="ltrr-lookback") as pool:
            found = list(pool.map(partial(_looked, opened), queries.values()))
    looked = dict(zip(queries, found, strict=True))
    return [_placed(opened, event, looked[_page(event, query)]) for event, query in asked]


def _placed(opened: Opened, event: Event, looked: Looked) -> Hindsight:
    ranks = looked.ranks(opened.row(event.entity_id))
    return Hindsight(event_id=event.id, depth=MAX_DEPTH, ranks=ranks, context=looked.context)


def _page(event: Event, query: Query) -> tuple[str, str]:
    """Return what tells the page that an event was on from others; a plain log's events have one each."""
    return (query.id, "") if query.id else ("", event.id)


def _looked(opened: Opened, query: Query) -> Looked:
    with suppress(EncoderError, IndexDirectoryError):  # an arm that needs the vector fails by itself
        # Here, not in a third thread. One by one: others beside it change a vector by rounding, and what an event
        # teaches shall not depend on its batch.
        opened.query_vectors.of(query.text)
    return look(opened, query)


def _query(opened: Opened, event: Event, done: Ingested, number: int, fate: int) -> Query | None:
    """Return what was asked, None where the event is not to be credited in hindsight.

    `number` counts the events of the batch before this one; `fate`, the hash of its id, is a number by chance.
    """
    if event.query_id:
        impression = opened.impressions.find(event.query_id)
        if impression is None:
            done.unknown_queries += 1
            return None
        if event.entity_id not in impression.shown or (impression.trace and not opened.config.hindsight):
            return None
        return Query(
            id=impression.query_id,
            text=impression.text,
            time=impression.time,
            user=impression.user,
            filter=impression.filter,
        )
    # A plain search log does not say what was shown: what was acted on is all there is. Looking up every event
    # would take longer than learning it, and the policy has soon seen enough: of n events it sees about
    # _LOOKED_UP × (1 + ln(n / _LOOKED_UP)).
    share = _LOOKED_UP / (opened.learned.counts["events"] + number + 1)
    if fate >= share * 2**64:
        return None
    words, written = opened.filters.read(event.text, "")
    return Query(id="", text=words, time=event.time, user=event.user, filter=written)


def _can_earn(opened: Opened, event: Event, query: Query) -> bool:
    """Tell whether there is a reward, and anything that an arm could have found it by."""
    if opened.config.reward(event.action, event.dwell) <= 0 or not query.text.strip():
        return False
    row = opened.row(event.entity_id)
    return row is not None and opened.filters.allows(query.filter, row)
