"""Off-policy estimators against a known truth: do 95 % intervals hold it in 95 % of the runs, and does a model help?

Two worlds, 10,000 logged rounds a run: a contextual bandit with five actions, and selections of (arm, depth) as a
trained Thompson policy logs them, seen by the equal split. Each run draws a new log, fits a new reward model and
computes every estimate. What is demanded: normal and bootstrap intervals of snips and dr hold the truth in 92 - 98 %
of the runs, empirical Bernstein ones in at least 95 %, and dr's error is below that of ips.

    python benchmarks/coverage.py [RUNS]
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from ltrr_cli.estimators.offpolicy import Rounds, Valuation, evaluate
from ltrr_cli.estimators.reward_model import crossfit
from ltrr_cli.policy.baselines import EqualSplit
from ltrr_cli.policy.credit import walk
from ltrr_cli.policy.model import reach
from ltrr_cli.policy.thompson import ThompsonPolicy

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROUNDS = 10_000
RUNS = 500
RESAMPLES = 1000
ARMS = ("lexical", "popular", "structured", "semantic", "memory")
BUDGET = 120


class World(Protocol):
    """Logs rounds, and knows what the target policy earns."""

    name: str
    truth: float

    def log(self, rng: np.random.Generator, count: int) -> Rounds:
        """Draw a log of `count` rounds, with a cross-fitted reward model."""


class Bandit:
    """Contexts of four uniform features, five actions, softmax policies, rewards 0 and 1; the model is misspecified."""

    name = "contextual bandit"

    def __init__(self) -> None:
        rng = np.random.default_rng(7)
        self._logging, self._target, self._reward = rng.normal(0, 1, (3, 4, 5))
        x = rng.random((1_000_000, 4))
        self.truth = float(np.mean(np.sum(self._policy(x, target=True) * self._mean(x), axis=1)))

    def log(self, rng: np.random.Generator, count: int) -> Rounds:
        """Draw a log."""
        x = rng.random((count, 4))
        logging, target = self._policy(x, target=False), self._policy(x, target=True)
        action = (rng.random((count, 1)) > logging.cumsum(axis=1)[:, :-1]).sum(axis=1)
        rows = np.arange(count)
        rewards = (rng.random(count) < self._mean(x)[rows, action]).astype(float)
        with_one = np.column_stack([np.ones(count), x])
        logged, expected = np.zeros((count, 6, 5)), np.zeros((count, 6, 5))
        logged[:, 0, 0] = expected[:, 0, 0] = 1
        logged[rows, 1 + action] = with_one
        expected[:, 1:] = target[:, :, None] * with_one[:, None]
        predicted, direct = crossfit(logged.reshape(count, -1), expected.reshape(count, -1), rewards, seed=0)
        return Rounds(
            rewards=rewards,
            propensities=logging[rows, action],
            target=target[rows, action],
            predicted=predicted,
            direct=direct,
        )

    def _policy(self, x: NDArray[np.float64], *, target: bool) -> NDArray[np.float64]:
        odds = np.exp(x @ (0.8 * self._target if target else self._logging))
        return np.asarray(odds / odds.sum(axis=1, keepdims=True), np.float64)

    def _mean(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(1 / (1 + np.exp(3 - 2 * x @ np.abs(self._reward))), np.float64)


class Selections:
    """64 contexts; a Thompson policy after 100 credits logs (ε = 0.2), the equal split is judged.

    A selection earns 1 with the probability that one of its arms supplies what is wanted; the deeper, the likelier.
    """

    name = "selections of (arm, depth)"

    def __init__(self) -> None:
        rng = np.random.default_rng(8)
        policy, equal = ThompsonPolicy(epsilon=0.2, seed=3), EqualSplit()
        self._x = rng.random((64, 2))
        skill = rng.random((2, len(ARMS))) * 0.6
        contexts = [{"words": float(row[0]), "odd": float(row[1])} for row in self._x]
        for number in range(100):
            row = int(rng.integers(64))
            found = rng.random(len(ARMS)) < self._x[row] @ skill
            ranks = {arm: int(rng.integers(1, 40)) * bool(one) for arm, one in zip(ARMS, found, strict=True)}
            policy.update(
                walk(contexts[row], ranks, dict.fromkeys(ARMS, 100), {}, 0.5 + 0.5 * (number % 2), rng, budget=120)
            )
        self._shares, self._target, self._mean, self._reach, self._equal = [], [], [], [], []
        self.truth = 0.0
        for row, context in enumerate(contexts):
            distribution = policy.distribution(context, ARMS, BUDGET)
            ((split, _),) = equal.distribution(context, ARMS, BUDGET)
            reached = np.array([[reach(depths.get(arm, 0)) for arm in ARMS] for depths, _ in distribution])
            means = 1 - np.prod(1 - reached * (self._x[row] @ skill), axis=1)
            self._shares.append(np.array([share for _, share in distribution]))
            self._target.append(np.array([float(depths == split) for depths, _ in distribution]))
            self._mean.append(means)
            self._reach.append(reached)
            self._equal.append(np.array([reach(split[arm]) for arm in ARMS]))
            self.truth += float(self._target[-1] @ means) / 64

    def log(self, rng: np.random.Generator, count: int) -> Rounds:
        """Draw a log."""
        rows = rng.integers(0, 64, count)
        chosen = np.zeros(count, np.int64)
        for row in range(64):
            own = np.flatnonzero(rows == row)
            chosen[own] = rng.choice(len(self._shares[row]), len(own), p=self._shares[row] / self._shares[row].sum())
        pairs = list(zip(rows.tolist(), chosen.tolist(), strict=True))
        mean = np.array([self._mean[row][one] for row, one in pairs])
        rewards = (rng.random(count) < mean).astype(float)
        context = np.column_stack([np.ones(count), self._x[rows]])
        logged = np.column_stack([context, np.array([self._reach[row][one] for row, one in pairs])])
        expected = np.column_stack([context, np.array(self._equal)[rows]])
        predicted, direct = crossfit(logged, expected, rewards, seed=0)
        return Rounds(
            rewards=rewards,
            propensities=np.array([self._shares[row][one] for row, one in pairs]),
            target=np.array([self._target[row][one] for row, one in pairs]),
            predicted=predicted,
            direct=direct,
        )


class Outcome(NamedTuple):
    """`covered` gives the share of runs whose interval holds the truth, `rmse` the error, of a method; `last` a run."""

    covered: dict[tuple[str, str], float]
    rmse: dict[str, float]
    last: Valuation


def measure(world: World, *, runs: int, rounds: int = ROUNDS, resamples: int = RESAMPLES, seed: int = 0) -> Outcome:
    """Draw logs, estimate, and count how often the truth is in each interval."""
    hits: dict[tuple[str, str], int] = {}
    squares: dict[str, float] = {}
    for run in range(runs):
        valuation = evaluate(world.log(np.random.default_rng([seed, run]), rounds), seed=run, resamples=resamples)
        for estimate in valuation.estimates:
            squares[estimate.method] = squares.get(estimate.method, 0.0) + (estimate.value - world.truth) ** 2
            kinds = {"normal": estimate.normal, "bootstrap": estimate.bootstrap, "bernstein": estimate.bernstein}
            for kind, interval in kinds.items():
                if interval is not None:
                    key = estimate.method, kind
                    hits[key] = hits.get(key, 0) + (interval.low <= world.truth <= interval.high)
    covered = {key: count / runs for key, count in hits.items()}
    return Outcome(covered, {method: (square / runs) ** 0.5 for method, square in squares.items()}, valuation)


def main() -> None:
    """Run both worlds, print, and end with 1 where a demand is not met."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    kept = True
    for world in (Bandit(), Selections()):
        outcome = measure(world, runs=runs)
        last = outcome.last
        print(f"{world.name}: truth {world.truth:.4f}, {runs} runs of {ROUNDS:,} rounds, worth {last.effective:,.0f}")
        print(f"  {'method':<8} {'normal':>8} {'bootstrap':>10} {'bernstein':>10} {'rmse':>9}")
        for method, error in outcome.rmse.items():
            cells = [outcome.covered.get((method, kind)) for kind in ("normal", "bootstrap", "bernstein")]
            texts = ["-" if cell is None else f"{cell:.1%}" for cell in cells]
            print(f"  {method:<8} {texts[0]:>8} {texts[1]:>10} {texts[2]:>10} {error:>9.5f}")
            if method in {"snips", "dr"}:
                kept = kept and all(cell is not None and 0.92 <= cell <= 0.98 for cell in cells[:2])
            if method in {"ips", "dr"}:
                kept = kept and cells[2] is not None and cells[2] >= 0.95
        kept = kept and outcome.rmse["dr"] < outcome.rmse["ips"]
    print("all demands are met" if kept else "a demand is not met")
    sys.exit(not kept)


if __name__ == "__main__":
    main()
