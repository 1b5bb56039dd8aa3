"""`ltrr split`: a part of a log or of a query set to learn from, and a part to test on."""

from __future__ import annotations

import sys
from pathlib import Path  # noqa: TC003 – typer reads the annotations
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ltrr_cli.cli.options import JsonOption  # noqa: TC001 – typer reads the annotations
from ltrr_cli.errors import EvaluationError, UsageError

if TYPE_CHECKING:
    from ltrr_cli.evaluation.split import LogSplit, Record, SetPart
    from ltrr_cli.feedback.formats import Feedback

HELP = """Split a log, or a query set, into a part to learn from and a part to test on.

Reads the logs that `ltrr feedback ingest` reads, and writes OUT/train.jsonl and OUT/test.jsonl for it. With --at or
--last all of train comes before all of test; what happened after the cut to a page from before it is left out. With
--queries no query is in both parts, whatever its case, accents and punctuation. With --qrels LOG is a file of queries;
then train.queries.jsonl, train.qrels.tsv and the same for test are written. The parts are User Behavior Insights as
ltrr reads and writes them: what it makes no use of (application, message, fields of your own) is not in them."""
EPILOG = """\b
Examples:
  ltrr split log.jsonl.zst parts --at 2026-01-01
  ltrr split queries.jsonl events.jsonl parts --last 0.2
  ltrr split queries.jsonl parts --queries 0.2 --qrels qrels.tsv
"""


