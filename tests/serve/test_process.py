"""`ltrr serve` as processes: many who click at once, killed workers, a graceful end, clear lines."""

from __future__ import annotations

import os
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from ltrr_cli.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Callable

_TRIES = 200
_LINUX = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds the workers in /proc")


def _log(index: Path) -> tuple[set[str], list[str]]:
    """Return the ids of the answers in the log, and those of the events, in their order."""
    with Engine.open(index) as engine:
        return {one.query_id for one in engine.impressions()}, [one.id for one in engine.events()]


def _click(client: httpx2.Client, make_event: Callable[..., Any], name: str) -> None:
    """Search and click, twice the same; a connection that broke is tried again, as a browser's script would."""
    for _ in range(_TRIES):
        try:
            answer = client.get("/search", params={"q": "love", "user": name, "session": name}).json()
            row = make_event(answer["query_id"], answer["results"][0]["id"], event_id=name)
            for _ in range(2):
                response = client.post("/feedback", json=row)
                assert response.status_code == 200, response.text
        except httpx2.TransportError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("it never answered")


@_LINUX
def test_workers_lose_and_double_nothing(
    served: Callable[..., Any], index: Path, make_event: Callable[..., Any]
) -> None:
    """Two workers, eight people who click at once, and a worker that is killed: every event is in the log once.

    Every event that a worker acknowledged is there, also of the one that was killed; a new worker takes its place.
    """
    server = served("--workers", "2", "--engines", "1")
    address = server.wait()
    before = server.workers
    assert len(before) == 2

    def person(number: int) -> None:
        with httpx2.Client(base_url=address, timeout=60) as client:
            for visit in range(6):
                _click(client, make_event, f"p{number}-{visit}")
                if (number, visit) == (0, 2):
                    os.kill(before[0], signal.SIGKILL)

    with ThreadPoolExecutor(8) as people:
        for done in [people.submit(person, number) for number in range(8)]:
            done.result()
    for _ in range(_TRIES):
        if len(server.workers) == 2 and before[0] not in server.workers:
            break
        time.sleep(0.1)
    assert len(server.workers) == 2
    counted = httpx2.get(f"{address}/metrics", timeout=60).text
    assert 'ltrr_feedback_events_total{status="recorded"}' in counted
    assert server.end() == 128 + signal.SIGTERM
    answers, events = _log(index)
    assert sorted(events) == sorted(f"p{number}-{visit}" for number in range(8) for visit in range(6))
    assert len(answers) >= 48
    with Engine.open(index) as engine:
        learned = engine.info().events
    assert learned == 48


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_graceful_end(
    served: Callable[..., Any], index: Path, make_event: Callable[..., Any], number: int, code: int
) -> None:
    """Four who click while a signal comes: what was acknowledged is in the log, and the code tells the signal."""
    server = served("--engines", "1")
    address = server.wait()

    def person(name: int) -> list[str]:
        acknowledged: list[str] = []
        with httpx2.Client(base_url=address, timeout=60) as client:
            query_id = client.get("/search?q=love").json()["query_id"]
            try:
                while True:
                    mine = f"{name}-{len(acknowledged)}"
                    told = client.post("/feedback", json=make_event(query_id, "e00", event_id=mine)).json()
                    assert told["recorded"] == 1
                    acknowledged.append(mine)
            except httpx2.TransportError:
                return acknowledged

    with ThreadPoolExecutor(4) as people:
        found = [people.submit(person, name) for name in range(4)]
        while len(_log(index)[1]) < 20:
            time.sleep(0.05)
        assert server.end(number) == code
        told = [one for done in found for one in done.result()]
    events = _log(index)[1]
    assert set(told) <= set(events)
    assert len(events) == len(set(events)) <= len(told) + 4
    assert "Traceback" not in server.text


@_LINUX
def test_workers_end_with_their_parent(served: Callable[..., Any]) -> None:
    """Where the first process is killed, none of those that it started goes on."""
    server = served("--workers", "2", "--engines", "1")
    server.wait()
    workers = server.workers
    assert len(workers) == 2
    server.end(signal.SIGKILL)
    for _ in range(_TRIES):
        if not any(Path(f"/proc/{one}").exists() for one in workers):
            return
        time.sleep(0.1)
    raise AssertionError("a worker is left")


def test_the_log_of_requests(served: Callable[..., Any]) -> None:
    """A line a request, what is typed escaped; without queries, and without any line, where that is asked for."""
    server = served()
    address = server.wait()
    httpx2.get(f"{address}/search", params={"q": "love\x1b[2J"})
    assert "GET /search?q=love%1B%5B2J 200" in server.text
    server.end()
    silent = served("--no-log-queries")
    address = silent.wait()
    httpx2.get(f"{address}/search?q=love")
    assert "GET /search 200" in silent.text
    assert "love" not in silent.text
    silent.end()
    quiet = served("--quiet")
    quiet.wait()
    assert "GET" not in quiet.text


def test_a_port_in_use_is_one_line(served: Callable[..., Any]) -> None:
    """Where another program listens it says so, and what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server = served("--port", str(port))
        assert server.process.wait(60) == 1
    (line,) = server.text.splitlines()
    assert line == f"error: another program listens there (127.0.0.1:{port}) – end it, or give another --port (0: any)"


@pytest.mark.parametrize(
    ("args", "env", "code", "told"),
    [
        (("--host", "0.0.0.0"), {}, 2, "give --token or LTRR_TOKEN"),  # noqa: S104 – refused
        (("--token", "short"), {}, 2, "at least 16"),
        (("--host", "nowhere.invalid", "--token", "a" * 16), {}, 1, "cannot listen"),
    ],
)
def test_what_cannot_be_is_one_line(
    served: Callable[..., Any], args: tuple[str, ...], env: dict[str, str], code: int, told: str
) -> None:
    """A wrong call is told in a line, before anything listens."""
    server = served(*args, **env)
    assert server.process.wait(60) == code
    (line,) = server.text.splitlines()
    assert told in line


def test_without_the_extra_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, built: Path) -> None:
    """Where a module is missing it names what to install."""
    import importlib.util

    from ltrr_cli.cli.serve import serve
    from ltrr_cli.errors import ServeError

    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "uvicorn" else found(name))
    with pytest.raises(ServeError, match=r"uvicorn is not installed .*pip install 'ltrr\[serve\]'"):
        serve(index=built)
