"""Remembered queries found by meaning: what they do for queries that nobody has asked.

Of a set's queries every other one is taught (two people click on its three best entities), and the others are asked:
nDCG@10 of the whole pipeline, without and with the look-up by vectors, and how many queries get better and worse. The
index is opened on a scratch copy. On MSRD and snips the train queries are taken, elsewhere all.

    python benchmarks/nearest.py [trecsession2012] [cranfield] [msrd] [snips]
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
from common import OUT, data, judgments, report, rows

from ltrr_cli import Engine
from ltrr_cli.memory import nearest
from ltrr_cli.records import Event

SETS = ("trecsession2012", "cranfield", "msrd", "snips")
NOW = 1_760_000_000.0
TAUGHT, ASKED = 1_500, 400


def ndcg(page: list[str], grades: dict[str, int]) -> float:
    """Return nDCG@10 with linear gains."""
    best = sorted(grades.values(), reverse=True)[:10]
    gained = sum(grades.get(one, 0) / np.log2(place + 2) for place, one in enumerate(page[:10]))
    return float(gained / sum(grade / np.log2(place + 2) for place, grade in enumerate(best)))


def clicks(text: str, name: str, grades: dict[str, int]) -> list[Event]:
    """Return the clicks of two people on a query's three best entities."""
    best = sorted((one for one, grade in grades.items() if grade > 0), key=lambda one: (-grades[one], one))[:3]
    return [
        Event(
            id=f"{name}|{entity}|{user}",
            query_id="",
            text=text,
            user=f"{user}{name}",
            session="",
            entity_id=entity,
            action="click",
            time=NOW,
            position=0,
            dwell=0.0,
        )
        for user in "ab"
        for entity in best
    ]


def measured(name: str) -> tuple[str, str]:
    """Teach one half of the queries, and ask the other."""
    folder = data(name)
    judged = judgments(folder / "qrels.tsv.zst")
    queries = [
        row
        for row in rows(folder / "queries.jsonl.zst")
        if row.get("split", "train") == "train" and any(grade > 0 for grade in judged.get(row["query_id"], {}).values())
    ]
    taught, asked = queries[0::2][:TAUGHT], queries[1::2][:ASKED]
    if not (OUT / f"{name}.ltrr" / "manifest.json").exists():
        Engine.build(folder / "catalog.jsonl.zst", OUT / f"{name}.ltrr")
    with tempfile.TemporaryDirectory(dir=OUT) as scratch:
        index = Path(scratch) / "index.ltrr"
        shutil.copytree(OUT / f"{name}.ltrr", index)
        with Engine.open(index) as engine:
            engine.ingest(
                [one for row in taught for one in clicks(row["query"], row["query_id"], judged[row["query_id"]])],
                now=NOW,
            )
        scores = []
        most = nearest.MOST_NEAR
        for limit in (0, most):
            nearest.MOST_NEAR = limit
            with Engine.open(index) as engine:
                pages = [
                    engine.search(row["query"], now=NOW + 1, explore=False, log=False).results[:10] for row in asked
                ]
            scores.append(
                np.array(
                    [
                        ndcg([one.id for one in page], judged[row["query_id"]])
                        for page, row in zip(pages, asked, strict=True)
                    ]
                )
            )
        nearest.MOST_NEAR = most
    gain = scores[1] - scores[0]
    error = gain.std() / len(gain) ** 0.5
    return (
        f"{name}, {len(taught)} taught, {len(asked)} asked",
        (
            f"{scores[0].mean():.3f} → {scores[1].mean():.3f} ({gain.mean():+.4f} ± {error:.4f}; "
            f"{(gain > 0).sum()} better, {(gain < 0).sum()} worse)"
        ),
    )


if __name__ == "__main__":
    report([measured(name) for name in sys.argv[1:] or SETS])