def split(
    logs: Annotated[list[str], typer.Argument(metavar="LOG…", help="Logs, also compressed, or folders; - is stdin.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The folder to write to.")],
    *,
    at: Annotated[
        str | None, typer.Option("--at", metavar="TIME", help="Test on what comes from then on.", show_default=False)
    ] = None,
    last: Annotated[
        float | None,
        typer.Option("--last", metavar="SHARE", help="Test on this share of the events, the last.", show_default=False),
    ] = None,
    queries: Annotated[
        float | None,
        typer.Option("--queries", metavar="SHARE", help="Test on this share of the queries.", show_default=False),
    ] = None,
    qrels: Annotated[
        Path | None,
        typer.Option("--qrels", metavar="FILE", help="Split a query set; its judgments.", show_default=False),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(metavar="N", help="Another choice of queries than 0's.", show_default=False)
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Parse, split, show."""
    if sum(given is not None for given in (at, last, queries)) != 1:
        raise UsageError("one way to split is needed", next="give --at TIME, --last SHARE or --queries SHARE")
    if queries is None and (qrels is not None or seed is not None):
        name = "--qrels" if qrels is not None else "--seed"
        raise UsageError(f"{name} goes with --queries", next="leave it out, or give --queries SHARE")
    if qrels is not None and queries is not None:
        _split_set(logs, qrels, out, queries, seed or 0, as_json=as_json)
    else:
        _split_log(logs, out, at, last, queries, seed or 0, as_json=as_json)


def _split_log(
    logs: list[str], out: Path, at: str | None, last: float | None, queries: float | None, seed: int, *, as_json: bool
) -> None:
    from ltrr_cli.cli.text import left_out, notice, plural, safe, say, show_json
    from ltrr_cli.evaluation.split import keys_of, split_at, split_last, split_queries
    from ltrr_cli.evaluation.split_files import LOG_FILES, check_free, write_log
    from ltrr_cli.feedback.formats import Feedback
    from ltrr_cli.feedback.times import format_time

    cut = None if at is None else _time(at)
    check_free(out, LOG_FILES)
    read = Feedback(logs, stdin=sys.stdin.buffer if sys.stdin is not None else None)
    records = list(read)
    if not records:
        raise EvaluationError(
            "nothing usable was read" + (f"; the first bad line: {_first_bad(read)}" if read.bad else ""),
            next="name logs of feedback; a query set needs --queries and --qrels",
        )
    if cut is not None:
        found = split_at(records, cut)
    elif last is not None:
        found = split_last(records, last)
    else:
        found = split_queries(records, queries or 0.0, seed=seed)
    files = write_log(found, out)
    seen = len(keys_of(found.train) & keys_of(found.test))
    parts = [_part(records, found, file) for records, file in zip((found.train, found.test), files, strict=True)]
    if as_json:
        more = {"left_out": found.notes.counts, "bad": read.bad_count, "notes": [*read.notes, *found.notes.remarks]}
        when = None if found.cut is None else format_time(found.cut)
        show_json({"cut": when, "train": parts[0], "test": {**parts[1], "queries_in_train": seen}, **more})
    else:
        for name, part in zip(("train", "test"), parts, strict=True):
            amounts = f"{plural(part['events'], 'event')}, {plural(part['impressions'], 'impression')}"
            say(f"{name:<5}  {amounts}, {plural(part['queries'], 'query', 'queries')} ({part['share']:.1%})")
            say(f"       {part['first']} to {part['last']}")
            say(f"       {safe(part['file'])}")
        if found.cut is not None:
            say(f"cut    {format_time(found.cut)}")
        say(f"known  {seen:,} of the {plural(parts[1]['queries'], 'query', 'queries')} in test also in train")
    for remark in (*read.notes, *found.notes.remarks):
        notice(f"note: {remark}")
    if read.bad:
        left_out(read.bad_count, "bad line", read.bad[0])


def _split_set(names: list[str], qrels: Path, out: Path, share: float, seed: int, *, as_json: bool) -> None:
    from ltrr_cli.cli.text import notice, plural, safe, say, show_json
    from ltrr_cli.evaluation.qrels import read_qrels
    from ltrr_cli.evaluation.queries import read_queries
    from ltrr_cli.evaluation.split import split_set
    from ltrr_cli.evaluation.split_files import SET_FILES, check_free, write_set

    if len(names) != 1:
        raise UsageError("a query set is one file of queries", next="with --qrels name one file, then the folder OUT")
    check_free(out, SET_FILES)
    queries, notes = read_queries(names[0])
    judged, more = read_qrels(qrels)
    notes.extend(more)
    found = split_set(queries, judged, share, seed=seed)
    notes.extend(found.notes)
    files = write_set(found, out)
    train, test = _set_part(found.train, files[:2], len(queries)), _set_part(found.test, files[2:], len(queries))
    if as_json:
        show_json({"train": train, "test": test, "left_out": found.notes.counts, "notes": notes.remarks})
    else:
        for name, part in (("train", train), ("test", test)):
            amounts = f"{plural(part['queries'], 'query', 'queries')}, {plural(part['judgments'], 'judgment')}"
            say(f"{name:<5}  {amounts} ({part['share']:.1%})")
            for file in part["files"]:
                say(f"       {safe(file)}")
    for remark in notes.remarks:
        notice(f"note: {remark}")


def _part(records: tuple[Record, ...], whole: LogSplit, file: Path) -> dict[str, Any]:
    """Describe a part of a log, as JSON shows it; its share is that of all records which were not left out."""
    from ltrr_cli.evaluation.split import keys_of
    from ltrr_cli.feedback.times import format_time
    from ltrr_cli.records import Impression

    times = [record.time for record in records]
    impressions = sum(isinstance(record, Impression) for record in records)
    return {
        "file": str(file),
        "events": len(records) - impressions,
        "impressions": impressions,
        "queries": len(keys_of(records)),
        "share": round(len(records) / (len(whole.train) + len(whole.test)), 6),
        "first": format_time(min(times)),
        "last": format_time(max(times)),
    }


def _set_part(part: SetPart, files: tuple[Path, ...], total: int) -> dict[str, Any]:
    return {
        "files": [str(file) for file in files],
        "queries": len(part.queries),
        "judgments": sum(map(len, part.qrels.values())),
        "share": round(len(part.queries) / total, 6),
    }


def _first_bad(read: Feedback) -> str:
    bad = read.bad[0]
    return f"{bad.source}:{bad.line}: {bad.reason}"


def _time(text: str) -> float:
    from ltrr_cli.feedback.times import parse_time

    try:
        return parse_time(text)
    except ValueError as error:
        raise UsageError(f"--at: {error}", next="give a date, or RFC 3339, for example 2026-01-01T12:00:00Z") from None
