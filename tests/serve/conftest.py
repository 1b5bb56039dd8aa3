"""A small index that holds hostile texts, the server in this process, and the server as a process."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import httpx2
import pytest
from starlette.testclient import TestClient

from ltrr_cli.engine import Engine
from ltrr_cli.serve.app import make_app
from ltrr_cli.serve.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator, Mapping

ROOT = Path(__file__).parents[2]
ENCODER = ROOT / "tests" / "fixtures" / "tiny-encoder"
EVIL = "\x1b[31mEvil\x1b]0;owned\x07 <script>alert(1)</script> \u202e\"'&amp; love"
THEMES = ("love", "rain", "summer", "night", "train", "home", "river", "gold", "winter", "dance")
Client = TestClient
T = TypeVar("T")


def entities() -> list[dict[str, object]]:
    """Return 40 songs and albums; one is hostile in every field, its id too."""
    rows: list[dict[str, object]] = [
        {
            "id": f"e{number:02d}",
            "type": "album" if number % 4 == 3 else "song",
            "title": f"{THEMES[number % 10]} {THEMES[(number * 7 + 3) % 10]} {number}".title(),
            "text": f"Number {number} is about {THEMES[number % 10]} and a long way to somewhere else altogether.",
            "popularity": 100 - 2 * number,
            "genres": ["pop" if number % 2 else "rock"],
            "artist": f"The {THEMES[number % 5].title()}s",
            "year": 1980 + number,
        }
        for number in range(39)
    ]
    evil: dict[str, object] = {
        "id": "<i>evil/../..",
        "type": "<u>song",
        "title": EVIL,
        "text": f"Text {EVIL}",
        "genres": [EVIL],
    }
    return [*rows, evil]


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an index of it that nobody may change."""
    folder = tmp_path_factory.mktemp("served")
    (folder / "songs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in entities()))
    Engine.build(folder / "songs.jsonl", folder / "songs.ltrr", encoder=str(ENCODER))
    return folder / "songs.ltrr"


@pytest.fixture
def index(built: Path, tmp_path: Path) -> Path:
    """Return a copy of the index."""
    return shutil.copytree(built, tmp_path / "songs.ltrr")


@pytest.fixture(scope="module")
def shared(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Return a client of a server in this process that the tests of a module share."""
    path = shutil.copytree(built, tmp_path_factory.mktemp("shared") / "songs.ltrr")
    with open_client(Settings(index=path, engines=1, log_access=False)) as client:
        yield client


class Serve(Protocol):
    """Opens servers in this process."""

    def __call__(self, **settings: Any) -> Client:
        """Return a client of a server with these settings."""


@pytest.fixture
def serve(index: Path) -> Iterator[Serve]:
    """Return a function that opens servers of the index, until the test ends."""
    with ExitStack() as opened:

        def call(**settings: Any) -> Client:
            given = Settings(index=index, **{"engines": 1, "log_access": False, **settings})
            return opened.enter_context(open_client(given))

        yield call


@contextmanager
def open_client(settings: Settings) -> Iterator[Client]:
    """Return a client that shows errors as a browser sees them."""
    app = make_app(settings)
    with TestClient(app, "http://localhost", raise_server_exceptions=False, follow_redirects=False) as client:
        yield client


class Served:
    """`ltrr serve` as a process."""

    def __init__(self, index: Path, args: tuple[str, ...], log: Path, env: Mapping[str, str]) -> None:
        self.log = log
        self._out = log.open("wb")
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LTRR_")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ltrr_cli.cli", "serve", "--index", str(index), "--port", "0", *args],
            stdin=subprocess.DEVNULL,
            stdout=self._out,
            stderr=self._out,
            env={**kept, "PYTHONPATH": str(ROOT), **env},
        )
        self.address = ""

    def wait(self, *, seconds: float = 60) -> str:
        """Wait until it answers; return its address."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.process.poll() is None:
            found = re.search(r"http://\S+?:\d+", self.text)
            if found:
                try:
                    if httpx2.get(f"{found[0]}/health", timeout=seconds).status_code == 200:
                        self.address = found[0]
                        return self.address
                except httpx2.TransportError:
                    pass
            time.sleep(0.05)
        raise AssertionError(f"it does not answer: {self.text}")

    @property
    def text(self) -> str:
        """What it wrote."""
        return self.log.read_text(errors="replace")

    @property
    def workers(self) -> list[int]:
        """The processes that it started and that serve."""
        found = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [one for one in map(int, found) if b"spawn_main" in Path(f"/proc/{one}/cmdline").read_bytes()]

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send it a signal; return its exit code."""
        self.process.send_signal(number)
        return self.process.wait(60)

    def close(self) -> None:
        """End it if it has not ended."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._out.close()


@pytest.fixture
def served(index: Path, tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Return a function that starts `ltrr serve` with arguments, as a process."""
    started: list[Served] = []

    def start(*args: str, **env: str) -> Served:
        started.append(Served(index, args, tmp_path / f"serve-{len(started)}.log", env))
        return started[-1]

    yield start
    for one in started:
        one.close()


class Run(Protocol):
    """Runs a coroutine to its end."""

    def __call__(self, coroutine: Coroutine[Any, Any, T], /) -> T:
        """Return what it returns."""


@pytest.fixture
def run() -> Iterator[Run]:
    """Return what runs coroutines, in a thread of its own: the browser's tests have a loop in this one."""
    with ThreadPoolExecutor(1) as thread:

        def call(coroutine: Coroutine[Any, Any, T], /) -> T:
            return thread.submit(lambda: asyncio.run(coroutine)).result()

        yield call


def event(query_id: str, entity_id: str, action: str = "click", **more: Any) -> dict[str, Any]:
    """Return a UBI event; `event_id` and `dwell_ms` go to its attributes."""
    inner: dict[str, Any] = {name: more.pop(name) for name in ("event_id", "dwell_ms") if name in more}
    attributes: dict[str, Any] = {"object": {"object_id": entity_id}, **inner}
    return {"action_name": action, "query_id": query_id, "event_attributes": attributes, **more}


@pytest.fixture(scope="session")
def make_event() -> Callable[..., dict[str, Any]]:
    """Return what makes UBI events."""
    return event
