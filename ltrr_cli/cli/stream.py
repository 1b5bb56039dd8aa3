"""Queries from a pipe, one a line; answers in order, as soon as they are there."""

from __future__ import annotations

import json
import os
import select
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from ltrr_cli.cli.asking import tell_failures
from ltrr_cli.cli.forms import EMPTY, printer
from ltrr_cli.cli.text import notice, show_json
from ltrr_cli.errors import EvaluationError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ltrr_cli.engine import Engine
    from ltrr_cli.wire.asking import Asking

BATCH = 64
"""Queries encoded at once; fewer where fewer have arrived."""
MAX_LINE = 1 << 20
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One line's query; None and "" leave what the command line says; filter and context are added to it."""

    text: str
    k: int | None = None
    offset: int | None = None
    query_id: str = ""
    user: str = ""
    session: str = ""
    filter: str = ""
    context: Mapping[str, Any] = field(default_factory=dict)


def answer_lines(
    engine: Engine,
    fd: int,
    asking: Asking,
    *,
    form: str = "jsonl",
    explain: bool = False,
    nul: bool = False,
    fail_empty: bool = False,
) -> int:
    """Answer every line of a file descriptor; returns the exit code.

    It is 1 where a line could not be answered, 4 with `fail_empty` where a query found nothing. A line that cannot be
    answered gives `{"error": …, "line": n}` in its place, in other forms than JSON a line on standard error. Query n
    (from 0) uses seed + n. What fails of a strategy is said once. While a batch is answered the next one, if it has
    arrived, is encoded. Ids come one a line, of one query after the other.
    """
    stream = _Stream(engine, asking, form=form, explain=explain, nul=nul)
    reader = Lines(fd)
    current: _Batch | None = None
    while True:
        batch = reader.take(wait=current is None)
        following = stream.begin(batch) if batch else None
        if current is not None:
            stream.answer(current)
        elif following is None:
            break
        current = following
    return 0 if stream.good and not (fail_empty and stream.empty) else EMPTY if stream.good else 1


class Lines:
    """Numbered lines (from 1) of a file descriptor."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._lines: list[bytes] = []
        self._rest = b""
        self._ended = False
        self._number = 1

    def take(self, *, wait: bool = True) -> list[tuple[int, bytes]]:
        """Return the lines that are there, 64 at most; none at the end, or where it may not `wait` for any."""
        while not self._ended and len(self._lines) < BATCH:
            blocking = wait and not self._lines
            if not select.select([self._fd], [], [], None if blocking else 0)[0]:
                break
            piece = os.read(self._fd, _CHUNK)
            self._ended = not piece
            *whole, rest = (self._rest + (piece or b"\n" * bool(self._rest))).split(b"\n")
            self._lines.extend(whole)
            self._rest = rest[: MAX_LINE + 1]  # one more than allowed is enough to refuse it
        batch, self._lines = self._lines[:BATCH], self._lines[BATCH:]
        first, self._number = self._number, self._number + len(batch)
        return list(enumerate(batch, first))


_Batch: TypeAlias = "tuple[list[tuple[int, Request | str]], Callable[[], None]]"
"""Line numbers with what they ask, or what is wrong with them; and what waits until they are encoded."""


class _Stream:
    """Answers in one form, in order."""

    def __init__(self, engine: Engine, asking: Asking, *, form: str, explain: bool, nul: bool) -> None:
        self._engine = engine
        self._asking = asking
        self._json = form in ("json", "jsonl")
        self._print = printer("jsonl" if self._json else form, explain=explain, nul=nul)
        self._asked = 0
        self._told: set[str] = set()
        self.good = True
        self.empty = False

    def begin(self, lines: list[tuple[int, bytes]]) -> _Batch:
        """Read a batch of lines, and begin to encode their queries."""
        requests = [(number, _read(line)) for number, line in lines if line.strip()]
        texts = [request.text for _, request in requests if isinstance(request, Request)]
        return requests, self._engine.encode_ahead(texts)

    def answer(self, batch: _Batch) -> None:
        """Answer a batch."""
        requests, wait = batch
        wait()
        for number, request in requests:
            error = request if isinstance(request, str) else self._one(request)
            self._asked += 1
            if error:
                self.good = False
                if self._json:
                    show_json({"error": error, "line": number}, line=True)
                else:
                    notice(f"line {number}: {error}")

    def _one(self, request: Request) -> str:
        """Answer one query; returns what is wrong with it, else ""."""
        own = replace(
            self._asking,
            k=self._asking.k if request.k is None else request.k,
            user=request.user or self._asking.user,
            session=request.session or self._asking.session,
            filter=_both(self._asking.filter, request.filter),
            context={**self._asking.context, **request.context},
            offset=self._asking.offset if request.offset is None else request.offset,
            query_id=request.query_id,
            seed=None if self._asking.seed is None else self._asking.seed + self._asked,
        )
        try:
            answer = own.ask(self._engine, request.text)
            tell_failures(answer, self._told)
            self._print(answer)
        except (UsageError, EvaluationError) as error:
            return str(error)
        self.empty |= not answer.results
        return ""


def _read(line: bytes) -> Request | str:
    """Return what a line asks, or what is wrong with it."""
    if len(line) > MAX_LINE:
        return f"longer than {MAX_LINE:,} bytes"
    try:
        text = line.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        return "not UTF-8"
    if not text.startswith("{"):
        return Request(text=text)
    try:
        row = json.loads(text)
    except ValueError as error:
        return f"not JSON: {error}"
    except RecursionError:
        return "not JSON: nested too deeply"
    return _request(row)


def _request(row: dict[str, Any]) -> Request | str:
    text = row.get("query")
    if not isinstance(text, str):
        return "query: must be a text"
    numbers: dict[str, int | None] = {}
    for name in ("k", "offset"):
        number = numbers[name] = row.get(name)
        if number is not None and (not isinstance(number, int) or isinstance(number, bool)):
            return f"{name}: must be a whole number"
    if (numbers["offset"] or 0) < 0:
        return "offset: must be 0 or more"
    names = {}
    for name in ("query_id", "user_id", "session_id", "filter"):
        value = row.get(name)
        if value is not None and not isinstance(value, str):
            return f"{name}: must be a text"
        names[name] = value or ""
    context = row.get("context")
    if context is not None and not isinstance(context, dict):
        return "context: must be an object of numbers and texts"
    known = {entry: given for entry, given in (context or {}).items() if given is not None}
    return Request(
        text=text,
        k=numbers["k"],
        offset=numbers["offset"],
        query_id=names["query_id"],
        user=names["user_id"],
        session=names["session_id"],
        filter=names["filter"],
        context=known,
    )


def _both(one: str, other: str) -> str:
    return f"({one}) and ({other})" if one.strip() and other.strip() else one if one.strip() else other
