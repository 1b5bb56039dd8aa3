"""Pages needed to see which of two systems people prefer: interleaving against an A/B test, on MSRD's dev queries.

People are simulated: they ask a random dev query, look at position r with probability 1/r and click a movie that they
look at if it is relevant, else by chance (0.1). The A/B test shows half of them A, half B, and compares the reciprocal
rank of the first click (Welch's test); interleaving counts votes, here one a page (exact sign test). Told is, for each
pair, after how many pages 80 % of the runs have p ≤ 0.05, and when the median run is decided by a test that holds at
all times: the votes' mixture, and for A/B bets on each page of A less one of B. One arm alone is ordered by the same
ranker as all of them. Where a coin says on every page who is A, nobody is better, and 5 % of the runs may say so.

    python benchmarks/interleave.py [--seeds 50]
"""

from __future__ import annotations

import math
import sys
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np
from common import OUT, data, judgments, mean, report, rows

from ltrr_cli import Engine
from ltrr_cli.engine.ways import parse_way
from ltrr_cli.estimators.measures import parse_measures
from ltrr_cli.estimators.preference import ALPHA, log_evidence, sign_test
from ltrr_cli.estimators.sequential import STAKES
from ltrr_cli.evaluation.users import PositionBased, Users
from ltrr_cli.ranking.draft import team_draft
from ltrr_cli.records import NO_TEAM, TEAM_A

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

INDEX = OUT / "msrd.ltrr"
PAIRS = (
    ("policy:prior", "single:structured"),
    ("policy:prior", "single:semantic"),
    ("policy:prior", "single:lexical"),
)
MOST = 10_000
"""Pages at which a run that has not decided ends."""
K = 10
POWER = 0.8
CHECKED = np.unique(np.geomspace(20, MOST, 120).astype(int))
"""Numbers of pages at which the runs are looked at."""


def pages_of(engine: Engine, word: str, texts: Sequence[str]) -> list[list[str]]:
    """Return what one system shows for each query."""
    way = parse_way(word)
    assert way is not None
    found = []
    for text in texts:
        answer = engine.search(
            text, k=K, log=False, explore=False, depths=way.depths, policy=way.policy, ranker=way.ranker
        )
        found.append([result.id for result in answer.results])
    return found


class World:
    """The judged queries, both systems' pages of them, and people who click."""

    def __init__(self, judged: Sequence[dict[str, int]], a: list[list[str]], b: list[list[str]]) -> None:
        self._judged, self._a, self._b = judged, a, b
        self._model = PositionBased()
        top = max(grade for own in judged for grade in own.values())
        users = Users(100, taste=0.0, noise=0.1, seed=0)
        self._chances = users.attraction("u", [""] * (top + 1), range(top + 1), top)  # by grade

    def _clicks(self, query: int, page: Sequence[str], rng: np.random.Generator) -> list[int]:
        own = self._judged[query]
        return self._model.clicks([self._chances[own.get(entity_id, 0)] for entity_id in page], rng)

    def interleaved(self, seed: int) -> NDArray[np.int8]:
        """Return of MOST pages whether A (1) or B (-1) won; 0 for a tie, and for a page without credit."""
        rng = np.random.default_rng([seed, 0])
        signs = np.zeros(MOST, np.int8)
        for number, query in enumerate(rng.integers(len(self._judged), size=MOST).tolist()):
            page = team_draft(self._a[query], self._b[query], K, rng)
            clicked = self._clicks(query, [entity_id for entity_id, _ in page], rng)
            credit = sum(1 if page[at][1] == TEAM_A else -1 for at in clicked if page[at][1] != NO_TEAM)
            signs[number] = (credit > 0) - (credit < 0)
        return signs

    def split(self, seed: int) -> NDArray[np.float64]:
        """Return the reciprocal rank of the first click on MOST pages, A's and B's in turn."""
        rng = np.random.default_rng([seed, 1])
        values = np.zeros(MOST)
        for number, query in enumerate(rng.integers(len(self._judged), size=MOST).tolist()):
            clicked = self._clicks(query, (self._b if number % 2 else self._a)[query], rng)
            values[number] = 1 / (clicked[0] + 1) if clicked else 0.0
        return values


def by_votes(signs: NDArray[np.int8]) -> tuple[list[bool], int]:
    """Return whether p ≤ ALPHA after each of CHECKED pages, and the page that decides at all times (MOST + 1: none)."""
    wins, losses = np.cumsum(signs > 0).tolist(), np.cumsum(signs < 0).tolist()
    found = [sign_test(wins[at - 1], losses[at - 1]) <= ALPHA for at in CHECKED.tolist()]
    limit = math.log(1 / ALPHA)
    ever = (at for at, (won, lost) in enumerate(zip(wins, losses, strict=True), 1) if log_evidence(won, lost) >= limit)
    return found, next(ever, MOST + 1)


