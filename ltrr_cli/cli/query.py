"""`ltrr query`: one answer, answers to piped queries, or a prompt."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ltrr_cli.cli.options import IndexOption, JsonOption, SessionOption, UserOption, depths, filter_of, find_index
from ltrr_cli.errors import UsageError

if TYPE_CHECKING:
    from ltrr_cli.cli.asking import Asking
    from ltrr_cli.engine import Engine

HELP = """Search.

With TEXT, answer it. Without TEXT, answer the queries that are piped in, one a line, as JSON lines and at once; a line
is plain text or {"query": …, "k": …, "user_id": …, "session_id": …, "filter": …, "context": {…}}. In a terminal without
TEXT, start a prompt that also takes feedback.

A filter says what may be found at all: FIELD = VALUE (!= is not, : has these words, < <= > >= compare) or FIELD in (A,
B), joined by and, or, not and parentheses. In a TEXT, genre:rock, year:>=1990, artist:"the who" and -genre:pop are
filters too. A FIELD is an attribute of the catalogue, or type, title or id."""
EPILOG = """\b
Examples:
  ltrr query sad songs from the 90s
  ltrr query love -k 3 --explain
  ltrr query love --json | jq -r '.results[0].title'
  ltrr query < queries.txt > answers.jsonl
  ltrr query love --strategies lexical,semantic:20 --no-log
  ltrr query love --context device=phone --context holiday=1
  ltrr query --interleave policy:live single:lexical
  ltrr query love --filter 'year >= 1990 and genre = rock' --type song
  ltrr query 'love genre:rock -artist:queen year:>=1990' --facets genre,year
  ltrr query love --cap artist:2 --diversity 0.2
"""


def query(
    text: Annotated[list[str] | None, typer.Argument(metavar="TEXT", help="The query.", show_default=False)] = None,
    *,
    index: IndexOption = None,
    k: Annotated[int, typer.Option("-k", metavar="N", help="How many results.")] = 10,
    as_json: JsonOption = False,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="Print JSON, an answer on one line.")] = False,
    ids: Annotated[bool, typer.Option("--ids", help="Print the ids of the results only.")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Show how the answer came about.")] = False,
    user: UserOption = "",
    session: SessionOption = "",
    context: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            help="What else is known of the query: a number or a word, at most 16 (repeatable).",
            show_default=False,
        ),
    ] = None,
    filters: Annotated[
        list[str] | None,
        typer.Option(
            "--filter",
            metavar="EXPR",
            help="Find only what meets this, such as 'year >= 1990 and genre = rock' (repeatable: all must be met).",
            show_default=False,
        ),
    ] = None,
    types: Annotated[
        list[str] | None,
        typer.Option("--type", metavar="TYPE", help="Find only this type (repeatable: any of).", show_default=False),
    ] = None,
    facets: Annotated[
        str | None,
        typer.Option(
            metavar="FIELD,…",
            help="Count the values of these fields, among the query's candidates (without words: within the filter).",
            show_default=False,
        ),
    ] = None,
    cap: Annotated[
        str | None,
        typer.Option(
            metavar="FIELD:N",
            help="Show at most N entities with the same value of a field; '' overrides ltrr.toml.",
            show_default=False,
        ),
    ] = None,
    diversity: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE",
            min=0.0,
            max=0.99,
            help="How much likeness to what stands above counts against a result.",
            show_default=False,
        ),
    ] = None,
    strategies: Annotated[
        str | None,
        typer.Option(metavar="NAME[:DEPTH],…", help="Use these strategies, not the policy's.", show_default=False),
    ] = None,
    interleave: Annotated[
        tuple[str, str] | None,
        typer.Option(
            metavar="A B",
            help="Mix the results of two ways to answer, such as ranker:live ranker:prior (see ltrr compare --help): "
            "what is clicked tells which is better.",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="Make chance repeatable.", show_default=False)
    ] = None,
    no_explore: Annotated[bool, typer.Option("--no-explore", help="Take the policy's mean.")] = False,
    no_log: Annotated[bool, typer.Option("--no-log", help="Log nothing; feedback cannot refer to it.")] = False,
) -> None:
    """Parse, ask, show."""
    from ltrr_cli.cli.asking import Asking
    from ltrr_cli.cli.text import notice
    from ltrr_cli.query.given import parse_given

    if ids and (as_json or jsonl):
        raise UsageError("--ids prints no JSON", next="leave out one of the two")
    if interleave and strategies is not None:
        raise UsageError(
            "--interleave names both ways to answer, so --strategies has none to say",
            next="for example --interleave policy:live strategies:lexical,semantic:20",
        )
    asking = Asking(
        k=k,
        user=user,
        session=session,
        seed=seed,
        explore=not no_explore,
        depths=depths(strategies),
        explain=explain,
        log=not no_log,
        context=parse_given(context or ()),
        interleave=interleave,
        filter=filter_of(filters, types),
        facets=tuple(name.strip() for name in (facets or "").split(",") if name.strip()),
        cap=cap,
        diversity=diversity,
    )
    how = _how(text, machine=as_json or jsonl, ids=ids)
    path = find_index(index)
    from ltrr_cli.engine import Engine

    with Engine.open(path) as engine:
        if engine.read_only and asking.log:
            notice("this index may not be written to: nothing is logged, and feedback is not possible")
        if how == "stream":
            from ltrr_cli.cli.stream import answer_lines

            if not answer_lines(engine, sys.stdin.fileno(), asking, explain=explain):
                raise typer.Exit(1)
        elif how == "prompt":
            from ltrr_cli.cli.repl import Repl

            Repl(engine, path, asking, explain=explain).run()
        else:
            form = "ids" if ids else "jsonl" if jsonl else "json" if as_json else "table"
            _answer(engine, asking, " ".join(text or ()), form=form, explain=explain)


def _how(text: list[str] | None, *, machine: bool, ids: bool) -> str:
    """Decide: one answer, a stream of them, or a prompt."""
    if text:
        return "one"
    if ids:
        raise UsageError("--ids needs a TEXT", next="pipe queries in without --ids: each answer holds its ids")
    if sys.stdin is None:
        raise UsageError("there is no query", next="give a TEXT, or pipe queries in")
    if not sys.stdin.isatty() or machine:
        return "stream"
    if not sys.stdout.isatty():
        raise UsageError("a prompt needs a terminal to write to", next="give a TEXT, pipe queries in, or add --jsonl")
    return "prompt"


def _answer(engine: Engine, asking: Asking, text: str, *, form: str, explain: bool) -> None:
    from ltrr_cli.cli.asking import answer_json, tell_failures
    from ltrr_cli.cli.text import safe, say, show_json

    answer = asking.ask(engine, text)
    tell_failures(answer)
    if form == "ids":
        for result in answer.results:
            say(safe(result.id))
    elif form != "table":
        show_json(answer_json(answer, explain=explain), line=form == "jsonl")
    else:
        from ltrr_cli.cli.console import make_console

        if explain:
            from ltrr_cli.cli.explain import show_explained

            show_explained(make_console(), answer)
        else:
            from ltrr_cli.cli.render import show_answer

            show_answer(make_console(), answer)


def is_debug() -> bool:
    """Whether tracebacks are wanted."""
    return os.environ.get("LTRR_DEBUG", "") not in ("", "0")
