"""Takes docs/page.png: the search page of the sample, taught by people, after a query was typed and a result liked.

It needs the extra `dev` and Chromium (`LTRR_CHROMIUM` names another than the system's).

    python docs/page.py
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from ltrr_cli import Engine

ROOT = Path(__file__).parents[1]
VISITS = 1000


def main() -> None:
    """Build, let people teach it, serve, type, like, look."""
    ltrr = [sys.executable, "-m", "ltrr_cli.cli"]
    chromium = os.environ.get("LTRR_CHROMIUM") or shutil.which("chromium")
    with tempfile.TemporaryDirectory() as folder:
        index = str(Path(folder) / "music.ltrr")
        Engine.build(ROOT / "data" / "sample" / "catalog.jsonl", index)
        people(index)
        command = [*ltrr, "serve", "-i", index, "--port", "8979"]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server, sync_playwright() as playwright:
            assert server.stderr is not None
            found = next(filter(None, (re.search(r"http://\S+", line) for line in server.stderr)))
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
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


def people(index: str) -> None:
    """Search and click what is judged to be relevant: the panel tells of answers of its own."""
    sample, rng = ROOT / "data" / "sample", random.Random(1)
    relevant: dict[str, set[str]] = {}
    for line in (sample / "qrels.tsv").read_text().splitlines():
        query, entity, *_ = line.split("\t")
        relevant.setdefault(query, set()).add(entity)
    queries = [json.loads(line) for line in (sample / "queries.jsonl").read_text().splitlines()]
    with Engine.open(index) as engine:
        for row in rng.choices(queries, k=VISITS):
            answer = engine.search(row["query"], user=f"person {rng.randrange(50)}")
            clicked = [one.id for one in answer.results if one.id in relevant.get(row["query_id"], ())]
            if clicked:
                engine.record(answer.query_id, clicked[0])


if __name__ == "__main__":
    main()
