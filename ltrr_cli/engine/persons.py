"""What an index knows of one user: shown to him, and given to him."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ltrr_cli.index.values import terms
from ltrr_cli.memory.evidence import growth
from ltrr_cli.memory.person import Person
from ltrr_cli.text import hash64

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ltrr_cli.engine.opened import Opened
    from ltrr_cli.feedback.log import Log

_SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Liking:
    """An entity that a user acted on, and his reward for it, in today's worth; below 0 what he dislikes."""

    id: str
    type: str
    title: str
    reward: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonReport:
    """What is known of a user.

    `queries` and `events` are his lines of the logs, without how the answers came about; `likings` all that is kept of
    what he acted on, most rewarded first; `values` the attribute values that he likes and `company` the entities that
    people act on together with what he likes, each with a share in (0, 1], the highest first.
    """

    user: str
    queries: Sequence[Mapping[str, Any]]
    events: Sequence[Mapping[str, Any]]
    likings: Sequence[Liking]
    values: Mapping[str, float]
    company: Mapping[str, float]

    @property
    def known(self) -> bool:
        """Whether the logs or what was learned have anything of him."""
        return bool(self.queries or self.events or self.likings)


def report(opened: Opened, user: str, now: float) -> PersonReport:
    """Collect it: the logs are read from one end to the other."""
    person = Person(opened.learned.people, opened.view, user=user, scale=growth(now, opened.config.half_life_s))
    _, rows, masses = person.taste_of_user
    order = np.lexsort((rows, -masses))
    likings: list[Liking] = []
    named: dict[int, str] = {}
    for row, mass in zip(rows[order].tolist(), masses[order].tolist(), strict=True):
        entity = opened.view.entity(row)
        likings.append(Liking(id=entity.id, type=entity.type, title=entity.title, reward=round(mass, 6)))
        named |= {hash64(f"{name}={word}"): f"{name}={word}" for name, word in terms(entity)}
    hashes, shares = person.values
    values = {
        named[one]: round(float(share), 6) for one, share in zip(hashes.tolist(), shares, strict=True) if one in named
    }
    near, scores = person.company
    others = ~np.isin(near, rows)
    near, scores = near[others], scores[others]
    best = np.lexsort((near, -scores))[:_SHOWN]
    return PersonReport(
        user=user,
        queries=tuple(_of(opened.logs.queries, user)),
        events=tuple(_of(opened.logs.events, user)),
        likings=tuple(likings),
        values=dict(sorted(values.items(), key=lambda one: (-one[1], one[0]))[:_SHOWN]),
        company={
            name: round(float(scores[place]), 6) for name, place in zip(opened.view.ids(near[best]), best, strict=True)
        },
    )


def _of(log: Log, user: str) -> Iterator[Mapping[str, Any]]:
    """Yield a user's lines, without the traces of how his answers came about: those are about the index."""
    for _, row in log.replay():
        if str(row.get("user_id") or row.get("client_id") or "") == user != "":
            attributes = row.get("query_attributes")
            if isinstance(attributes, dict):
                attributes.pop("ltrr", None)
            yield row
