"""The Python API in one page: build, search, record, learn.

python examples/python_api.py [INDEX]     (default: a temporary directory)
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from ltrr_cli import Engine

CATALOG = Path(__file__).parent.parent / "data" / "sample" / "catalog.jsonl"


def main(index: Path) -> None:
    """Ask, play what is not on top, ask again."""
    built = Engine.build(CATALOG, index)
    print(f"{built.entities} entities indexed, {built.encoded} encoded")

    with Engine.open(index) as engine:
        answer = engine.search("sad songs", k=10, user="ana", seed=1)
        for result in answer.results[:5]:
            print(f"{result.rank}. {result.title} ({result.type}) {dict(result.strategies)}")

        wanted = answer.results[4]
        engine.record(answer.query_id, wanted.id, "play", dwell=180)
        again = engine.search("sad songs", k=10, user="ana", seed=1)
        now = next(result.rank for result in again.results if result.id == wanted.id)
        print(f"after one play, {wanted.title!r} moved from {wanted.rank} to {now}")
        print(engine.learn())


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as folder:
            main(Path(folder) / "music.ltrr")
