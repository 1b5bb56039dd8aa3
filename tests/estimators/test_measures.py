"""Measures: the same values and names as ir_measures, and a clear answer to what is not one."""

from __future__ import annotations

from math import log2

import ir_measures
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ltrr_cli.errors import UsageError
from ltrr_cli.estimators.measures import parse_measures

NAMES = (
    "nDCG", "nDCG@1", "nDCG@5", "nDCG@100", "P@1", "P@5", "P(rel=2)@10", "R@5", "R(rel=2)@100", "RR", "RR(rel=2)",
    "RR@3", "RR(rel=3)@10", "AP", "AP(rel=2)", "AP@5", "AP(rel=2)@10", "Success@1", "Success(rel=2)@5", "Judged@5",
    "Judged@100", "Judged",
)  # fmt: skip
MEASURES = parse_measures(NAMES)
IDS = st.integers(0, 30).map(lambda number: f"d{number}")
RANKINGS = st.lists(IDS, unique=True, min_size=1, max_size=25)
JUDGED = st.dictionaries(IDS, st.integers(-2, 4), min_size=1, max_size=15)


@settings(max_examples=150, deadline=None)
@given(
    rankings=st.lists(RANKINGS, min_size=1, max_size=3),
    judged=st.lists(JUDGED, min_size=3, max_size=3),
)
def test_values_are_those_of_ir_measures(rankings: list[list[str]], judged: list[dict[str, int]]) -> None:
    """For any rankings and grades all measures agree with pytrec_eval's to 1e-9; grades below 0 count as 0."""
    run = {
        f"q{number}": {entity_id: float(-place) for place, entity_id in enumerate(ranking)}
        for number, ranking in enumerate(rankings)
    }
    # pytrec_eval 0.5.11 writes where it should not, or never ends, on some sets of grades below 0
    qrels = {
        f"q{number}": {entity_id: max(0, grade) for entity_id, grade in grades.items()}
        for number, grades in enumerate(judged)
    }
    theirs = [ir_measures.parse_measure(name) for name in NAMES]
    values = {(found.query_id, str(found.measure)): found.value for found in ir_measures.iter_calc(theirs, qrels, run)}
    for number, ranking in enumerate(rankings):
        for measure in MEASURES:
            value = measure.score(ranking, judged[number])
            assert value == pytest.approx(values[f"q{number}", measure.name], abs=1e-9), measure.name


@pytest.mark.parametrize(
    "name", [*NAMES, "NDCG@3", "MRR", "MRR(rel=2)@3", "MAP", "MAP(rel=1)@7", "Precision@5", "Recall@2"]
)
def test_names_are_those_of_ir_measures(name: str) -> None:
    """A name, alias or not, becomes what ir_measures makes of it."""
    assert parse_measures([name])[0].name == str(ir_measures.parse_measure(name))


def test_values_by_hand() -> None:
    """Three places, the second and third relevant, a third relevant entity not found."""
    ranking, judged = ["x", "a", "b"], {"a": 2, "b": 1, "c": 3, "x": 0}

    def value(name: str) -> float:
        return parse_measures([name])[0].score(ranking, judged)

    assert value("nDCG") == pytest.approx((2 / log2(3) + 1 / 2) / (3 + 2 / log2(3) + 1 / 2))
    assert value("nDCG@2") == pytest.approx((2 / log2(3)) / (3 + 2 / log2(3)))
    assert value("P@10") == pytest.approx(2 / 10)
    assert value("R@2") == pytest.approx(1 / 3)
    assert value("R(rel=3)@2") == 0
    assert value("RR") == 1 / 2
    assert value("RR@1") == 0
    assert value("AP") == pytest.approx((1 / 2 + 2 / 3) / 3)
    assert value("AP(rel=2)") == pytest.approx((1 / 2) / 2)
    assert value("Success@1") == 0
    assert value("Success@2") == 1
    assert value("Judged@10") == 1


def test_negative_grades_by_hand() -> None:
    """A grade below 0 is a judgment, and no gain: the ranking b, a, c is as good as b and two that nobody judged."""
    ranking, judged = ["b", "a", "c"], {"a": -2, "b": 4, "c": -1, "x": 3, "y": -2}
    values = {one.name: one.score(ranking, judged) for one in MEASURES}
    assert values["nDCG@5"] == pytest.approx(4 / (4 + 3 / log2(3)))
    assert values["AP"] == 1 / 2
    assert values["P(rel=2)@10"] == 1 / 10
    assert values["Judged@5"] == 1
    assert parse_measures(["nDCG"])[0].score(["a"], {"a": -1}) == 0


@pytest.mark.parametrize("name", NAMES)
def test_nothing_found_or_nothing_relevant(name: str) -> None:
    """Without results, without judgments, or without relevant entities a measure is 0 (but what is shown is judged)."""
    measure = parse_measures([name])[0]
    assert measure.score([], {"a": 1}) == 0
    assert measure.score(["a"], {}) == 0
    assert measure.score(["a"], {"a": 0, "b": -1}) == (1 if measure.family == "Judged" else 0)


def test_each_measure_once() -> None:
    """The same measure under two names is one, in the order of the first."""
    assert [one.name for one in parse_measures(["MRR@10", " P@5 ", "RR@10", "P( rel = 1 ) @ 5"])] == ["RR@10", "P@5"]
    assert parse_measures([]) == ()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("ndcg@10", "no measure 'ndcg@10'"),
        ("", "no measure ''"),
        ("P@x", "no measure"),
        ("P@-1", "no measure"),
        ("P@5,R@5", "no measure"),
        ("P@１", "no measure"),
        ("P", "needs a cutoff"),
        ("R(rel=2)", "needs a cutoff"),
        ("P@0", "count from 1"),
        ("RR(rel=0)", "count from 1"),
        ("nDCG(rel=2)@10", "no parameter rel"),
    ],
)
def test_what_is_no_measure(name: str, said: str) -> None:
    """Other names are errors of usage that list what there is, or show the missing cutoff."""
    with pytest.raises(UsageError, match=said) as caught:
        parse_measures(["RR", name])
    assert "nDCG" in caught.value.next or "@10" in caught.value.next
