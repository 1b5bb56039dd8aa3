"""`ltrr related`: what has to do with an entity."""

from __future__ import annotations

from typing import Annotated

import typer

from ltrr_cli.cli.options import IdsOption, IndexOption, JsonOption, find_index
from ltrr_cli.errors import UsageError

HELP = """Show what has to do with an entity.

By shared attributes (an artist's songs, a song's artist, its album) and by what people act on together with it."""
EPILOG = """\b
Examples:
  ltrr related song:hey-jude
  ltrr related song:hey-jude -k 3 --json
  ltrr related "$(ltrr query hey jude -k 1 --ids)"
"""


def related(
    entity_id: Annotated[str, typer.Argument(metavar="ID", help="The id of an entity.")],
    *,
    index: IndexOption = None,
    k: Annotated[int, typer.Option("-k", metavar="N", help="How many results.")] = 10,
    as_json: JsonOption = False,
    ids: IdsOption = False,
) -> None:
    """Parse, ask, show."""
    from ltrr_cli.cli.text import safe, say, show_json

    if ids and as_json:
        raise UsageError("--ids prints no JSON", next="leave out one of the two")
    path = find_index(index)
    from ltrr_cli.engine import Engine

    with Engine.open(path) as engine:
        found = engine.related(entity_id, k=k)
    if as_json:
        from ltrr_cli.wire.entities import related_json

        show_json(related_json(entity_id, found))
        return
    for one in found:
        kind = f" ({safe(one.type)})" if one.type else ""
        why = ", ".join(f"{name} {part:.2f}" for name, part in one.contributions.items())
        say(safe(one.id) if ids else f"{one.rank:>3} {safe(one.title or one.id)}{kind}  {safe(one.id)}  {why}")
    if not found and not ids:
        say("nothing has to do with it")
