"""The forms of an answer for other programs: JSON, CSV, TSV, TREC, bare ids. The table for people is `render`."""

from __future__ import annotations

import csv
import io
import math
import sys
from typing import TYPE_CHECKING

from ltrr_cli.cli.text import notice, safe, say, show_json
from ltrr_cli.errors import UsageError
from ltrr_cli.wire.answers import answer_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from ltrr_cli.records import Answer, Result

EMPTY = 4
"""Exit code where nothing was found and --fail-empty asks for one."""
COLUMNS = ("query_id", "query", "rank", "id", "type", "title", "score", "strategies")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def chosen(**flags: bool) -> str:
    """Return the one form that was asked for, "" where none was.

    Raises:
        UsageError: two of them.
    """
    asked = [name for name, wanted in flags.items() if wanted]
    if len(asked) > 1:
        raise UsageError(f"--{asked[0]} and --{asked[1]} are two forms", next="leave out one of the two")
    return asked[0] if asked else ""


def printer(form: str, *, explain: bool = False, nul: bool = False) -> Callable[[Answer], None]:
    """Return what prints answers in a form; a table's header comes before the first of them.

    `nul` ends each id by a NUL byte, for `xargs -0`.
    """
    if form in ("json", "jsonl"):
        return lambda answer: show_json(answer_json(answer, explain=explain), line=form == "jsonl")
    if form == "ids":
        return _nul_ids if nul else _ids
    if form == "trec":
        return _trec
    delimited = _Delimited(tabs=form == "tsv")
    delimited.header()
    return delimited.show


def _ids(answer: Answer) -> None:
    for result in answer.results:
        say(safe(result.id))


def _nul_ids(answer: Answer) -> None:
    sys.stdout.write("".join(f"{result.id}\0" for result in answer.results))
    sys.stdout.flush()


def _trec(answer: Answer) -> None:
    """Print a TREC run's lines, as evaluation tools read them: scores never rise, ties are told apart."""
    from ltrr_cli.evaluation.runs import write_run

    ranking = [(result.id, result.score) for result in answer.results]
    out = io.StringIO()
    write_run(out, {answer.query_id: ranking}, tag="ltrr")
    if out.tell():
        say(out.getvalue().removesuffix("\n"))


class _Delimited:
    """Rows of a table, one a result: RFC 4180 with commas, or one line a row with tabs."""

    def __init__(self, *, tabs: bool) -> None:
        self._tabs = tabs

    def header(self) -> None:
        """Print the names of the columns."""
        self._row(list(COLUMNS))

    def show(self, answer: Answer) -> None:
        """Print an answer's rows."""
        for result in answer.results:
            self._row(
                [
                    *map(self._text, (answer.query_id, answer.query)),
                    str(result.rank),
                    *map(self._text, (result.id, result.type, result.title)),
                    f"{result.score:.6f}" if math.isfinite(result.score) else "",
                    self._text(_strategies(result)),
                ]
            )

    def _text(self, text: str) -> str:
        """Return a text on one line; one that a spreadsheet would run as a formula begins with an apostrophe."""
        plain = safe(text)
        return f"'{plain}" if not self._tabs and plain.startswith(_FORMULA) else plain

    def _row(self, cells: list[str]) -> None:
        if self._tabs:
            say("\t".join(cells))
            return
        out = io.StringIO()
        csv.writer(out, lineterminator="").writerow(cells)
        say(out.getvalue())


def _strategies(result: Result) -> str:
    ordered = sorted(result.strategies.items(), key=lambda item: (item[1], item[0]))
    return ";".join(f"{name}:{rank}" for name, rank in ordered)


def tell_empty(answer: Answer) -> None:
    """Say on standard error that nothing was found, where the form itself would show nothing."""
    if not answer.results:
        notice(f"no results: {answer.query}")
