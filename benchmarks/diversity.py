"""What diversity costs and gains: MSRD's train queries, nothing learned, pages of ten.

nDCG@10; the mean cosine of two entities of a page; how many distinct directors and genres a page has.

    python benchmarks/diversity.py [QUERIES]
"""

from __future__ import annotations

import sys

import numpy as np
from common import OUT, data, judgments, mean, rows

from ltrr_cli import Engine
from ltrr_cli.estimators.measures import parse_measures

WAYS: tuple[tuple[str, str, float], ...] = (
    ("by score", "", 0.0),
    ("diversity 0.05", "", 0.05),
    ("diversity 0.1", "", 0.1),
    ("diversity 0.2", "", 0.2),
    ("diversity 0.4", "", 0.4),
    ("cap director:1", "director:1", 0.0),
    ("cap genres:4", "genres:4", 0.0),
    ("both: 0.1, genres:4", "genres:4", 0.1),
)


def main() -> None:
    """Ask each query in every way."""
    folder = data("msrd")
    index = OUT / "msrd.ltrr"
    if not (index / "manifest.json").exists():
        Engine.build(folder / "catalog.jsonl.zst", index)
    judged = judgments(folder / "qrels.tsv.zst")
    train = [
        row for row in rows(folder / "queries.jsonl.zst") if row["split"] == "train" and judged.get(row["query_id"])
    ]
    queries = train[: int(sys.argv[1]) if len(sys.argv) > 1 else 500]
    (measure,) = parse_measures(["nDCG@10"])
    print(f"{'':<22}{'nDCG@10':>9}{'cosine':>9}{'directors':>11}{'genres':>9}")
    with Engine.open(index) as engine:
        opened = engine._opened  # noqa: SLF001 – for the vectors
        for name, cap, share in WAYS:
            found: list[tuple[float, float, int, int]] = []
            for row in queries:
                answer = engine.search(row["query"], log=False, explore=False, seed=0, cap=cap, diversity=share)
                ids = [result.id for result in answer.results]
                if len(ids) < 2:
                    continue
                vectors = opened.view.vectors(np.array([opened.row(one) for one in ids], np.int64))
                cosine = float((vectors @ vectors.T)[np.triu_indices(len(ids), 1)].mean())
                entities = [entity for entity in map(engine.entity, ids) if entity is not None]
                directors, genres = (
                    len({value for entity in entities for value in entity.attributes.get(field, ())})
                    for field in ("director", "genres")
                )
                found.append((measure.score(ids, judged[row["query_id"]]), cosine, directors, genres))
            ndcg, cosine, directors_, genres_ = (mean([one[number] for one in found]) for number in range(4))
            print(f"{name:<22}{ndcg:>9.4f}{cosine:>9.3f}{directors_:>11.2f}{genres_:>9.2f}", flush=True)
    print(f"{len(queries):,} train queries")


if __name__ == "__main__":
    main()
