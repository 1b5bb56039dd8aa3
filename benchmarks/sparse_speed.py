"""Sparse lists: a query over 100,000 entities, beside the same sum by a dense product.

The terms are drawn as texts have them (Zipf, 30,000 terms, 100 of each entity, 24 of a query). No model is needed.

    python benchmarks/sparse_speed.py [ENTITIES]
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
from common import quantile, report, times

from ltrr_cli.index.sparse import Sparse, SparseWriter

VOCABULARY, TERMS, ASKED = 30_000, 100, 24


def main() -> None:
    """Write, ask."""
    entities = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    rng = np.random.default_rng(1)
    share = 1 / (np.arange(VOCABULARY) + 30.0)
    below = np.cumsum(share / share.sum())[:-1]
    writer = SparseWriter()
    for _ in range(entities):
        terms = np.unique(below.searchsorted(rng.random(TERMS))).astype(np.int32)
        writer.add(terms, rng.random(len(terms)).astype(np.float32) + 0.01)
    with tempfile.TemporaryDirectory() as root:
        writer.write(Path(root))
        sparse = Sparse.open(Path(root), entities)
        if sparse is None:
            sys.exit("nothing was written")
        queries = [np.unique(below.searchsorted(rng.random(ASKED))).astype(np.int32) for _ in range(200)]
        read = [int(sparse.frequencies(terms).sum()) for terms in queries]
        found = times(lambda terms: sparse.search(terms, np.ones(len(terms), np.float32), 100), queries)
        matrix, vector = rng.random((entities, 384)).astype(np.float32), rng.random(384).astype(np.float32)
        dense = times(lambda _: np.einsum("nd,d->n", matrix, vector), queries[:20])
    report(
        [
            (
                f"{entities:,} entities, top 100, p50 / p99",
                f"{quantile(found, 0.5):.2f} / {quantile(found, 0.99):.2f} ms",
            ),
            ("postings read, p50", f"{quantile(read, 0.5):,}"),
            ("exact product of 384 dimensions, p50", f"{quantile(dense, 0.5):.2f} ms"),
        ]
    )


if __name__ == "__main__":
    main()
