"""Filters: what they cost, and that they fill the depth, at 36,501 entities (MSRD and the sets mixed with it).

Rows are allowed at random, so that the filter knows nothing of the query. Each arm's median milliseconds for its best
100 under the filter over those without one, in the same run; how full the hundred are of what there is to find; and
how many of the vectors' exact hundred the semantic arm has.

    python benchmarks/filters.py [QUERIES]      (after benchmarks/mixed.py, which builds the index)
"""

from __future__ import annotations

import sys
import time

import numpy as np
from common import OUT, data, mean, quantile, rows

from ltrr_cli import Engine
from ltrr_cli.engine.requests import make_request
from ltrr_cli.index.passages import cosines
from ltrr_cli.records import Query

ARMS = ("lexical", "popular", "structured", "semantic", "memory")
DEPTH = 100


def main() -> None:
    """Ask each arm, with every share of rows allowed."""
    from dataclasses import replace

    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    queries = [row["query"] for row in rows(data("msrd") / "queries.jsonl.zst") if row["split"] == "train"][:count]
    rng = np.random.default_rng(0)
    print(f"{'allowed':>9}" + "".join(f"{arm:>16}" for arm in ARMS) + f"{'recall@100':>12}")
    print(" " * 9 + f"{'ms / plain, full':>16}" * len(ARMS))
    with Engine.open(OUT / "mixed.ltrr") as engine:
        opened = engine._opened  # noqa: SLF001 – below the public API
        strategies = {one.name: one for one in opened.strategies}
        requests = [make_request(opened, Query(id="", text=text, time=1.7e9)) for text in queries]
        for request in requests:
            _ = request.vector
            strategies["semantic"].retrieve(request, DEPTH)
        for share in (0.5, 0.3, 0.1, 0.01, 0.001):
            narrow = opened.view.within(rng.random(opened.view.rows) < share)
            assert narrow.allowed is not None
            allowed = np.flatnonzero(narrow.allowed)
            cells, recall = "", 1.0
            for arm in ARMS:
                plain, filtered, full, hits = [], [], [], []
                for request in requests:
                    if not strategies[arm].applies(request):
                        continue
                    started = time.perf_counter()
                    strategies[arm].retrieve(request, DEPTH)
                    middle = time.perf_counter()
                    found = strategies[arm].retrieve(replace(request, view=narrow), DEPTH)
                    filtered.append(time.perf_counter() - middle)
                    plain.append(middle - started)
                    if arm == "semantic":
                        scores = cosines(opened.view.vectors(allowed), request.vector)
                        best = allowed[np.argsort(-scores, kind="stable")[:DEPTH]]
                        hits.append(len({*best.tolist()} & {*found.rows.tolist()}) / len(best))
                        full.append(len(found.rows) / len(best))
                    else:
                        everything = strategies[arm].retrieve(request, opened.view.rows).rows
                        there = min(DEPTH, int(np.count_nonzero(narrow.allowed[everything])))
                        full.append(len(found.rows) / there if there else 1.0)
                recall = mean(hits) if hits else recall
                cells += f"{quantile(filtered, 0.5) / quantile(plain, 0.5):>9.2f} {mean(full):>6.3f}"
            print(f"{share:>9}{cells}{recall:>12.4f}", flush=True)


if __name__ == "__main__":
    main()
