"""Recall: (a + κ·p₀) / (n + κ), by hand."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ltrr_cli.memory.evidence import EPOCH, Evidence, growth
from ltrr_cli.memory.recall import KAPPA, MOST_LENT, Recall, recall
from tests.memory.conftest import table_of

if TYPE_CHECKING:
    from ltrr_cli.memory.keys import Keys

HALF_LIFE = 1000.0
NOW = EPOCH + 5000
ROWS = {f"e{number}": number for number in range(1100)}
NOTHING: list[tuple[Keys, int]] = []


def _observed(*added: tuple[str, str, float]) -> Evidence:
    evidence = Evidence("queries", words=True)
    for key, entity_id, reward in added:
        evidence.add(key, entity_id, reward * growth(NOW, HALF_LIFE))
    return evidence


def _recall(query: str, observed: Evidence, predicted: list[tuple[Keys, int]] = NOTHING, now: float = NOW) -> Recall:
    return recall(
        query.split(),
        predicted,
        observed,
        ROWS.get,
        living=lambda rows: np.ones(len(rows), bool),
        now=now,
        half_life=HALF_LIFE,
    )


def _scores(found: Recall) -> dict[int, float]:
    return dict(zip(found.rows.tolist(), found.scores.tolist(), strict=True))


def test_one_click_against_many() -> None:
    """With κ = 4 one click of one scores .2, and 300 of 1,000 score .299: evidence counts."""
    assert KAPPA == 4
    one = _recall("love", _observed(("love", "e1", 1.0)))
    assert _scores(one) == {1: pytest.approx(0.2)}
    many = _recall("love", _observed(("love", "e1", 300.0), *(("love", f"e{n}", 1.0) for n in range(100, 800))))
    assert _scores(many)[1] == pytest.approx(300 / 1004)
    assert many.rows[0] == 1
    assert many.evidence == pytest.approx(1000)


def test_evidence_decays() -> None:
    """After one half-life one click is worth half: .5 / 4.5."""
    assert _scores(_recall("love", _observed(("love", "e1", 1.0)), now=NOW + HALF_LIFE)) == {
        1: pytest.approx(0.5 / 4.5)
    }
    assert _scores(_recall("love", _observed(("love", "e1", 1.0)), now=NOW + 1e12)) == {1: pytest.approx(0)}


def test_similar_queries_are_discounted() -> None:
    """Evidence under a query that shares one of two words counts by the square of one half, and by κ / (own + κ)."""
    found = _recall("love song", _observed(("love", "e1", 1.0)))
    lent = 0.25 * 16 / 16.25
    assert _scores(found) == {1: pytest.approx(lent / (lent + 4))}
    assert found.evidence == pytest.approx(lent)
    assert not found.known
    both = _recall("love song", _observed(("love", "e1", 1.0), ("love song", "e2", 1.0)))
    lent *= 4 / 5
    assert _scores(both) == {2: pytest.approx(1 / (lent + 5)), 1: pytest.approx(lent / (lent + 5))}
    assert both.known


def test_much_that_is_lent_is_bounded() -> None:
    """However often other queries met an entity, it is lent less than MOST_LENT; one met more comes first."""
    others = [(f"add rain to my list {n}", f"e{n % 2 + 1}", 100.0 * (n % 2 + 1)) for n in range(20)]
    found = _recall("add sun to my list", _observed(*others))
    assert found.rows.tolist() == [2, 1]
    assert MOST_LENT < found.evidence < 2 * MOST_LENT


def test_predicted_alone() -> None:
    """Without evidence the score is the predicted one; refs count from the segment's first row."""
    table = table_of([("love", [0, 1], [0.75, 0.25])])
    found = _recall("love", _observed(), [(table, 0), (table, 10)])
    assert _scores(found) == {0: 0.75, 10: 0.75, 1: 0.25, 11: 0.25}
    assert list(found.rows) == [0, 10, 1, 11]
    assert found.evidence == 0
    assert not found.observed.any()
    assert found.predicted.tolist() == [0.75, 0.75, 0.25, 0.25]
    assert not found.known


