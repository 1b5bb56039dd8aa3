"""Whoever goes before he is answered takes no engine's time from those who wait."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

from ltrr_cli.engine import Engine
from ltrr_cli.serve.app import make_app
from ltrr_cli.serve.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.serve.conftest import Run


def _scope(query: str) -> dict[str, Any]:
    return {
        "type": "http",
        "method": "GET",
        "scheme": "http",
        "path": "/search",
        "query_string": f"q={query}".encode(),
        "headers": [(b"host", b"localhost")],
        "client": ("127.0.0.1", 1),
    }


async def _ask(app: Any, query: str, *, stays: bool) -> list[int]:
    """Return the status, in a list; who does not stay goes once he has asked."""
    statuses: list[int] = []
    told = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> dict[str, Any]:
        if told:
            return told.pop()
        if stays:
            await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        statuses.extend([message["status"]] if "status" in message else [])

    await app(_scope(query), receive, send)
    return statuses


async def _visit(index: Path, busy: threading.Event, go: threading.Event) -> list[list[int]]:
    """Return the statuses of three who ask: the first keeps the engine busy until `go`, the second goes meanwhile."""
    app = make_app(Settings(index=index, log_access=False))
    events: asyncio.Queue[Any] = asyncio.Queue()
    started = asyncio.Event()

    async def sent(_: Any) -> None:
        started.set()

    life = asyncio.create_task(app({"type": "lifespan"}, events.get, sent))
    await events.put({"type": "lifespan.startup"})
    await started.wait()
    first = asyncio.create_task(_ask(app, "slow", stays=True))
    await asyncio.to_thread(busy.wait, 60)
    gone = await _ask(app, "gone", stays=False)
    go.set()
    found = [await first, gone, await _ask(app, "love", stays=True)]
    await events.put({"type": "lifespan.shutdown"})
    await life
    return found


def test_what_nobody_waits_for_is_not_searched(index: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    """While the engine is busy one goes: his search, which has not begun, is left out, and the next is answered."""
    asked: list[str] = []
    busy, go, search = threading.Event(), threading.Event(), Engine.search

    def slow(engine: Engine, text: str, **more: Any) -> Any:
        asked.append(text)
        if text == "slow":
            busy.set()
            assert go.wait(60)
        return search(engine, text, **more)

    monkeypatch.setattr(Engine, "search", slow)
    assert run(_visit(index, busy, go)) == [[200], [499], [200]]
    assert asked[-2:] == ["slow", "love"]
