"""A real server of a small, partly hostile catalogue, and a real browser that looks at it.

The browser is the system's Chromium (`LTRR_CHROMIUM` names another), driven by playwright; without either these tests
are skipped. `LTRR_SHOTS=DIR` keeps a picture of every page at its end.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from ltrr_cli import Engine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from ltrr_cli.records import Event

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_PATIENCE = 60
_GENRES = ("rock", "jazz", "folk & blues")
_WORDS = ("river", "winter", "garden", "mirror", "harbor", "candle", "thunder", "meadow", "copper", "lantern", "velvet")
_SORTS = ("blue", "old", "silent", "burning", "golden", "hollow")
HOSTILE = (
    '<img src=x onerror="window.hacked=1">',
    "</script><script>window.hacked=1</script>",
    "</title><svg onload=window.hacked=1>",
    "\x1b[31mred\x1b]0;owned\x07 \u202eevil",
    "{{ 7 * 7 }} ${7*7} %7B \" ' ` &amp; &lt;b&gt;",
)


@dataclass(frozen=True, slots=True)
class Site:
    """A running server."""

    url: str
    index: Path

    def json(self, path: str) -> Any:
        """Return what the API answers."""
        with urllib.request.urlopen(self.url + path, timeout=30) as answer:  # noqa: S310 – our own server
            return json.load(answer)

    def impressions(self) -> int:
        """Return how many pages were logged."""
        return int(self.json("/arms")["impressions"])

    def events(self) -> list[Event]:
        """Return all that was logged of what people did."""
        with Engine.open(self.index) as engine:
            return list(engine.events())


class Open(Protocol):
    """Opens a page in a browser of its own: nobody else's cookies."""

    def __call__(self, path: str = "/", *, width: int = 1280, height: int = 800, **options: Any) -> Page:
        """Return the page, loaded."""


def _rows() -> Iterator[dict[str, Any]]:
    for number, (word, sort) in enumerate(product(_WORDS, _SORTS)):
        yield {
            "id": f"song {number}/ü",
            "type": "song" if number % 4 else "album",
            "title": f"{word.title()} {sort}",
            "text": f"A tale of a {sort} {word}. " + "It goes on for a while. " * (number % 3 * 8),
            "popularity": 100 - number,
            "artist": f"The {word.title()}s",
            "genre": _GENRES[number % 3],
            "year": 1940 + number,
        }
    for number, text in enumerate(HOSTILE):
        yield {
            "id": f"hostile {number} {text if text.isprintable() else ''}",
            "type": text,
            "title": f"Hostile {text}",
            "text": f"hostile words {text} " * 3,
            "popularity": 1,
            "genre": text,
            "year": 1999,
        }


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Serve an index by `ltrr serve`, in a process of its own."""
    pytest.importorskip("uvicorn", reason="uvicorn")
    root = tmp_path_factory.mktemp("site")
    (root / "catalog.jsonl").write_text("".join(json.dumps(row) + "\n" for row in _rows()))
    Engine.build(root / "catalog.jsonl", root / "songs.ltrr")
    port = _free_port()
    command = [sys.executable, "-m", "ltrr_cli.cli", "serve", "-i", str(root / "songs.ltrr"), "--port", str(port)]
    with (root / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
    found = Site(f"http://127.0.0.1:{port}", root / "songs.ltrr")
    try:
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                found.json("/health")
                break
            except (urllib.error.URLError, ConnectionError):
                if server.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError((root / "log").read_text()) from None
                time.sleep(0.1)
        found.json("/search?q=warm&log=0")
        yield found
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start the browser."""
    sync = pytest.importorskip("playwright.sync_api", reason="playwright")
    path = os.environ.get("LTRR_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip("chromium")
    with sync.sync_playwright() as playwright:
        one = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield one
        one.close()


@pytest.fixture
def visit(site: Site, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Open]:
    """Return what opens pages; at the end none of them has complained, or asked another server for anything."""
    pages: list[Page] = []
    complaints: list[str] = []

    def seen(url: str) -> None:
        if not url.startswith(site.url):
            complaints.append(f"asked for {url}")

    def open_page(path: str = "/", *, width: int = 1280, height: int = 800, **options: Any) -> Page:
        options.setdefault("reduced_motion", "reduce")
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        context.set_default_timeout(10_000)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(dialog.message))
        page.on("request", lambda one: seen(one.url))
        pages.append(page)
        page.goto(site.url + path)
        return page

    yield open_page
    for number, page in enumerate(pages):
        if folder := os.environ.get("LTRR_SHOTS"):
            page.screenshot(path=Path(folder) / f"{request.node.name}-{number}.png")
        page.context.close()
    assert not [one for one in complaints if "status of 40" not in one]