def by_split(values: NDArray[np.float64]) -> tuple[list[bool], int]:
    """Return the same of an A/B test; the bets are on either side, with half of the wealth each."""
    found = []
    for at in CHECKED.tolist():
        a, b = values[:at:2], values[1:at:2]
        error = math.sqrt(a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b))
        reach = NormalDist().inv_cdf(1 - ALPHA / 2)
        found.append(error > 0 and abs(a.mean() - b.mean()) / error >= reach)
    differences = values[::2] - values[1::2]
    logs = [np.cumsum(np.log1p(side * stake * differences)) for stake in STAKES for side in (1, -1)]
    wealth = np.logaddexp.reduce(logs) - math.log(len(logs))
    decided = np.flatnonzero(wealth >= math.log(1 / ALPHA))
    return found, 2 * (int(decided[0]) + 1) if len(decided) else MOST + 1


def needed(found: list[tuple[list[bool], int]]) -> str:
    """Say after how many pages POWER of the runs have p ≤ ALPHA, from there on, and the median decision."""
    power = np.mean([one for one, _ in found], axis=0)
    below = np.flatnonzero(power < POWER)
    first = int(below[-1]) + 1 if len(below) else 0
    fixed = f"{CHECKED[first]:,}" if first < len(CHECKED) else f"over {MOST:,}"
    median = int(np.median([at for _, at in found]))
    some = np.mean([at <= MOST for _, at in found])
    at_all = f"{median:,}" if median <= MOST else f"over {MOST:,}; decided: {some:.0%}"
    return f"{fixed}; {power[-1]:.0%} after {MOST:,} (at all times: {at_all})"


def false_alarms(world: World, seeds: int) -> str:
    """Say how many runs find a difference where every page's sides are swapped by a coin."""
    coins = [np.random.default_rng([seed, 2]).choice(np.array([-1, 1], np.int8), MOST) for seed in range(seeds)]
    found = [by_votes(world.interleaved(seed) * own) for seed, own in enumerate(coins)]
    last, ever = np.mean([one[-1] for one, _ in found]), np.mean([at <= MOST for _, at in found])
    return f"told apart after {MOST:,}: {last:.0%} (at any time: {ever:.0%})"


def quality(pages: list[list[str]], wanted: Sequence[dict[str, int]]) -> str:
    """Return the means of two measures."""
    return ", ".join(
        f"{measure.name} {mean([measure.score(page, own) for page, own in zip(pages, wanted, strict=True)]):.4f}"
        for measure in parse_measures(["nDCG@10", "RR@10"])
    )


def main() -> None:
    """Simulate."""
    seeds = int(sys.argv[sys.argv.index("--seeds") + 1]) if "--seeds" in sys.argv else 50
    folder = data("msrd")
    if not (INDEX / "manifest.json").exists():
        Engine.build(folder / "catalog.jsonl.zst", INDEX)
    judged = judgments(folder / "qrels.tsv.zst")
    queries = [
        row for row in rows(folder / "queries.jsonl.zst") if row["split"] == "dev" and judged.get(row["query_id"])
    ]
    texts = [row["query"] for row in queries]
    wanted = [judged[row["query_id"]] for row in queries]
    shown: dict[str, list[list[str]]] = {}
    with Engine.open(INDEX) as engine:
        for start in range(0, len(texts), 500):
            batch = texts[start : start + 500]
            engine.warm_up(batch)
            for word in dict.fromkeys(word for pair in PAIRS for word in pair):
                shown.setdefault(word, []).extend(pages_of(engine, word, batch))
    lines = [("dev queries", f"{len(texts):,}; {seeds} runs of at most {MOST:,} pages")]
    for a, b in PAIRS:
        world = World(wanted, shown[a], shown[b])
        votes = [by_votes(world.interleaved(seed)) for seed in range(seeds)]
        split = [by_split(world.split(seed)) for seed in range(seeds)]
        lines += [
            (f"{a} against {b}", f"{quality(shown[a], wanted)} against {quality(shown[b], wanted)}"),
            ("  interleaving", needed(votes)),
            ("  A/B test", needed(split)),
            ("  interleaving, a coin says who is A", false_alarms(world, seeds)),
        ]
    report(lines)


if __name__ == "__main__":
    main()
