"""`ltrr feedback stats|tail|export|undo`: looking at the log, and taking back what should not be in it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ltrr_cli.cli.options import IndexOption, JsonOption, find_index
from ltrr_cli.cli.text import dumps, notice, plural, safe, say, show_json
from ltrr_cli.errors import UsageError

if TYPE_CHECKING:
    from ltrr_cli.engine.activity import Activity
    from ltrr_cli.records import Event

_BAR = 30
_MOST = 10
_DAYS = 60


def stats(*, index: IndexOption = None, as_json: JsonOption = False) -> None:
    """Show what the log holds: actions, positions, users, queries, days."""
    path = find_index(index)
    from ltrr_cli.engine import Engine
    from ltrr_cli.engine.activity import count

    with Engine.open(path) as engine:
        found = count(engine.impressions(), engine.events())
    if as_json:
        show_json(_as_json(found))
    else:
        _show(found)


def tail(
    *,
    index: IndexOption = None,
    count: Annotated[int, typer.Option("-n", metavar="N", min=1, help="How many events.")] = 10,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Wait for more, until Ctrl-C.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show the latest events, oldest first, with the ids by which they can be taken back."""
    from collections import deque

    path = find_index(index)
    from ltrr_cli.engine import Engine

    with Engine.open(path) as engine:
        known = 0
        latest: deque[Event] = deque(maxlen=count)
        for event in engine.events():
            known += 1
            latest.append(event)
        for event in latest:
            _show_event(event, as_json=as_json)
        while follow:
            time.sleep(0.5)
            for number, event in enumerate(engine.events(), 1):
                if number > known:
                    _show_event(event, as_json=as_json)
                    known = number


def export(
    *,
    form: Annotated[str, typer.Option("--format", metavar="ubi|metarank|vw", help="What to write.")] = "ubi",
    index: IndexOption = None,
) -> None:
    """Write the log as other programs read it: UBI queries and events, or Metarank events, both as JSON lines.

    What was taken back is left out. `vw` writes the policy's choices for Vowpal Wabbit: action:cost:probability and
    features, an action being a whole selection of strategies and depths; standard error says which.
    """
    from ltrr_cli.feedback.export import FORMATS

    path = find_index(index)
    if form == "vw":
        from ltrr_cli.config import read_config
        from ltrr_cli.evaluation.notes import Notes
        from ltrr_cli.evaluation.vw import vw_lines

        notes = Notes()
        lines, selections = vw_lines(path, read_config(path), notes)
        for line in lines:
            say(line)
        for number, selection in enumerate(selections, 1):
            notice(f"action {number}: {selection}")
        for remark in notes.remarks:
            notice(f"note: {remark}")
        return
    if form not in FORMATS:
        raise UsageError(f"there is no format {form!r}", next=f"use one of {', '.join(FORMATS)}, vw")
    from ltrr_cli.engine import Engine

    with Engine.open(path) as engine:
        for impression in engine.impressions():
            say(dumps(FORMATS[form](impression)))
        for event in engine.events():
            say(dumps(FORMATS[form](event)))


