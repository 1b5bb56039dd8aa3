"""Evaluating: every system's values, their intervals, and the comparison of the first with all others."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from ltrr_cli.engine import Engine
from ltrr_cli.errors import UsageError
from ltrr_cli.estimators.measures import parse_measures
from ltrr_cli.evaluation.evaluate import DEPTH, depth_for, evaluate, ids, rank_all
from ltrr_cli.evaluation.queries import EvalQuery
from ltrr_cli.retrieval.base import BUILT_IN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    Qrels = Mapping[str, Mapping[str, int]]

NOW = 1_750_000_000.0
MEASURES = parse_measures(["RR", "nDCG@10"])
ASKED = tuple(EvalQuery(id=f"q{number}", text=f"text {number}") for number in range(4))
JUDGED = {query.id: {"x": 1} for query in ASKED}
BEST, SECOND, NONE = ["x", "a"], ["a", "x"], ["a", "b"]


def _system(*rankings: list[str]) -> dict[str, list[str]]:
    return {query.id: ranking for query, ranking in zip(ASKED, rankings, strict=True)}


def test_values_and_means_by_hand() -> None:
    """Each query has its value in each measure, and the mean is theirs."""
    result = evaluate({"ltrr": _system(BEST, SECOND, NONE, BEST)}, ASKED, JUDGED, MEASURES)
    (only,) = result.systems
    assert only.values["RR"] == (1.0, 0.5, 0.0, 1.0)
    assert only.values["nDCG@10"] == pytest.approx((1.0, 1 / math.log2(3), 0.0, 1.0))
    assert only.means["RR"].value == 0.625
    assert 0 <= only.means["RR"].low < 0.625 < only.means["RR"].high <= 1
    assert result.paired == ()
    assert result.best_other() is None
    assert result.worst(3) == []
    assert result.measures == ("RR", "nDCG@10")


def test_differences_are_first_less_other() -> None:
    """The first system's better queries are wins and a positive difference, with an exact p, adjusted after Holm."""
    result = evaluate(
        {
            "ltrr": _system(BEST, BEST, BEST, SECOND),
            "low": _system(NONE, NONE, NONE, NONE),
            "same": _system(*[BEST] * 4),
        },
        ASKED,
        JUDGED,
        MEASURES,
    )
    low, same = result.paired
    assert (low.name, low.wins, low.ties, low.losses) == ("low", 4, 0, 0)
    assert low.difference.value == pytest.approx(3.5 / 4)
    assert 0.5 <= low.difference.low <= 0.875 <= low.difference.high <= 1
    assert low.p == pytest.approx(2 * 2 / 16)  # 2 of 16 sign flips are as far from 0, times two comparisons
    assert (same.wins, same.ties, same.losses) == (0, 3, 1)
    assert same.difference.value == pytest.approx(-0.125)
    assert same.p == 1.0
    best = result.best_other()
    assert best is not None
    assert best.name == "same"


def test_worst_queries() -> None:
    """Queries come in the order of what is lost to the best other system, then of the own value."""
    result = evaluate(
        {"ltrr": _system(SECOND, NONE, BEST, NONE), "other": _system(BEST, BEST, SECOND, NONE)}, ASKED, JUDGED, MEASURES
    )
    assert [(query.id, mine, theirs) for query, mine, theirs in result.worst(3)] == [
        ("q1", 0.0, 1.0),
        ("q0", 0.5, 1.0),
        ("q3", 0.0, 0.0),
    ]
    assert len(result.worst(99)) == 4
    assert result.worst(0) == []


def test_an_unanswered_query_scores_as_an_empty_ranking() -> None:
    """A system that leaves a query out gets 0 for it, and is not excused."""
    result = evaluate({"ltrr": _system(BEST, BEST, BEST, BEST), "lazy": {"q0": BEST}}, ASKED, JUDGED, MEASURES)
    assert result.systems[1].values["RR"] == (1.0, 0.0, 0.0, 0.0)


def test_one_query() -> None:
    """With one query there is a mean, an interval that says nothing, and p = 1."""
    result = evaluate({"ltrr": {"q0": BEST}, "other": {"q0": NONE}}, ASKED[:1], JUDGED, MEASURES)
    assert (result.systems[0].means["RR"].value, result.systems[0].means["RR"].low) == (1.0, -math.inf)
    assert result.paired[0].p == 1.0


def test_the_seed_decides_chance() -> None:
    """The same arguments give the same result; another seed gives other intervals of the same means."""
    systems = {"ltrr": _system(BEST, SECOND, NONE, BEST), "other": _system(NONE, BEST, SECOND, SECOND)}
    one, same, other = (evaluate(systems, ASKED, JUDGED, MEASURES, seed=seed) for seed in (1, 1, 2))
    assert one == same
    assert one.systems[0].values == other.systems[0].values


