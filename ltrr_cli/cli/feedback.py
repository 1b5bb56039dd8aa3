"""`ltrr feedback`: learn from logs, and from single actions."""

from __future__ import annotations

import sys
from pathlib import Path  # noqa: TC003 – typer reads the annotations
from typing import Annotated

import typer

from ltrr_cli.cli import feedback_log
from ltrr_cli.cli.ingested import ingested_json, show_ingested
from ltrr_cli.cli.options import IndexOption, JsonOption, SessionOption, UserOption, find_index
from ltrr_cli.cli.rejected import PARTIAL, Rejected
from ltrr_cli.cli.text import notice, plural, safe, say, show_json
from ltrr_cli.errors import UsageError

_SHOWN_BAD = 10

app = typer.Typer(name="feedback", help="Learn from logs, and from single actions.", no_args_is_help=True)


_Mapping = Annotated[
    str | None,
    typer.Option(
        "--map",
        metavar="OURS=THEIRS,…",
        help="Names of the fields query, entity_id, action, ts, user_id … in plain logs.",
        show_default=False,
    ),
]


@app.command(
    epilog="""\b
Examples:
  ltrr feedback ingest queries.jsonl events.jsonl
  ltrr feedback ingest clicks.csv.gz --bad bad.jsonl
  ltrr feedback ingest orders.parquet --map entity_id=sku,query=term,ts=at
  kcat -C -t clicks -e | ltrr feedback ingest -
"""
)
def ingest(
    files: Annotated[list[str], typer.Argument(metavar="FILE", help="Logs, also compressed, or folders; - is stdin.")],
    *,
    index: IndexOption = None,
    form: Annotated[
        str | None,
        typer.Option("--format", metavar="jsonl|csv|tsv", help="What the files are, if not seen.", show_default=False),
    ] = None,
    mapping: _Mapping = None,
    bad: Annotated[
        Path | None, typer.Option("--bad", metavar="FILE", help="Write bad lines here.", show_default=False)
    ] = None,
    no_fsync: Annotated[
        bool, typer.Option("--no-fsync", help="Do not wait for the disk: faster, but a power cut may lose it.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar; print nothing but errors.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Learn from logs of what was shown and what people did.

    Reads User Behavior Insights (queries and events), plain search logs (query, entity_id, action, ts) and Metarank
    events, in any mixture. The same log twice changes nothing; of a field that a JSON record has twice the last counts.
    Exit code 1 if there is nothing usable, 3 if some lines were left out: --bad has them all, else
    rejected-feedback.jsonl in the index the first 10,000, with the reason.
    """
    path = find_index(index)
    from ltrr_cli.cli.console import bars
    from ltrr_cli.engine import Engine
    from ltrr_cli.feedback.formats import Feedback

    rejected = Rejected("feedback", path, bad, files)
    read = Feedback(
        files,
        stdin=sys.stdin.buffer if sys.stdin is not None else None,
        format=form,
        mapping=_mapping(mapping),
        on_bad=rejected.add,
    )
    with Engine.open(path) as engine, bars(quiet=quiet) as tell, rejected:
        done = 0

        def progress(_: int) -> None:
            nonlocal done
            tell("learning", read.bytes_read - done, read.bytes_total)
            done = read.bytes_read

        did = engine.ingest(read, sync=not no_fsync, progress=progress)
    if as_json:
        show_json(ingested_json(read, did))
    elif not quiet:
        show_ingested(read, did)
    if did.expired:
        notice(f"{plural(did.expired, 'event')} older than keep_days left out, or removed with what they taught")
    if not sum(read.counts.values()):
        if rejected.count and not as_json:
            rejected.tell("bad line")
        raise typer.Exit(1)
    rejected.leave("bad line", tell=not as_json)


@app.command(
    epilog="""\b
Examples:
  ltrr feedback record 019ab2c4d5e6f708192a3b song:yesterday like
  ltrr feedback record 019ab2c4d5e6f708192a3b song:yesterday play --dwell 180
"""
)
def record(
    query_id: Annotated[str, typer.Argument(metavar="QUERY_ID", help="The query_id of an answer.")],
    entity_id: Annotated[str, typer.Argument(metavar="ENTITY_ID", help="The id of one of its results.")],
    action: Annotated[str, typer.Argument(metavar="ACTION", help="click, like, play, purchase, skip …")],
    *,
    index: IndexOption = None,
    user: UserOption = "",
    session: SessionOption = "",
    dwell: Annotated[float, typer.Option(metavar="SECONDS", min=0, help="How long it was used.")] = 0.0,
    as_json: JsonOption = False,
) -> None:
    """Record what somebody did with a result; the next answer knows it.

    Actions that the index's ltrr.toml gives no reward are counted, and teach nothing.
    """
    from ltrr_cli.config import read_config

    path = find_index(index)
    from ltrr_cli.engine import Engine

    with Engine.open(path) as engine:
        new = engine.record(query_id, entity_id, action, user=user, session=session, dwell=dwell)
    rewards = read_config(path).rewards
    name = action.strip().lower()
    if name not in rewards:
        notice(f"{name} has no reward: counted, nothing learned; known are {', '.join(rewards)}")
    if as_json:
        row = {"recorded": new, "query_id": query_id, "entity_id": entity_id, "action": name}
        show_json({**row, "known_action": name in rewards})
    else:
        say("recorded" if new else "recorded before: nothing changed")


@app.command(
    epilog="""\b
Examples:
  ltrr feedback validate clicks.jsonl
  ltrr feedback validate orders.csv --map entity_id=sku --json
"""
)
def validate(
    files: Annotated[list[str], typer.Argument(metavar="FILE", help="Logs, also compressed, or folders; - is stdin.")],
    *,
    form: Annotated[
        str | None,
        typer.Option("--format", metavar="jsonl|csv|tsv", help="What the files are, if not seen.", show_default=False),
    ] = None,
    mapping: _Mapping = None,
    as_json: JsonOption = False,
) -> None:
    """Read logs, and say what an ingest would make of them; no index is needed, nothing is learned.

    The exit code is that of an ingest: 1 if there is nothing usable, 3 if some lines would be left out.
    """
    from ltrr_cli.feedback.formats import Feedback

    stdin = sys.stdin.buffer if sys.stdin is not None else None
    read = Feedback(files, stdin=stdin, format=form, mapping=_mapping(mapping))
    for _ in read:
        pass
    if as_json:
        bad = [{"source": item.source, "line": item.line, "reason": item.reason} for item in read.bad]
        show_json({"read": dict(read.counts), "bad_count": read.bad_count, "bad": bad, "notes": list(read.notes)})
    else:
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in read.counts.items() if count)
        say(f"read      {safe(kinds) or 'nothing usable'}")
        say(f"bad       {read.bad_count:,}")
        for item in read.bad[:_SHOWN_BAD]:
            say(f"  {safe(item.source)}:{item.line}: {safe(item.reason)}")
        if read.bad_count > _SHOWN_BAD:
            say(f"  … and {read.bad_count - _SHOWN_BAD:,} more; --json has the first 1,000")
        for remark in read.notes:
            notice(f"note: {remark}")
    if not sum(read.counts.values()):
        raise typer.Exit(1)
    if read.bad_count:
        raise typer.Exit(PARTIAL)


for _name, _command, _examples in (
    ("stats", feedback_log.stats, "ltrr feedback stats\n  ltrr feedback stats --json | jq .actions"),
    ("tail", feedback_log.tail, "ltrr feedback tail -n 20\n  ltrr feedback tail -f --json"),
    ("export", feedback_log.export, "ltrr feedback export > log.jsonl\n  ltrr feedback export --format vw > log.vw"),
    ("undo", feedback_log.undo, "ltrr feedback undo 9f86d081884c7d65"),
):
    app.command(name=_name, epilog=f"\b\nExamples:\n  {_examples}\n")(_command)


def _mapping(text: str | None) -> dict[str, str]:
    """Read `entity_id=sku,ts=at` as {our field: their name}.

    Raises:
        UsageError: a part is no pair, or names no field of a plain log.
    """
    from ltrr_cli.feedback.plain import FIELDS

    found = {}
    for part in (text or "").split(",") if text else ():
        ours, equals, theirs = (piece.strip() for piece in part.partition("="))
        if not (equals and theirs and ours in FIELDS):
            raise UsageError(f"--map: {part[:80]!r} is not OURS=THEIRS", next=f"ours is one of {', '.join(FIELDS)}")
        found[ours] = theirs
    return found
