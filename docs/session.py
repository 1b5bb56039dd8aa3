"""Records a session in a terminal as docs/session.svg: commands are run on the sample, what they print is drawn.

python docs/session.py
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).parents[1]
COLUMNS = 88
CATALOG = "data/sample/catalog.jsonl"
COMMANDS = (
    'ltrr query "90s sad songs" -k 4 --seed 7',
    "ltrr query love -k 3 --seed 7",
    "ltrr feedback ingest data/sample/feedback",
    "ltrr query love -k 3 --seed 7",
    "ltrr query love --json --seed 7 | jq -c '.results[0] | {title, strategies}'",
)


def main() -> None:
    """Run and draw."""
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "ltrr"
        program.write_text(
            f'#!/bin/sh\nexec "{sys.executable}" -m ltrr_cli.cli --color always "$@"\n', encoding="utf-8"
        )
        program.chmod(0o755)
        environment = {
            **os.environ,
            "PATH": f"{folder}{os.pathsep}{os.environ.get('PATH', '')}",
            "PYTHONPATH": str(ROOT),
            "LTRR_INDEX": str(Path(folder) / "music.ltrr"),
            "COLUMNS": str(COLUMNS),
            "TERM": "xterm-256color",
        }
        out = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
        subprocess.run(["ltrr", "index", "build", CATALOG, "--quiet"], cwd=ROOT, env=environment, check=True)
        for command in COMMANDS:
            done = subprocess.run(
                ["bash", "-c", command], cwd=ROOT, env=environment, check=True, capture_output=True, text=True
            )
            out.print(Text.assemble(("$ ", "bold green"), (command, "bold")))
            out.print(Text.from_ansi(done.stdout.rstrip("\n")))
            out.print()
        out.save_svg(str(ROOT / "docs" / "session.svg"), title="ltrr", unique_id="ltrr")


if __name__ == "__main__":
    main()
