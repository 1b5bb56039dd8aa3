"""`ltrr recommend`: answers without a query."""

from __future__ import annotations

from typing import Annotated

import typer

from ltrr_cli.cli.options import (
    ExplainOption,
    IdsOption,
    IndexOption,
    JsonOption,
    NoExploreOption,
    NoLogOption,
    SeedOption,
    SessionOption,
    StrategiesOption,
    UserOption,
    depths,
    find_index,
)
from ltrr_cli.errors import UsageError

HELP = """Recommend entities to a user, in a session, or by what is liked here and now.

The same loop as a search, without a text: strategies find candidates (personal, popular, related, fresh), the ranker
orders them, the page is logged, and feedback on it is learned. What the user or the session acted on already is left
out. Without any of the options it is what most people like, and what is new."""
EPILOG = """\b
Examples:
  ltrr recommend --user ana
  ltrr recommend --like song:hey-jude --like song:yesterday -k 5
  ltrr recommend --user ana --session s1 --json
  ltrr recommend --user ana --explain
"""
_Count = Annotated[int, typer.Option("-k", metavar="N", help="How many results.")]


def recommend(
    *,
    index: IndexOption = None,
    user: UserOption = "",
    session: SessionOption = "",
    like: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="An entity that is liked (repeatable).", show_default=False),
    ] = None,
    k: _Count = 10,
    as_json: JsonOption = False,
    ids: IdsOption = False,
    explain: ExplainOption = False,
    context: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            help="What else is known: a number or a word, at most 16 (repeatable).",
            show_default=False,
        ),
    ] = None,
    strategies: StrategiesOption = None,
    seed: SeedOption = None,
    no_explore: NoExploreOption = False,
    no_log: NoLogOption = False,
) -> None:
    """Parse, ask, show."""
    from ltrr_cli.cli.asking import tell_failures
    from ltrr_cli.cli.text import notice, safe, say, show_json
    from ltrr_cli.query.given import parse_given
    from ltrr_cli.wire.answers import answer_json

    if ids and as_json:
        raise UsageError("--ids prints no JSON", next="leave out one of the two")
    depths_, given = depths(strategies), parse_given(context or ())
    path = find_index(index)
    from ltrr_cli.engine import Engine

    with Engine.open(path) as engine:
        if engine.read_only and not no_log:
            notice("this index may not be written to: nothing is logged, and feedback is not possible")
        answer = engine.recommend(
            user=user,
            session=session,
            like=like or (),
            k=k,
            seed=seed,
            explore=not no_explore,
            depths=depths_,
            explain=explain,
            log=not no_log,
            context=given,
        )
    tell_failures(answer)
    if ids:
        for result in answer.results:
            say(safe(result.id))
    elif as_json:
        show_json(answer_json(answer, explain=explain))
    else:
        from ltrr_cli.cli.console import make_console
        from ltrr_cli.cli.explain import show_explained
        from ltrr_cli.cli.render import show_answer

        (show_explained if explain else show_answer)(make_console(), answer)
