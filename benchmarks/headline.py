"""The page behind the README's claims: what learning adds on each data set, beside the textbook systems.

For every set with judgments that is there: plain BM25, the encoder alone, their reciprocal rank and convex fusions, and
ltrr cold, after 500 and after 5,000 simulated sessions. The sessions ask *asked* queries; what was learned is measured
on these, and on *unseen* queries that no session asked. For the log of real actions (lastfm): progressive validation.
All settings are the defaults, the same for every set.

    python benchmarks/headline.py          goes on where it was stopped; writes benchmarks/headline.md and .svg
"""

from __future__ import annotations

import json
import random
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common import OUT, data, plain_bm25

from ltrr_cli import Engine
from ltrr_cli.catalog import Overrides
from ltrr_cli.estimators.measures import parse_measures
from ltrr_cli.evaluation import charts
from ltrr_cli.evaluation.chart import Chart, Curve
from ltrr_cli.evaluation.evaluate import WHOLE, evaluate, ids, rank_all
from ltrr_cli.evaluation.fusion import convex, reciprocal_rank
from ltrr_cli.evaluation.replay import replay
from ltrr_cli.evaluation.sets import read_set
from ltrr_cli.evaluation.simulate import START, simulate
from ltrr_cli.evaluation.users import PositionBased, Users
from ltrr_cli.feedback.formats import Feedback

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ltrr_cli.evaluation.evaluate import Evaluation
    from ltrr_cli.evaluation.queries import EvalQuery

SETS = ("msrd", "snips", "xquadr", "trecsession2012", "cranfield")
REAL = "lastfm"
SESSIONS = (0, 500, 5000)
MOST = 500
"""Queries of each kind, at most."""
SHARE_PREDICTED = 0.02
MEASURE = "nDCG@10"
PARTS = Path(__file__).parent / "headline"
BASELINES = ("BM25", "dense", "RRF", "convex")


def main() -> None:
    """Measure what is not measured yet, then write the page."""
    parts = OUT / "headline"
    parts.mkdir(parents=True, exist_ok=True)
    results = {}
    for name in (*SETS, REAL):
        path = parts / f"{name}.json"
        if not path.exists():
            started = time.perf_counter()
            part = on_log(name) if name == REAL else on_set(name)
            part["minutes"] = round((time.perf_counter() - started) / 60, 1)
            path.write_text(json.dumps(part), encoding="utf-8")
        results[name] = json.loads(path.read_text(encoding="utf-8"))
        print(f"{name}: {results[name]['minutes']} min")
    real = results.pop(REAL)
    PARTS.with_suffix(".md").write_text(page(results, real), encoding="utf-8")
    charts.save([chart(results, kind) for kind in ("asked", "unseen")], PARTS.with_suffix(".svg"))
    print(PARTS.with_suffix(".md").read_text(encoding="utf-8"))


def on_set(name: str) -> dict[str, Any]:
    """Return the means of every system on asked and on unseen queries of a judged set."""
    folder = data(name)
    index = built(name)
    judged = read_set(folder / "queries.jsonl.zst", folder / "qrels.tsv.zst")
    queries = [query for query in judged.queries if max(judged.qrels[query.id].values()) > 0]
    asked, unseen = halves(queries)
    both = [*asked, *unseen]
    measures = parse_measures([MEASURE])
    systems: dict[str, dict[str, list[str]]] = {}

    def watch(done: int, engine: Engine) -> None:
        if done in SESSIONS:
            ranked = ids(rank_all(engine, both, depth=10, now=START, alone=False))
            systems[f"ltrr, {done:,} sessions" if done else "ltrr, cold"] = ranked[WHOLE]

    with Engine.open(index) as engine:
        textbook = baselines(engine, both)
    simulated = simulate(
        index,
        asked,
        judged.qrels,
        sessions=max(SESSIONS),
        users=Users(100, taste=0.0, noise=0.1, seed=1),
        model=PositionBased(),
        measure=measures[0],
        seed=1,
        watch=watch,
    )
    systems = {**dict(reversed(systems.items())), **textbook}
    return {
        "asked": as_row(evaluate(systems, asked, judged.qrels, measures)),
        "unseen": as_row(evaluate(systems, unseen, judged.qrels, measures)),
        "clicks": simulated.clicks,
        "first": [simulated.mean(part, simulated.windows[:2]) for part in ("score", "untrained")],
        "ranker": simulated.ranker,
    }


