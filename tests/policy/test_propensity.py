"""The probability of a whole selection is known exactly."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest

from ltrr_cli.policy.base import Budget, Selection
from ltrr_cli.policy.greedy import depths_of, fill
from ltrr_cli.policy.linear import EpsilonGreedy
from ltrr_cli.policy.thompson import PARTICLES, ThompsonPolicy, _plain

if TYPE_CHECKING:
    from pathlib import Path

ARMS = ("a", "b", "c", "d", "e")
CONTEXT = {"words": 0.2, "left": 1.0, "a/success": 0.5}
TIMES = {"a": 12.0, "b": 3.0, "c": 4.0, "d": 5.0}
BUDGETS = (1, 20, Budget(20, 9.0, TIMES), Budget(50, 2.0, TIMES), Budget(120, 20.0, TIMES))


class Draws(np.random.Generator):
    """A generator whose uniform numbers are given."""

    def __init__(self, *numbers: float) -> None:
        super().__init__(np.random.PCG64(0))
        self._numbers = iter(numbers)

    def random(self, *_: object, **__: object) -> float:  # type: ignore[override]
        """Return the next number."""
        return next(self._numbers)


def _copy(policy: ThompsonPolicy, epsilon: float, path: Path) -> ThompsonPolicy:
    policy.save(path)
    again = ThompsonPolicy(seed=policy.seed, epsilon=epsilon)
    again.load(path)
    return again


@pytest.mark.parametrize("budget", BUDGETS)
@pytest.mark.parametrize("epsilon", [0.0, 0.1, 1.0])
def test_propensities_are_exact(trained: ThompsonPolicy, epsilon: float, budget: Budget | int, tmp_path: Path) -> None:
    """Each selection's propensity is the share of draws that lead to it: every particle and plain one is drawn once."""
    policy = _copy(trained, epsilon, tmp_path / "policy.npz")
    count = len(_plain(ARMS, budget if isinstance(budget, Budget) else Budget(budget)))
    exact: dict[tuple[tuple[str, int], ...], float] = {}
    told: dict[tuple[tuple[str, int], ...], float] = {}
    kinds = [(number, PARTICLES, 1 - epsilon, 1.0) for number in range(PARTICLES)]
    kinds += [(number, count, epsilon, -1.0) for number in range(count)]
    for number, of, share, draw in kinds:
        if share:
            selection = policy.select(CONTEXT, ARMS, budget, Draws(draw, (number + 0.5) / of))
            assert selection.particle == (number if draw > 0 else -1)
            depths = tuple(selection.depths.items())
            exact[depths] = exact.get(depths, 0.0) + share / of
            assert told.setdefault(depths, selection.propensity) == selection.propensity
    assert told == pytest.approx(exact, abs=1e-12)
    assert sum(told.values()) == pytest.approx(1, abs=1e-12)
    shares = {tuple(depths.items()): share for depths, share in policy.distribution(CONTEXT, ARMS, budget)}
    assert shares == told
    assert min(shares.values()) > 0


def test_the_propensity_is_computed_when_it_is_asked_for(trained: ThompsonPolicy) -> None:
    """Choosing does not compute it; asked for twice it is the same number, computed once."""
    asked: list[str] = []

    def chance() -> float:
        asked.append("once")
        return 0.25

    selection = Selection(depths={"a": 1}, chance=chance)
    assert asked == []
    assert [selection.propensity, selection.propensity] == [0.25, 0.25]
    assert asked == ["once"]
    real = trained.select(CONTEXT, ARMS, 20, np.random.default_rng(0))
    assert "propensity" not in vars(real)
    assert real.propensity == real.chance()


def _chi_square(
    counts: Counter[tuple[tuple[str, int], ...]], shares: dict[tuple[tuple[str, int], ...], float]
) -> float:
    """Return chi-square as a standard normal deviate; selections expected less than five times count as one.

    Wilson & Hilferty (1931): the cube root of chi-square / df is about normal.
    """
    draws = sum(counts.values())
    cells = [(counts[one], draws * share) for one, share in shares.items()]
    often = [cell for cell in cells if cell[1] >= 5]
    rare = [cell for cell in cells if cell[1] < 5]
    if rare:
        often.append((sum(seen for seen, _ in rare), sum(expected for _, expected in rare)))
    statistic = sum((seen - expected) ** 2 / expected for seen, expected in often)
    freedom = len(often) - 1
    return float(((statistic / freedom) ** (1 / 3) - (1 - 2 / (9 * freedom))) / (2 / (9 * freedom)) ** 0.5)


@pytest.mark.parametrize(
    ("budget", "draws"),
    [(20, 20_000), (Budget(20, 9.0, {"a": 5.0, "b": 3.0, "c": 2.0}), 6_000)],
    ids=["any time", "in time"],
)
def test_selections_come_as_often_as_their_propensity_says(
    trained: ThompsonPolicy, budget: Budget | int, draws: int, tmp_path: Path
) -> None:
    """Over many draws the frequencies of whole selections pass a chi-square test against the propensities."""
    policy = _copy(trained, 0.1, tmp_path / "policy.npz")
    arms = ("a", "b", "c")
    rng = np.random.default_rng(11)
    counts: Counter[tuple[tuple[str, int], ...]] = Counter()
    told: dict[tuple[tuple[str, int], ...], float] = {}
    for _ in range(draws):
        selection = policy.select(CONTEXT, arms, budget, rng)
        depths = tuple(selection.depths.items())
        counts[depths] += 1
        if depths not in told:
            told[depths] = selection.propensity
    shares = {tuple(depths.items()): share for depths, share in policy.distribution(CONTEXT, arms, budget)}
    assert told.items() <= shares.items()
    assert len(counts) >= 4
    assert _chi_square(counts, shares) < 3.09  # p = 0.001
    wrong = dict(zip(shares, itertools.islice(itertools.cycle(shares.values()), 1, None), strict=False))
    assert _chi_square(counts, wrong) > 10


@pytest.mark.parametrize("width", [0.0, 1.0])
def test_one_and_many_samples_choose_alike(width: float, trained: ThompsonPolicy, tmp_path: Path) -> None:
    """What a particle selects is what `distribution` counts for it: also where many particles are one and the same."""
    trained.save(tmp_path / "policy.npz")
    policy = (ThompsonPolicy if width else EpsilonGreedy)(seed=1, epsilon=0.0)
    policy.load(tmp_path / "policy.npz")
    rng = np.random.default_rng(0)
    for number in range(15):
        arms = rng.permutation([*ARMS, "new", "newer"])[: rng.integers(1, 8)].tolist()
        context = {"left": float(rng.normal()), "right": float(rng.normal()), "a/success": float(rng.random())}
        budget = Budget(int(rng.integers(1, 130)), float(rng.uniform(1, 25)) if number % 2 else float("inf"), TIMES)
        x, samples = policy.sums.inputs(context, arms), policy._samples(arms)
        votes: Counter[tuple[tuple[str, int], ...]] = Counter()
        for one in range(PARTICLES):
            gain = np.einsum("abw,aw->ab", samples.theta[one], x[:, samples.columns])
            votes[tuple(depths_of(arms, fill(gain, samples.effect[one], arms, budget), budget).items())] += 1
        shares = {tuple(depths.items()): share for depths, share in policy.distribution(context, arms, budget)}
        assert shares == {depths: count / PARTICLES for depths, count in votes.items()}
        assert (len(shares) == 1) >= (width == 0)
