"""Trails: bounded lists that a replay gives again, wherever checkpoints fall."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ltrr_cli.memory.trails import Trails

if TYPE_CHECKING:
    from pathlib import Path

KINDS = {"latest": (3, False, 0), "heaviest": (2, True, 0), "few keys": (3, False, 2)}
STEPS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 8), st.floats(-1, 5)), max_size=40)


def _trails(kind: str) -> Trails:
    most, heaviest, keys = KINDS[kind]
    return Trails("t", most, heaviest=heaviest, keys=keys)


def _all(trails: Trails) -> dict[int, list[tuple[int, float]]]:
    found = {key: _items(trails, key) for key in range(5)}
    return {key: items for key, items in found.items() if items}


def _items(trails: Trails, key: int) -> list[tuple[int, float]]:
    items, masses = trails.get(key)
    return list(zip(items.tolist(), masses.tolist(), strict=True))


def test_the_latest_stay() -> None:
    """What was added to last is last, and the oldest goes."""
    trails = _trails("latest")
    for item in (1, 2, 3, 1, 4):
        trails.add(7, item, 1.0)
    assert _items(trails, 7) == [(3, 1.0), (1, 2.0), (4, 1.0)]
    assert [*trails.own(7).items()] == _items(trails, 7)
    assert _items(trails, 8) == []


def test_the_heaviest_stay() -> None:
    """A list grows to twice its size, then its lighter half goes."""
    trails = _trails("heaviest")
    for item, mass in ((1, 5.0), (2, 1.0), (3, 2.0), (4, 3.0)):
        trails.add(7, item, mass)
    assert len(trails.get(7)[0]) == 4
    trails.add(7, 5, 0.5)
    assert sorted(trails.get(7)[0].tolist()) == [1, 4]


@given(st.lists(st.tuples(st.integers(0, 6), st.sets(st.integers(0, 6)), st.floats(0.1, 5)), max_size=30))
def test_ties_are_additions_both_ways(steps: list[tuple[int, set[int], float]]) -> None:
    """Tying one to others is adding each pair, one way and the other."""
    tied, added = _trails("heaviest"), _trails("heaviest")
    for one, others, mass in steps:
        partners = sorted(others - {one})
        tied.tie(one, partners, mass)
        for other in partners:
            added.add(one, other, mass)
            added.add(other, one, mass)
    assert _all(tied) == _all(added)


def test_the_latest_keys_stay() -> None:
    """Where keys are bounded, who was added to longest ago is gone."""
    trails = _trails("few keys")
    for key in (1, 2, 1, 3):
        trails.add(key, 5, 1.0)
    assert set(_all(trails)) == {1, 3}


@pytest.mark.parametrize("kind", KINDS)
@given(steps=STEPS, cuts=st.sets(st.integers(0, 39), max_size=4))
@settings(max_examples=40, deadline=None)
def test_checkpoints_change_nothing(
    kind: str, steps: list[tuple[int, int, float]], cuts: set[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Written down and opened again at any time, it goes on as if nothing had been; and it is written alike."""
    whole, parts = _trails(kind), _trails(kind)
    for number, (key, item, mass) in enumerate(steps):
        whole.add(key, item, mass)
        parts.add(key, item, mass)
        if number in cuts:
            parts = _again(parts, kind, tmp_path_factory.mktemp("t"))
    one, two = tmp_path_factory.mktemp("one"), tmp_path_factory.mktemp("two")
    whole.write(one)
    parts.write(two)
    assert _all(whole) == _all(parts) == _all(_again(parts, kind, two))
    for path in one.iterdir():
        assert np.array_equal(np.load(path), np.load(two / path.name)), path.name


def _again(trails: Trails, kind: str, directory: Path) -> Trails:
    trails.write(directory)
    opened = _trails(kind)
    opened.open(directory)
    return opened
