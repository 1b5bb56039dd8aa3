"""The randomisation test: exact where it can be, of the right level where it draws; and Holm's adjustment."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ltrr_cli.estimators.paired import EXACT, holm, randomisation


def test_by_hand() -> None:
    """Three differences of one sign: of eight sign flips two are as far from 0."""
    assert randomisation([1, 2, 3], seed=0) == 2 / 8
    assert randomisation([-1, -2, -3], seed=0) == 2 / 8
    assert randomisation([0.1, 0.2, -0.3], seed=0) == 1  # the sum is 0: every flip is as far
    assert randomisation([3, -1], seed=0) == 1  # |2| or more: all four flips
    assert randomisation([1, 1, 1, -1], seed=0) == 10 / 16  # |2| or more: four 1s or none, three or one


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from([-0.3, -0.1, 0.0, 0.1, 0.2, 0.7]), max_size=8))
def test_small_samples_try_every_flip(differences: list[float]) -> None:
    """The p value is the share among all 2^n sign flips, with ties counted, whatever the order of sums."""
    far = [
        abs(sum(round(10 * one) * sign for one, sign in zip(differences, signs, strict=True)))
        for signs in itertools.product((1, -1), repeat=len(differences))
    ]
    expected = sum(one >= far[0] for one in far) / len(far)
    assert randomisation(differences, seed=0) == pytest.approx(expected)


def test_nothing_differs() -> None:
    """All-zero differences, and none at all, are no evidence: 1."""
    assert randomisation([0.0] * 40, seed=0) == 1
    assert randomisation([], seed=0) == 1


def test_drawn_flips_agree_with_all_flips() -> None:
    """One difference more than is enumerated, and it is near what all flips of the same sample give."""
    rng = np.random.default_rng(3)
    differences = rng.normal(0.4, 1, EXACT + 1)
    flips = np.array(list(itertools.product((1, -1), repeat=EXACT + 1)))
    expected = float(np.mean(np.abs(flips @ differences) >= abs(differences.sum()) - 1e-9))
    assert 0.05 < expected < 0.9
    assert randomisation(differences, seed=1, rounds=20_000) == pytest.approx(expected, abs=0.015)
    assert randomisation(differences, seed=1) == randomisation(differences, seed=1)


def test_the_smallest_p_value() -> None:
    """Drawn flips never give 0: the observed one counts."""
    assert randomisation([1.0] * 60, seed=0, rounds=99) == 1 / 100


def test_memory_is_bounded() -> None:
    """So many differences that few flips fit into memory at once give the same kind of answer."""
    differences = np.random.default_rng(0).normal(0, 1, 300_000)
    assert 0 < randomisation(differences, seed=0, rounds=40) <= 1
    assert randomisation(differences + 0.1, seed=0, rounds=40) == 1 / 41


def test_the_level_is_kept() -> None:
    """Without a difference p ≤ 0.1 comes up in about a tenth of 400 samples."""
    rng = np.random.default_rng(2)
    alarms = sum(randomisation(rng.laplace(size=25), seed=number, rounds=200) <= 0.1 for number in range(400))
    assert 20 <= alarms <= 60


def test_what_is_no_difference() -> None:
    """Values that are not finite are an error."""
    with pytest.raises(ValueError, match="finite"):
        randomisation([1.0, float("nan")], seed=0)


def test_holm_by_hand() -> None:
    """Holm 1979: 0.01·4, 0.02·3, 0.03·2 (not below 0.06), 0.5; order is kept, ties are alike, 1 is the most."""
    assert holm([0.03, 0.01, 0.5, 0.02]) == pytest.approx([0.06, 0.04, 0.5, 0.06])
    assert holm([0.9, 0.6]) == [1.0, 1.0]
    assert holm([0.2, 0.2]) == pytest.approx([0.4, 0.4])
    assert holm([0.04]) == [0.04]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), max_size=10))
def test_holm_keeps_the_order(p_values: list[float]) -> None:
    """No p value falls, none passes 1, and a smaller one never becomes the larger one."""
    adjusted = holm(p_values)
    pairs = sorted(zip(p_values, adjusted, strict=True))
    assert all(before <= after <= 1 for before, after in pairs)
    assert all(one[1] <= other[1] for one, other in itertools.pairwise(pairs))
