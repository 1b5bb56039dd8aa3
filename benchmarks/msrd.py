"""Cold quality: nDCG@10 on MSRD's dev queries (crowd judgments over 9,750 movies), nothing learned, default settings.

Beside the whole pipeline: BM25 with all fields alike (Tantivy), our lexical arm, the encoder alone, their reciprocal
rank fusion, and an equal split of the same budget. The build is timed against the encoder alone on the same texts.

    python benchmarks/msrd.py [--time-build]
"""

from __future__ import annotations

import shutil
import sys
import time
from typing import TYPE_CHECKING

import numpy as np
from common import OUT, batches, data, judgments, mean, ndcg, reciprocal_rank_fusion, report, rows

from ltrr_cli import Engine
from ltrr_cli.catalog import Catalog
from ltrr_cli.encoder import Encoder
from ltrr_cli.engine.texts import document
from ltrr_cli.index.fulltext import TEXT_FIELDS, stems

if TYPE_CHECKING:
    from pathlib import Path

    from ltrr_cli.index.view import View

INDEX = OUT / "msrd.ltrr"


def time_build(catalog: Path) -> list[tuple[str, str]]:
    """Build from nothing, and encode the same texts alone."""
    shutil.rmtree(INDEX, ignore_errors=True)
    started = time.perf_counter()
    built = Engine.build(catalog, INDEX)
    whole = time.perf_counter() - started
    read = Catalog([catalog])
    texts = [document(entity, read.schema.creator) for entity in read]
    encoder = Encoder.open()
    started = time.perf_counter()
    encoder.encode(texts)
    alone = time.perf_counter() - started
    return [
        ("build", f"{whole:.1f} s for {built.entities:,} entities"),
        ("the encoder alone, same texts", f"{alone:.1f} s"),
        ("build / encoder", f"{whole / alone:.2f}"),
    ]


def plain_bm25(view: View, text: str, depth: int) -> list[str]:
    """Return BM25 summed over all fields, each with weight 1."""
    fulltext = view.segments[0].fulltext
    terms = stems(text)
    found, _ = fulltext.search(
        fulltext.either([fulltext.terms(terms, [(name, 1.0)], 0.0) for name in TEXT_FIELDS]), depth
    )
    return view.ids(np.array(found, np.int64))


def main() -> None:
    """Judge."""
    folder = data("msrd")
    catalog = folder / "catalog.jsonl.zst"
    lines = time_build(catalog) if "--time-build" in sys.argv else []
    if not (INDEX / "manifest.json").exists():
        Engine.build(catalog, INDEX)
    judged = judgments(folder / "qrels.tsv.zst")
    queries = [
        row for row in rows(folder / "queries.jsonl.zst") if row["split"] == "dev" and judged.get(row["query_id"])
    ]
    systems: dict[str, list[float]] = {}
    with Engine.open(INDEX) as engine:
        view = engine._opened.view  # noqa: SLF001 – for the raw engine beside ours
        for batch in batches(queries, 500):
            engine.warm_up([row["query"] for row in batch])
            for row in batch:
                text, want = row["query"], judged[row["query_id"]]

                def arm(name: str, asked: str = text) -> list[str]:
                    trace = engine.search(asked, k=1, depths={name: 100}, log=False).trace
                    return [trace.pool_ids[n] for n in trace.pool[name].candidates] if name in trace.pool else []

                bm25 = plain_bm25(view, text, 100)
                lexical, semantic = arm("lexical"), arm("semantic")
                for name, ranking in (
                    ("BM25, all fields alike", bm25),
                    ("encoder alone", semantic),
                    ("RRF (BM25, encoder)", reciprocal_rank_fusion([bm25, semantic])),
                    ("lexical arm", lexical),
                    ("RRF (lexical arm, encoder)", reciprocal_rank_fusion([lexical, semantic])),
                    ("ltrr, untrained", [r.id for r in engine.search(text, log=False, explore=False).results]),
                ):
                    systems.setdefault(name, []).append(ndcg(ranking, want))
    lines += [(name, f"{mean(values):.4f}") for name, values in systems.items()]
    report([*lines, ("dev queries judged", f"{len(queries):,}")])


if __name__ == "__main__":
    main()
