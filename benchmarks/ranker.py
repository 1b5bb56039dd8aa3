"""The ranker: trained on judgments and on simulated clicks, beside LambdaMART; under hostile logs; and its speed.

Movies of MSRD, one index, default settings; weights are trained on train queries and measured on the dev queries,
nDCG@10 over the untrained policy's pools. Pages are the live ranker's first ten, with the small noise that memory and
exploration bring; a place r is looked at with probability 1/r, and a tenth of what is not wanted is clicked. The
promotions are decided by the index's own code. LambdaMART needs lightgbm: pip install lightgbm.

    python benchmarks/ranker.py [--seeds 3]         writes benchmarks/ranker.md and .svg
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from common import OUT
from ranker_data import NAMES, SETS, Pages, pages
from ranker_draft import sensitivity
from ranker_page import page
from ranker_worlds import HOSTILE, World, contest

from ltrr_cli.evaluation import charts
from ltrr_cli.evaluation.chart import Chart, Curve
from ltrr_cli.ranking.linear import LinearRanker
from ltrr_cli.ranking.losses import LOSSES
from ltrr_cli.ranking.noise import perturbed
from ltrr_cli.ranking.train import JUDGED_STRENGTH, Sample, train

if TYPE_CHECKING:
    from collections.abc import Sequence

PAGE = Path(__file__).parent / "ranker"
JUDGED = 500
SESSIONS = (200, 500, 1000, 2000, 5000, 10000)
HOSTILE_SEEDS, FRESH = 10, 200
"""Seeds of the doubt rule's runs, and the first of them: none of them was run before the rule was settled."""
PRIOR = LinearRanker()


def judged_samples(data: Pages, queries: Sequence[int]) -> list[Sample]:
    """Return the lists of judged queries, as `ltrr ranker train` makes them."""
    samples = []
    for query in queries:
        values, grades = data.of(query)
        if grades.any():
            samples.append(Sample(names=NAMES, values=values, gains=(grades / grades.sum()).astype(np.float32)))
    return samples


def judged(data: Pages, queries: Sequence[int], loss: str = "pairwise") -> LinearRanker:
    """Return the ranker trained on these queries' judgments."""
    return train(judged_samples(data, queries), strength=JUDGED_STRENGTH, loss=LOSSES[loss])


def lambdamart(data: Pages, queries: Sequence[int], test: Pages) -> float | None:
    """Return LambdaMART's nDCG@10, trained on the same features of the same queries; None without lightgbm."""
    try:
        import lightgbm
    except ImportError:
        return None
    found = [data.of(query) for query in queries]
    table = lightgbm.Dataset(
        np.concatenate([values for values, _ in found]),
        np.concatenate([grades for _, grades in found]),
        group=[len(grades) for _, grades in found],
    )
    settings = {
        "objective": "lambdarank",
        "learning_rate": 0.05,
        "num_leaves": 15,
        "min_data_in_leaf": 30,
        "verbose": -1,
        "num_threads": 2,
        "lambdarank_truncation_level": 15,
    }
    model = lightgbm.train(settings, table, 150)
    return test.ndcg_of(np.asarray(model.predict(test.values)))


def quality(seeds: int) -> dict[str, Any]:
    """Return the figures of judgments and of clicks, a list with one figure for each seed."""
    data, test = pages("msrd", "train"), pages("msrd", "dev")
    out: dict[str, Any] = {"untrained": test.ndcg(PRIOR), "judged": [], "listwise": [], "LambdaMART": []}
    curves: dict[str, dict[int, list[float]]] = {"debiased": {}, "naive": {}}
    for seed in range(seeds):
        queries = np.random.default_rng(seed).choice(len(data), JUDGED, replace=False).tolist()
        out["judged"].append(test.ndcg(judged(data, queries)))
        out["listwise"].append(test.ndcg(judged(data, queries, "listwise")))
        out["LambdaMART"].append(lambdamart(data, queries, test))
        log = World(data, seed=seed).sessions(max(SESSIONS), PRIOR)
        for count in SESSIONS:
            part = log.first(count)
            for name, curve in curves.items():
                ranker = train(part.samples(naive=name == "naive"))
                curve.setdefault(count, []).append(test.ndcg(ranker))
            print(
                f"seed {seed}: {count} sessions",
                {name: round(curves[name][count][-1], 4) for name in curves},
                flush=True,
            )
    return {**out, "clicks": curves}


def other_sets() -> dict[str, Any]:
    """Return what the same hyperparameters give on every set: untrained, trained on its own judgments, on others'."""
    found = {}
    parts = {name: pages(name, "train") for name in SETS}
    lists = {name: judged_samples(part, range(min(JUDGED, len(part)))) for name, part in parts.items()}
    for name in SETS:
        test = pages(name, "dev")
        others = [sample for other in SETS if other != name for sample in lists[other]]
        found[name] = [
            test.ndcg(PRIOR),
            test.ndcg(train(lists[name], strength=JUDGED_STRENGTH, loss=LOSSES["pairwise"])),
            test.ndcg(train(others, strength=JUDGED_STRENGTH, loss=LOSSES["pairwise"])),
        ]
    return found


