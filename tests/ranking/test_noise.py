"""Noise in the order: the model's probabilities, and a page that is drawn by them."""

from __future__ import annotations

from itertools import permutations
from math import exp, log

import numpy as np
import pytest

from ltrr_cli.ranking.noise import log_propensity, perturbed

SCORES = np.array([0.5, 0.2, 0.4, -0.1], np.float32)


def test_by_hand() -> None:
    """The first of two with equal scores has one half; the next of three is in proportion to exp(s / T)."""
    assert log_propensity(np.zeros(2, np.float32), np.array([1, 0]), 0.3) == pytest.approx(log(0.5))
    logits = [exp(score / 0.5) for score in SCORES.tolist()]
    expected = logits[2] / sum(logits) * logits[0] / (sum(logits) - logits[2])
    assert log_propensity(SCORES, np.array([2, 0]), 0.5) == pytest.approx(log(expected))
    assert log_propensity(SCORES, np.array([0, 2, 1, 3]), 1e-6) == pytest.approx(0)


@pytest.mark.parametrize("count", [0, 1, 2, 4])
def test_all_beginnings_together_are_certain(count: int) -> None:
    """The probabilities of all ordered beginnings of a length sum to one."""
    orders = (np.array(one, np.intp) for one in permutations(range(4), count))
    assert sum(exp(log_propensity(SCORES, order, 0.2)) for order in orders) == pytest.approx(1)


def test_draws_are_as_often_as_they_should() -> None:
    """Of 20,000 draws each first pair is as frequent as its logged probability says, within four deviations."""
    rng = np.random.default_rng(0)
    draws = [tuple(np.argsort(-perturbed(SCORES, 0.3, rng))[:2].tolist()) for _ in range(20_000)]
    for pair in permutations(range(4), 2):
        chance = exp(log_propensity(SCORES, np.array(pair), 0.3))
        assert abs(draws.count(pair) / 20_000 - chance) < 4 * (chance * (1 - chance) / 20_000) ** 0.5
