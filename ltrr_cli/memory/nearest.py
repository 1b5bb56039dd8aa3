"""Vectors of remembered queries: a query finds those that mean nearly the same, where they share no word with it.

A vector is a function of the key and the encoder alone. So the table is derived: it can be made again at any time, and
what is learned does not depend on it. It holds hashes of keys, no text.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.index.files import mapped
from ltrr_cli.index.passages import cosines
from ltrr_cli.text import hash64

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

MOST = 10_000
"""Queries whose vectors are kept, the most rewarded ones; so many are compared exactly in less than a millisecond."""
MOST_NEAR = 8
"""Queries that one query finds."""
THRESHOLD = 0.65
"""Cosine from which on two queries may mean the same: of .5 to .9 the one that helped where queries of one topic follow
each other (TREC sessions, Cranfield) without harm where each is about something else (MSRD's train queries, snips)."""
_NAME = "nearest"


def likeness(cosine: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how far evidence under queries with these cosines is taken over, 0 up to THRESHOLD and 1 at 1.

    It is of the kind that shared words give: what was rewarded counts by its square.
    """
    found: NDArray[np.float32] = np.clip((cosine - THRESHOLD) / (1 - THRESHOLD), 0, 1)
    return found


class Nearest:
    """Hashes of keys (m,), ascending, and their unit vectors (m, dim) float32."""

    def __init__(self, hashes: NDArray[np.uint64], vectors: NDArray[np.float32]) -> None:
        self.hashes, self.vectors = hashes, vectors

    @classmethod
    def open(cls, directory: Path, encoder: str) -> Nearest | None:
        """Map what `write_nearest` wrote; None where there is none, or it was made by another encoder.

        Raises OSError or ValueError if it is damaged.
        """
        path = directory / f"{_NAME}.json"
        if not path.exists() or json.loads(path.read_bytes()) != {"encoder": encoder}:
            return None
        hashes, vectors = mapped(directory / f"{_NAME}.hash.npy"), mapped(directory / f"{_NAME}.vectors.npy")
        if vectors.ndim != 2 or vectors.dtype != np.float32 or hashes.shape != (len(vectors),):
            raise ValueError("the vectors of remembered queries do not fit their keys")
        return cls(hashes, vectors)

    def has(self, name: int) -> bool:
        """Tell whether the key with this `hash64` has a vector here."""
        place = int(self.hashes.searchsorted(np.uint64(name)))
        return place < len(self.hashes) and int(self.hashes[place]) == name

    def near(self, vector: NDArray[np.float32]) -> list[tuple[int, float]]:
        """Return (hash of the key, likeness in (0, 1]) of the keys nearest to a unit vector, (dim,); best first."""
        return best_near(self.hashes, cosines(self.vectors, vector))


def best_near(hashes: NDArray[np.uint64], cosines: NDArray[np.float32]) -> list[tuple[int, float]]:
    """Return (hash, likeness in (0, 1]) of at most MOST_NEAR keys, the nearest first."""
    near = (cosines > THRESHOLD).nonzero()[0]
    order = near[np.lexsort((hashes[near], -cosines[near]))][:MOST_NEAR]
    return list(zip(hashes[order].tolist(), likeness(cosines[order]).tolist(), strict=True))


def write_nearest(
    directory: Path,
    keys: Sequence[str],
    old: Nearest | None,
    encoder: str,
    encode: Callable[[Sequence[str]], NDArray[np.float32]],
) -> None:
    """Write the vectors of some keys; only those that `old`, of the same encoder, does not have are encoded."""
    by_hash = {hash64(key): key for key in keys}
    hashes = np.array(sorted(by_hash), np.uint64)
    kept = np.isin(hashes, old.hashes) if old is not None else np.zeros(len(hashes), bool)
    fresh = encode([by_hash[name] for name in hashes[~kept].tolist()]) if not kept.all() else None
    if fresh is None and old is None:
        return
    width = fresh.shape[1] if fresh is not None else old.vectors.shape[1] if old is not None else 0
    vectors = np.empty((len(hashes), width), np.float32)
    if old is not None:
        vectors[kept] = old.vectors[old.hashes.searchsorted(hashes[kept])]
    if fresh is not None:
        vectors[~kept] = fresh
    np.save(directory / f"{_NAME}.hash.npy", hashes)
    np.save(directory / f"{_NAME}.vectors.npy", vectors)
    (directory / f"{_NAME}.json").write_text(json.dumps({"encoder": encoder}) + "\n")
