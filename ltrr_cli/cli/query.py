"""`ltrr query`: one answer, answers to piped queries, or a prompt."""

from __future__ import annotations

import sys
from pathlib import Path  # noqa: TC003 – typer reads it
from typing import TYPE_CHECKING, Annotated

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
from ltrr_cli.cli.query_help import EPILOG, HELP
from ltrr_cli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ltrr_cli.engine import Engine
    from ltrr_cli.wire.asking import Asking


__all__ = ["EPILOG", "HELP", "query"]


def query(
    text: Annotated[list[str] | None, typer.Argument(metavar="TEXT", help="The query.", show_default=False)] = None,
    *,
    index: IndexOption = None,
    cluster: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="An index whose shards others search: see ltrr cluster serve. RAY_ADDRESS says where.",
            show_default=False,
        ),
    ] = None,
    k: Annotated[int, typer.Option("-k", metavar="N", help="How many results.")] = 10,
    offset: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="Leave out the N best; see above.", show_default=False)
    ] = None,
    query_id: Annotated[
        str,
        typer.Option(
            metavar="ID", help="With --offset: go on in this answer; else: a name for this one.", show_default=False
        ),
    ] = "",
    as_json: JsonOption = False,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="Print JSON, an answer on one line.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV, a result a row, safe for spreadsheets.")] = False,
    tsv: Annotated[bool, typer.Option("--tsv", help="Print tab-separated rows, for cut and awk.")] = False,
    trec: Annotated[bool, typer.Option("--trec", help="Print lines of a TREC run.")] = False,
    ids: IdsOption = False,
    nul: Annotated[bool, typer.Option("-0", help="With --ids: end each by a NUL byte.")] = False,
    explain: ExplainOption = False,
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
    strategies: StrategiesOption = None,
    interleave: Annotated[
        tuple[str, str] | None,
        typer.Option(
            metavar="A B",
            help="Mix the results of two ways to answer, such as ranker:live ranker:prior (see ltrr compare --help): "
            "what is clicked tells which is better.",
            show_default=False,
        ),
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            min=0.001,
            max=3600.0,
            help="Leave out the strategies that take longer (setting timeout_ms).",
            show_default=False,
        ),
    ] = None,
    seed: SeedOption = None,
    no_explore: NoExploreOption = False,
    no_log: NoLogOption = False,
    fail_empty: Annotated[bool, typer.Option("--fail-empty", help="Exit code 4 if a query finds nothing.")] = False,
) -> None:
    """Parse, ask, show."""
    from ltrr_cli.cli.forms import EMPTY, chosen
    from ltrr_cli.cli.text import notice
    from ltrr_cli.query.given import parse_given
    from ltrr_cli.wire.asking import Asking, filter_of

    form = chosen(json=as_json, jsonl=jsonl, csv=as_csv, tsv=tsv, trec=trec, ids=ids)
    if nul and form != "ids":
        raise UsageError("-0 ends ids", next="add --ids")
    _check_together(interleave, strategies, bool(query_id and explain and offset), offset)
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
        filter=filter_of(filters or (), types or ()),
        facets=tuple(name.strip() for name in (facets or "").split(",") if name.strip()),
        cap=cap,
        diversity=diversity,
        offset=offset,
        query_id=query_id,
    )
    how = "one" if text or (query_id and offset is not None) else _how(form)
    if how != "one" and query_id:
        raise UsageError("--query-id names one answer", next="give a TEXT; piped lines say their own query_id")
    path = find_index(index if cluster is None else cluster)
    if how == "one" and text:
        _encoder_ahead(path)
    with _open(path, {} if timeout is None else {"timeout_ms": timeout * 1e3}, spread=cluster is not None) as engine:
        if engine.read_only and asking.log:
            notice("this index may not be written to: nothing is logged, and feedback is not possible")
        if engine.unencoded:
            notice(f"{engine.unencoded:,} entities have no vectors yet, others answer: ltrr index encode makes them")
        code = 0
        if how == "stream":
            from ltrr_cli.cli.stream import answer_lines

            code = answer_lines(
                engine,
                sys.stdin.fileno(),
                asking,
                form=form or "jsonl",
                explain=explain,
                nul=nul,
                fail_empty=fail_empty,
            )
        elif how == "prompt":
            from ltrr_cli.cli.repl import Repl

            Repl(engine, path, asking, explain=explain).run()
        elif not _answer(engine, asking, " ".join(text or ()), form=form, explain=explain, nul=nul) and fail_empty:
            code = EMPTY
    if code:
        raise typer.Exit(code)


def _encoder_ahead(path: Path) -> None:
    """Begin to open the encoder: all else that one answer takes is imported meanwhile."""
    from contextlib import suppress

    from ltrr_cli.encoder.ahead import open_ahead
    from ltrr_cli.errors import IndexDirectoryError
    from ltrr_cli.index.manifest import read_manifest

    with suppress(IndexDirectoryError):  # it is told where the index is opened
        open_ahead(path / "encoder" / read_manifest(path).encoder)


def _open(path: Path, settings: Mapping[str, float], *, spread: bool) -> Engine:
    """Open an index, its arms here or `spread` over a cluster."""
    if spread:
        from ltrr_cli.cluster.router import Cluster

        return Cluster.open(path, settings=settings)
    from ltrr_cli.engine import Engine

    return Engine.open(path, settings=settings)


def _check_together(interleave: object, strategies: str | None, explained: bool, offset: int | None) -> None:
    """Refuse options that contradict each other; `explained`: a logged page is to be."""
    if interleave and strategies is not None:
        raise UsageError(
            "--interleave names both ways to answer, so --strategies has none to say",
            next="for example --interleave policy:live strategies:lexical,semantic:20",
        )
    if interleave and offset:
        raise UsageError("a page that two ways to answer share has no further ones", next="leave out --offset")
    if explained:
        raise UsageError("how a score came about is kept for an answer's first page only", next="leave out --explain")


def _how(form: str) -> str:
    """Decide what to do without a TEXT: answer a stream of queries, or open a prompt."""
    if sys.stdin is None:
        raise UsageError("there is no query", next="give a TEXT, or pipe queries in")
    if not sys.stdin.isatty() or form:
        return "stream"
    if not sys.stdout.isatty():
        raise UsageError("a prompt needs a terminal to write to", next="give a TEXT, pipe queries in, or add --jsonl")
    return "prompt"


def _answer(engine: Engine, asking: Asking, text: str, *, form: str, explain: bool, nul: bool) -> bool:
    """Answer one query; returns whether anything was found."""
    from ltrr_cli.cli.asking import tell_failures

    if text.strip():
        # Opening the encoder takes as long as importing what else answers: side by side.
        wait = engine.encode_ahead([text])
        import numpy.ma  # noqa: F401

        import ltrr_cli.engine.interleaving  # noqa: F401

        wait()
    answer = asking.ask(engine, text)
    tell_failures(answer)
    if form:
        from ltrr_cli.cli.forms import printer, tell_empty

        printer(form, explain=explain, nul=nul)(answer)
        if form not in ("json", "jsonl"):
            tell_empty(answer)
        return bool(answer.results)
    from ltrr_cli.cli.console import make_console

    if explain:
        from ltrr_cli.cli.explain import show_explained

        show_explained(make_console(), answer)
    else:
        from ltrr_cli.cli.render import show_answer

        show_answer(make_console(), answer, marks=lambda shown: engine.marks(answer.query, shown))
    return bool(answer.results)
