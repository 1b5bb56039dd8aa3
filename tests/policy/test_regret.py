"""Regret: by hand, nothing where nothing else would be chosen, and in a planted world it falls as the true one does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from ltrr_cli.policy.base import Budget, equal_split
from ltrr_cli.policy.regret import regret
from ltrr_cli.policy.thompson import PARTICLES, ThompsonPolicy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ARMS = ("a", "b", "c", "d", "e")
CONTEXTS: tuple[Mapping[str, float], ...] = ({"left": 1.0}, {"right": 1.0})
_PAGES = 1200


def _world(rng: np.random.Generator, context: int) -> dict[str, int]:
    """Return each arm's rank of what is wanted: "a" mostly has it in the first context, "d" in the second."""
    return {
        arm: int(16 ** rng.random()) if rng.random() < (0.75 if arm == "ad"[context] else 0.2) else 0 for arm in ARMS
    }


@pytest.mark.parametrize("seed", [1, 2])
def test_it_falls_while_the_policy_learns(seed: int, teach: Callable[..., bool]) -> None:
    """The last pages lose less than half of what the first twenty did, which ran all arms equally; truth falls too.

    What is truly lost is counted against the good arm with most of the depth.
    """
    policy, rng = ThompsonPolicy(seed=seed), np.random.default_rng(seed)
    pages, told, truth = [], [], []
    for _ in range(_PAGES):
        context = int(rng.integers(2))
        depths = policy.select(CONTEXTS[context], ARMS, 20, rng).depths
        pages.append((context, depths))
        teach(policy, CONTEXTS[context], _world(rng, context), depths, rng)
    for some in (slice(0, 20), slice(-200, None, 5)):
        lost = np.array([regret(policy, CONTEXTS[one], ARMS, Budget(20), depths) for one, depths in pages[some]])
        assert lost.shape == (len(lost), PARTICLES)
        told.append(lost.mean())
        truth.append(np.mean([_lost(one, depths) for one, depths in pages[some]]))
    assert told[1] < told[0] / 2
    assert truth[0] / 2 < told[0] < truth[0] * 2
    assert truth[1] < truth[0]


def _lost(context: int, depths: Mapping[str, int]) -> float:
    """Return the share of requests that the best of some selections supplies, less that of these depths."""
    rng = np.random.default_rng(7)
    wanted = [_world(rng, context) for _ in range(500)]
    good = "ad"[context]
    best = [{**dict.fromkeys(ARMS, rest), good: 20 - 4 * rest} for rest in range(5)]
    *shares, own = (np.mean([_has(ranks, one) for ranks in wanted]) for one in (*best, depths))
    return float(max(shares) - own)


def _has(ranks: Mapping[str, int], depths: Mapping[str, int]) -> float:
    return float(any(0 < ranks[arm] <= depth for arm, depth in depths.items()))


def test_what_it_would_choose_loses_nothing(trained: ThompsonPolicy) -> None:
    """By no particle; a selection that leaves good arms out does, and most of the particles agree."""
    best = trained.mean({"left": 1.0}, ARMS, 40).depths
    assert regret(trained, {"left": 1.0}, ARMS, Budget(40), best).tolist() == [0.0] * PARTICLES
    worst = {min(best, key=lambda arm: best[arm]): 2}
    lost = regret(trained, {"left": 1.0}, ARMS, Budget(40), worst)
    assert lost.mean() > 0
    assert np.quantile(lost, 0.1) > 0
    untrained = ThompsonPolicy()
    assert not regret(untrained, {}, ARMS, Budget(20), equal_split(ARMS, 20)).any()


def test_a_value_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two arms, worth .1 and .3 a bucket, of which the better takes from the other: as with pencil and paper."""
    from ltrr_cli.policy.regret import _value

    worths = np.array([[[0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6], [0, 0.3, 0.6, 0.9, 1.2, 1.5, 1.8]]])
    effects = np.zeros((1, 2, 2, 7))
    effects[0, 1, 0, 1:] = -0.1
    effects[0, 0, 1, 1:] = 0.4  # the better one comes first, so this does not act
    monkeypatch.setattr("ltrr_cli.policy.regret.reach", lambda depth: 0.5 if depth else 0.0)

    def value(*depths: int) -> float:
        return float(_value(worths, effects, np.array(depths))[0])

    assert value(2, 2) == pytest.approx(0.3 + 0.1 - 0.1 * 0.5)
    assert value(2, 0) == pytest.approx(0.1)
    assert value(7, 0) == pytest.approx(0.2 + 0.1 * 2 / 5)  # between the ends 5 and 10 of two buckets
    assert value(0, 100) == 1.0  # a page's reward is 1 at most
    effects[0, 1, 0, 1:] = -0.9
    assert value(2, 2) == pytest.approx(0.3)  # an arm adds no less than nothing
    assert value(0, 0) == 0.0
