"""`ltrr user`: what is known of somebody; give it to him, or forget him."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ltrr_cli.cli.options import IndexOption, JsonOption, find_index
from ltrr_cli.cli.text import notice, number, plural, safe, say, show_json
from ltrr_cli.errors import UsageError

if TYPE_CHECKING:
    from ltrr_cli.engine.persons import PersonReport

app = typer.Typer(name="user", help="See what is known of a user; export it; forget him.", no_args_is_help=True)

_User = Annotated[str, typer.Argument(metavar="USER", help="The user's id.")]
_MOST = 10


@app.command(
    epilog="""\b
Examples:
  ltrr user show ana
  ltrr user show ana --json | jq .likings
"""
)
def show(user: _User, *, index: IndexOption = None, as_json: JsonOption = False) -> None:
    """Show what is known of a user: how much he asked and did, and what he likes.

    Of a user the last 200 entities are kept that he acted on, decayed; the logs have the rest. Exit code 1 if nothing
    is known of him.
    """
    found = _report(user, index)
    if as_json:
        shown = _json(found)
        shown["queries"], shown["events"] = len(found.queries), len(found.events)
        show_json(shown)
    elif found.known:
        counts = f"{_queries(len(found.queries))}, {plural(len(found.events), 'event')}"
        say(f"{safe(found.user)}: {counts}, {plural(len(found.likings), 'entity', 'entities')} acted on")
        for one in found.likings[:_MOST]:
            kind = f" ({safe(one.type)})" if one.type else ""
            say(f"  {one.reward:>7.2f}  {safe(one.title or one.id)}{kind}  {safe(one.id)}")
        if len(found.likings) > _MOST:
            say(f"           … and {len(found.likings) - _MOST} more")
        for what, shares in (("likes", found.values), ("others also like", found.company)):
            if shares:
                say(f"{what}: " + ", ".join(f"{safe(name)} {share:.2f}" for name, share in shares.items()))
    if not found.known:
        notice(f"nothing is known of {safe(user)}")
        raise typer.Exit(1)


@app.command(
    epilog="""\b
Examples:
  ltrr user export ana > ana.json
"""
)
def export(user: _User, *, index: IndexOption = None) -> None:
    """Print all that is kept of a user, as JSON: his lines of the logs, and what was learned of him.

    Left out is how each of his answers came about. Exit code 1 if nothing is known of him.
    """
    found = _report(user, index)
    show_json(_json(found))
    if not found.known:
        notice(f"nothing is known of {safe(user)}")
        raise typer.Exit(1)


@app.command(
    epilog="""\b
Examples:
  ltrr user forget ana
  ltrr user forget ana --yes --json
"""
)
def forget(
    user: _User,
    *,
    index: IndexOption = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Remove a user from the logs and from all that is learned, for good.

    What he asked and did goes, and what the index knows is learned again from the rest. The weights of rankers that
    were trained meanwhile, on everybody's clicks, stay. It is noted that somebody was forgotten, not who. Exit code 1
    if nothing is known of him.
    """
    path = find_index(index)
    if not yes:
        if not all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr)):
            raise UsageError("this removes a user for good, and nobody is there to be asked", next="add --yes")
        if not typer.confirm(f"Remove all that {safe(user)} asked and did?", err=True):
            say("nothing was changed")
            raise typer.Exit(1)
    from ltrr_cli.engine import Engine
    from ltrr_cli.engine.forget import TYPED

    done = Engine.forget_user(path, user)
    if as_json:
        show_json({"queries": done.queries, "events": done.events, "left": list(done.left)})
    elif done.queries or done.events:
        counts = f"{_queries(done.queries)} and {plural(done.events, 'event')}"
        say(f"{safe(done.user)} is forgotten: {counts} went, and the rest was learned again")
    if (path / TYPED).exists():
        notice(
            f"{path / TYPED} keeps lines typed at the prompt, not who typed them: it is as it was; delete what is his"
        )
    for name in done.left:
        notice(f"the same word still stands in {name}, where it is not the id of a user")
    if not (done.queries or done.events):
        notice(f"nothing is known of {safe(user)}")
        raise typer.Exit(1)


def _report(user: str, index: Any) -> PersonReport:
    path = find_index(index)
    from ltrr_cli.engine import Engine

    with Engine.open(path) as engine:
        return engine.person(user)


def _queries(count: int) -> str:
    return plural(count, "query", "queries")


def _json(found: PersonReport) -> dict[str, Any]:
    return {
        "user": found.user,
        "queries": list(found.queries),
        "events": list(found.events),
        "likings": [{"id": o.id, "type": o.type, "title": o.title, "reward": number(o.reward)} for o in found.likings],
        "values": {name: number(share) for name, share in found.values.items()},
        "company": {name: number(share) for name, share in found.company.items()},
    }
