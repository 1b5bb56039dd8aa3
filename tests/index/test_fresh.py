"""Freshness: years and dates from attributes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ltrr_cli.index.fresh import shares_below, year_of
from ltrr_cli.records import Entity, Value


@pytest.mark.parametrize(
    ("attributes", "year"),
    [
        ({"year": (1994.0,)}, 1994),
        ({"release_date": ("2020-07-01",)}, 2020.5),
        ({"released": ("1999",), "year": (2001.0,)}, 2001),
        ({"created": (1_577_836_800.0,)}, 2020),
        ({"timestamp": (1_577_836_800_000.0,)}, 2020),
        ({"birthyear": (1994.0,), "genre": ("1994",)}, math.nan),
        ({"date": ("soon",), "time": (12.0,)}, math.nan),
        ({}, math.nan),
    ],
)
def test_year(attributes: dict[str, tuple[Value, ...]], year: float) -> None:
    """The latest of what is named like a date counts; other attributes do not."""
    assert year_of(Entity(id="a", attributes=attributes)) == pytest.approx(year, abs=0.01, nan_ok=True)


def test_shares() -> None:
    """The share of known numbers below, ties at their middle."""
    found = shares_below(np.array([2000.0, math.nan, 1990.0, 2000.0]))
    assert found == pytest.approx([4 / 6, math.nan, 1 / 6, 4 / 6], nan_ok=True)
