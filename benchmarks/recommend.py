"""Recommendations without a query on real behaviour: the artists that Last.fm listeners tag next.

The first four fifths of the events are learned. Then, once for every listener with at least 5 artists there and a new
one in the last fifth: which of those new artists are recommended? Beside the artists that most listeners tagged, and
item neighbours: the artists nearest (cosine of the sets of listeners) to those of the listener, summed, the textbook
of recommending by what goes together (Sarwar et al., WWW 2001). All leave out what the listener tagged before.

    python benchmarks/recommend.py
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from common import OUT, data, mean, report, rows

from ltrr_cli import Engine
from ltrr_cli.catalog import Overrides
from ltrr_cli.feedback.formats import Feedback
from ltrr_cli.feedback.times import parse_time

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MOST = 100
LEAST_PAST = 5


def main() -> None:
    """Learn four fifths, recommend, compare."""
    events = rows(data("lastfm") / "feedback.jsonl.zst")
    split = events[len(events) * 4 // 5]["ts"]
    past, new = acted(events, lambda ts: ts < split), acted(events, lambda ts: ts >= split)
    wanted = {user: new[user] - past[user] for user in sorted(new) if len(past.get(user, ())) >= LEAST_PAST}
    wanted = {user: found for user, found in wanted.items() if found}
    systems = {
        "most listeners": by_listeners(past),
        "item neighbours": by_neighbours(past),
        "ltrr": by_ltrr([event for event in events if event["ts"] < split], parse_time(split), list(wanted)),
    }
    lines = [
        ("listeners", f"{len(wanted):,}; hit at 10 / recall at 100 of {mean([*map(len, wanted.values())]):.0f} artists")
    ]
    for name, system in systems.items():
        ranked = {user: system(user) for user in wanted}
        hits = [float(bool(found & set(ranked[user][:10]))) for user, found in wanted.items()]
        recalls = [len(found & set(ranked[user])) / len(found) for user, found in wanted.items()]
        lines.append((name, f"{mean(hits):.3f} / {mean(recalls):.3f}"))
    report(lines)


def acted(events: list[dict[str, str]], when: Callable[[str], bool]) -> dict[str, set[str]]:
    """Return user → entity ids acted on in the time asked for."""
    found: dict[str, set[str]] = defaultdict(set)
    for event in events:
        if when(event["ts"]):
            found[event["user_id"]].add(event["entity_id"])
    return found


def by_listeners(past: Mapping[str, set[str]]) -> Callable[[str], list[str]]:
    """Recommend what most users acted on."""
    order = [
        entity for entity, _ in Counter(entity for found in past.values() for entity in sorted(found)).most_common()
    ]
    return lambda user: [entity for entity in order if entity not in past[user]][:MOST]


def by_neighbours(past: Mapping[str, set[str]]) -> Callable[[str], list[str]]:
    """Recommend the entities nearest to the user's own, by the cosine of their sets of users, summed."""
    users = {user: number for number, user in enumerate(sorted(past))}
    entities = sorted({entity for found in past.values() for entity in found})
    places = {entity: number for number, entity in enumerate(entities)}
    matrix = np.zeros((len(users), len(entities)), np.float32)
    for user, found in past.items():
        matrix[users[user], [places[entity] for entity in found]] = 1
    unit = matrix / np.linalg.norm(matrix, axis=0)

    def recommend(user: str) -> list[str]:
        own = matrix[users[user]]
        scores = (unit @ own) @ unit  # the sum of cosines with each of his own
        scores[own > 0] = -1
        return [entities[place] for place in np.argsort(-scores, kind="stable")[:MOST]]

    return recommend


def by_ltrr(events: list[dict[str, str]], now: float, users: list[str]) -> Callable[[str], list[str]]:
    """Recommend with ltrr, which learned the events."""
    pristine = OUT / "lastfm.ltrr"
    if not (pristine / "manifest.json").exists():
        Engine.build(data("lastfm") / "catalog.jsonl.zst", pristine, overrides=Overrides(popularity=""))
    with tempfile.TemporaryDirectory(dir=OUT) as scratch:
        index, log = Path(scratch) / "lastfm.ltrr", Path(scratch) / "past.jsonl"
        shutil.copytree(pristine, index)
        log.write_text("".join(json.dumps(event) + "\n" for event in events), encoding="utf-8")
        with Engine.open(index) as engine:
            engine.ingest(Feedback([log]), now=now)
            found = {
                user: [one.id for one in engine.recommend(user=user, k=MOST, now=now, explore=False, log=False).results]
                for user in users
            }
    return found.__getitem__


if __name__ == "__main__":
    main()
