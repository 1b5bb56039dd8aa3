"""Trust in readings: a Beta mean of choices with and without the value, decayed."""

from __future__ import annotations

import json

import pytest

from ltrr_cli.memory.trust import KAPPA, Trust


def test_by_hand() -> None:
    """Nothing known gives the prior; hits raise it, misses lower it, by (h + κp) / (h + m + κ)."""
    trust = Trust()
    assert trust.probability("genre", "word", 0.6, 1.0) == 0.6
    for _ in range(10):
        trust.add("genre", "word", 1.0, hit=True)
    assert trust.probability("genre", "word", 0.6, 1.0) == pytest.approx((10 + KAPPA * 0.6) / (10 + KAPPA))
    trust.add("mood", "word", 30.0, hit=False)
    assert trust.probability("mood", "word", 0.6, 1.0) == pytest.approx(KAPPA * 0.6 / (30 + KAPPA))
    assert trust.probability("mood", "whole", 0.9, 1.0) == 0.9


def test_age() -> None:
    """What was chosen two half-lives ago counts a quarter."""
    trust = Trust()
    trust.add("genre", "word", 8.0, hit=False)
    assert trust.probability("genre", "word", 0.5, 4.0) == pytest.approx(KAPPA * 0.5 / (2 + KAPPA))


def test_round_trip() -> None:
    """What is written is read; what is damaged is refused."""
    trust = Trust()
    trust.add("genre", "word", 1.5, hit=True)
    trust.add("year", "range", 0.5, hit=False)
    rows = json.loads(json.dumps(trust.to_rows()))
    assert list(Trust.from_rows(rows)) == list(trust) == [("genre", "word", 1.5, 0.0), ("year", "range", 0.0, 0.5)]
    for damaged in ([["a"]], [["a", "b", "c", 1]], [3]):
        with pytest.raises((TypeError, ValueError)):
            Trust.from_rows(damaged)  # type: ignore[arg-type]