def test_predicted_of_a_similar_key() -> None:
    """A predicted key that is less similar is discounted by the square; of several keys the best counts."""
    table = table_of([("love", [0], [1.0]), ("love song", [0], [0.5])])
    similarity = math.log(2) / (math.log(2) + 0.4 * math.log(3))  # "love" is in both keys, "song" in one
    assert _scores(_recall("love song", _observed(), [(table, 0)])) == {
        0: pytest.approx(max(0.5, similarity**2), abs=1e-6)
    }


def test_observed_overtakes_predicted() -> None:
    """A predicted favourite leads over one click, and falls behind once evidence has come."""
    table = table_of([("love", [0], [0.5])])
    one = _recall("love", _observed(("love", "e7", 1.0)), [(table, 0)])
    assert _scores(one) == {0: pytest.approx(4 * 0.5 / 5), 7: pytest.approx(1 / 5)}
    ten = _recall("love", _observed(("love", "e7", 10.0)), [(table, 0)])
    assert _scores(ten) == {7: pytest.approx(10 / 14), 0: pytest.approx(2 / 14)}
    assert ten.observed.tolist() == [1, 0]
    assert ten.predicted.tolist() == [0, 0.5]
    confirmed = _recall("love", _observed(("love", "e0", 10.0)), [(table, 0)])
    assert _scores(confirmed) == {0: pytest.approx(12 / 14)}


def test_dislikes() -> None:
    """Reward below zero counts as none: it neither makes scores negative nor evidence smaller."""
    found = _recall("love", _observed(("love", "e1", -5.0), ("love", "e2", 2.0)))
    assert _scores(found) == {2: pytest.approx(2 / 6), 1: 0}
    assert found.evidence == 2
    only = _recall("love", _observed(("love", "e1", -5.0)))
    assert _scores(only) == {1: 0}
    assert only.observed.tolist() == [0]
    against = _recall("love song", _observed(("love", "e1", 4.0), ("love song", "e1", -1.0)))
    assert _scores(against) == {1: 0}


def test_nothing_known() -> None:
    """No words, or words that nobody used, recall nothing."""
    table = table_of([("love", [0], [0.5])])
    for query in ("", "hate"):
        found = _recall(query, _observed(("love", "e1", 1.0)), [(table, 0)])
        assert len(found.rows) == len(found.scores) == len(found.observed) == len(found.predicted) == 0
        assert found.evidence == 0
        assert not found.known


ADDED = st.tuples(st.sampled_from(["a", "b", "a b", "b c", "a b c"]), st.sampled_from(list(ROWS)[:9]), st.floats(-1, 5))


@settings(deadline=None)  # files
@given(st.lists(ADDED, max_size=15), st.lists(st.sampled_from("abcd"), max_size=4), st.floats(-1e6, 1e6))
def test_bounds(added: list[tuple[str, str, float]], words: list[str], later: float) -> None:
    """Scores lie in [0, 1], best first, ties by row; each row comes once; observed shares are at most 1."""
    table = table_of([("a b", [0, 5], [1.0, 0.4]), ("c", [5, 3], [0.2, 0.9])])
    found = _recall(" ".join(words), _observed(*added), [(table, 0)], now=NOW + later)
    order = list(zip((-found.scores).tolist(), found.rows.tolist(), strict=True))
    assert [score for score, _ in order] == sorted(score for score, _ in order)
    assert len(set(found.rows.tolist())) == len(found.rows)
    for values in (found.scores, found.observed, found.predicted):
        assert all(0 <= value <= 1 + 1e-6 for value in values.tolist())
    assert found.evidence >= 0
    again = _recall(" ".join(words), _observed(*reversed(added)), [(table, 0)], now=NOW + later)
    assert again.scores.tolist() == pytest.approx(found.scores.tolist(), abs=1e-6)
