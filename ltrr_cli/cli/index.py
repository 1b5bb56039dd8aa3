"""`ltrr index`: build an index, change it, look at it."""

from __future__ import annotations

from typing import Annotated

import typer

from ltrr_cli.cli import index_build, index_change, index_more, integrity
from ltrr_cli.cli.options import IndexOption, JsonOption, find_index
from ltrr_cli.cli.text import show_json

app = typer.Typer(name="index", help="Build an index, change it, look at it.", no_args_is_help=True)

app.command(epilog=index_build.BUILD_EPILOG)(index_build.build)
app.command(epilog=index_change.ADD_EPILOG)(index_change.add)
app.command(epilog=index_change.UPDATE_EPILOG)(index_change.update)
app.command(epilog=index_change.DELETE_EPILOG)(index_change.delete)
app.command(epilog=index_change.ROLLBACK_EPILOG)(index_change.rollback)


@app.command(
    epilog="""\b
Examples:
  ltrr index info
  ltrr index info --json | jq .arms
"""
)
def info(*, index: IndexOption = None, as_json: JsonOption = False) -> None:
    """Show what an index holds and what it has learned."""
    from dataclasses import asdict

    path = find_index(index)
    from ltrr_cli.engine import Engine

    with Engine.open(path) as engine:
        found = engine.info()
    if as_json:
        show_json(asdict(found))
        return
    from ltrr_cli.cli.console import make_console
    from ltrr_cli.cli.info import show_info

    show_info(make_console(), found)


@app.command(
    epilog="""\b
Examples:
  ltrr index show song:yesterday
  ltrr index show song:yesterday --json | jq .suggested
"""
)
def show(
    entity_id: Annotated[str, typer.Argument(metavar="ID", help="The id of an entity.")],
    *,
    index: IndexOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show an entity: its fields, the weights of its values, and what was suggested for it."""
    from ltrr_cli.cli.entity import show_entity
    from ltrr_cli.errors import NotFoundError

    path = find_index(index)
    from ltrr_cli.engine import Engine

    with Engine.open(path) as engine:
        entity, suggested = engine.entity(entity_id), engine.suggestions(entity_id)
    if entity is None:
        raise NotFoundError(f"the index has no entity {entity_id[:80]!r}", where=str(path))
    if as_json:
        from ltrr_cli.wire.entities import entity_json

        show_json(entity_json(entity, suggested))
    else:
        show_entity(entity, suggested)


app.command(epilog=integrity.VERIFY_EPILOG)(integrity.verify)
app.command(epilog=integrity.REPAIR_EPILOG)(integrity.repair)
app.command(epilog=integrity.ADOPT_EPILOG)(integrity.adopt)


for _name, _command, _examples in (
    ("fields", index_more.fields, "ltrr index fields\n  ltrr index fields --json | jq '.fields[].name'"),
    ("export", index_more.export, "ltrr index export > catalog.jsonl"),
    ("compact", index_more.compact, "ltrr index compact"),
    ("encode", index_more.encode, "ltrr index encode"),
):
    app.command(name=_name, epilog=f"\b\nExamples:\n  {_examples}\n")(_command)
