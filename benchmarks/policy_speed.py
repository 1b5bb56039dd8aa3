"""Speed of the policy: choosing, the propensity afterwards, learning, a new version; and the size of its state.

10 arms × 6 depth buckets, 40 features, 120 candidates, 64 particles, beside the plain NumPy product of the same size:
one sample's weights times a query's features, (10 × 6 × 40)·(40). Medians over queries, p95 in brackets. `wide` is soon
after the start, when particles differ; `narrow` after many credits, when they agree.

    OPENBLAS_NUM_THREADS=1 python benchmarks/policy_speed.py
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np
from common import quantile, report

from ltrr_cli.policy.credit import Credit, walk
from ltrr_cli.policy.learner import VERSION_EVERY
from ltrr_cli.policy.thompson import ThompsonPolicy

ARMS = tuple(f"arm{number}" for number in range(10))
FEATURES = 40
BUDGET = 120
QUERIES = 300


def context(rng: np.random.Generator) -> dict[str, float]:
    """Return a query's features."""
    return {f"feature{number}": float(value) for number, value in enumerate(rng.uniform(-1, 1, FEATURES))}


def credit(rng: np.random.Generator) -> Credit:
    """Return what a click teaches: arms find the entity at some rank or not, the better ones nearer to the top."""
    features = context(rng)
    ranks = {arm: int(rng.geometric(0.3 / (1 + number))) for number, arm in enumerate(ARMS)}
    depths = dict.fromkeys(ARMS, 20)
    found = {arm: rank if rank <= 20 else 0 for arm, rank in ranks.items()}
    return walk(features, found, depths, depths, 1.0, rng, budget=BUDGET)


def main() -> None:
    """Measure, and print a table."""
    rng = np.random.default_rng(0)
    policy = ThompsonPolicy()
    rows = []
    for name, credits_given in (("wide", 400), ("narrow", 8_000)):
        updates, versions = [], []
        while policy.credits < credits_given:
            one = credit(rng)
            started = time.perf_counter()
            policy.update(one)
            spent = time.perf_counter() - started
            if policy.credits % VERSION_EVERY:
                updates.append(spent)
            elif policy.credits > credits_given - 50 * VERSION_EVERY:
                policy.mean(context(rng), ARMS, BUDGET)  # draws the particles
                versions.append(time.perf_counter() - started)
        selects, chances, products = [], [], []
        weights, x = rng.normal(size=(len(ARMS) * 6, FEATURES)), rng.normal(size=FEATURES)
        for _ in range(QUERIES):
            features = context(rng)
            started = time.perf_counter()
            chosen = policy.select(features, ARMS, BUDGET, rng)
            selects.append(time.perf_counter() - started)
            started = time.perf_counter()
            assert 0 < chosen.propensity <= 1
            chances.append(time.perf_counter() - started)
            started = time.perf_counter()
            weights @ x
            products.append(time.perf_counter() - started)
        rows += [
            (f"{name}: select", _figures(selects)),
            (f"{name}: propensity of the selection", _figures(chances)),
            (f"{name}: update", _figures(updates)),
            (f"{name}: a new version", _figures(versions)),
            (f"{name}: the plain product", _figures(products)),
        ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "policy.npz"
        policy.save(path)
        rows.append(("state", f"{path.stat().st_size / 1e6:.2f} MB"))
    report(rows)


def _figures(spent: list[float]) -> str:
    return f"{quantile(spent, 0.5) * 1e3:.3f} ms ({quantile(spent, 0.95) * 1e3:.3f})"


if __name__ == "__main__":
    main()