def halves(queries: Sequence[EvalQuery]) -> tuple[list[EvalQuery], list[EvalQuery]]:
    """Return asked and unseen queries, at most MOST each, no text in both: by their split, else at random."""
    texts: dict[str, EvalQuery] = {}
    for query in queries:
        texts.setdefault(query.text.casefold(), query)
    shuffled = list(texts.values())
    random.Random(1).shuffle(shuffled)
    if any(query.split for query in shuffled):
        asked = [query for query in shuffled if query.split == "train"]
        unseen = [query for query in shuffled if query.split != "train"]
    else:
        asked, unseen = shuffled[: len(shuffled) // 2], shuffled[len(shuffled) // 2 :]
    return asked[:MOST], unseen[:MOST]


def baselines(engine: Engine, queries: Sequence[EvalQuery]) -> dict[str, dict[str, list[str]]]:
    """Return the rankings of BM25 over all fields alike, of the encoder alone, and of their two fusions."""
    view = engine._opened.view  # noqa: SLF001 – the raw engine beside ours
    systems: dict[str, dict[str, list[str]]] = {name: {} for name in BASELINES}
    engine.warm_up([query.text for query in queries])
    for query in queries:
        bm25 = plain_bm25(view, query.text)
        dense = engine.retrieve(query.text, depth=100)["semantic"]
        for name, ranking in zip(
            BASELINES,
            (bm25, dense, reciprocal_rank([bm25, dense]), convex({"lexical": bm25, "semantic": dense})),
            strict=True,
        ):
            systems[name][query.id] = [entity_id for entity_id, _ in ranking]
    return systems


def on_log(name: str) -> dict[str, Any]:
    """Return what progressive validation gives on a log of real actions."""
    folder = data(name)
    replayed = replay(
        built(name, popularity=False),
        Feedback([folder / "feedback.jsonl.zst"]),
        measures=parse_measures(["Success@10", "Success@100"]),
        batch="month",
        sample=SHARE_PREDICTED,
    )
    return {
        "predicted": sum(step.predicted for step in replayed.steps),
        "months": len(replayed.steps),
        "systems": {
            system: [replayed.mean(system, measure) for measure in replayed.measures] for system in replayed.systems
        },
    }


def built(name: str, *, popularity: bool = True) -> Path:
    """Return the index of a set, built if it is not there. lastfm's play counts happened after its events."""
    index = OUT / f"{name}.ltrr"
    if not (index / "manifest.json").exists():
        overrides = None if popularity else Overrides(popularity="")
        Engine.build(data(name) / "catalog.jsonl.zst", index, overrides=overrides)
    return index


def as_row(result: Evaluation) -> dict[str, Any]:
    """Return means with intervals, and the first system's differences to the others."""
    return {
        "queries": len(result.queries),
        "means": {
            scored.name: [getattr(scored.means[MEASURE], part) for part in ("value", "low", "high")]
            for scored in result.systems
        },
        "against": {
            paired.name: [paired.difference.value, paired.difference.low, paired.difference.high, paired.p]
            for paired in result.paired
        },
    }


def page(results: dict[str, Any], real: dict[str, Any]) -> str:
    """Return the page."""
    names = [*BASELINES, "ltrr, cold", *(f"ltrr, {count:,} sessions" for count in SESSIONS[1:])]
    last = names[-1]
    lines = [
        "# What learning adds",
        "",
        "Made by `python benchmarks/headline.py`; default settings, the same for every set.",
        "",
        f"{MEASURE}, mean over queries with 95 % bootstrap intervals. A hundred simulated people ask the *asked*",
        "queries and click with probability 1/rank on what the judgments call relevant, and on a tenth of what they",
        "look at by mistake; *unseen* queries are never asked. What is clicked is what is judged: these are not",
        "numbers of real users.",
        "",
        "![asked and unseen queries](headline.svg)",
    ]
    for kind, title in (("asked", "Queries that were asked"), ("unseen", "Queries that were never asked")):
        lines += ["", f"## {title}", "", f"| set | queries | {' | '.join(names)} |", "|---|--:|" + "--:|" * len(names)]
        for name, result in results.items():
            means = result[kind]["means"]
            best = max(mean[0] for mean in means.values())
            cells = [cell(means[system], bold=means[system][0] == best) for system in names]
            lines.append(f"| {name} | {result[kind]['queries']} | {' | '.join(cells)} |")
        if kind == "unseen":
            lines += [
                "",
                "trecsession2012's queries come in topics with common judgments: an unseen one has a near twin.",
            ]
        lines += ["", f"{last}, less each other system (p: randomisation test, Holm-adjusted within the set):", ""]
        lines += [f"| set | {' | '.join(names[:-1])} |", "|---|" + "--:|" * (len(names) - 1)]
        for name, result in results.items():
            against = result[kind]["against"]
            lines.append(f"| {name} | {' | '.join(difference(against[system]) for system in names[:-1])} |")
    lines += ["", "## A log of real actions", ""]
    lines += [
        f"{REAL}: {real['predicted']:,} of 146,787 actions, each predicted before anything of its month was learned",
        f"({real['months']} months, nothing known at first). Share whose entity is in the top 10 / 100; *counts* is a",
        "plain table of query and entity that learns at the same pace.",
        "",
        "| system | top 10 | top 100 |",
        "|---|--:|--:|",
        *(f"| {system} | {ten:.3f} | {hundred:.3f} |" for system, (ten, hundred) in real["systems"].items()),
        "",
        "## What does not work",
        "",
        *failures(results, real),
    ]
    return "\n".join(lines) + "\n"


def failures(results: dict[str, Any], real: dict[str, Any]) -> list[str]:
    """Return, from the numbers, where learning did not help and where something simpler is better."""
    last, cold = f"ltrr, {SESSIONS[-1]:,} sessions", "ltrr, cold"
    lines = []
    for name, result in results.items():
        for kind in ("asked", "unseen"):
            means, against = result[kind]["means"], result[kind]["against"]
            better = [f"{other} ({means[other][0]:.3f})" for other in BASELINES if means[other][0] > means[last][0]]
            if better:
                lines.append(f"- {name}, {kind}: better than {last} ({means[last][0]:.3f}): {', '.join(better)}.")
            if against[cold][1] <= 0:
                lines.append(f"- {name}, {kind}: no clear gain over the cold index ({difference(against[cold])}).")
        learning, untrained = result["first"]
        if learning < untrained:
            lines.append(
                f"- {name}: exploring costs at first: the pages of the first 400 sessions score {learning:.3f}, "
                f"untrained {untrained:.3f}."
            )
    ten, hundred = real["systems"][WHOLE]
    for place, mine, size in ((0, ten, 10), (1, hundred, 100)):
        better = [
            f"{system} ({shares[place]:.3f})" for system, shares in real["systems"].items() if shares[place] > mine
        ]
        if better:
            lines.append(f"- {REAL}, top {size}: better than the whole pipeline ({mine:.3f}): {', '.join(better)}.")
    kept = [name for name, result in results.items() if result["ranker"].startswith("the prior is live")]
    if kept:
        lines.append(f"- The ranker's doubt rule promoted no trained ranker on: {', '.join(kept)}.")
    return lines


def cell(mean: Sequence[float], *, bold: bool) -> str:
    """Return a mean with its interval."""
    value = f"{mean[0]:.3f}"
    return f"{f'**{value}**' if bold else value} ({mean[1]:.3f}–{mean[2]:.3f})"


def difference(row: Sequence[float]) -> str:
    """Return a difference with its interval and p."""
    p = "p < .001" if row[3] < 1e-3 else f"p = {row[3]:.3f}"
    return f"{row[0]:+.3f} ({row[1]:+.3f} … {row[2]:+.3f}), {p}"


def chart(results: dict[str, Any], kind: str) -> Chart:
    """Return bars of every system on every set."""
    systems = [*BASELINES, "ltrr, cold", *(f"ltrr, {count:,} sessions" for count in SESSIONS[1:])]
    return Chart(
        title=f"{MEASURE} on {kind} queries",
        x_label="",
        y_label=MEASURE,
        kind="bars",
        ticks=tuple(results),
        curves=tuple(
            Curve(
                name=system,
                x=tuple(float(place) for place in range(len(results))),
                y=tuple(result[kind]["means"][system][0] for result in results.values()),
                low=tuple(result[kind]["means"][system][1] for result in results.values()),
                high=tuple(result[kind]["means"][system][2] for result in results.values()),
            )
            for system in systems
        ),
    )


if __name__ == "__main__":
    main()
