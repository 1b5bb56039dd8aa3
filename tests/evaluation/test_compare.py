"""Two sides on planted rankings with values worked out by hand, and who is asked when."""

from __future__ import annotations

from itertools import accumulate
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from ltrr_cli.errors import EvaluationError
from ltrr_cli.estimators.measures import parse_measures
from ltrr_cli.evaluation.compare import Latency, Live, Side, compare
from ltrr_cli.evaluation.compare_summary import of_comparison
from ltrr_cli.evaluation.notes import Notes
from ltrr_cli.evaluation.queries import EvalQuery
from ltrr_cli.evaluation.sets import TestSet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ltrr_cli.engine import Engine

MEASURES = parse_measures(["RR", "R@1"])
RUN_A = {"q1": ["a", "b"], "q2": ["x", "b"], "q9": ["a"]}
RUN_B = {"q1": ["b", "a"], "q2": ["b"], "q3": ["c"]}


def judged(*texts: str) -> TestSet:
    """Return queries q1, q2, q3, whose one relevant entity is a, b, c."""
    queries = tuple(EvalQuery(id=f"q{n}", text=text) for n, text in enumerate(texts or ("", "", ""), 1))
    qrels = {query.id: {entity: 1} for query, entity in zip(queries, "abc", strict=True)}
    return TestSet(queries=queries, qrels=qrels, notes=Notes())


class Asked:
    """Stands for an engine: answers every query alike, and keeps what it was asked."""

    def __init__(self, name: str, answer: Sequence[str], calls: list[tuple[str, str, dict[str, Any]]]) -> None:
        self.name, self.answer, self.calls, self.warm = name, answer, calls, list[str]()

    def warm_up(self, texts: Sequence[str]) -> None:
        """Keep what was encoded."""
        self.warm += texts

    def search(self, text: str, **how: Any) -> SimpleNamespace:
        """Return the answer."""
        self.calls.append((self.name, text, how))
        return SimpleNamespace(results=[SimpleNamespace(id=one) for one in self.answer[: how["k"]]])


def test_runs_by_hand() -> None:
    """RR is 1, ½, 0 against ½, 1, 1; of eight sign flips of +½, -½, -1 six are as far from 0."""
    result = compare(Side(name="one", answers=RUN_A), Side(name="two", answers=RUN_B), judged(), MEASURES)
    assert result.names == ("A: one", "B: two")
    (name, paired), (other, recall) = result.paired()
    assert (name, other) == ("RR", "R@1")
    means = [scored.means["RR"].value for scored in result.evaluations[0].systems]
    assert means == pytest.approx([1 / 2, 5 / 6])
    assert paired.difference.value == pytest.approx(-1 / 3)
    assert paired.difference.low <= -1 / 3 <= paired.difference.high
    assert paired.p == pytest.approx(6 / 8)
    assert (paired.wins, paired.ties, paired.losses) == (1, 0, 2)
    assert (recall.wins, recall.ties, recall.losses) == (1, 0, 2)  # 1, 0, 0 against 0, 1, 1
    assert result.common.value == pytest.approx((1 + 1 / 2 + 0) / 3)
    assert result.overlap.value == pytest.approx((0.9 + 0.45 + 0) / 3)
    assert result.latencies == (None, None)


def test_where_they_part() -> None:
    """The largest losses come first, the largest gains too; queries without a difference are neither."""
    result = compare(Side(name="one", answers=RUN_A), Side(name="two", answers=RUN_B), judged(), MEASURES)
    assert [(query.id, *values) for query, *values in result.apart(9, sign=-1)] == [("q3", 0, 1), ("q2", 0.5, 1)]
    assert [query.id for query, *_ in result.apart(1, sign=-1)] == ["q3"]
    assert [(query.id, *values) for query, *values in result.apart(9, sign=1)] == [("q1", 1, 0.5)]


def test_turned_round() -> None:
    """B against A is A against B with the other sign."""
    there = compare(Side(name="one", answers=RUN_A), Side(name="two", answers=RUN_B), judged(), MEASURES)
    back = compare(Side(name="two", answers=RUN_B), Side(name="one", answers=RUN_A), judged(), MEASURES)
    for (_, one), (_, other) in zip(there.paired(), back.paired(), strict=True):
        assert one.difference.value == pytest.approx(-other.difference.value)
        assert (one.wins, one.losses, one.p) == (other.losses, other.wins, other.p)
    assert there.overlap == back.overlap


def test_alike() -> None:
    """A side against itself, under one name: no difference, p = 1, all in common."""
    result = compare(Side(name="one", answers=RUN_A), Side(name="one", answers=RUN_A), judged(), MEASURES)
    assert [(one.difference.value, one.p, one.ties) for _, one in result.paired()] == [(0, 1, 3), (0, 1, 3)]
    assert (result.common.value, result.overlap.value) == pytest.approx((1, 1))
    assert "There is none." in [text for section in of_comparison(result, worst=3) for text in section.text]


def test_what_runs_lack_and_have_in_excess() -> None:
    """Judged queries without an answer and answers without a judgment are counted with the run they are of."""
    a, b = Side(name="one", answers=RUN_A), Side(name="two", answers=RUN_B)
    compare(a, b, judged(), MEASURES)
    assert a.notes.counts == {"lacking_queries": 1, "other_queries": 1}
    assert [remark.split(" (first: ")[1] for remark in a.notes.remarks] == ["query q3)", "query q9)"]
    assert b.notes.counts == {}


