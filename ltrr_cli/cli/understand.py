"""`ltrr understand`: how queries are read, before anything is searched."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ltrr_cli.cli.options import IndexOption, JsonOption, find_index
from ltrr_cli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

    from ltrr_cli.records import Understood

HELP = """Show how a query is read.

Which of its words are values, types, titles or ranges in this index, and how probably. With TEXT, read it; without,
the queries that are piped in, one a line, as JSON lines. Nothing is searched or logged."""
EPILOG = """\b
Examples:
  ltrr understand sad songs from the 90s
  ltrr understand "movies before 1999 over 7 stars" --json
  ltrr understand < queries.txt | jq -c '.types[0]'
"""


def understand(
    text: Annotated[list[str] | None, typer.Argument(metavar="TEXT", help="The query.", show_default=False)] = None,
    *,
    index: IndexOption = None,
    as_json: JsonOption = False,
) -> None:
    """Parse, read, show."""
    piped = not text
    if piped and (sys.stdin is None or sys.stdin.isatty()):
        raise UsageError("there is no query", next="give a TEXT, or pipe queries in")
    path = find_index(index)
    from ltrr_cli.cli.text import show_json
    from ltrr_cli.engine import Engine
    from ltrr_cli.wire.understood import understood_json

    with Engine.open(path) as engine:
        if piped:
            for line in _lines():
                show_json(understood_json(engine.understand(line)), line=True)
            return
        understood = engine.understand(" ".join(text or ()))
    if as_json:
        show_json(understood_json(understood))
        return
    from ltrr_cli.cli.console import make_console

    show(make_console(), understood)


def _lines() -> Iterable[str]:
    """Yield the queries of standard input; what is not UTF-8 is replaced, empty lines are nothing."""
    for line in sys.stdin.buffer:
        if text := line.decode("utf-8", "replace").strip():
            yield text


def show(out: Console, understood: Understood) -> None:
    """Print the readings as a table, and the likely types."""
    from rich.table import Table

    from ltrr_cli.cli.text import safe
    from ltrr_cli.query.speak import bounds

    words = understood.words
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("words", "read as", "value"):
        table.add_column(name, overflow="fold")
    table.add_column("probability", justify="right")
    table.add_column("entities", justify="right")
    for tag in understood.tags:
        kinds = ", ".join(kind for kind, _ in tag.types if kind)
        value = f"{tag.value} ({kinds})" if kinds else tag.value
        spoken = " ".join(words[tag.start : tag.end])
        table.add_row(safe(spoken), safe(tag.attribute), safe(value), f"{tag.probability:.0%}", f"{tag.count:,}")
    for one in understood.ranges:
        spoken = " ".join(words[one.start : one.end])
        table.add_row(safe(spoken), safe(one.attribute), bounds(one), f"{one.probability:.0%}", "")
    if understood.tags or understood.ranges:
        out.print(table)
    else:
        out.print("No words of it are values, titles or ranges in this index.")
    if understood.types:
        likely = ", ".join(f"{kind} {probability:.0%}" for kind, probability in understood.types)
        out.print(safe(f"likely types: {likely}"), style="dim", soft_wrap=True)
