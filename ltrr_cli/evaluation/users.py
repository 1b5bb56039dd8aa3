"""Simulated users: who searches, what they like, and which places of a page they look at and click.

A click model turns the attractions of a page (the probability that a result is clicked once it is looked at) into
clicks. It knows its own examination exactly, so the expected clicks of a page need no simulation.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING, Protocol

from ltrr_cli.errors import UsageError
from ltrr_cli.text import hash64

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

MAX_USERS = 1_000_000


class ClickModel(Protocol):
    """How a person reads a page: from the attraction of each place, in [0, 1], to clicks."""

    name: str

    def examination(self, attraction: Sequence[float]) -> list[float]:
        """Return the exact probability that each place of this page is looked at."""

    def clicks(self, attraction: Sequence[float], rng: np.random.Generator) -> list[int]:
        """Return the clicked places of one page view, from 0, ascending.

        Every model draws one number for each place, used or not, so that views are comparable under one seed.

        Raises:
            UsageError: an attraction is outside [0, 1].
        """

    def expected(self, attraction: Sequence[float]) -> float:
        """Return the expected number of clicks: the sum of examination times attraction."""
        return math.fsum(map(_times, self.examination(attraction), attraction))


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionBased(ClickModel):
    """Place r is looked at with probability (1/r)^eta, whatever stands there; several clicks are possible.

    Richardson et al., Predicting clicks, WWW 2007; Craswell et al., WSDM 2008. `eta` is 0 or more; 0 looks at all.
    """

    eta: float = 1.0
    name: str = field(default="position", init=False)

    def __post_init__(self) -> None:
        if not (math.isfinite(self.eta) and self.eta >= 0):
            raise UsageError(f"eta must be 0 or more, not {self.eta}")

    def examination(self, attraction: Sequence[float]) -> list[float]:
        """Return (1/r)^eta for each rank r from 1."""
        return [rank**-self.eta for rank in range(1, len(_checked(attraction)) + 1)]

    def clicks(self, attraction: Sequence[float], rng: np.random.Generator) -> list[int]:
        """Click each place with probability examination times attraction, independently."""
        chances = map(_times, self.examination(attraction), attraction)
        draws = rng.random(len(attraction)).tolist()
        return [place for place, (draw, chance) in enumerate(zip(draws, chances, strict=True)) if draw < chance]


@dataclass(frozen=True, slots=True, kw_only=True)
class DependentClick(ClickModel):
    """Read from the top; after a click at rank r go on with probability λ_r, after no click always.

    Guo et al., Efficient multiple-click models in web search, WSDM 2009. They fit one λ_r per rank to a log; without a
    log there is one number: λ_r = `persistence`, in [0, 1], for every r. With 0 it is the cascade.
    """

    persistence: float = 0.5
    name: str = field(default="dependent", init=False)

    def __post_init__(self) -> None:
        _share("persistence", self.persistence)

    def examination(self, attraction: Sequence[float]) -> list[float]:
        """Return e_1 = 1, e_(r+1) = e_r · (1 − a_r · (1 − λ))."""
        goes_on = (1 - chance * (1 - self.persistence) for chance in _checked(attraction))
        return list(accumulate(goes_on, _times, initial=1.0))[: len(attraction)]

    def clicks(self, attraction: Sequence[float], rng: np.random.Generator) -> list[int]:
        """Walk down the page, and perhaps stop after a click."""
        clicked: list[int] = []
        draws = rng.random(len(attraction)).tolist()
        for place, (draw, chance) in enumerate(zip(draws, _checked(attraction), strict=True)):
            if draw < chance:
                clicked.append(place)
                if draw >= chance * self.persistence:  # given draw < chance, draw / chance is uniform too
                    break
        return clicked


@dataclass(frozen=True, slots=True, kw_only=True)
class Cascade(ClickModel):
    """Read from the top and stop at the first click: at most one.

    Craswell et al., An experimental comparison of click position-bias models, WSDM 2008.
    """

    name: str = field(default="cascade", init=False)

    def examination(self, attraction: Sequence[float]) -> list[float]:
        """Return, for each place, the probability that none before it is clicked."""
        return _IMPATIENT.examination(attraction)

    def clicks(self, attraction: Sequence[float], rng: np.random.Generator) -> list[int]:
        """Return the first attractive place, if there is one."""
        return _IMPATIENT.clicks(attraction, rng)


def click_model(name: str) -> ClickModel:
    """Return a model by its name: `position`, `cascade` or `dependent`, with its default settings.

    Raises:
        UsageError: there is no such model.
    """
    models: tuple[ClickModel, ...] = (PositionBased(), Cascade(), DependentClick())
    for model in models:
        if model.name == name:
            return model
    raise UsageError(f"no click model is called {name!r}", next=f"use one of {', '.join(one.name for one in models)}")


class Users:
    """People with tastes of their own; some search more than others.

    `taste` in [0, 1]: how much less a user clicks in the groups (types, genres …) that he does not like, about half of
    them; 0 is no taste. `noise` in [0, 1]: the probability of a click on something irrelevant. The same seed gives the
    same people.
    """

    def __init__(self, count: int, *, taste: float, noise: float, seed: int) -> None:
        if not 1 <= count <= MAX_USERS:
            raise UsageError(f"users must be from 1 to {MAX_USERS:,}, not {count}")
        if seed < 0:
            raise UsageError(f"seed must be 0 or more, not {seed}")
        self.count = count
        self.taste = _share("taste", taste)
        self.noise = _share("noise", noise)
        self._seed = seed
        self._digits = max(3, len(str(count)))
        # Zipf's law with exponent 1: user n searches 1/n as often as the first
        self._shares = list(accumulate(1 / number for number in range(1, count + 1)))

    def pick(self, rng: np.random.Generator) -> str:
        """Return who searches now, such as `u007`; the n-th user is drawn in proportion to 1/n."""
        drawn = bisect_right(self._shares, rng.random() * self._shares[-1])
        return f"u{min(drawn + 1, self.count):0{self._digits}d}"

    def likes(self, user: str, group: str) -> bool:
        """Whether a user likes a group; every second pair does, and nobody dislikes the group without a name."""
        return not group or bool(hash64(f"{self._seed}\n{user}\n{group}") & 1)

    def attraction(self, user: str, groups: Sequence[str], grades: Sequence[int], top: int) -> list[float]:
        """Return for each result the probability, in [0, 1], that the user clicks it once he looks at it.

        Of grade g it is p = (2^g − 1) / (2^top − 1), the gain of expected reciprocal rank (Chapelle et al., CIKM 2009),
        times (1 − taste) in a group that the user does not like, then (1 − noise) · p + noise. Grades below 0 count as
        0, above `top` as `top`; with `top` 0 or less nothing is relevant.

        Args:
            user: as `pick` gives them, or any other name.
            groups: the group of each result.
            grades: the grade of each result.
            top: the best grade there is.

        Raises:
            UsageError: there are not as many groups as grades.
        """
        if len(groups) != len(grades):
            raise UsageError(f"there are {len(groups)} groups for {len(grades)} grades")
        out = []
        for group, grade in zip(groups, grades, strict=True):
            gain = _gain(min(grade, top), top)
            if gain and not self.likes(user, group):
                gain *= 1 - self.taste
            out.append((1 - self.noise) * gain + self.noise)
        return out


def _gain(grade: int, top: int) -> float:
    """Return (2^grade − 1) / (2^top − 1), both divided by 2^top: no power overflows."""
    if grade <= 0:
        return 0.0
    none = math.ldexp(1.0, -top)
    return (math.ldexp(1.0, grade - top) - none) / (1 - none)


def _times(one: float, other: float) -> float:
    return one * other


def _share(name: str, value: float) -> float:
    if not 0 <= value <= 1:
        raise UsageError(f"{name} must be from 0 to 1, not {value}")
    return float(value)


def _checked(attraction: Sequence[float]) -> Sequence[float]:
    for place, chance in enumerate(attraction):
        if not 0 <= chance <= 1:
            raise UsageError(f"an attraction must be from 0 to 1, not {chance} (place {place})")
    return attraction


_IMPATIENT = DependentClick(persistence=0.0)
