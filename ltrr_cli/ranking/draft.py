"""Team draft: one page from two rankings, such that clicks on it tell which of the two people prefer.

As two captains pick their teams: in every round a coin decides who picks first, then each picks the best of its own
ranking that is not on the page yet (Radlinski, Kurup & Joachims, How does clickthrough data reflect retrieval quality?,
CIKM 2008, algorithm 2). A click is a point for the team that picked the result. Someone who clicks at random gives both
as many points: the teams are of equal size, and over the coin every place is as often one's as the other's.

Two refinements. Where both rankings begin alike, what they share is shown without a team, since no click on it could
tell them apart (as in Lerot: Schuth et al., LivingLab 2013). Where one ranking is used up, the algorithm ends; a page
should not: the rest of the other ranking follows, without a team too, else the longer ranking would win by length.
"""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING, TypeVar

from ltrr_cli.records import NO_TEAM, TEAM_A, TEAM_B

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    import numpy as np

T = TypeVar("T", bound="Hashable")


def team_draft(a: Sequence[T], b: Sequence[T], k: int, rng: np.random.Generator) -> list[tuple[T, str]]:
    """Return the page, at most `k` results of rankings that are best first: (result, the team that picked it).

    A team is TEAM_A, TEAM_B, or NO_TEAM for what is shown without one. No result is there twice. The sizes of the teams
    differ by at most one, and the results of a team stand in the order of its ranking.
    """
    both = takewhile(lambda pair: pair[0] == pair[1], zip(a[:k], b[:k], strict=False))
    page = {one: NO_TEAM for one, _ in both}
    rankings = {TEAM_A: a, TEAM_B: b}
    best = {TEAM_A: 0, TEAM_B: 0}  # place of the best that is not shown yet

    def both_can_pick() -> bool:
        for team, ranking in rankings.items():
            while best[team] < len(ranking) and ranking[best[team]] in page:
                best[team] += 1
        return best[TEAM_A] < len(a) and best[TEAM_B] < len(b)

    turns: list[str] = []
    while len(page) < k and both_can_pick():
        if not turns:
            turns = [TEAM_A, TEAM_B] if rng.integers(2) else [TEAM_B, TEAM_A]
        team = turns.pop()
        page[rankings[team][best[team]]] = team
    for result in (*a, *b):  # of one of them nothing is left
        page.setdefault(result, NO_TEAM)
    return list(page.items())[:k]
