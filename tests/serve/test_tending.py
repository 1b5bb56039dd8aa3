"""Training beside the server: a process of its own does it when there is enough, and ends with the server."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import httpx2

from ltrr_cli.engine import Engine
from ltrr_cli.serve.tender import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

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


def test_what_cannot_be_tended_is_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An index that is gone is told of, without a traceback."""
    assert main(str(tmp_path / "gone.ltrr")) == 1
    assert "error: learning waits:" in capsys.readouterr().err
