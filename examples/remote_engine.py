"""A remote engine as a strategy: nearest vectors by Milvus, here Milvus Lite in a file of its own.

pip install pymilvus milvus-lite
python examples/remote_engine.py [INDEX]

What an adapter owes the rest: rows of the view and no others, in the order of their scores, ties by row; `waits`, so
that the other arms run meanwhile; and an exception where the engine fails: then the others answer, and the trace says
so. The setting `timeout_ms` bounds what it may take. The engine speaks of entity ids; which rows these are, and whether
they live and a filter lets them through, says the view.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ltrr_cli import Engine
from ltrr_cli.retrieval.base import Hits, Request
from ltrr_cli.text import hash64

if TYPE_CHECKING:
    from ltrr_cli.index.view import View

CATALOG = Path(__file__).parent.parent / "data" / "sample" / "catalog.jsonl"
COLLECTION = "entities"
TOGETHER = 1000
DEEPEST = 16_384  # more than this Milvus does not return


class Milvus:
    """Nearest vectors in a Milvus collection, which knows entities by the hash of their id."""

    name = "milvus"
    learns = False  # feedback does not change what it finds
    waits = True  # for another process or machine

    def __init__(self, uri: str) -> None:
        from pymilvus import MilvusClient

        self._client: Any = MilvusClient(uri)

    def load(self, view: View) -> int:
        """Fill the collection with the vectors of all rows; returns how many."""
        rows = view.living_rows()
        if self._client.has_collection(COLLECTION):
            self._client.drop_collection(COLLECTION)
        dim = view.vectors(rows[:1]).shape[1]
        self._client.create_collection(COLLECTION, dimension=dim, metric_type="IP", auto_id=False)
        for start in range(0, len(rows), TOGETHER):
            part = rows[start : start + TOGETHER]
            data = [
                {"id": _signed(entity_id), "vector": vector.tolist()}
                for entity_id, vector in zip(view.ids(part), view.vectors(part), strict=True)
            ]
            self._client.insert(COLLECTION, data)
        self._client.load_collection(COLLECTION)
        return len(rows)

    def applies(self, request: Request) -> bool:
        """Whether there is a text to encode."""
        return bool(request.query.text.strip())

    def retrieve(self, request: Request, depth: int) -> Hits:
        """Return the nearest; under a filter ltrr asks again, deeper, until there are enough."""
        found = self._client.search(COLLECTION, data=[request.vector.tolist()], limit=min(depth, DEEPEST))[0]
        hashes = np.array([int(hit["id"]) for hit in found], np.int64).view(np.uint64)
        rows = request.view.rows_of(hashes)
        scores = np.array([hit["distance"] for hit in found], np.float32)
        known = rows >= 0  # the collection may be older than the index
        order = np.lexsort((rows[known], -scores[known]))
        return Hits(rows[known][order], scores[known][order])

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()


def _signed(entity_id: str) -> int:
    """Return the hash of an id as Milvus keeps it: a signed number of 64 bits."""
    return int(np.uint64(hash64(entity_id)).astype(np.int64))


def main(index: Path) -> None:
    """Compare what it finds with what the arm of ltrr's own vectors does."""
    Engine.build(CATALOG, index)
    milvus = Milvus(str(index.parent / "milvus.db"))
    with Engine.open(index, strategies=[milvus]) as engine:
        print(f"{milvus.load(engine._opened.view)} vectors loaded")  # noqa: SLF001 – a public view of rows is not there
        found = engine.retrieve("songs for a rainy day", depth=100)
        own, theirs = ({entity_id for entity_id, _ in found[arm]} for arm in ("semantic", "milvus"))
        print(f"of 100 nearest, {len(own & theirs)} are the same")
        answer = engine.search("songs for a rainy day", seed=1, explore=False)
        print("arms:", ", ".join(f"{arm.name} {arm.returned}" for arm in answer.trace.arms))
    milvus.close()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as folder:
            main(Path(folder) / "music.ltrr")
