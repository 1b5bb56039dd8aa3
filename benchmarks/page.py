"""From a key to results on the search page: `ltrr serve` of MSRD, Chromium, train queries typed letter by letter.

A time runs from the key's event until the frame in which the results are drawn was made; once from the key, the page's
debounce included, and once from the moment that the page asks. Half of the queries are typed slowly, so that each key
comes after a pause, half of them quickly. benchmarks/msrd.py builds the index.

    python benchmarks/page.py [QUERIES]
"""

from __future__ import annotations

import os
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common import OUT, data, quantile, report, rows
from common import times as clocked
from playwright.sync_api import Page, sync_playwright

from ltrr_cli import Engine

if TYPE_CHECKING:
    from collections.abc import Sequence

_WATCH = """() => {
  window.times = []; window.shift = 0;
  let key = 0, asked = 0;
  const fetched = window.fetch;
  window.fetch = (url, options) => {
    if (String(url).includes("log=0")) asked = performance.now();
    return fetched(url, options);
  };
  document.getElementById("q").addEventListener("input", () => { key = performance.now(); }, { capture: true });
  new MutationObserver(() => {
    const [from, since] = [key, asked];
    requestAnimationFrame(() => { const drawn = new MessageChannel(); drawn.port1.onmessage = () => {
      const now = performance.now();
      if (from) window.times.push([now - from, now - since]);
      key = 0;
    }; drawn.port2.postMessage(0); });
  }).observe(document.getElementById("list"), { childList: true });
  const shifted = (list) => list.getEntries().forEach((one) => { window.shift += one.hadRecentInput ? 0 : one.value; });
  new PerformanceObserver(shifted).observe({ type: "layout-shift", buffered: true });
}"""
_WAITED = """performance.getEntriesByType("resource").filter((one) => one.name.includes("log=0") && one.responseEnd)
  .map((one) => one.duration)"""
_PACES = {"slowly": 180, "quickly": 80}
"""Milliseconds from one key to the next."""


def main() -> None:
    """Serve a copy, type, print."""
    if not (OUT / "msrd.ltrr" / "manifest.json").exists():
        sys.exit("first: python benchmarks/msrd.py")
    chromium = os.environ.get("LTRR_CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        sys.exit("there is no chromium; LTRR_CHROMIUM names one")
    found = {row["query"] for row in rows(data("msrd") / "queries.jsonl.zst") if row["split"] == "train"}
    texts = sorted(found)
    random.Random(1).shuffle(texts)
    with tempfile.TemporaryDirectory() as folder, socket.socket() as one:
        index = Path(folder) / "msrd.ltrr"
        shutil.copytree(OUT / "msrd.ltrr", index)
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
        one.close()
        command = [sys.executable, "-m", "ltrr_cli.cli", "serve", "-i", str(index), "--port", str(port)]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as server, sync_playwright() as playwright:
            try:
                url = f"http://127.0.0.1:{port}"
                _wait(f"{url}/search?q=warm+up&log=0")
                browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
                page = browser.new_page(viewport={"width": 1440, "height": 900})
                weight = _weight(page, url)
                page.evaluate(_WATCH)
                typed = texts[: int(sys.argv[1]) if len(sys.argv) > 1 else 30]
                drawn = {name: _type(page, typed[at::2], pace) for at, (name, pace) in enumerate(_PACES.items())}
                shift = page.evaluate("window.shift")
                waited = page.evaluate(_WAITED)
                browser.close()
            finally:
                server.terminate()
        with Engine.open(index) as engine:
            engine.search("warm up", log=False)
            alone = clocked(lambda text: engine.search(text, log=False), texts[:200])
    told = [("load at the end", f"{os.getloadavg()[0]:.1f}")]
    for name, times in drawn.items():
        from_key, from_asking = zip(*times, strict=True)
        told += [
            (f"typed {name}: answers drawn", f"{len(times):,}"),
            ("from the key, p50 / p95", _two(from_key)),
            ("without the debounce", _two(from_asking)),
        ]
    report(
        [
            *told,
            ("the server, of all", _two(waited)),
            ("Engine.search alone", _two(alone)),
            ("page, sheet and scripts", f"{weight / 1e3:.1f} kB, nothing compressed"),
            ("layout shift in all", f"{shift:.4f}"),
        ]
    )


def _weight(page: Page, url: str) -> int:
    """Open the page; return the bytes of it, its sheet and its scripts."""
    sizes: dict[str, int] = {}

    def note(answer: Any) -> None:
        if "/static/" in answer.url or re.search(r"/\?q=", answer.url):
            sizes[answer.url] = len(answer.body())

    page.on("response", note)
    page.goto(f"{url}/?q=star+wars")
    page.wait_for_selector("#panel section")
    page.remove_listener("response", note)
    return sum(sizes.values())


def _two(times: Sequence[float]) -> str:
    return f"{quantile(times, 0.5):.0f} / {quantile(times, 0.95):.0f} ms"


def _type(page: Page, texts: list[str], pace: int) -> list[tuple[float, float]]:
    """Type the texts; return the times of the answers that were drawn: from the key, and from asking."""
    page.evaluate("window.times = []")
    for text in texts:
        page.locator("#q").fill("")
        page.wait_for_timeout(300)
        page.locator("#q").press_sequentially(text, delay=pace)
        page.wait_for_timeout(300)
    return [(from_key, from_asking) for from_key, from_asking in page.evaluate("window.times")]


def _wait(url: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(url, timeout=60) as answer:  # noqa: S310 – our own server
                answer.read()
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


if __name__ == "__main__":
    main()
