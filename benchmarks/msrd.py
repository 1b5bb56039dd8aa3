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

from common import OUT, data, judgments, mean, plain_bm25, report, rows

from ltrr_cli import Engine
from ltrr_cli.catalog import Catalog
from ltrr_cli.encoder import Encoder
from ltrr_cli.engine.texts import document
from ltrr_cli.estimators.measures import parse_measures
from ltrr_cli.evaluation.fusion import reciprocal_rank

if TYPE_CHECKING:
    from pathlib import Path


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
    (measure,) = parse_measures(["nDCG@10"])
    with Engine.open(INDEX) as engine:
        view = engine._opened.view  # noqa: SLF001 – for the raw engine beside ours
        for start in range(0, len(queries), 500):
            batch = queries[start : start + 500]
            engine.warm_up([row["query"] for row in batch])
            for row in batch:
                text, want = row["query"], judged[row["query_id"]]
                bm25, found = plain_bm25(view, text), engine.retrieve(text)
                lexical, semantic = found["lexical"], found["semantic"]
                whole = engine.search(text, log=False, explore=False).results
                for name, ranking in (
                    ("BM25, all fields alike", bm25),
                    ("encoder alone", semantic),
                    ("RRF (BM25, encoder)", reciprocal_rank([bm25, semantic])),
                    ("lexical arm", lexical),
                    ("RRF (lexical arm, encoder)", reciprocal_rank([lexical, semantic])),
                    ("ltrr, untrained", [(result.id, result.score) for result in whole]),
                ):
                    systems.setdefault(name, []).append(measure.score([entity_id for entity_id, _ in ranking], want))
    lines += [(name, f"{mean(values):.4f}") for name, values in systems.items()]
    report([*lines, ("dev queries judged", f"{len(queries):,}")])


if __name__ == "__main__":
    main()
