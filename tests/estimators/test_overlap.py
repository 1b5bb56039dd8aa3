"""Overlap of rankings: by hand, and as the infinite sum that it stands for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_cli.estimators.overlap import common_share, rank_biased_overlap

rankings = st.lists(st.sampled_from("abcdefgh"), max_size=8, unique=True)


def test_common_share_by_hand() -> None:
    """Of the tops {a b c} and {c d a} two are common; order and what is below do not count; the longer top decides."""
    assert common_share("abcx", "cday", top=3) == pytest.approx(2 / 3)
    assert common_share("ab", "ba") == 1
    assert common_share("abcd", "a") == 0.25
    assert common_share([str(n) for n in range(20)], [str(n) for n in range(5, 25)]) == 0.5
    assert (common_share("", ""), common_share("a", "")) == (1, 0)


def test_rank_biased_overlap_by_hand() -> None:
    """Two swapped results agree by p; a third result that continues a common top counts as the formula says."""
    assert rank_biased_overlap("ab", "ba", p=0.9) == pytest.approx(0.9)
    assert rank_biased_overlap("ab", "ba", p=0.3) == pytest.approx(0.3)
    assert rank_biased_overlap("b", "ab", p=0.9) == pytest.approx(0.45)
    # X = 1, 1, 2; s = 2, l = 3, p = ½: (1/2 + 1/8 + 2/24) + 1/48, and (1/3 + 1/2) / 8
    assert rank_biased_overlap("ab", "acb", p=0.5) == pytest.approx(1 / 2 + 1 / 8 + 1 / 12 + 1 / 48 + 5 / 48)


def test_ends_of_the_scale() -> None:
    """The same, or one that goes on from the other, is 1; nothing shared is 0; nothing at all agrees with itself."""
    assert rank_biased_overlap("abc", "abc") == pytest.approx(1)
    assert rank_biased_overlap("abc", "abcdef") == pytest.approx(1)
    assert rank_biased_overlap("abc", "xyz") == 0
    assert rank_biased_overlap("", "") == 1
    assert rank_biased_overlap("", "abc") == 0


@pytest.mark.parametrize("p", [0.0, 1.0, -1.0, float("nan")])
def test_what_is_no_chance_to_go_on(p: float) -> None:
    """At 0, at 1 and outside of that there is no such measure."""
    with pytest.raises(ValueError, match="between 0 and 1"):
        rank_biased_overlap("a", "a", p=p)


def _summed(one: list[str], other: list[str], p: float) -> float:
    """Return (1 - p) Σ p^(d-1) · agreement, to a depth where nothing is left, from the definition of agreement."""
    short, long = sorted((one, other), key=len)
    if not short:
        return float(not long)
    at_short = len(set(short) & set(long[: len(short)])) / len(short)
    total, agreement = 0.0, 0.0
    for depth in range(1, 600):
        if depth <= len(long):
            found = len(set(short[:depth]) & set(long[:depth])) + at_short * max(0, depth - len(short))
            agreement = found / depth
        total += (1 - p) * p ** (depth - 1) * agreement
    return total


@given(rankings, rankings, st.sampled_from([0.5, 0.9]))
def test_it_is_the_sum_it_stands_for(one: list[str], other: list[str], p: float) -> None:
    """The closed form is the sum over all depths; it is symmetric and within [0, 1]."""
    value = rank_biased_overlap(one, other, p=p)
    assert value == pytest.approx(_summed(one, other, p), abs=1e-9)
    assert value == rank_biased_overlap(other, one, p=p)
    assert 0 <= value <= 1
