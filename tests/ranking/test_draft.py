"""Team draft: fair teams, whole pages, and what each team may be given."""

from __future__ import annotations

from collections import Counter
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_cli.ranking.draft import team_draft
from ltrr_cli.records import NO_TEAM, TEAM_A, TEAM_B

RANKINGS = st.lists(st.integers(0, 12), unique=True, max_size=12)


class Coins(np.random.Generator):
    """A generator whose coins are given: 1 lets B pick first, 0 lets A."""

    def __init__(self, *coins: int) -> None:
        super().__init__(np.random.PCG64(0))
        self._coins = list(coins)

    def integers(self, *_: object, **__: object) -> int:  # type: ignore[override]
        """Return the next coin."""
        return self._coins.pop(0)


def draft(a: list[int], b: list[int], k: int, seed: int = 0) -> list[tuple[int, str]]:
    """Draft with a seed."""
    return team_draft(a, b, k, np.random.default_rng(seed))


def test_by_hand() -> None:
    """Two rounds whose coins are known: who picks second takes its best that is left."""
    b_first = team_draft([1, 2, 3, 4], [2, 1, 5, 6], 4, Coins(1, 0))
    assert b_first == [(2, TEAM_B), (1, TEAM_A), (3, TEAM_A), (5, TEAM_B)]
    a_first = team_draft([1, 2, 3, 4], [2, 1, 5, 6], 4, Coins(0, 1))
    assert a_first == [(1, TEAM_A), (2, TEAM_B), (5, TEAM_B), (3, TEAM_A)]


@given(RANKINGS, RANKINGS, st.integers(1, 15), st.integers(0, 2**64))
def test_a_longer_draft_begins_as_a_shorter_one(a: list[int], b: list[int], k: int, seed: int) -> None:
    """The page is what one draft of everything begins with, and what each ranking begins with decides it."""
    assert draft(a, b, 24, seed)[:k] == draft(a[:k], b[:k], k, seed)


def test_what_both_begin_with_has_no_team() -> None:
    """A shared beginning is shown as it is; the coins are for what follows."""
    page = team_draft([7, 8, 1, 2], [7, 8, 3, 1], 4, Coins(1))
    assert page == [(7, NO_TEAM), (8, NO_TEAM), (3, TEAM_B), (1, TEAM_A)]
    assert draft([1, 2, 3], [1, 2, 3], 10) == [(1, NO_TEAM), (2, NO_TEAM), (3, NO_TEAM)]


def test_the_rest_of_a_longer_ranking_has_no_team() -> None:
    """A page is filled, but nobody wins by length."""
    assert draft([], [1, 2], 3) == [(1, NO_TEAM), (2, NO_TEAM)]
    assert draft([1, 2], [], 1) == [(1, NO_TEAM)]
    assert draft([], [], 3) == []
    assert team_draft([1], [2, 3, 4], 4, Coins(0)) == [(1, TEAM_A), (2, NO_TEAM), (3, NO_TEAM), (4, NO_TEAM)]
    assert team_draft([1], [2, 3, 4], 4, Coins(1)) == [(2, TEAM_B), (1, TEAM_A), (3, NO_TEAM), (4, NO_TEAM)]


@given(RANKINGS, RANKINGS, st.integers(1, 15), st.integers(0, 2**64))
def test_every_page_is_sound(a: list[int], b: list[int], k: int, seed: int) -> None:
    """No result twice, none made up, as many as there can be, fair teams in their own order, the best before the rest.

    What a page holds is the best of A and the best of B: nothing is left out before something that is on it.
    """
    page = draft(a, b, k, seed)
    shown = [result for result, _ in page]
    assert len(set(shown)) == len(shown) == min(k, len({*a, *b}))
    assert draft(a, b, k, seed) == page
    sizes = Counter(team for _, team in page)
    assert abs(sizes[TEAM_A] - sizes[TEAM_B]) <= 1
    assert set(sizes) <= {TEAM_A, TEAM_B, NO_TEAM}
    for ranking, own in ((a, TEAM_A), (b, TEAM_B)):
        picked = [result for result, team in page if team == own]
        assert picked == [result for result in ranking if result in picked]
        places = [ranking.index(result) for result in picked]
        assert all(set(ranking[:place]) <= set(shown) for place in places)
    prefixes = [{*a[:i], *b[:j]} for i, j in product(range(len(a) + 1), range(len(b) + 1))]
    assert set(shown) in prefixes


@given(RANKINGS, RANKINGS, st.integers(1, 15), st.integers(0, 1000))
def test_a_and_b_are_treated_alike(a: list[int], b: list[int], k: int, seed: int) -> None:
    """With the rankings swapped and every coin turned over, the teams are swapped and the page is the same."""
    coins = np.random.default_rng(seed).integers(0, 2, 30).tolist()
    swapped = {TEAM_A: TEAM_B, TEAM_B: TEAM_A, NO_TEAM: NO_TEAM}
    page = team_draft(a, b, k, Coins(*coins))
    mirrored = team_draft(b, a, k, Coins(*(1 - coin for coin in coins)))
    teams = {result: team for result, team in mirrored if team != NO_TEAM}
    assert teams == {result: swapped[team] for result, team in page if team != NO_TEAM}


@pytest.mark.parametrize("k", [4, 5])
def test_somebody_who_clicks_anywhere_prefers_nobody(k: int) -> None:
    """Over the coins every position is as often A's as B's, whatever the rankings have in common."""
    a, b = [1, 2, 3, 4, 5, 6], [3, 1, 7, 8, 2, 9]
    teams = np.array([[team == TEAM_A for _, team in draft(a, b, k, seed)] for seed in range(4000)])
    assert np.abs(teams.mean(axis=0) - 0.5).max() < 0.03
