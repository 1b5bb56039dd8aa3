"""Summaries: what tables say is what was measured."""

from __future__ import annotations

import math

import pytest

from ltrr_cli.cli.plot import draw
from ltrr_cli.estimators.intervals import Interval
from ltrr_cli.estimators.measures import parse_measures
from ltrr_cli.evaluation.evaluate import evaluate
from ltrr_cli.evaluation.queries import EvalQuery
from ltrr_cli.evaluation.replay import Replayed, Step
from ltrr_cli.evaluation.report import page
from ltrr_cli.evaluation.simulate import Simulated, Window
from ltrr_cli.evaluation.summary import interval, of_evaluation, of_replay, of_simulation, p_value

EVIL = "<script>\x1b[2J"
QUERIES = tuple(EvalQuery(id=f"q{number}", text=f"{EVIL} {number}") for number in range(3))
SYSTEMS = {
    "ltrr": {"q0": ["a", "x"], "q1": ["x"], "q2": ["a"]},
    "lexical": {"q0": ["x"], "q1": ["x"], "q2": ["x"]},
    "memory": {"q0": ["a"], "q1": ["a"], "q2": ["a"]},
}
JUDGED = {query.id: {"x": 1} for query in QUERIES}


def test_numbers_as_people_read_them() -> None:
    """An estimate with its interval, with a sign where it is a difference, and p values down to a bound."""
    assert interval(Interval(value=0.5, low=0.25, high=1)) == "0.5000 (0.2500 … 1.0000)"
    assert interval(Interval(value=0.5, low=-0.25, high=1), sign=True) == "+0.5000 (-0.2500 … +1.0000)"
    assert p_value(0.00009) == "< .0001"
    assert p_value(0.0001) == "0.0001"
    assert p_value(1.0) == "1.0000"


def test_of_an_evaluation() -> None:
    """Systems, the comparison with the first, and its worst queries against the best other."""
    result = evaluate(SYSTEMS, QUERIES, JUDGED, parse_measures(["RR", "P@1"]))
    systems, paired, worst = of_evaluation(result, worst=2)
    rows = systems.tables[0].rows
    assert [row[0] for row in rows] == ["ltrr", "lexical", "memory"]
    assert rows[0][1].startswith("0.5000 (")
    assert [row[2] for row in rows] == ["0.3333", "1.0000", "0.0000"]
    assert "Judged queries: 3." in systems.text[0]
    assert paired.heading == "ltrr against each other system, RR"
    assert [(row[0], *row[3:]) for row in paired.tables[0].rows] == [
        ("lexical", "0", "1", "2"),
        ("memory", "2", "1", "0"),
    ]
    assert paired.tables[0].rows[0][1].startswith("-0.5000 (-")
    assert worst.heading == "Worst queries: where ltrr loses most to lexical"
    assert [(row[0], *row[2:]) for row in worst.tables[0].rows] == [
        ("q2", "0.0000", "1.0000", "-1.0000"),
        ("q0", "0.5000", "1.0000", "-0.5000"),
    ]
    (chart,) = systems.charts
    assert chart.ticks == ("ltrr", "lexical", "memory")
    assert chart.curves[0].y == (0.5, 1.0, 0.0)
    assert len(of_evaluation(result)) == 2


def test_of_one_system_and_of_one_query() -> None:
    """A single system has nothing to be compared with; a single query has no interval, and both can be drawn."""
    alone = of_evaluation(evaluate({"ltrr": SYSTEMS["ltrr"]}, QUERIES, JUDGED, parse_measures(["RR"])), worst=5)
    assert [section.heading for section in alone] == ["Systems"]
    single = of_evaluation(evaluate(SYSTEMS, QUERIES[:1], JUDGED, parse_measures(["RR"])), worst=5)
    assert single[0].tables[0].rows[0][1] == "0.5000 (-inf … inf)"
    for sections in (alone, single):
        assert "ltrr" in draw(sections[0].charts[0], 60, unicode=True)
        assert "<script>\x1b" not in page("a title", sections)


def _step(number: int, predicted: int, right: float) -> Step:
    sums = {"ltrr": {"RR": right}, "counts": {"RR": 0.0}} if predicted else {}
    return Step(start=86400.0 * number, end=86400.0 * number + 1, events=3, predicted=predicted, sums=sums)


def test_of_a_replay() -> None:
    """Means over all batches and over the last fifth of them, weighed by predictions."""
    steps = (*(_step(number, 2, 0.0) for number in range(8)), _step(8, 4, 4.0), _step(9, 0, 0.0))
    (section,) = of_replay(Replayed(measures=("RR",), steps=steps, resumed=0, ranker="the prior is live"))
    assert section.tables[0].header == ("system", "RR, whole log", "RR, last fifth of batches")
    assert section.tables[0].rows == (("ltrr", "0.2000", "1.0000"), ("counts", "0.0000", "0.0000"))
    assert section.text[0] == "Actions predicted: 20, batches: 10, 1970-01-01 to 1970-01-10."
    assert "RR" in draw(section.charts[0], 60, unicode=True)


@pytest.mark.parametrize("count", [1, 10])
def test_of_a_simulation(count: int) -> None:
    """Scores and regrets with and without learning, over all sessions and the last fifth of windows."""
    windows = tuple(
        Window(
            end=4 * number,
            sessions=4,
            clicks=2,
            score=number / 10,
            untrained=0.1,
            regret=1 - number / 10,
            untrained_regret=1.0,
            shares={"lexical": 0.5, "memory": 0.5},
        )
        for number in range(1, count + 1)
    )
    done = Simulated(measure="RR", sessions=4 * count, clicks=2 * count, windows=windows, ranker="the prior is live")
    (section,) = of_simulation(done)
    rows = section.tables[0].rows
    assert rows[0] == ("RR, all sessions", f"{0.05 + count / 20:.4f}", "0.1000", f"{count / 20 - 0.05:+.4f}")
    assert rows[1][1] == ("0.9500" if count == 10 else "0.1000")
    assert rows[2][0] == "regret per session, all sessions"
    assert math.isclose(float(rows[2][1]) + float(rows[0][1]), 1, abs_tol=1e-4)
    assert section.text[0] == f"Sessions: {4 * count}, clicks: {2 * count}."
    assert all(draw(chart, 40, unicode=False) for chart in section.charts)
