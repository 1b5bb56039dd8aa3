"""Giving up what nobody waits for any more: people who type ask for much that they never see."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

    from starlette.requests import Request

_GONE = 499
"""As nginx writes it down; nobody is there to receive it."""


async def while_there(request: Request, answer: Coroutine[Any, Any, Response]) -> Response:
    """Return the answer to a request without a body; where whoever asked goes first, it is given up."""
    answering, leaving = asyncio.ensure_future(answer), asyncio.ensure_future(_leaves(request))
    try:
        await asyncio.wait((answering, leaving), return_when=asyncio.FIRST_COMPLETED)
        return answering.result() if answering.done() else Response(status_code=_GONE)
    finally:
        answering.cancel()
        leaving.cancel()


async def _leaves(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
