"""Memory on real behaviour: Last.fm tags as queries, nine tenths of the events learned, one predicted.

Share of the held-out events whose artist is in the top 10 / 100 for the tag, beside plain query→entity counts on the
same split. The catalogue's popularity is left out: it counts plays that happened after the events. A listener tags an
artist with a tag once, so what is predicted is always somebody else's event: no system can win by repeating a user's
own past.

    python benchmarks/lastfm.py
"""

from __future__ import annotations

import collections
import json
import shutil
import tempfile
import time
from pathlib import Path

from common import OUT, data, report, rows

from ltrr_cli import Engine
from ltrr_cli.catalog import Overrides
from ltrr_cli.feedback.formats import Feedback
from ltrr_cli.feedback.times import parse_time

Event = dict[str, str]


def counts(train: list[Event], test: list[Event]) -> tuple[float, float]:
    """Return the shares of plain counts: entities by how often they were acted on under the query."""
    table: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for event in train:
        table[event["query"]][event["entity_id"]] += 1
    top = {query: [entity for entity, _ in counter.most_common(100)] for query, counter in table.items()}
    return shares(test, {event["query"]: top.get(event["query"], []) for event in test})


def shares(test: list[Event], rankings: dict[str, list[str]]) -> tuple[float, float]:
    """Return the shares of events whose entity is in the first 10 and 100."""
    return (
        sum(event["entity_id"] in rankings[event["query"]][:10] for event in test) / len(test),
        sum(event["entity_id"] in rankings[event["query"]][:100] for event in test) / len(test),
    )


def main() -> None:
    """Build, ingest, predict."""
    folder = data("lastfm")
    events: list[Event] = rows(folder / "feedback.jsonl.zst")
    cut = len(events) * 9 // 10
    train, test = events[:cut], events[cut:]
    pristine = OUT / "lastfm.ltrr"
    if not (pristine / "manifest.json").exists():
        Engine.build(folder / "catalog.jsonl.zst", pristine, overrides=Overrides(popularity=""))
    with tempfile.TemporaryDirectory(dir=OUT) as scratch:
        index = Path(scratch) / "lastfm.ltrr"
        shutil.copytree(pristine, index)
        past = Path(scratch) / "train.jsonl"
        past.write_text("".join(json.dumps(event) + "\n" for event in train), encoding="utf-8")
        everything = Path(scratch) / "index-all.ltrr"
        shutil.copytree(pristine, everything)
        with Engine.open(everything) as engine:
            started = time.perf_counter()
            engine.ingest(Feedback([folder / "feedback.jsonl.zst"]))
            spent = time.perf_counter() - started
        now = parse_time(train[-1]["ts"])
        with Engine.open(index) as engine:
            engine.ingest(Feedback([past]))
            queries = sorted({event["query"] for event in test})
            rankings, remembered = {}, {}
            for query in queries:
                answer = engine.search(query, k=100, now=now, explore=False, log=False)
                rankings[query] = [result.id for result in answer.results]
                only = engine.search(query, k=100, now=now, depths={"memory": 100}, log=False)
                remembered[query] = [result.id for result in only.results]
    report(
        [
            ("events ingested", f"{len(events):,} in {spent:.1f} s ({len(events) / spent:,.0f}/s)"),
            ("held-out events", f"{len(test):,} under {len(queries):,} tags"),
            ("plain counts, top 10 / 100", "{:.3f} / {:.3f}".format(*counts(train, test))),
            ("memory arm alone, ranked", "{:.3f} / {:.3f}".format(*shares(test, remembered))),
            ("ltrr, whole pipeline", "{:.3f} / {:.3f}".format(*shares(test, rankings))),
        ]
    )


if __name__ == "__main__":
    main()
