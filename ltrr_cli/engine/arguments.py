"""What callers give: checked, and told what is wrong with it before anything is done."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from ltrr_cli.errors import UsageError
from ltrr_cli.query.given import check_given
from ltrr_cli.records import Query

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ltrr_cli.engine.opened import Opened
    from ltrr_cli.engine.ways import Way

MAX_K = 1000
LATEST = 32_503_680_000.0  # the year 3000
_LONGEST = 100 * 365.25 * 86400.0  # seconds that something may be used


def query_of(
    opened: Opened,
    text: str,
    *,
    k: int,
    user: str,
    session: str,
    moment: float,
    query_id: str,
    context: Mapping[str, str | float] | None,
    filter: str,  # noqa: A002 – as in `Engine.search`
    vectors: Mapping[str, Sequence[float]] | None = None,
) -> Query:
    """Return the query that was asked, its filter read, whoever asks under the name that is logged."""
    from ltrr_cli.engine.external import check_vectors

    checked_k(k)
    check_given(context or {})
    words, written = opened.filters.read(text, filter)
    return Query(
        id=one_line(query_id, "query_id") or _new_id(moment),
        text=words,
        filter=written,
        time=moment,
        k=k,
        user=opened.known_as(one_line(user, "user")),
        session=one_line(session, "session"),
        context=context or {},
        vectors=check_vectors(opened.view.external, dict(vectors)) if vectors else {},
    )


def checked_text(text: str) -> str:
    """Return a query's text if it is one."""
    if not isinstance(text, str):
        raise UsageError(f"a query is a text, not {text!r}")
    return text


def checked_k(k: int, name: str = "k") -> int:
    """Return a number of results if it is one, 1…1000."""
    if not isinstance(k, int) or not 1 <= k <= MAX_K:
        raise UsageError(f"{name} must be from 1 to {MAX_K}, not {k!r}")
    return k


def checked_page(k: int, offset: int) -> None:
    """Raise `UsageError` if an answer has no `k` results behind the first `offset`."""
    if checked_k(k) + offset > MAX_K:
        raise UsageError(
            f"an answer has at most {MAX_K:,} results, offset and k ask for {k + offset:,}",
            next="narrow it down by a filter",
        )


def checked_moment(now: float | None) -> float:
    """Return the time given, the clock's if none is, in seconds since 1970."""
    if now is None:
        return time.time()
    if not 0 <= now < LATEST:
        raise UsageError(f"now must be in seconds since 1970, before the year 3000, not {now}")
    return now


def check_depths(opened: Opened, depths: Mapping[str, int] | None) -> None:
    """Raise `UsageError` if a strategy is named that the index does not have."""
    known = [strategy.name for strategy in opened.strategies]
    for name in depths or ():
        if name not in known:
            raise UsageError(f"no strategy is called {name!r}", next=f"this index has: {', '.join(known)}")


def two_ways(words: Sequence[str], *, alone: bool) -> list[Way]:
    """Return the two ways to answer that are named; `alone`: nothing else says how to answer."""
    from ltrr_cli.engine.ways import FORMS, parse_way

    if not alone:
        raise UsageError("an interleaved page is of two ways to answer", next="name both, and neither elsewhere")
    if isinstance(words, str) or len(words) != 2:
        raise UsageError(f"two ways to answer are interleaved, not {words!r}", next=f"name two of {FORMS}")
    ways = []
    for word in words:
        way = parse_way(word)
        if way is None:
            raise UsageError(f"{word[:80]!r} is no way to answer", next=f"use {FORMS}")
        ways.append(way)
    return ways


def one_line(text: str, what: str) -> str:
    """Return a name without the spaces around it."""
    if not isinstance(text, str):
        raise UsageError(f"{what} must be a text, not {text!r}")
    if len(text.encode(errors="replace")) > 512 or any(ord(char) < 32 for char in text):
        raise UsageError(f"{what} must be one line of at most 512 bytes")
    return text.strip()


def checked_action(text: str) -> str:
    """Return the name of an action, in lower case."""
    action = text.strip().lower() if isinstance(text, str) else ""
    if not action or len(action) > 64 or not action.isprintable():
        raise UsageError("an action is a word of at most 64 characters, such as click, like or play")
    return action


def checked_dwell(seconds: float) -> float:
    """Return for how long something was used."""
    if not 0 <= seconds <= _LONGEST:
        raise UsageError(f"dwell must be a number of seconds, at most a hundred years, not {seconds}")
    return float(seconds)


def _new_id(moment: float) -> str:
    """Return a new id that sorts by time: 12 hex digits of milliseconds, 10 of chance."""
    return f"{int(max(0.0, moment) * 1000) & (2**48 - 1):012x}{os.urandom(5).hex()}"