def test_against_ir_measures(index: Path, qrels: Qrels, queries: tuple[EvalQuery, ...]) -> None:
    """The means of an evaluation of an index are what ir_measures gives for the same rankings."""
    ir_measures = pytest.importorskip("ir_measures")
    names = ["nDCG@10", "RR", "R@5", "P@3", "AP", "Judged@10"]
    with Engine.open(index) as engine:
        systems = rank_all(engine, queries, now=NOW)
    result = evaluate(ids(systems), queries, qrels, parse_measures(names))
    assert result.systems[0].name == "ltrr"
    for scored in result.systems:
        run = [
            ir_measures.ScoredDoc(query_id, entity_id, -rank)
            for query_id, ranking in ids(systems)[scored.name].items()
            for rank, entity_id in enumerate(ranking)
        ]
        judged = [
            ir_measures.Qrel(query, entity, grade) for query, rows in qrels.items() for entity, grade in rows.items()
        ]
        if not run:
            continue
        wanted = {
            str(measure): value
            for measure, value in ir_measures.calc_aggregate(
                [ir_measures.parse_measure(name) for name in names], judged, run
            ).items()
        }
        assert {name: mean.value for name, mean in scored.means.items()} == pytest.approx(wanted)


def test_systems_of_an_index(
    index: Path, queries: tuple[EvalQuery, ...], files_of: Callable[[Path], dict[str, str]]
) -> None:
    """The pipeline, each strategy and both fusions answer every query, the index stays, and twice is the same."""
    before = files_of(index)
    told: list[int] = []
    with Engine.open(index) as engine:
        systems = rank_all(engine, queries, now=NOW, progress=told.append)
        assert rank_all(engine, queries, now=NOW) == systems
        alone = engine.retrieve("love", depth=100, now=NOW)
    assert list(systems) == ["ltrr", *BUILT_IN, "rrf", "convex"]
    assert all(list(rankings) == [query.id for query in queries] for rankings in systems.values())
    assert {name: rankings["q0"] for name, rankings in systems.items() if name in alone} == alone
    assert systems["rrf"]["q0"][0][1] == pytest.approx(2 / 61)
    assert told == [1, 1, 1, 1]
    assert files_of(index) == before


def test_the_pipeline_alone_and_a_depth(index: Path, queries: tuple[EvalQuery, ...]) -> None:
    """With `alone` off there is only the pipeline; no system gives more than `depth` results."""
    with Engine.open(index) as engine:
        assert list(rank_all(engine, queries, now=NOW, alone=False)) == ["ltrr"]
        systems = rank_all(engine, queries, now=NOW, depth=3)
    assert {len(ranking) for rankings in systems.values() for ranking in rankings.values()} <= {0, 3}


@pytest.mark.parametrize(
    ("use", "names"),
    [
        ('["lexical", "memory"]', ["ltrr", "lexical", "memory"]),
        ('["semantic", "lexical"]', ["ltrr", "semantic", "lexical", "rrf", "convex"]),
    ],
)
def test_other_strategies(index: Path, queries: tuple[EvalQuery, ...], use: str, names: list[str]) -> None:
    """Only the strategies that the index uses are systems, and there is a fusion only of what it fuses."""
    (index / "ltrr.toml").write_text(f"[strategies]\nuse = {use}\n")
    with Engine.open(index) as engine:
        assert list(rank_all(engine, queries, now=NOW)) == names


def test_odd_queries(index: Path) -> None:
    """Queries of control characters, signs or nothing known, and odd users, are answered as any other."""
    odd = ("\x1b[2J\x00love", "?!", "zzz", "[CLS] AND (love", "愛", "love " * 500)
    asked = tuple(EvalQuery(id=f"o{n}", text=text, user="Ünï 'cødé'") for n, text in enumerate(odd))
    with Engine.open(index) as engine:
        systems = rank_all(engine, asked, now=NOW)
    assert all(len(rankings) == len(odd) for rankings in systems.values())
    assert systems["lexical"]["o1"] == []
    assert systems["ltrr"]["o5"]


def test_depth_for_measures() -> None:
    """The depth is 100, or the largest cutoff above; deeper than any answer is refused."""
    assert depth_for(parse_measures(["RR", "nDCG@10"])) == DEPTH
    assert depth_for(parse_measures(["R@1000", "RR@5"])) == 1000
    with pytest.raises(UsageError, match="cutoff of 1001"):
        depth_for(parse_measures(["R@1001"]))
