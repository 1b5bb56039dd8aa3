"""What the memory shows of itself: a query's entities, the top queries, completions; and how it forgets.

What others asked is shown only once `min_users` users have acted under it; a query that the caller spells out himself
is no secret to him, but how many acted under it is told from that number on only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.engine.learn import at_the_end, checkpoint
from ltrr_cli.engine.learned import FORGET
from ltrr_cli.engine.requests import make_request
from ltrr_cli.memory.evidence import growth
from ltrr_cli.memory.recall import KAPPA
from ltrr_cli.records import Query
from ltrr_cli.text import hash64, key

if TYPE_CHECKING:
    from ltrr_cli.engine.opened import Opened

_QUERY = 1.5
_VALUE = 0.8
_MORE = 4
"""So many times more are looked at than are wanted: some are deleted, forgotten or the same."""
_TITLES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class RememberedEntity:
    """An entity that the memory connects with a query: `score` in [0, 1] is (a + κ·p₀) / (n + κ).

    `reward` is a, in today's worth; `predicted` is p₀.
    """

    id: str
    title: str
    score: float
    reward: float
    predicted: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RememberedQuery:
    """A query as the memory knows it. `users` is None where fewer than `min_users` have acted under it.

    `reward` is n, over all entities, in today's worth; `known`: somebody has acted under exactly this query.
    """

    query: str
    known: bool
    users: int | None
    reward: float
    entities: tuple[RememberedEntity, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """A text that goes on from a prefix; `kind` is query, title or value; `entity_id` that of a title."""

    text: str
    kind: str
    score: float
    entity_id: str = ""


def show(opened: Opened, text: str, *, k: int, now: float) -> RememberedQuery:
    """Return what the memory says of a query."""
    name = key(text)
    found = make_request(opened, Query(id="", text=text, time=now)).recall
    rewards = np.maximum(0, found.scores * (found.evidence + KAPPA) - KAPPA * found.predicted)
    users = opened.learned.known_to(name)
    parts = zip(
        found.rows[:k].tolist(), found.scores.tolist(), rewards.tolist(), found.predicted.tolist(), strict=False
    )
    entities = []
    for row, score, reward, predicted in parts:
        entity = opened.view.entity(row)
        one = RememberedEntity(id=entity.id, title=entity.title, score=score, reward=reward, predicted=predicted)
        entities.append(one)
    return RememberedQuery(
        query=name,
        known=found.known,
        users=users if users >= opened.config.min_users else None,
        reward=found.evidence,
        entities=tuple(entities),
    )


def top(opened: Opened, *, k: int, now: float) -> list[RememberedQuery]:
    """Return the queries with most reward under which `min_users` users have acted, each with its best entities."""
    scale = 1 / growth(now, opened.config.half_life_s)
    out = []
    for name, _ in _remembered(opened, "", k):
        entries = opened.learned.queries.exact(name, opened.row)
        rows, masses = entries if entries is not None else (np.empty(0, np.int64), np.empty(0))
        masses = np.maximum(masses, 0) * scale
        n = float(masses.sum())
        best = np.lexsort((rows, -masses))[:_TITLES]
        entities = []
        for row, mass in zip(rows[best].tolist(), masses[best].tolist(), strict=True):
            entity = opened.view.entity(row)
            score = mass / (n + KAPPA)
            entities.append(RememberedEntity(id=entity.id, title=entity.title, score=score, reward=mass, predicted=0.0))
        users = opened.learned.known_to(name)
        out.append(RememberedQuery(query=name, known=True, users=users, reward=n, entities=tuple(entities)))
    return sorted(out, key=lambda one: (-one.reward, one.query))


def complete(opened: Opened, prefix: str, *, k: int, now: float) -> list[Completion]:
    """Return texts that go on from a prefix, best first: remembered queries, titles and attribute values.

    What people acted under comes by its evidence, titles by popularity, values by how many entities have them.
    """
    start = key(prefix) + (" " if prefix[-1:].isspace() and key(prefix) else "")
    if not start:
        return []
    found: dict[str, Completion] = {}

    def offer(one: Completion) -> None:
        before = found.get(key(one.text))
        if before is None or before.score < one.score:
            found[key(one.text)] = one

    scale = 1 / growth(now, opened.config.half_life_s)
    for name, mass in _remembered(opened, start, k):
        n = max(0.0, mass * scale)
        offer(Completion(text=name, kind="query", score=_QUERY * n / (n + KAPPA)))
    for segment, (titles, values) in zip(opened.view.segments, opened.completions, strict=True):
        for entry in titles.best(start, _MORE * k) if titles is not None else ():
            row = np.array([entry.number + segment.base])
            if opened.view.living(row)[0]:
                entity = segment.entity(entry.number)
                offer(Completion(text=entity.title, kind="title", score=entry.weight, entity_id=entity.id))
        for entry in values.best(start, _MORE * k) if values is not None else ():
            score = _VALUE * math.log1p(entry.weight) / math.log1p(max(2, len(segment)))
            offer(Completion(text=entry.key, kind="value", score=score))
    return sorted(found.values(), key=lambda one: (-one.score, one.text))[:k]


def forget(opened: Opened, *, text: str | None, entity_id: str | None, now: float) -> bool:
    """Take a query, or an entity under every query, out of the memory; returns whether it was there.

    It is written down as a control record, by its hash, so that a rebuild forgets it too. The log keeps the actions
    themselves.
    """
    with at_the_end(opened) as end:
        row: dict[str, object] = {"kind": FORGET, "time": now, "after": [end.file, end.offset]}
        if text is not None:
            if not opened.learned.queries.knows(key(text)):
                return False
            row["query"] = f"{hash64(key(text)):016x}"
        else:
            if not _has_entity(opened, str(entity_id)):
                return False
            row["entity"] = entity_id
        opened.logs.control.append([row])
    opened.catch_up()
    checkpoint(opened)
    return True


def _has_entity(opened: Opened, entity_id: str) -> bool:
    """Tell whether the memory has an entity under any query, also one that the index has no more."""
    if any(entity_id in entities for entities in opened.learned.queries.new.values()):
        return True
    if opened.state.snapshot is None:
        return False
    import polars as pl

    table = pl.scan_parquet(opened.state.snapshot / f"{opened.learned.queries.name}.parquet")
    return not table.filter(pl.col("entity_id") == entity_id).head(1).collect().is_empty()


def _remembered(opened: Opened, start: str, most: int) -> list[tuple[str, float]]:
    """Return (key, mass) of the remembered queries that begin with `start` and may be shown, the heaviest first."""
    queries, least = opened.learned.queries, opened.config.min_users
    masses: dict[str, float] = {}
    texts = opened.remembered_texts
    if texts is not None:
        masses = {one.key: one.weight for one in texts.best(start, _MORE * most, least=least) if queries.knows(one.key)}
    for name, entities in queries.new.items():
        if name.startswith(start) and name not in masses:
            entries = queries.exact(name, opened.row)
            masses[name] = float(entries[1].sum()) if entries is not None else 0.0
        elif name in masses:
            masses[name] += sum(entities.values())
    shown = [(name, mass) for name, mass in masses.items() if opened.learned.known_to(name) >= least]
    return sorted(shown, key=lambda one: (-one[1], one[0]))[:most]
