"""`ltrr memory`: what answers which query, as predicted and as observed; what is asked most; forgetting."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ltrr_cli.cli.options import IndexOption, JsonOption, find_index
from ltrr_cli.cli.text import number, plural, safe, say, show_json
from ltrr_cli.errors import UsageError

if TYPE_CHECKING:
    from ltrr_cli.engine.remember import RememberedQuery

app = typer.Typer(name="memory", help="See which entities answer which queries; forget.", no_args_is_help=True)

_HEADER = ("score", "reward", "predicted", "id", "title")


@app.command(
    epilog="""\b
Examples:
  ltrr memory show "sad songs"
  ltrr memory show love -k 3 --json
"""
)
def show(
    query: Annotated[str, typer.Argument(metavar="QUERY", help="A query.")],
    *,
    k: Annotated[int, typer.Option("-k", min=1, max=1000, help="Entities.")] = 10,
    index: IndexOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show which entities the memory connects with a query.

    The score is (reward + 4 × predicted) / (reward of all + 4). Queries that share words with it count too.
    """
    path = find_index(index)
    from ltrr_cli.engine import Engine

    with Engine.open(path) as engine:
        found = engine.memory(query, k=k)
    if as_json:
        show_json(_json(found))
        return
    who = f" of {plural(found.users, 'user')}" if found.users is not None else ""
    acted = f"acted under: {found.reward:.2f} rewards{who}" if found.known else "nobody has acted under it"
    say(f"{safe(found.query)}: {acted}")
    if found.entities:
        from ltrr_cli.cli.tables import show as show_table
        from ltrr_cli.evaluation.chart import Table

        rows = [(f"{e.score:.3f}", f"{e.reward:.2f}", f"{e.predicted:.3f}", e.id, e.title) for e in found.entities]
        show_table(Table(header=_HEADER, rows=tuple(rows), numeric=(0, 1, 2)))


@app.command(
    epilog="""\b
Examples:
  ltrr memory top
  ltrr memory top -k 100 --json | jq -r '.queries[].query'
"""
)
def top(
    *,
    k: Annotated[int, typer.Option("-k", min=1, max=1000, help="Queries.")] = 20,
    index: IndexOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the queries with most reward, and what answered them.

    Only those under which at least `min_users` (ltrr.toml; by default 3) users have acted.
    """
    path = find_index(index)
    from ltrr_cli.engine import Engine

    with Engine.open(path) as engine:
        found = engine.top_queries(k=k)
    if as_json:
        show_json({"queries": [_json(one) for one in found]})
    elif not found:
        say("no query to show yet: enough users must have acted under it (min_users in ltrr.toml)")
    else:
        from ltrr_cli.cli.tables import show as show_table
        from ltrr_cli.evaluation.chart import Table

        rows = [(one.query, f"{one.reward:.2f}", str(one.users), _titles(one)) for one in found]
        show_table(Table(header=("query", "reward", "users", "answered by"), rows=tuple(rows), numeric=(1, 2)))


@app.command(
    epilog="""\b
Examples:
  ltrr memory forget "sad songs"
  ltrr memory forget --entity song:yesterday
"""
)
def forget(
    query: Annotated[str | None, typer.Argument(metavar="[QUERY]", help="A query.", show_default=False)] = None,
    *,
    entity: Annotated[
        str | None, typer.Option(metavar="ID", help="An entity, under every query.", show_default=False)
    ] = None,
    index: IndexOption = None,
    as_json: JsonOption = False,
) -> None:
    """Forget what was observed of a query, or of an entity under every query. What comes later counts again.

    What is predicted stays, and so do the actions in the log; a rebuild forgets the same. Exit code 1 if the query was
    not remembered, or the memory has nothing of the entity.
    """
    if (query is None) == (entity is None):
        raise UsageError("forget a query or an entity, one of both", next='ltrr memory forget "sad songs"')
    path = find_index(index)
    from ltrr_cli.engine import Engine

    with Engine.open(path) as engine:
        known = engine.forget(query, entity_id=entity)
    if as_json:
        show_json({"query": query, "entity": entity, "forgotten": known})
    else:
        say("forgotten" if known else f"nothing was remembered of this {'query' if entity is None else 'entity'}")
    if not known:
        raise typer.Exit(1)


def _titles(found: RememberedQuery) -> str:
    return "; ".join(entity.title for entity in found.entities)


def _json(found: RememberedQuery) -> dict[str, Any]:
    row = asdict(found)
    row["reward"] = number(found.reward)
    for entity in row["entities"]:
        entity |= {name: number(entity[name]) for name in ("score", "reward", "predicted")}
    return row
