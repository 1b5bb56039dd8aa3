"""Memory and tastes on real behaviour: Last.fm tags as queries, learned at the end of each date, predicted before.

All events of a date are predicted before any of them is learned; the last fifth of the events counts. Share of the
events whose artist is in the top 10 / 100 for the tag and its user, beside plain query→entity counts at the same pace.
The catalogue's popularity is left out: it counts plays that happened after the events. A listener tags an artist with
a tag once, so no system can win by repeating a user's own past. Dates are months: a third of the last fifth's events
are by listeners of whom nothing was known before their month.

    python benchmarks/lastfm.py            # the last fifth
    python benchmarks/lastfm.py --tune     # the fifth before it, to choose by
"""

from __future__ import annotations

import argparse
import collections
import json
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from common import OUT, data, report, rows

from ltrr_cli import Engine
from ltrr_cli.catalog import Overrides
from ltrr_cli.feedback.formats import Feedback
from ltrr_cli.feedback.times import parse_time

if TYPE_CHECKING:
    from collections.abc import Mapping

Event = dict[str, str]
SYSTEMS: Mapping[str, tuple[bool, Mapping[str, int] | None]] = {
    "ltrr, whole pipeline": (True, None),
    "ltrr, not told who asks": (False, None),
    "memory arm alone, ranked": (False, {"memory": 100}),
    "personal arm alone, ranked": (True, {"personal": 100}),
}
"""Whether the user is told, and which strategies answer; None: the policy's choice."""


class Shares:
    """Counts how many entities were in the first 10 and 100."""

    def __init__(self) -> None:
        self.first = self.second = self.all = 0

    def add(self, entity: str, ranking: list[str]) -> None:
        """Count one."""
        self.first += entity in ranking[:10]
        self.second += entity in ranking[:100]
        self.all += 1

    def __str__(self) -> str:
        """Return both shares."""
        return f"{self.first / self.all:.3f} / {self.second / self.all:.3f}"


def main() -> None:
    """Build, then date by date predict and ingest."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tune", action="store_true", help="the fourth fifth of the events, not the last")
    parser.add_argument("--share", type=int, default=1, help="predict every nth event only")
    given = parser.parse_args()
    events: list[Event] = rows(data("lastfm") / "feedback.jsonl.zst")
    fifth = len(events) // 5
    start, end = (events[3 * fifth]["ts"], events[4 * fifth]["ts"]) if given.tune else (events[4 * fifth]["ts"], "9")
    by_date: dict[str, list[Event]] = collections.defaultdict(list)
    for event in events:
        by_date[event["ts"]].append(event)
    pristine = OUT / "lastfm.ltrr"
    if not (pristine / "manifest.json").exists():
        Engine.build(data("lastfm") / "catalog.jsonl.zst", pristine, overrides=Overrides(popularity=""))
    table: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    shares = {name: Shares() for name in ("plain counts", *SYSTEMS)}
    ingested, spent = 0, 0.0
    with tempfile.TemporaryDirectory(dir=OUT) as scratch:
        index = Path(scratch) / "lastfm.ltrr"
        shutil.copytree(pristine, index)
        with Engine.open(index) as engine:
            pending: list[Event] = []
            for date, found in sorted(by_date.items()):
                if date >= end:
                    break
                if date >= start:
                    spent += ingest(engine, Path(scratch) / "past.jsonl", pending)
                    ingested += len(pending)
                    pending = []
                    predict(engine, date, found[:: given.share], table, shares)
                pending += found
                for event in found:
                    table[event["query"]][event["entity_id"]] += 1
    report(
        [
            ("events learned", f"{ingested:,} in {spent:.1f} s ({ingested / spent:,.0f}/s)"),
            ("events predicted", f"{shares['plain counts'].all:,}, in the top 10 / 100:"),
            *((name, str(share)) for name, share in shares.items()),
        ]
    )


def ingest(engine: Engine, path: Path, events: list[Event]) -> float:
    """Learn events; returns seconds."""
    path.write_text("".join(json.dumps(event) + "\n" for event in events), encoding="utf-8")
    started = time.perf_counter()
    engine.ingest(Feedback([path]))
    return time.perf_counter() - started


def predict(
    engine: Engine,
    date: str,
    events: list[Event],
    table: Mapping[str, collections.Counter[str]],
    shares: Mapping[str, Shares],
) -> None:
    """Predict a date's events, by what was learned before it."""
    now = parse_time(date)
    kept: dict[tuple[str, str, str], list[str]] = {}
    for event in events:
        query = event["query"]
        counted = [entity for entity, _ in table[query].most_common(100)] if query in table else []
        shares["plain counts"].add(event["entity_id"], counted)
        for name, (told, depths) in SYSTEMS.items():
            user = event["user_id"] if told else ""
            if (name, query, user) not in kept:
                answer = engine.search(query, k=100, user=user, now=now, explore=False, log=False, depths=depths)
                kept[name, query, user] = [result.id for result in answer.results]
            shares[name].add(event["entity_id"], kept[name, query, user])


if __name__ == "__main__":
    main()
