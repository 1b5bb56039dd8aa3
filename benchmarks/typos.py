"""Typing errors: recall@20 of the whole pipeline's page, nothing learned, with one random error in each query.

A query with a word of four or more letters gets one error in one of these words: a letter put in, left out or
replaced, or two neighbours swapped, equally often and seeded. Beside the queries as they are, and the same with errors,
each without and with the arm fuzzy (+). `Δ` is what the errors cost with the arm. nDCG@10 of the clean queries says
what the arm costs them; the last lines of how many queries it applies to, and its median times.

    python benchmarks/typos.py [SET] [SPLIT] [COUNT]

SET is msrd, snips or xquadr-en; SPLIT train, dev … or all.
"""

from __future__ import annotations

import sys
import time
from random import Random
from typing import TYPE_CHECKING, Any

from common import OUT, data, judgments, mean, quantile, rows

from ltrr_cli import Engine
from ltrr_cli.engine.requests import make_request
from ltrr_cli.estimators.measures import parse_measures
from ltrr_cli.records import Query
from ltrr_cli.retrieval.base import built_in
from ltrr_cli.retrieval.correction import correct

if TYPE_CHECKING:
    from collections.abc import Sequence

KINDS = ("insert", "delete", "replace", "swap")
LEAST = 4
SEED = 1


def mistyped(text: str, kind: str, rng: Random) -> str:
    """Return a text with one error of the kind in a random word of four or more letters; itself if it has none."""
    words = text.split(" ")
    places = [place for place, word in enumerate(words) if len(word) >= LEAST and word.isalpha()]
    if not places:
        return text
    place = rng.choice(places)
    word = words[place]
    letters = sorted({char for char in word.lower() if char.isalpha()} | set("etaoinsrhl"))
    while True:
        at = rng.randrange(len(word) - (kind == "swap"))
        letter = rng.choice(letters)
        other = {
            "insert": word[:at] + letter + word[at:],
            "delete": word[:at] + word[at + 1 :],
            "replace": word[:at] + letter + word[at + 1 :],
            "swap": word[:at] + word[at : at + 2][::-1] + word[at + 2 :],
        }[kind]
        if other.lower() != word.lower() or len(set(word.lower())) == 1:
            words[place] = other
            return " ".join(words)


def page(engine: Engine, text: str, *, fuzzy: bool) -> list[str]:
    """Return the ids of the untrained pipeline's first twenty."""
    opened = engine._opened  # noqa: SLF001 – to leave the arm out
    every = opened.strategies
    opened.strategies = [one for one in every if fuzzy or one.name != "fuzzy"]
    try:
        return [result.id for result in engine.search(text, k=20, log=False, explore=False).results]
    finally:
        opened.strategies = every


def told(name: str, values: dict[str, list[float]], columns: Sequence[str]) -> None:
    """Print a line."""
    print(f"{name:24}" + "".join(f"{mean(values[column]):>10.4f}" for column in columns), flush=True)


def arm_times(engine: Engine, texts: Sequence[str]) -> tuple[float, float, float]:
    """Return the share of texts that the arm applies to, the median ms to correct, and of all where it applies."""
    arm = built_in("fuzzy")
    spent, whole, applied = [], [], 0
    for text in texts:
        request = make_request(engine._opened, Query(id="", text=text, time=0.0))  # noqa: SLF001
        started = time.perf_counter()
        correct(request.view, text)  # as the request did, which keeps it
        spent.append((time.perf_counter() - started) * 1e3)
        if arm.applies(request):
            applied += 1
            arm.retrieve(request, 20)
            whole.append((time.perf_counter() - started) * 1e3)
    return applied / len(texts), quantile(spent, 0.5), quantile(whole, 0.5) if whole else 0.0


def main() -> None:
    """Judge."""
    name, split, count = (*sys.argv[1:], *("msrd", "dev", "100000")[len(sys.argv) - 1 :])
    folder = data(name.split("-")[0])
    judged = judgments(folder / "qrels.tsv.zst")
    english = name == "xquadr-en"

    def wanted(row: dict[str, Any]) -> bool:
        return (
            bool(judged.get(row["query_id"]))
            and split in ("all", row.get("split"))
            and (not english or row["lang"] == "en")
        )

    queries = [row for row in rows(folder / "queries.jsonl.zst") if wanted(row)]
    Random(SEED).shuffle(queries)
    asked = []
    for number, row in enumerate(queries):
        kind, rng = KINDS[number % len(KINDS)], Random(f"{SEED}/{row['query_id']}")
        wrong = mistyped(row["query"], kind, rng)
        if wrong != row["query"]:
            asked.append((row["query"], wrong, kind, judged[row["query_id"]]))
    asked = asked[: int(count)]
    recall, ndcg = parse_measures(["R@20", "nDCG@10"])
    columns = ("clean", "clean+", "typos", "typos+")
    found: dict[str, dict[str, list[float]]] = {}
    gains: dict[str, list[float]] = {column: [] for column in columns}
    with Engine.open(OUT / f"{name.split('-')[0]}.ltrr") as engine:
        for start in range(0, len(asked), 200):
            batch = asked[start : start + 200]
            engine.warm_up([text for right, wrong, _, _ in batch for text in (right, wrong)])
            for right, wrong, kind, want in batch:
                for column, text in zip(columns, (right, right, wrong, wrong), strict=True):
                    ids = page(engine, text, fuzzy=column.endswith("+"))
                    gains[column].append(ndcg.score(ids, want))
                    for group in (kind, "all"):
                        found.setdefault(group, {}).setdefault(column, []).append(recall.score(ids, want))
        clean = arm_times(engine, [right for right, *_ in asked])
        wrong_ones = arm_times(engine, [wrong for _, wrong, *_ in asked])
    print(
        f"{name}, {split}: {len(asked):,} queries; + is with the arm\n{'R@20':24}"
        + "".join(f"{c:>10}" for c in columns)
    )
    for group in ("all", *KINDS):
        told(group, found[group], columns)
    told("nDCG@10", gains, columns)
    print(f"Δ R@20 {mean(found['all']['typos+']) - mean(found['all']['clean']):+.4f}")
    for what, one in (("clean", clean), ("typos", wrong_ones)):
        print(f"{what}: applies to {one[0]:.1%}, ms to correct {one[1]:.2f}, ms in all where it applies {one[2]:.2f}")


if __name__ == "__main__":
    main()