def undo(
    event_id: Annotated[str, typer.Argument(metavar="EVENT_ID", help="As ltrr feedback tail shows it.")],
    *,
    index: IndexOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take an event back: afterwards everything is learned as if it had never come."""
    path = find_index(index)
    from ltrr_cli.engine import Engine

    with Engine.open(path) as engine:
        done = engine.undo(event_id)
    if as_json:
        show_json({"taken_back": done, "event_id": event_id})
    else:
        say("taken back" if done else "taken back before: nothing changed")


def _show_event(event: Event, *, as_json: bool) -> None:
    from ltrr_cli.feedback.times import format_time
    from ltrr_cli.feedback.ubi import event_to_ubi

    if as_json:
        show_json(event_to_ubi(event), line=True)
        return
    who = f"  {safe(event.user)}" if event.user else ""
    where = f" at {event.position}" if event.position else ""
    dwell = f" {event.dwell:g}s" if event.dwell else ""
    when = format_time(event.time)[:19].replace("T", " ")
    asked = f"  query {safe(event.query_id)}" if event.query_id else f"  “{safe(event.text)}”"
    say(f"{when}  {event.id}  {safe(event.action)}{dwell} {safe(event.entity_id)}{where}{asked}{who}")


def _as_json(found: Activity) -> dict[str, Any]:
    return {
        "impressions": found.impressions,
        "impressions_without_results": found.empty,
        "impressions_acted_on": found.acted_impressions,
        "events": found.events,
        "first": _time(found.first),
        "last": _time(found.last),
        "users": len(found.users),
        "sessions": len(found.sessions),
        "queries": len(found.queries),
        "actions": dict(found.actions.most_common()),
        "positions": [
            {"position": place, "shown": found.shown[place], "acted": found.acted[place]}
            for place in sorted(found.shown | found.acted)
        ],
        "days": [
            {"day": _day(day), "impressions": found.impressions_by_day[day], "events": found.events_by_day[day]}
            for day in sorted(found.impressions_by_day | found.events_by_day)
        ],
    }


def _show(found: Activity) -> None:
    if not found.impressions and not found.events:
        say("the log is empty: ask with ltrr query, and say what you did with the results")
        return
    acted = f"{found.acted_impressions / found.impressions:.1%} acted on" if found.impressions else ""
    empty = f"{found.empty:,} without results" if found.empty else ""
    detail = ", ".join(part for part in (acted, empty) if part)
    say(f"shown    {plural(found.impressions, 'impression')}{f' ({detail})' if detail else ''}")
    people = f"{plural(len(found.users), 'user')}, {plural(len(found.sessions), 'session')}"
    say(f"done     {plural(found.events, 'event')} by {people}")
    say(f"from     {_time(found.first)[:19]} to {_time(found.last)[:19]}")
    _bars("actions", [(safe(name), number) for name, number in found.actions.most_common(_MOST)])
    rates = [
        (str(place), found.acted[place] / found.shown[place]) for place in range(1, _MOST + 1) if found.shown[place]
    ]
    _bars("events for each time that a position was shown", rates, share=True)
    _bars("queries", [(safe(text) or "(empty)", number) for text, number in found.queries.most_common(_MOST)])
    _bars("users", [(safe(name), number) for name, number in found.users.most_common(_MOST)])
    _days(found)


def _bars(title: str, rows: list[tuple[str, float]], *, share: bool = False) -> None:
    """Print a bar for each row; nothing where all are 0."""
    from rich.cells import cell_len

    from ltrr_cli.cli.console import can_draw
    from ltrr_cli.cli.render import fit

    top = max((value for _, value in rows), default=0)
    if not top:
        return
    say()
    say(title)
    width = min(24, max(cell_len(name) for name, _ in rows))
    for name, value in rows:
        bar = ("█" if can_draw() else "#") * max(1 if value else 0, round(_BAR * value / top))
        figure = f"{value:.3f}" if share else f"{value:,.0f}"
        say(f"  {fit(name, width)}  {bar:<{_BAR}}  {figure}")


def _days(found: Activity) -> None:
    """Print a line with the events of each of the latest days, low to high."""
    from ltrr_cli.cli.console import can_draw

    days = sorted(found.events_by_day | found.impressions_by_day)
    if not days:
        return
    first, last = max(days[0], days[-1] - _DAYS + 1), days[-1]
    counts = [found.events_by_day[day] for day in range(first, last + 1)]
    levels = " ▁▂▃▄▅▆▇█" if can_draw() else " .:-=+*#@"
    top = max(1, *counts)
    line = "".join(levels[-(-8 * number // top)] for number in counts)
    say()
    say(f"events a day, {_day(first)} to {_day(last)}, at most {max(counts):,}")
    say(f"  {line}|")


def _time(seconds: float) -> str:
    from ltrr_cli.feedback.times import format_time

    return format_time(seconds) if seconds else ""


def _day(day: int) -> str:
    return _time(day * 86400.0)[:10] or "1970-01-01"
