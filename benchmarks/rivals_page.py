"""The page of benchmarks/rivals.py, from what it measured."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common import mean, quantile
from rivals_systems import RIVALS

from ltrr_cli.estimators.measures import parse_measures
from ltrr_cli.evaluation.evaluate import evaluate

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ltrr_cli.estimators.intervals import Interval
    from ltrr_cli.evaluation.sets import TestSet

PAGE = Path(__file__).parent / "rivals.md"
TITLES = {
    "msrd": "MSRD: 9,750 movies",
    "cranfield": "Cranfield: 1,398 abstracts",
    "snips": "snips: 6,541 songs, films, books …",
}
VERSIONS = "import importlib.metadata as m, json, sys; print(json.dumps({n: m.version(n) for n in sys.argv[1:]}))"
_NONE = "–"


def write_page(tests: Mapping[str, TestSet], kept: Path, python: Path) -> str:
    """Write the page from the results of the sets that are there; return it. `python` has the rivals installed."""
    asked = [str(python), "-c", VERSIONS, *dict.fromkeys(name for rival in RIVALS.values() for name in rival.packages)]
    versions = json.loads(subprocess.run(asked, check=True, capture_output=True, text=True).stdout)
    lines = [
        "# Beside what users would pick instead",
        "",
        f"Made by `python benchmarks/rivals.py` with {', '.join(f'{name} {one}' for name, one in versions.items())}.",
        *INTRODUCTION.splitlines(),
    ]
    for name, test in tests.items():
        parts = {
            part: json.loads(path.read_text(encoding="utf-8"))
            if (path := kept / name / f"{part}.json").exists()
            else None
            for part in ("quality", "times")
        }
        if parts["quality"]:
            lines += section(TITLES[name], test, parts["quality"], parts["times"])
    learned = [name for name in tests if (kept / name / "learned.json").exists()]
    if learned:
        lines += LEARNED.splitlines()
        lines += [row for name in learned for row in gains(name, tests[name], kept)]
    PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return PAGE.read_text(encoding="utf-8")


def section(title: str, test: TestSet, quality: dict[str, Any], times: dict[str, Any] | None) -> list[str]:
    """Return the heading, the table and its notes for one set."""
    systems = [system for system in ("ltrr", *RIVALS) if system in quality]
    answered = {system: quality[system] for system in systems if "failed" not in quality[system]}
    queries = [query.id for query in test.queries]
    judged = {}
    for depth, measure in (("10", "nDCG@10"), ("100", "R@100")):
        rankings = {system: dict(zip(queries, one[depth], strict=True)) for system, one in answered.items()}
        judged[measure] = evaluate(rankings, test.queries, test.qrels, parse_measures([measure]))
    lines = [
        "",
        f"## {title}; {len(queries):,} queries",
        "",
        f"| {' | '.join(COLUMNS)} |",
        "|---|" + "--:|" * (len(COLUMNS) - 1),
    ]
    for system in systems:
        if system not in answered:
            lines.append(f"| {system} | fails: {quality[system]['failed']} |" + " |" * 10)
            continue
        cells = [system]
        for measure, result in judged.items():
            (value,) = [one.means[measure].value for one in result.systems if one.name == system]
            differences = [one.difference for one in result.paired if one.name == system]
            cells += [f"{value:.4f}", spread(differences[0]) if differences else ""]
        cells += costs(times["systems"][system]) if times else [_NONE] * 7
        lines.append(f"| {' | '.join(cells)} |")
    ahead = [
        f"{one.name} ({measure})"
        for measure, result in judged.items()
        for one in result.paired
        if one.difference.high < 0
    ]
    lines += ["", f"Ahead of ltrr, the interval without 0: {', '.join(ahead) or 'none'}."]
    if times:
        alone = times["systems"]["encoder"]
        lines += [
            "",
            f"The encoder alone: {pair(alone['whole'])} ms a query, {started(alone)} ms a process,",
            f"{alone['peak']:.0f} MB of memory, {times['encoder']:.0f} MB on disk (in ltrr's index, in no rival's).",
            f"{times['queries']} queries timed; load of the two cores before and after:",
            f"{' and '.join(f'{one:.1f}' for one in times['load'])}.",
        ]
    else:
        lines += ["", "What the systems cost here is not measured yet."]
    return lines


def costs(found: dict[str, Any]) -> list[str]:
    """Return the cells of what a system costs."""
    if "failed" in found:
        return [f"fails: {found['failed']}", *[_NONE] * 6]
    build = found["build"]
    return [
        f"{build['seconds']:.1f} ({build['cpu']:.1f})",
        f"{build['peak']:.0f}",
        f"{pair(found['whole'])} ({sum(found['cpu']) / len(found['whole']):.1f})",
        pair(found["given"]),
        started(found),
        f"{found['peak']:.0f}",
        f"{found['disk']:.1f}",
    ]


def gains(name: str, test: TestSet, kept: Path) -> Iterable[str]:
    """Yield a row for the queries that were asked, and one for the others."""
    learned = json.loads((kept / name / "learned.json").read_text(encoding="utf-8"))
    quality = json.loads((kept / name / "quality.json").read_text(encoding="utf-8"))
    (measure,) = parse_measures(["nDCG@10"])
    places = {query.id: place for place, query in enumerate(test.queries)}
    rivals = [system for system, one in quality.items() if system != "ltrr" and "failed" not in one]
    for group, ids in learned["groups"].items():
        means = {
            system: mean([measure.score(quality[system]["10"][places[one]], test.qrels[one]) for one in ids])
            for system in rivals
        }
        ours = [
            mean([measure.score(answers[one], test.qrels[one]) for one in ids])
            for answers in learned["answers"].values()
        ]
        best = max(means, key=means.__getitem__)
        cells = (name, group, f"{len(ids):,}", *(f"{value:.4f}" for value in ours), f"{means[best]:.4f} ({best})")
        yield f"| {' | '.join(cells)} |"


def pair(spent: list[float]) -> str:
    """Return the median and the 99th percentile of milliseconds."""
    return f"{quantile(spent, 0.5):.1f} / {quantile(spent, 0.99):.1f}"


def started(found: dict[str, Any]) -> str:
    """Return the medians of a cold answer: by the clock, and of the processor."""
    clock, processor = (quantile(spent, 0.5) for spent in zip(*found["cold"], strict=True))
    return f"{clock:.0f} ({processor:.0f})"


def spread(difference: Interval) -> str:
    """Return a difference with its interval."""
    return f"{difference.value:+.4f} ({difference.low:+.4f} … {difference.high:+.4f})"


COLUMNS = (
    "system",
    *("nDCG@10", "ltrr more", "R@100", "ltrr more"),
    *(
        "build s (processor)",
        "MB",
        "query ms, p50 / p99 (processor)",
        "vector given",
        "cold ms (processor)",
        "MB",
        "disk MB",
    ),
)
INTRODUCTION = """
Every system has the same words of every entity (title, text, all attributes that are texts, year), and all but bm25s
the same vectors, from ltrr's encoder: one for each entity, of the text that ltrr encodes. (ltrr alone has vectors of
passages of long texts, too, and knows numbers such as popularity.) Each is set up as its own documentation does it for
hybrid search, with its defaults; how is in `rivals_systems.py`. *One text*: all words in one field; *fields*: title,
text and the rest apart. The weight of the title, where a system takes one, is the best of 1, 2, 3 and 5 on 500 of
MSRD's train queries, where ltrr's prior was chosen, too. *Exact*: all vectors are compared, where txtai's default from
5,000 on is an inverted file of which a small part is. Each fuses the first 100 of each of its lists, txtai ten times
what is asked for. Milvus Lite has no English analyser: it does not stem. ltrr has learned nothing.

*ltrr more*: the mean difference to ltrr over queries with its 95 % bootstrap interval. *Build*: seconds by the clock
(and of the processor) from words and vectors in memory (ltrr: from the catalogue file, with the vectors of an earlier
build) to an index on disk, then the most memory it had. *Query*: warm, ten results, the vector of the query made by the
encoder (bm25s needs none), then with the vector given; ltrr logs every answer. *Cold*: a new process that opens the
index and the encoder, answers one query and ends, median. *MB*: the most that the process had resident after all
queries, encoder included. Systems take turns; each has processes of its own. *Processor*: its time, which others on the
machine disturb less than the clock; more than the clock's where two threads work.
"""
LEARNED = """
## What no rival does

A hundred simulated people ask half of the queries (*asked*; at most 500) in 5,000 sessions and click with probability
1/rank on what the judgments call relevant, and on a tenth of what they look at by mistake. ltrr learns from the clicks;
the rivals take none. What is clicked is what is judged: these are not numbers of real users.

| set | queries | | ltrr, nothing learned | ltrr, learned | best rival of these queries |
|---|---|--:|--:|--:|--:|
"""
