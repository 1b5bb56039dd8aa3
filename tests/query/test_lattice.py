"""The lattice: probabilities of readings over all cuts of a query, against counting every cut."""

from __future__ import annotations

from itertools import combinations
from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_cli.query.lattice import Span, posteriors


def _spans(length: int) -> st.SearchStrategy[list[Span]]:
    ends = st.integers(0, length - 1).flatmap(lambda start: st.tuples(st.just(start), st.integers(start + 1, length)))
    one = st.builds(lambda span, odds: (*span, odds), ends, st.floats(0.01, 100))
    return st.lists(one, max_size=6)


def _apart(some: tuple[Span, ...]) -> bool:
    return all(a[1] <= b[0] or b[1] <= a[0] for a, b in combinations(some, 2))


@given(st.integers(1, 6).flatmap(lambda length: st.tuples(st.just(length), _spans(length))))
def test_against_every_cut(drawn: tuple[int, list[Span]]) -> None:
    """Each probability is the weight of the cuts that hold the span, over the weight of all cuts."""
    length, spans = drawn
    cuts = [
        places
        for size in range(len(spans) + 1)
        for places in combinations(range(len(spans)), size)
        if _apart(tuple(spans[place] for place in places))
    ]
    weights = [prod(spans[place][2] for place in places) for places in cuts]
    wanted = [
        sum(weight for places, weight in zip(cuts, weights, strict=True) if number in places) / sum(weights)
        for number in range(len(spans))
    ]
    assert posteriors(length, spans) == pytest.approx(wanted)


def test_by_hand() -> None:
    """Alone, odds of 3 are 3 in 4; beside one that overlaps with odds of 4 they are 3 in 8."""
    assert posteriors(2, [(0, 1, 3.0)]) == pytest.approx([0.75])
    assert posteriors(2, [(0, 1, 3.0), (0, 2, 4.0)]) == pytest.approx([3 / 8, 4 / 8])
    assert posteriors(0, []) == []