def hostile(seeds: int = HOSTILE_SEEDS) -> dict[str, Any]:
    """Return for each kind of log what was promoted.

    `first` are the sessions after which the runs that promote do so first, `worst` the smallest step of nDCG@10 that a
    promotion made.
    """
    data, test = pages("msrd", "train"), pages("msrd", "dev")
    logs = {}
    for name, kind in HOSTILE.items():
        steps: list[float] = []
        first: list[int] = []
        end = []
        for seed in range(seeds):
            live, changes = contest(World(data, seed=FRESH + seed), kind)
            before = PRIOR
            first += [sessions for sessions, _ in changes[:1]]
            for _, ranker in changes:
                steps.append(test.ndcg(ranker) - test.ndcg(before))
                before = ranker
            end.append(test.ndcg(live))
        logs[name] = {"runs": seeds, "first": sorted(first), "worst": min(steps, default=0.0), "end": end}
        print(name, logs[name], flush=True)
    return {"untrained": test.ndcg(PRIOR), "logs": logs}


def noise() -> dict[str, float]:
    """Return the untrained ranker's nDCG@10 on MSRD's train queries, by the temperature of noise in the order."""
    data = pages("msrd", "train")
    scores = PRIOR.score(NAMES, data.values)
    found = {"0": data.ndcg_of(scores)}
    for temperature in (0.01, 0.02, 0.05, 0.1):
        found[str(temperature)] = data.ndcg_of(perturbed(scores, temperature, np.random.default_rng(1)))
    return found


def false_promotions(runs: int) -> dict[str, int]:
    """Return how many of the runs, each with 1,000 ingests, promote a ranker that is no better."""
    world = World(pages("msrd", "train"), seed=7)
    return {"runs": runs, "promoted": sum(world.null_run(seed, ingests=1000) for seed in range(runs))}


def speed() -> dict[str, float]:
    """Return ms of scoring 200 candidates, and seconds and MB of training on 100,000 lists of ten."""
    rng = np.random.default_rng(0)
    values = rng.random((200, len(NAMES))).astype(np.float32)
    spent = []
    for _ in range(2000):
        started = time.perf_counter()
        PRIOR.score(NAMES, values)
        spent.append(time.perf_counter() - started)
    log = World(pages("msrd", "train"), seed=3).sessions(100_000, PRIOR)
    samples = log.samples()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    train(samples)
    return {
        "score": sorted(spent)[1000] * 1e3,
        "features": len(NAMES),
        "train": time.perf_counter() - started,
        "lists": len(samples),
        "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "mb before": before / 1024,
    }


def main() -> None:
    """Measure what is not measured yet, then write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    seeds = parser.parse_args().seeds
    parts = OUT / "ranker"
    results: dict[str, Any] = {}
    for name, call in (
        ("quality", lambda: quality(seeds)),
        ("sets", other_sets),
        ("hostile", hostile),
        ("false", lambda: false_promotions(200)),
        ("draft", lambda: sensitivity(pages("msrd", "train"), range(FRESH, FRESH + 5))),
        ("noise", noise),
        ("speed", speed),
    ):
        path = parts / f"{name}.json"
        if not path.exists():
            started = time.perf_counter()
            part = call()
            path.write_text(json.dumps(part), encoding="utf-8")
            print(f"{name}: {time.perf_counter() - started:.0f} s", flush=True)
        results[name] = json.loads(path.read_text(encoding="utf-8"))
    PAGE.with_suffix(".md").write_text(page(results), encoding="utf-8")
    charts.save(chart(results["quality"]), PAGE.with_suffix(".svg"))


def chart(found: dict[str, Any]) -> Chart:
    """Return nDCG@10 over the number of sessions."""
    x = tuple(float(count) for count in SESSIONS)
    curves = []
    for name, by_count in found["clicks"].items():
        values = [by_count[str(count)] for count in SESSIONS]
        means, lows, highs = (tuple(float(of(one)) for one in values) for of in (np.mean, np.min, np.max))
        curves.append(Curve(name=f"clicks, {name}", x=x, y=means, low=lows, high=highs))
    flat = [("500 judged queries", found["judged"]), ("LambdaMART, 500 judged", found["LambdaMART"])]
    for name, values in [*flat, ("untrained", [found["untrained"]])]:
        if None not in values:
            curves.append(Curve(name=name, x=x, y=(float(np.mean(values)),) * len(x)))
    return Chart(title="nDCG@10 on MSRD's dev queries", x_label="sessions", y_label="nDCG@10", curves=tuple(curves))


if __name__ == "__main__":
    main()