def test_a_run_of_other_queries() -> None:
    """A run that has none of the judged queries is a mistake, and both kinds of ids are shown."""
    stranger = Side(name="other.run", answers={"17": ["a"]})
    with pytest.raises(EvaluationError, match=r"none of the 3 .*other\.run.*'17'.*'q1'"):
        compare(Side(name="one", answers=RUN_A), stranger, judged(), MEASURES)


def test_a_run_is_cut_where_an_index_stops() -> None:
    """Against an index a run counts to rank 100, as deep as the index answers; against a run it counts whole."""
    deep = {f"q{n}": [f"e{place}" for place in range(150)] + ["a", "b", "c"] for n in (1, 2, 3)}
    live = Live(engine=cast("Engine", Asked("live", "abc", [])))
    cut, whole = Side(name="cut", answers=deep), Side(name="whole", answers=deep)
    against_live = compare(cut, Side(name="live", answers=live), judged(), MEASURES)
    against_run = compare(whole, Side(name="run", answers=RUN_B), judged(), MEASURES)
    assert against_live.evaluations[0].systems[0].means["RR"].value == 0
    assert against_run.evaluations[0].systems[0].means["RR"].value == pytest.approx((1 / 151 + 1 / 152 + 1 / 153) / 3)
    assert (cut.notes.counts, whole.notes.counts) == ({"cut_queries": 3}, {})


def test_both_are_asked_in_turn_and_timed() -> None:
    """After a pass over all queries, each is timed with A B, then B A, then A B; nothing explores or is logged."""
    calls: list[tuple[str, str, dict[str, Any]]] = []
    engines = [Asked("a", "abc", calls), Asked("b", "xa", calls)]
    a = Side(name="one", answers=Live(engine=cast("Engine", engines[0]), policy="equal"))
    b = Side(name="two", answers=Live(engine=cast("Engine", engines[1]), depths={"lexical": 5}))
    steps: list[str] = []
    lasting = [1, 10, 20, 2, 3, 30]  # ms; the second query asks B first
    ticks = iter(accumulate([0.0, *(part for ms in lasting for part in (ms / 1e3, 5.0))]))
    result = compare(
        a,
        b,
        judged("x", "y", "z"),
        MEASURES,
        now=7.0,
        progress=lambda step, more, total: steps.append(f"{step} {more}/{total}"),
        clock=lambda: next(ticks),
    )
    assert [(name, text) for name, text, _ in calls] == [
        *(("a", "x"), ("b", "x"), ("a", "y"), ("b", "y"), ("a", "z"), ("b", "z")),
        *(("a", "x"), ("b", "x"), ("b", "y"), ("a", "y"), ("a", "z"), ("b", "z")),
    ]
    assert [how["k"] for _, _, how in calls] == [100] * 6 + [10] * 6
    assert all(not how["explore"] and not how["log"] and how["now"] == 7.0 for _, _, how in calls)
    assert {(name, how["policy"], bool(how["depths"])) for name, _, how in calls} == {
        ("a", "equal", False),
        ("b", "live", True),
    }
    assert engines[0].warm == engines[1].warm == ["x", "y", "z"] * 2
    assert steps == ["ranking 1/3"] * 3 + ["timing 1/3"] * 3
    one, other = result.latencies
    assert one is not None
    assert other is not None
    assert (one.median, one.p95, other.median, other.p95) == pytest.approx((2, 2.9, 20, 29))
    assert [scored.means["RR"].value for scored in result.evaluations[0].systems] == pytest.approx(
        [(1 + 1 / 2 + 1 / 3) / 3, (1 / 2) / 3]
    )


def test_a_run_is_not_timed() -> None:
    """Of an index and a run only the index has a latency, whichever comes first."""
    live = Side(name="live", answers=Live(engine=cast("Engine", Asked("live", "abc", []))))
    ticks = iter(range(100))
    result = compare(Side(name="run", answers=RUN_B), live, judged(), MEASURES, clock=lambda: float(next(ticks)))
    assert result.latencies == (None, Latency(median=1000.0, p95=1000.0))


def test_the_page() -> None:
    """The sections hold what was worked out above; a run has no texts, so there is no column for them."""
    result = compare(Side(name="one", answers=RUN_A), Side(name="two", answers=RUN_B), judged(), MEASURES)
    means, differences, agreement, worst, best = of_comparison(result, worst=5)
    assert means.tables[0].header == ("measure", "A: one", "B: two")
    assert [row[0] for row in means.tables[0].rows] == ["RR", "R@1"]
    assert means.tables[0].rows[0][1].startswith("0.5000 (")
    assert means.charts[0].ticks == ("RR", "R@1")
    assert [curve.y for curve in means.charts[0].curves] == [
        pytest.approx((1 / 2, 1 / 3)),
        pytest.approx((5 / 6, 2 / 3)),
    ]
    assert differences.tables[0].rows[0][2:] == ("0.7500", "1", "0", "2")
    assert differences.charts[0].curves[0].y == pytest.approx((0.5, -0.5, -1))
    assert [row[1].split()[0] for row in agreement.tables[0].rows] == ["0.5000", "0.4500"]
    assert worst.tables[0].rows[0] == ("q3", "0.0000", "1.0000", "-1.0000")
    assert best.tables[0].rows == (("q1", "1.0000", "0.5000", "+0.5000"),)


def test_the_page_with_texts() -> None:
    """Where a text is known the queries that part have one; without `worst` they are not shown."""
    texts = judged("first", "second", "third")
    result = compare(Side(name="one", answers=RUN_A), Side(name="two", answers=RUN_B), texts, MEASURES)
    assert of_comparison(result, worst=1)[3].tables[0].rows == (("q3", "third", "0.0000", "1.0000", "-1.0000"),)
    assert len(of_comparison(result)) == 3
