"""Takes docs/page.png: the search page of the sample after its log was learned, a query was typed and a result liked.

It needs the extra `dev` and Chromium (`LTRR_CHROMIUM` names another than the system's).

    python docs/page.py
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from ltrr_cli import Engine

ROOT = Path(__file__).parents[1]


def main() -> None:
    """Build, learn, serve, type, like, look."""
    ltrr = [sys.executable, "-m", "ltrr_cli.cli"]
    chromium = os.environ.get("LTRR_CHROMIUM") or shutil.which("chromium")
    with tempfile.TemporaryDirectory() as folder:
        index = str(Path(folder) / "music.ltrr")
        Engine.build(ROOT / "data" / "sample" / "catalog.jsonl", index)
        feedback = str(ROOT / "data" / "sample" / "feedback")
        subprocess.run([*ltrr, "feedback", "ingest", feedback, "-i", index], check=True)
        command = [*ltrr, "serve", "-i", index, "--port", "8979"]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server, sync_playwright() as playwright:
            assert server.stderr is not None
            found = next(filter(None, (re.search(r"http://\S+", line) for line in server.stderr)))
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
            for text in ("sad songs", "90s rock", "love"):  # the panel tells of answers of its own
                page.goto(f"{found[0]}?q={text}")
            page.goto(found[0])
            page.locator("#q").press_sequentially("rainy day", delay=100)
            with page.expect_response(lambda one: "log=1" in one.url):
                pass
            page.locator(".hit .like").nth(3).click()
            page.wait_for_selector("#notice:not(:empty)")
            page.mouse.move(5, 300)
            page.wait_for_timeout(1000)
            page.screenshot(path=ROOT / "docs" / "page.png")
            browser.close()
            server.terminate()


if __name__ == "__main__":
    main()
