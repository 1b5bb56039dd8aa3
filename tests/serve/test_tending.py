"""Training beside the server: a process of its own does it when there is enough, and ends with the server."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import httpx2

from ltrr_cli.engine import Engine
from ltrr_cli.index.locks import exclusive
from ltrr_cli.serve.tender import Tender

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.serve.conftest import Run

_TRIES = 200


def test_the_ranker_is_trained_while_the_server_answers(
    served: Callable[..., Any], index: Path, make_event: Callable[..., Any]
) -> None:
    """After enough clicks there is a ranker under test, and the learned state is written down; no request waits."""
    server = served("--workers", "1")
    with httpx2.Client(base_url=server.wait(), timeout=60) as client:
        for number in range(110):
            answer = client.get("/search", params={"q": "love", "user": f"u{number}"}).json()
            row = make_event(answer["query_id"], answer["results"][number % 3]["id"])
            assert client.post("/feedback", json=row).json()["recorded"] == 1
        for _ in range(_TRIES):
            with Engine.open(index) as engine:
                trained = engine.rankers().challenger
                checkpoint = engine.info().generation
            if trained and checkpoint > 1:
                break
            time.sleep(0.1)
        assert trained
        assert client.get("/arms").json()["events"] == 110
    server.end()
    assert "error" not in server.text


async def _tended(index: Path) -> int:
    """Return how many generations a tender publishes."""
    tender = Tender(index)
    with Engine.open(index) as engine:
        before = engine.info().generation
    await tender.tend()
    with Engine.open(index) as engine:
        return engine.info().generation - before


def test_one_at_a_time(index: Path, run: Run) -> None:
    """While another server's process learns, none is started; afterwards one is."""
    with exclusive(index / "locks" / "tend"):
        assert run(_tended(index)) == 0
    assert run(_tended(index)) == 1


def test_it_ends_with_the_server(index: Path, run: Run) -> None:
    """What is closed while it learns ends, and the index is as it was, or whole."""

    async def close_soon() -> None:
        tender = Tender(index)
        tending = asyncio.create_task(tender.tend())
        await asyncio.sleep(0)
        tender.close()
        await tending

    run(close_soon())
    assert Engine.verify(index).sound
