"""Diversity: by hand, and as promised on anything."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_cli.ranking.diversity import Cap, arrange, parse_cap
from ltrr_cli.ranking.noise import log_propensity

SCORES = np.array([0.1, 0.9, 0.8, 0.7, 0.2], np.float32)
BEST = np.array([1, 2, 3, 4, 0])
GROUPS = [frozenset("b"), frozenset("a"), frozenset("a"), frozenset("a"), frozenset("b")]


def test_a_cap_by_hand() -> None:
    """The second and third of a kind give way; they come last, by score, where nothing else is left."""
    assert arrange(SCORES, BEST, 3, most=1, values=GROUPS).order.tolist() == [1, 4, 2, 3, 0]
    assert arrange(SCORES, BEST, 3, most=2, values=GROUPS).order.tolist() == [1, 2, 4, 0, 3]
    assert arrange(SCORES, BEST, 5, most=1, values=GROUPS).order.tolist() == [1, 4, 2, 3, 0]
    assert arrange(SCORES, BEST, 3, most=3, values=GROUPS).order.tolist() == BEST.tolist()


def test_marginal_relevance_by_hand() -> None:
    """(1 − d) · score − d · spread · cosine: at d = 0.5 the copy of the first falls behind the other two."""
    vectors = np.array([[1, 0], [1, 0], [0, 1], [0.6, 0.8]], np.float32)
    scores = np.array([1.0, 0.9, 0.5, 0.0], np.float32)
    best = np.arange(4)
    # second: 1 → .45 − .5 = −.05; 2 → .25; 3 → 0 − .3. third: 1 → −.05; 3 → −.5 · .8 = −.4
    assert arrange(scores, best, 4, diversity=0.5, vectors=vectors).order.tolist() == [0, 2, 1, 3]
    assert arrange(scores, best, 4, diversity=0.1, vectors=vectors).order.tolist() == [0, 1, 2, 3]


@given(
    st.lists(st.integers(0, 4), min_size=1, max_size=12),
    st.lists(st.sampled_from(["", "a", "b", "ab", "c"]), min_size=12, max_size=12),
    st.integers(1, 3),
    st.integers(1, 12),
)
def test_the_cap_holds_as_long_as_it_can(numbers: list[int], kinds: list[str], most: int, k: int) -> None:
    """Every candidate once; nothing over the cap stands on the page before all that is under it."""
    scores = np.array(numbers, np.float32)
    best = np.lexsort((np.arange(len(scores)), -scores))
    values = [frozenset(kind) for kind in kinds[: len(scores)]]
    order = arrange(scores, best, k, most=most, values=values).order.tolist()
    assert sorted(order) == list(range(len(scores)))
    held: dict[str, int] = {}
    for place, candidate in enumerate(order[:k]):
        over = [one for one in order[place:] if all(held.get(value, 0) < most for value in values[one])]
        assert not over or candidate in over
        for value in values[candidate]:
            held[value] = held.get(value, 0) + 1


def test_chances_add_up() -> None:
    """With noise the probabilities of all pages sum to 1, and drawn pages occur as often as they say."""
    vectors = np.eye(5, dtype=np.float32)[[0, 1, 1, 2, 3]]
    seen: dict[tuple[int, ...], float] = {}
    drawn: dict[tuple[int, ...], int] = {}
    rounds = 4000
    for seed in range(rounds):
        made = arrange(
            SCORES,
            BEST,
            2,
            most=1,
            values=GROUPS,
            diversity=0.3,
            vectors=vectors,
            noise=0.5,
            rng=np.random.default_rng(seed),
        )
        page = tuple(made.order[:2].tolist())
        seen[page] = float(np.exp(made.chances.sum()))
        drawn[page] = drawn.get(page, 0) + 1
    assert sum(seen.values()) == pytest.approx(1.0)
    assert {len(GROUPS[a] & GROUPS[b]) for a, b in seen} == {0}
    for page, chance in seen.items():
        assert drawn[page] / rounds == pytest.approx(chance, abs=4 * (chance / rounds) ** 0.5)


def test_without_diversity_noise_is_the_plackett_luce_draw() -> None:
    """A cap that binds nothing leaves the probability of every order as `ranking/noise.py` has it."""
    for seed in range(20):
        made = arrange(SCORES, BEST, 5, most=5, values=GROUPS, noise=0.3, rng=np.random.default_rng(seed))
        assert made.chances.sum() == pytest.approx(log_propensity(SCORES, made.order, 0.3))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("artist:2", Cap("artist", 2)),
        (" a b : 10", Cap("a b", 10)),
        ("x:y:1", Cap("x:y", 1)),
        ("artist", None),
        ("artist:0", None),
        (":2", None),
        ("artist:-1", None),
        ("artist:99999", None),
    ],
)
def test_reading_a_cap(text: str, expected: Cap | None) -> None:
    """FIELD:NUMBER, and nothing else."""
    assert parse_cap(text) == expected
