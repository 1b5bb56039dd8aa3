"""What people act on: of each user and session the latest, and which entities go together.

Entities go together where one user, or one session, acts on both: each pair counts once a person, decayed. Everything
is bounded: 200 entities a user, 30 a session, 10,000 sessions, and of an entity the 64 to 128 that it goes with most.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from ltrr_cli.memory.trails import Trails
from ltrr_cli.text import name_hash

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

MOST_OF_USER = 200
MOST_OF_SESSION = 30
MOST_SESSIONS = 10_000
MOST_TOGETHER = 64
_PARTNERS = 10
"""An action goes together with so many of the person's latest."""
_USUAL, _ENOUGH = 0.05, 50.0
"""Below this rate of returns, known from so many chances, people are taken not to do a thing twice."""
LATELY = 20
"""What a person acted on lately: so many entities."""
_OFTEN = 0.3
"""From this rate of comebacks on people are taken to stay with what they acted on lately."""


class People:
    """The trails, and how often people act again on the same.

    `returns` of `chances`: who acts under a query again chooses what he chose before. `comebacks` of `moves`: who acts
    on what he did not act on under this query acted on it lately, under others.
    """

    def __init__(self) -> None:
        self.users = Trails("users", MOST_OF_USER)
        self.sessions = Trails("sessions", MOST_OF_SESSION, keys=MOST_SESSIONS)
        self.together = Trails("together", MOST_TOGETHER, heaviest=True)
        self.chances = 0.0
        self.returns = 0.0
        self.moves = 0.0
        self.comebacks = 0.0

    def acted(self, user: str, session: str, entity_id: str, gain: float, scale: float) -> None:
        """Count an action: `gain` is what it was worth, `scale` the growth of masses at its time."""
        entity, mass = name_hash(entity_id), gain * scale
        trails = [(self.users, name_hash(user))] if user else []
        if session:
            trails.append((self.sessions, name_hash(session)))
        if gain > 0:
            partners: dict[int, None] = {}
            for trail, name in trails:
                own = trail.own(name)
                if entity in own:
                    break
                for item, worth in islice(reversed(own.items()), _PARTNERS):
                    if worth > 0:
                        partners[item] = None
            else:
                self.together.tie(entity, partners, mass)
        for trail, name in trails:
            trail.add(name, entity, mass)

    def chose(self, *, before: bool) -> None:
        """Count that somebody acted under a query not for the first time: on what he chose `before`, or not."""
        self.chances += 1
        self.returns += before

    def moved(self, user: str, entity_id: str) -> None:
        """Count that a user acts on what is new under this query; to be called before `acted`."""
        own = self.users.own(name_hash(user))
        if own:
            self.moves += 1
            entity = name_hash(entity_id)
            self.comebacks += own.get(entity, 0.0) > 0 and entity in islice(reversed(own), LATELY)

    @property
    def loyalty(self) -> float:
        """How sure it is that people, whatever they ask, come back to what they acted on lately, in [0, 1]."""
        rate = self.comebacks / max(1.0, self.moves)
        return self.moves / (self.moves + _ENOUGH) * min(1.0, rate / _OFTEN)

    @property
    def once(self) -> float:
        """How sure it is that nobody acts on the same entity twice under one query, in [0, 1]."""
        rate = self.returns / max(1.0, self.chances)
        return self.chances / (self.chances + _ENOUGH) * max(0.0, 1 - rate / _USUAL)

    def write(self, directory: Path) -> None:
        """Write the trails."""
        for trail in (self.users, self.sessions, self.together):
            trail.write(directory)

    @property
    def counts(self) -> list[float]:
        """What is counted of people's choices, to be kept beside the trails."""
        return [self.chances, self.returns, self.moves, self.comebacks]

    def open(self, directory: Path, counts: Sequence[float]) -> None:
        """Map the trails; `counts` are kept elsewhere. Raises OSError or ValueError if they are damaged."""
        for trail in (self.users, self.sessions, self.together):
            trail.open(directory)
        self.chances, self.returns, self.moves, self.comebacks = map(float, counts)
