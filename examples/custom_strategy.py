"""A strategy of your own: one class. The policy learns by itself when it is worth running, and how deep.

python examples/custom_strategy.py [INDEX]

Installed packages offer theirs by an entry point in the group `ltrr.strategies`, and ltrr.toml names it:
    [strategies]
    use = ["lexical", "semantic", "memory", "initials"]
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np

from ltrr_cli import Engine
from ltrr_cli.retrieval.base import Hits, Request
from ltrr_cli.text import tokens

CATALOG = Path(__file__).parent.parent / "data" / "sample" / "catalog.jsonl"


class Initials:
    """Finds titles by their initials: "lotr", "btb"."""

    name = "initials"
    learns = False  # feedback does not change what it finds

    def __init__(self) -> None:
        self._rows: dict[str, list[int]] = {}
        self._seen = 0

    def applies(self, request: Request) -> bool:
        """Only for a query of one short word."""
        words = request.understood.words
        return len(words) == 1 and 2 <= len(words[0]) <= 6

    def retrieve(self, request: Request, depth: int) -> Hits:
        """Return the entities whose title has these initials, the popular ones first."""
        if self._seen != request.view.rows:  # made on first use, from the titles of this index
            self._seen = request.view.rows
            self._rows = {}
            for row in range(request.view.rows):
                words = tokens(request.view.entity(row).title)
                self._rows.setdefault("".join(word[0] for word in words), []).append(row)
        rows = np.array(self._rows.get(request.understood.words[0], []), np.int64)
        popularity = np.nan_to_num(request.view.popularity(rows))
        return Hits(*request.view.top(rows, popularity, depth))


def main(index: Path) -> None:
    """Find "Bohemian Rhapsody", and all others, by initials."""
    Engine.build(CATALOG, index)
    with Engine.open(index, strategies=[Initials()]) as engine:
        answer = engine.search("br", seed=1)
        for result in answer.results:
            if "initials" in result.strategies:
                print(f"{result.rank}. {result.title} ({result.type}), found by {', '.join(result.strategies)}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as folder:
            main(Path(folder) / "music.ltrr")
