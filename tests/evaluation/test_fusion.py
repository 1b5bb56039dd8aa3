"""Fusions: hand-computed values, ties, and properties."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_cli.evaluation.fusion import convex, reciprocal_rank

LEXICAL = [("a", 8.0), ("b", 6.0), ("c", 2.0)]
SEMANTIC = [("c", 0.5), ("d", 0.2), ("a", -0.25)]

rankings = st.dictionaries(st.sampled_from("abcdefgh"), st.floats(0, 100), max_size=6).map(
    lambda found: sorted(found.items(), key=lambda item: -item[1])
)


def test_reciprocal_rank_by_hand() -> None:
    """Each ranking gives 1 / (60 + rank); c (third and first) passes a (first and third) by its tie's id only."""
    fused = reciprocal_rank([LEXICAL, SEMANTIC])
    assert [entity_id for entity_id, _ in fused] == ["a", "c", "b", "d"]
    assert dict(fused) == pytest.approx({"a": 1 / 61 + 1 / 63, "c": 1 / 63 + 1 / 61, "b": 1 / 62, "d": 1 / 62})


def test_reciprocal_rank_with_another_constant() -> None:
    """With k = 0 the score is the sum of reciprocal ranks."""
    assert reciprocal_rank([LEXICAL, [("b", 1.0)]], k=0) == [("b", 1.5), ("a", 1.0), ("c", pytest.approx(1 / 3))]


def test_convex_by_hand() -> None:
    """Cosines are normalised from -1, all else from 0, to the query's maximum; both count half."""
    fused = convex({"lexical": LEXICAL, "semantic": SEMANTIC})
    assert [entity_id for entity_id, _ in fused] == ["a", "c", "d", "b"]
    assert dict(fused) == pytest.approx(
        {"a": (1 + 0.75 / 1.5) / 2, "b": 0.75 / 2, "c": (0.25 + 1) / 2, "d": (1.2 / 1.5) / 2}
    )


def test_convex_of_one_strategy_that_found_nothing() -> None:
    """A strategy without hits takes its half with it."""
    assert convex({"lexical": LEXICAL, "semantic": []}) == [("a", 0.5), ("b", 0.375), ("c", 0.125)]
    assert convex({"lexical": [], "semantic": []}) == []
    assert convex({}) == []
    assert reciprocal_rank([]) == []


def test_scores_without_a_span() -> None:
    """Where the best score is the lowest there can be, all that were found count in full."""
    assert convex({"lexical": [("b", 0.0), ("a", 0.0)]}) == [("a", 1.0), ("b", 1.0)]
    assert convex({"semantic": [("a", -1.0)]}) == [("a", 1.0)]


def test_scores_below_the_theoretical_minimum() -> None:
    """A score below 0 where none is expected is taken for the minimum: parts stay within 0 to 1."""
    assert convex({"own": [("a", 3.0), ("b", -1.0)]}) == [("a", 1.0), ("b", 0.0)]


@given(rankings, rankings)
def test_fusions_keep_all_and_order_by_score_then_id(
    one: list[tuple[str, float]], two: list[tuple[str, float]]
) -> None:
    """Every entity found comes once, scores fall, ties are in the order of ids, and convex scores lie in 0 to 1."""
    for fused in (reciprocal_rank([one, two]), convex({"lexical": one, "semantic": two})):
        assert sorted(entity_id for entity_id, _ in fused) == sorted({entity_id for entity_id, _ in one + two})
        assert fused == sorted(fused, key=lambda item: (-item[1], item[0]))
    assert all(0 <= score <= 1 + 1e-12 for _, score in convex({"lexical": one, "semantic": two}))


@given(rankings, rankings)
def test_fusions_do_not_depend_on_the_order_of_strategies(
    one: list[tuple[str, float]], two: list[tuple[str, float]]
) -> None:
    """Which strategy is named first changes no score."""
    assert dict(reciprocal_rank([one, two])) == pytest.approx(dict(reciprocal_rank([two, one])))
    left, right = convex({"lexical": one, "memory": two}), convex({"memory": two, "lexical": one})
    assert dict(left) == pytest.approx(dict(right))
