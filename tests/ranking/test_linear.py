"""The linear ranker: a weighted sum over named features."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_cli.ranking.debias import MAX_WEIGHT, examination, inverse_weight
from ltrr_cli.ranking.linear import PRIOR, LinearRanker
from ltrr_cli.ranking.registry import names
from ltrr_cli.retrieval.base import BUILT_IN

if TYPE_CHECKING:
    from numpy.typing import NDArray

WEIGHTS = {"a": 2.0, "b": -0.5, "c": 0.0}


def _matrix(*rows: list[float]) -> NDArray[np.float32]:
    return np.array(rows, np.float32)


def test_score_by_hand() -> None:
    """Weights meet values by name, in any order; unknown names and absent values add nothing."""
    ranker = LinearRanker(WEIGHTS)
    values = _matrix([1.0, 1.0, 9.0], [math.nan, 0.5, 9.0], [math.nan, math.nan, math.nan])
    assert ranker.score(["b", "a", "unknown"], values).tolist() == [1.5, 1.0, 0.0]
    assert ranker.score(["a", "b", "c"], values).tolist() == [1.5, -0.25, 0.0]
    assert ranker.score(["b", "a", "unknown"], values).tolist() == [1.5, 1.0, 0.0]
    assert ranker.score(["a"], np.empty((0, 1), np.float32)).shape == (0,)


def test_infinite_values_are_bounded() -> None:
    """An infinite value counts as ±1, so that scores stay finite."""
    scores = LinearRanker(WEIGHTS).score(["a", "b"], _matrix([math.inf, 0.0], [-math.inf, math.inf]))
    assert scores.tolist() == [2.0, -2.5]


VALUES = st.floats(-2, 2, width=32) | st.just(math.nan)


@given(st.lists(VALUES, min_size=3, max_size=3), st.permutations(["a", "b", "unknown"]))
def test_contributions_add_up(row: list[float], order: list[str]) -> None:
    """The parts of a candidate's score sum to it, largest first; absent and weightless features have no part."""
    ranker = LinearRanker(WEIGHTS)
    parts = ranker.contributions(order, row)
    assert sum(parts.values()) == pytest.approx(float(ranker.score(order, _matrix(row))[0]), abs=1e-5)
    assert set(parts) <= {"a", "b"}
    assert all(part for part in parts.values())
    sizes = [abs(part) for part in parts.values()]
    assert sizes == sorted(sizes, reverse=True)


def test_contributions_add_up_with_infinite_values() -> None:
    """Explanations bound an infinite value as the score does."""
    ranker = LinearRanker(WEIGHTS)
    row = [math.inf, -math.inf]
    parts = ranker.contributions(["a", "b"], row)
    assert sum(parts.values()) == pytest.approx(float(ranker.score(["a", "b"], _matrix(row))[0]))


def test_it_survives_json() -> None:
    """A ranker comes back from JSON with its version, and scores the same."""
    ranker = LinearRanker({"a": 1 / 3, "b": -1e-9}, version=7)
    again = LinearRanker.from_dict(json.loads(json.dumps(ranker.to_dict())))
    assert (again.weights, again.version) == (ranker.weights, 7)


def test_the_scaler_is_saved_with_the_weights() -> None:
    """Saved weights are of values divided by the scale; what came before there was one reads as 1."""
    ranker = LinearRanker({"a": 3.0, "b": 1.0}, scale={"a": 2.0}, version=2)
    assert ranker.score(["a", "b"], _matrix([1.0, 1.0])).tolist() == [2.5]
    again = LinearRanker.from_dict(json.loads(json.dumps(ranker.to_dict())))
    assert again.weights == ranker.weights == {"a": 1.5, "b": 1.0}
    assert LinearRanker.from_dict({"version": 1, "weights": {"a": 3.0}}).weights == {"a": 3.0}
    with pytest.raises(ValueError, match="scale"):
        LinearRanker.from_dict({"version": 1, "weights": {}, "scale": {"a": 0.0}})


def test_rankers_do_not_share_weights() -> None:
    """A ranker's weights are its own copy."""
    ranker = LinearRanker()
    ranker.weights["similarity"] = 99.0
    assert PRIOR["similarity"] != 99
    assert LinearRanker().version == 0


def test_the_prior_names_existing_features() -> None:
    """Each prior weight belongs to a built-in arm's feature; only to have done it before speaks against an entity."""
    assert set(PRIOR) <= set(names((*BUILT_IN, "sparse")))
    assert [name for name, weight in PRIOR.items() if weight < 0] == ["user.done"]


@pytest.mark.parametrize(
    ("position", "seen", "weight"),
    [
        (0, 1.0, 1.0),
        (-3, 1.0, 1.0),
        (1, 1.0, 1.0),
        (2, 0.5, 2.0),
        (4, 0.25, 4.0),
        (10, 0.1, 10.0),
        (500, 0.002, MAX_WEIGHT),
    ],
)
def test_examination_by_hand(position: int, seen: float, weight: float) -> None:
    """Position r is looked at with probability 1 / r, an unknown one surely; weights are the inverse, at most ten."""
    assert examination(position) == pytest.approx(seen)
    assert inverse_weight(position) == pytest.approx(weight)
