"""Queries from a pipe, one a line; answers as JSON lines, in order, as soon as they are there."""

from __future__ import annotations

import json
import os
import select
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ltrr_cli.cli.asking import Asking, answer_json, tell_failures
from ltrr_cli.cli.text import show_json
from ltrr_cli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ltrr_cli.engine import Engine

BATCH = 64
"""Queries encoded at once; fewer where fewer have arrived."""
MAX_LINE = 1 << 20
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One line's query; None and "" leave what the command line says; filter and context are added to it."""

    text: str
    k: int | None = None
    user: str = ""
    session: str = ""
    filter: str = ""
    context: Mapping[str, Any] = field(default_factory=dict)


def answer_lines(engine: Engine, fd: int, asking: Asking, *, explain: bool = False) -> bool:
    """Answer every line of a file descriptor; returns whether all could be.

    A line that cannot be answered gives `{"error": …, "line": n}` in its place. Query n (from 0) uses seed + n. What
    fails of a strategy is said once.
    """
    asked, good, told = 0, True, set[str]()
    for batch in batches(fd):
        requests = [(number, _read(line)) for number, line in batch if line.strip()]
        engine.warm_up([request.text for _, request in requests if isinstance(request, Request)])
        for number, request in requests:
            row: dict[str, Any] | str = (
                request
                if isinstance(request, str)
                else _answer(engine, request, _with_seed(asking, asked), told, explain=explain)
            )
            asked += 1
            good &= isinstance(row, dict)
            show_json(row if isinstance(row, dict) else {"error": row, "line": number}, line=True)
    return good


def batches(fd: int) -> Iterator[list[tuple[int, bytes]]]:
    """Yield numbered lines (from 1), at most 64 at once; wait for input only where no whole line is left."""
    lines: list[bytes] = []
    rest, ended, number = b"", False, 1
    while True:
        while not ended and len(lines) < BATCH and select.select([fd], [], [], 0 if lines else None)[0]:
            piece = os.read(fd, _CHUNK)
            ended = not piece
            *whole, rest = (rest + (piece or b"\n" * bool(rest))).split(b"\n")
            lines.extend(whole)
            rest = rest[: MAX_LINE + 1]  # one more than allowed is enough to refuse it
        if not lines:
            return
        batch, lines = lines[:BATCH], lines[BATCH:]
        yield list(enumerate(batch, number))
        number += len(batch)


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
    text, k = row.get("query"), row.get("k")
    if not isinstance(text, str):
        return "query: must be a text"
    if k is not None and (not isinstance(k, int) or isinstance(k, bool)):
        return "k: must be a whole number"
    names = {}
    for name in ("user_id", "session_id", "filter"):
        value = row.get(name)
        if value is not None and not isinstance(value, str):
            return f"{name}: must be a text"
        names[name] = value or ""
    context = row.get("context")
    if context is not None and not isinstance(context, dict):
        return "context: must be an object of numbers and texts"
    known = {entry: given for entry, given in (context or {}).items() if given is not None}
    return Request(
        text=text, k=k, user=names["user_id"], session=names["session_id"], filter=names["filter"], context=known
    )


def _answer(engine: Engine, request: Request, asking: Asking, told: set[str], *, explain: bool) -> dict[str, Any] | str:
    own = replace(
        asking,
        k=asking.k if request.k is None else request.k,
        user=request.user or asking.user,
        session=request.session or asking.session,
        filter=_both(asking.filter, request.filter),
        context={**asking.context, **request.context},
    )
    try:
        answer = own.ask(engine, request.text)
    except UsageError as error:
        return str(error)
    tell_failures(answer, told)
    return answer_json(answer, explain=explain)


def _both(one: str, other: str) -> str:
    return f"({one}) and ({other})" if one.strip() and other.strip() else one if one.strip() else other


def _with_seed(asking: Asking, number: int) -> Asking:
    return asking if asking.seed is None else replace(asking, seed=asking.seed + number)
