"""Vectors made elsewhere on real behaviour: Last.fm artists by who tagged them with what, as the arm `vectors:tagged`.

Nine tenths of the events are learned. The vectors are made of the same nine tenths: the artist × (listener, tag) table,
log(1 + count) × idf, by a truncated SVD. Share of the held-out events whose artist is in the top 10 / 100 for the tag:
the whole pipeline with and without the vectors, the arms alone, and plain query→entity counts. Text has no such vector,
so the arm's query is made of what memory and words find. One answer for each tag.

    python benchmarks/elsewhere.py [-n TAGS]
"""

from __future__ import annotations

import argparse
import collections
import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from common import OUT, data, rows

from ltrr_cli import Engine
from ltrr_cli.catalog import Overrides
from ltrr_cli.feedback.formats import Feedback
from ltrr_cli.feedback.times import parse_time

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

DIM = 64
_ROUNDS = 4
Event = dict[str, str]


def counts(train: Sequence[Event], test: Sequence[Event]) -> tuple[float, float]:
    """Return the shares of plain counts: entities by how often they were acted on under the query."""
    table: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for event in train:
        table[event["query"]][event["entity_id"]] += 1
    top = {query: [entity for entity, _ in counter.most_common(100)] for query, counter in table.items()}
    return shares(test, {event["query"]: top.get(event["query"], []) for event in test})


def shares(test: Sequence[Event], rankings: dict[str, list[str]]) -> tuple[float, float]:
    """Return the shares of events whose entity is in the first 10 and 100."""
    first, second = (
        sum(event["entity_id"] in rankings[event["query"]][:depth] for event in test) / len(test) for depth in (10, 100)
    )
    return first, second


def vectors_of(events: Sequence[Event]) -> tuple[list[str], NDArray[np.float32]]:
    """Return the artists and their vectors, (n, DIM), by randomised subspace iteration on the weighted table."""
    artists = sorted({event["entity_id"] for event in events})
    row = {artist: number for number, artist in enumerate(artists)}
    columns: dict[str, int] = {}
    cells: dict[tuple[int, int], int] = {}
    for event in events:
        for name in (f"user {event['user_id']}", f"tag {event['query']}"):
            cell = (row[event["entity_id"]], columns.setdefault(name, len(columns)))
            cells[cell] = cells.get(cell, 0) + 1
    places = np.array(list(cells), np.int64)
    spread = np.bincount(places[:, 1], minlength=len(columns))
    values = np.log1p(np.array(list(cells.values()))) * np.log(len(artists) / spread)[places[:, 1]]

    def times(matrix: NDArray[np.float64], *, transposed: bool) -> NDArray[np.float64]:
        of, to = (places[:, 1], places[:, 0]) if not transposed else (places[:, 0], places[:, 1])
        out = np.zeros((len(columns) if transposed else len(artists), matrix.shape[1]))
        for start in range(0, len(values), 1 << 15):
            part = slice(start, start + (1 << 15))
            np.add.at(out, to[part], matrix[of[part]] * values[part, None])
        return out

    basis = np.random.default_rng(1).normal(size=(len(columns), DIM))
    for _ in range(_ROUNDS):
        basis = np.linalg.qr(times(times(basis, transposed=False), transposed=True))[0]
    return artists, times(basis, transposed=False).astype(np.float32)


def main() -> None:
    """Build, ingest, predict with and without."""
    parser = argparse.ArgumentParser()
    parser.add_argument("-n", type=int, default=0, help="so many of the held-out tags; 0: all")
    asked = parser.parse_args()
    folder = data("lastfm")
    events: list[Event] = rows(folder / "feedback.jsonl.zst")
    cut = len(events) * 9 // 10
    train, test = events[:cut], events[cut:]
    tags = sorted({event["query"] for event in test})
    if asked.n:
        tags = np.random.default_rng(0).permutation(tags)[: asked.n].tolist()
        test = [event for event in test if event["query"] in set(tags)]
    pristine = OUT / "lastfm.ltrr"
    if not (pristine / "manifest.json").exists():
        Engine.build(folder / "catalog.jsonl.zst", pristine, overrides=Overrides(popularity=""))
    print(f"{'held-out events':<28}", f"{len(test):,} under {len(tags):,} tags")
    print(f"{'plain counts, top 10 / 100':<28}", "{:.3f} / {:.3f}".format(*counts(train, test)), flush=True)
    artists, matrix = vectors_of(train)
    now = parse_time(train[-1]["ts"])
    with tempfile.TemporaryDirectory(dir=OUT) as scratch:
        past = Path(scratch) / "train.jsonl"
        past.write_text("".join(json.dumps(event) + "\n" for event in train), encoding="utf-8")
        np.save(Path(scratch) / "tagged.npy", matrix)
        (Path(scratch) / "tagged.ids.txt").write_text("\n".join(artists), encoding="utf-8")
        index = Path(scratch) / "lastfm.ltrr"
        shutil.copytree(pristine, index)
        for given in ([], [str(Path(scratch) / "tagged.npy")]):
            Engine.build(folder / "catalog.jsonl.zst", index, overrides=Overrides(popularity=""), vectors=given)
            with Engine.open(index) as engine:
                if not given:
                    engine.ingest(Feedback([past]))
                plans = {"ltrr, whole pipeline": None, "memory alone": {"memory": 100}}
                plans |= {"semantic alone": {"semantic": 100}, "memory and semantic": {"memory": 60, "semantic": 60}}
                if given:
                    plans = {"ltrr, with the vectors": None, "the vectors alone": {"vectors:tagged": 100}}
                    plans |= {"memory and vectors": {"memory": 60, "vectors:tagged": 60}}
                for name, depths in plans.items():
                    found = {}
                    for tag in tags:
                        answer = engine.search(tag, k=100, now=now, explore=False, depths=depths, log=False)
                        found[tag] = [result.id for result in answer.results]
                    print(f"{name:<28}", "{:.3f} / {:.3f}".format(*shares(test, found)), flush=True)


if __name__ == "__main__":
    main()
