"""Bodies of requests: bounded in size and time, JSON that is what it says it is."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from ltrr_cli.serve.problems import Problem
from ltrr_cli.serve.settings import MAX_BODY, MAX_EVENTS

if TYPE_CHECKING:
    from starlette.requests import Request

_LINES = ("application/x-ndjson", "application/jsonl")


async def read_json(request: Request, *, within: float) -> Any:
    """Return the value of a JSON body. Raises `Problem`."""
    kind = _kind(request)
    if kind != "application/json":
        raise _wrong_type(kind, "application/json")
    return _parse(await read_bytes(request, within=within))


async def read_events(request: Request, *, within: float) -> tuple[list[Any], bool]:
    """Return the events of a body, and whether it is a batch: one object, an array of them, or one a line.

    What is no object, or no JSON in its line, comes as it is or as None: each event is refused on its own. Raises
    `Problem`.
    """
    kind = _kind(request)
    if kind in _LINES:
        body = await read_bytes(request, within=within)
        rows: list[Any] = [_line(line) for line in body.splitlines() if line.strip()]
    elif kind == "application/json":
        value = _parse(await read_bytes(request, within=within))
        if not isinstance(value, list):
            return [value], False
        rows = value
    else:
        raise _wrong_type(kind, f"application/json or {_LINES[0]}")
    if len(rows) > MAX_EVENTS:
        detail = f"{len(rows):,} events in one request, at most {MAX_EVENTS:,} are taken"
        raise Problem(kind="too-large", detail=detail, next="send them in several requests")
    return rows, True


async def read_bytes(request: Request, *, within: float) -> bytes:
    """Return the body. Raises `Problem` where it is too large, or does not come in time."""
    told = request.headers.get("content-length", "0")
    if not (told.isascii() and told.isdigit()) or int(told[:12]) > MAX_BODY:
        raise _too_large()
    parts: list[bytes] = []
    length = 0

    async def read() -> None:
        nonlocal length
        async for part in request.stream():
            length += len(part)
            if length > MAX_BODY:
                raise _too_large()
            parts.append(part)

    try:
        await asyncio.wait_for(read(), within)
    except TimeoutError:
        detail = f"the body has not come within {within:g} seconds"
        raise Problem(kind="late", detail=detail, next="send it again", headers={"Connection": "close"}) from None
    return b"".join(parts)


def _kind(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _parse(body: bytes) -> Any:
    try:
        return json.loads(body, parse_constant=_no_number, object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        detail = f"the body is no JSON: {error}" if isinstance(error, ValueError) else "the body is nested too deeply"
        raise Problem(kind="bad-request", detail=detail[:200], where="body") from None


def _line(line: bytes) -> Any:
    try:
        return json.loads(line, parse_constant=_no_number, object_pairs_hook=_object)
    except (ValueError, RecursionError):
        return None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object; of two members of one name programs take the first, the last or both, so there is no such."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"{name[:80]!r} is there twice")
        found[name] = value
    return found


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")


def _wrong_type(kind: str, wanted: str) -> Problem:
    return Problem(
        kind="wrong-type",
        detail=f"the body is {kind[:80]!r}" if kind else "the body has no Content-Type",
        next=f"send {wanted}",
    )


def _too_large() -> Problem:
    return Problem(
        kind="too-large",
        detail=f"the body has more than {MAX_BODY:,} bytes",
        next="send less at once",
        headers={"Connection": "close"},
    )
