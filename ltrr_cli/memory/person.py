"""Who asks, as strategies and the ranker see him: what he acted on, his tastes, and what goes together with them."""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.memory.people import LATELY, People
from ltrr_cli.text import hash64

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from ltrr_cli.index.view import View

Weighted = tuple["NDArray[np.int64]", "NDArray[np.float64]"]
"""Rows (n,) and a weight of each (n,)."""
_TASTE = 40
"""A taste is made of so many entities, those that count most."""
_FADES = 0.8
"""In a session each action counts so much less than the one after it."""
_SEEDS = 30
_VALUES = 24
_COMPANY = 300
_FEW = 3.0
"""From so many likes the company that they keep counts half."""
_NONE: Weighted = (np.empty(0, np.int64), np.empty(0, np.float64))


class Person:
    """A user, a session, entities that are liked here and now: any of them may be missing.

    All is read when it is first asked for. Masses and weights are in rewards of today's worth; those of dislikes are
    below 0. `scale` is the growth of masses at the query's time.
    """

    def __init__(
        self,
        people: People,
        view: View,
        *,
        user: str = "",
        session: str = "",
        likes: Sequence[int] = (),
        scale: float = 1.0,
        done: Callable[[NDArray[np.int64]], NDArray[np.float32]] | None = None,
    ) -> None:
        self._people, self._view, self._scale = people, view, scale
        self._user, self._session, self._likes = user, session, tuple(likes)
        self.done = done
        """Says of rows whether the user acted on them under this very query: (n,) float32 in [0, 1]; None: unknown."""

    @cached_property
    def _own(self) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.float64]]:
        """What the user acted on: hashes, living rows, masses; the latest last."""
        return self._here(*self._people.users.get(hash64(self._user))) if self._user else self._here(*_empty())

    def _here(
        self, items: NDArray[np.uint64], masses: NDArray[np.float64]
    ) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.float64]]:
        if not len(items):
            return items, np.empty(0, np.int64), masses
        rows = self._view.rows_of(items)
        here = rows >= 0
        return items[here], rows[here], masses[here] / self._scale

    @cached_property
    def own(self) -> Weighted | None:
        """The user's own rewards, none below 0; None where there are none."""
        _, rows, masses = self._own
        return (rows, np.maximum(masses, 0)) if len(rows) else None

    @cached_property
    def lately(self) -> Weighted:
        """What the user acted on: 1 for the latest, half after `LATELY` others, times `People.loyalty`; dislikes 0."""
        _, rows, masses = self._own
        ages = np.arange(len(rows) - 1, -1, -1.0)
        return rows, np.where(masses > 0, self._people.loyalty * 0.5 ** (ages / LATELY), 0.0)

    @property
    def taste_of_user(self) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.float64]]:
        """What the user acted on and the index still has: hashes, rows, masses; the latest last."""
        return self._own

    @cached_property
    def recent(self) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.float64]]:
        """What the session acted on, and what is liked here and now: hashes, rows, weights; the latest counts most."""
        items, masses = self._people.sessions.get(hash64(self._session)) if self._session else _empty()
        if len(items):
            fades = _FADES ** np.arange(len(items) - 1, -1, -1.0)
            # a session is short: what an action was worth counts, not its age
            masses = np.sign(masses) * fades * self._scale
        items, rows, weights = self._here(items, masses)
        if self._likes:
            liked = np.array(self._likes, np.int64)
            items = np.concatenate([items, self._view.hashes(liked)])
            rows = np.concatenate([rows, liked])
            weights = np.concatenate([weights, np.ones(len(liked))])
        return items, rows, weights

    @cached_property
    def taste(self) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.float64]]:
        """What the person likes and dislikes: hashes, rows, weights; positive ones sum to 1 of user and of session."""
        parts = [part for part in (self._own, self.recent) if len(part[1])]
        if not parts:
            return self._here(*_empty())
        found = []
        for items, rows, masses in parts:
            most = np.lexsort((rows, -np.abs(masses)))[:_TASTE]
            total = float(np.maximum(masses[most], 0).sum())
            found.append((items[most], rows[most], masses[most] / total if total > 0 else masses[most]))
        items, rows, weights = (np.concatenate(part) for part in zip(*found, strict=True))
        return items, rows, weights

    @property
    def known(self) -> bool:
        """Whether there is anything that the person likes."""
        return bool((self.taste[2] > 0).any())

    @cached_property
    def vector(self) -> NDArray[np.float32] | None:
        """The user's taste as a unit vector, (dim,) float32, dislikes subtracted; None where nothing is known."""
        _, rows, masses = self._own
        most = np.lexsort((rows, -np.abs(masses)))[:_TASTE]
        return _middle(self._view, rows[most], masses[most])

    @cached_property
    def session_vector(self) -> NDArray[np.float32] | None:
        """The same of the session, and of what is liked here and now."""
        _, rows, weights = self.recent
        return _middle(self._view, rows, weights)

    @cached_property
    def company(self) -> Weighted:
        """Rows that go together with what the person likes: scores in (0, 1), nearer to 1 the more he likes."""
        items, _, weights = self.taste
        liked = np.flatnonzero(weights > 0)
        liked = liked[np.lexsort((items[liked], -weights[liked]))][:_SEEDS]
        rows, scores = self.together(items[liked], weights[liked])
        most = np.lexsort((rows, -scores))[:_COMPANY]
        most.sort()
        top = float(scores[most].max(initial=0.0)) * (len(liked) + _FEW) / max(1, len(liked))
        return rows[most], scores[most] / top if top > 0 else scores[most]

    def together(self, items: NDArray[np.uint64], weights: NDArray[np.float64]) -> Weighted:
        """Return rows that go together with some entities (hashes, weights), ascending, and how much.

        Of each entity its companions' masses are divided by their sum's root: who goes with everything says little.
        """
        lists = [self._people.together.get(item) for item in items.tolist()]
        if not any(len(found) for found, _ in lists):
            return _NONE
        shares = [
            weight * masses / math.sqrt(float(masses.sum()))
            for (_, masses), weight in zip(lists, weights.tolist(), strict=True)
            if len(masses)
        ]
        found = np.concatenate([one for one, _ in lists])
        unique, inverse = np.unique(found, return_inverse=True)
        scores = np.bincount(inverse, np.concatenate(shares), len(unique)) / math.sqrt(self._scale)
        rows = self._view.rows_of(unique)
        here = np.flatnonzero(rows >= 0)
        order = here[np.argsort(rows[here])]
        return rows[order], scores[order]

    @cached_property
    def values(self) -> tuple[NDArray[np.uint64], NDArray[np.float32]]:
        """Attribute values of what the person likes: their hashes (n,) and shares of the liking (n,), in sum 1."""
        _, rows, weights = self.taste
        liked = weights > 0
        rows, weights = rows[liked], weights[liked]
        hashes: list[NDArray[np.uint64]] = []
        masses: list[NDArray[np.float64]] = []
        for segment, places, own in self._view.by_segment(rows) if len(rows) else []:
            starts = segment.values.starts
            for place, row in zip(places.tolist(), own.tolist(), strict=True):
                terms = segment.values.hashes[starts[row] : starts[row + 1]]
                hashes.append(terms)
                masses.append(np.full(len(terms), weights[place]))
        if not hashes:
            return np.empty(0, np.uint64), np.empty(0, np.float32)
        unique, inverse = np.unique(np.concatenate(hashes), return_inverse=True)
        mass = np.bincount(inverse, np.concatenate(masses), len(unique))
        most = np.lexsort((unique, -mass))[:_VALUES]
        return unique[most], (mass[most] / max(float(mass[most].sum()), 1e-9)).astype(np.float32)


def nobody(view: View) -> Person:
    """Return somebody of whom nothing is known."""
    return Person(People(), view)


def _empty() -> tuple[NDArray[np.uint64], NDArray[np.float64]]:
    return np.empty(0, np.uint64), np.empty(0, np.float64)


def _middle(view: View, rows: NDArray[np.int64], weights: NDArray[np.float64]) -> NDArray[np.float32] | None:
    """Return the unit vector in the weighted middle, None where nothing weighs more than 0."""
    if not (weights > 0).any():
        return None
    total: NDArray[np.float32] = np.einsum("n,nd->d", weights.astype(np.float32), view.vectors(rows))
    return total / np.float32(max(math.sqrt(float(np.einsum("d,d->", total, total))), 1e-9))


def values_at(rows: NDArray[np.int64], known: Weighted) -> NDArray[np.float64]:
    """Return the weights of rows among the known ones, 0 where one is not: (n,) float64."""
    own, weights = known
    if not len(own):
        return np.zeros(len(rows))
    order = own.argsort()
    places = order[np.minimum(own.searchsorted(rows, sorter=order), len(own) - 1)]
    return np.where(own[places] == rows, weights[places], 0.0)
