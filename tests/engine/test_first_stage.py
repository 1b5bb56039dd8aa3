"""What is known before the policy chooses: the first stage's scores, the arms' own history, and how long they take."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from ltrr_cli.engine import Engine
from ltrr_cli.engine.requests import make_request
from ltrr_cli.policy.learner import VERSION_EVERY
from ltrr_cli.records import Event, Query
from ltrr_cli.retrieval.lexical import ceiling

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from ltrr_cli.records import Answer, Trace
    from ltrr_cli.retrieval.base import Request

NOW = 1_750_000_000.0
SCORES = ("lexical.results", "lexical.top", "lexical.gap", "lexical.spread")
OWN = ("success", "tried", "results")


@pytest.fixture
def engine(index: Path) -> Iterator[Engine]:
    """Return an engine on an index that may be changed."""
    with Engine.open(index) as opened:
        yield opened


def part(context: Mapping[str, float], start: str) -> dict[str, float]:
    """Return the features whose names begin so."""
    return {name: value for name, value in context.items() if name.startswith(start)}


def own(context: Mapping[str, float]) -> dict[str, float]:
    """Return the arms' own features."""
    return {name: value for name, value in context.items() if "/" in name}


def logged(engine: Engine, answer: Answer) -> Trace:
    """Return the trace that the log has of an answer."""
    found = engine._opened.impressions.find(answer.query_id)
    assert found is not None
    assert found.trace is not None
    return found.trace


def expected(engine: Engine, text: str) -> dict[str, float]:
    """Return the features of the lexical scores, by their definitions."""
    scores = [score for _, score in engine.retrieve(text, depth=100, now=NOW)["lexical"]]
    perfect = ceiling(make_request(engine._opened, Query(id="", text=text, time=NOW)))
    return {
        "lexical.results": math.log(1 + len(scores)) / math.log(101),
        "lexical.top": scores[0] / perfect,
        "lexical.gap": (scores[0] - scores[1]) / scores[0],
        "lexical.spread": sum(score >= scores[0] / 2 for score in scores) / len(scores),
    }


@pytest.mark.parametrize("text", ["love", "rain night", "gold winter 1977", "a long way to love"])
def test_scores(engine: Engine, text: str) -> None:
    """Whoever chooses knows how the lexical arm's scores lie; where depths are given nobody chooses."""
    wanted = expected(engine, text)
    assert 0 < wanted["lexical.top"] < 1
    for how in ({}, {"explore": False}, {"policy": "equal"}, {"policy": "prior"}, {"k": 1}):
        answer = engine.search(text, seed=3, now=NOW, **how)
        assert part(answer.trace.context, "lexical.") == pytest.approx(wanted, rel=1e-5)
        assert part(logged(engine, answer).context, "lexical.") == part(answer.trace.context, "lexical.")
    fixed = engine.search(text, depths={"lexical": 10}, now=NOW)
    assert part(fixed.trace.context, "lexical.") == {}


def test_scores_where_lexical_does_not_apply(engine: Engine, index: Path) -> None:
    """A query without a known word has none, nor has an index without the arm."""
    for text in ("xyzzy", "", "東"):
        assert part(engine.search(text, seed=1, now=NOW, log=False).trace.context, "lexical.") == {}
    (index / "ltrr.toml").write_text('[strategies]\nuse = ["semantic", "memory"]\n')
    with Engine.open(index) as other:
        answer = other.search("love", seed=1, now=NOW, log=False)
    assert part(answer.trace.context, "lexical.") == {}
    assert answer.results


def test_scores_do_not_depend_on_the_choice(index: Path) -> None:
    """However deep the arm runs, and whether at all, its scores say the same; what it gives is its best so far."""
    depths = set()
    for candidates in (3, 20, 120):
        (index / "ltrr.toml").write_text(f"[query]\ncandidates = {candidates}\nepsilon = 1.0\n")
        with Engine.open(index) as engine:
            alone = engine.retrieve("love rain", depth=100, now=NOW)["lexical"]
            wanted = expected(engine, "love rain")
            for seed in range(8):
                trace = engine.search("love rain", seed=seed, now=NOW, log=False).trace
                assert part(trace.context, "lexical.") == pytest.approx(wanted, rel=1e-5)
                depth = {arm.name: arm.depth for arm in trace.arms}.get("lexical", 0)
                depths.add(depth)
                if depth:
                    assert_prefix(trace, alone, depth)
            for depth in (1, 7):
                fixed = engine.search("love rain", depths={"lexical": depth}, now=NOW, log=False).trace
                assert_prefix(fixed, alone, min(depth, candidates))
    assert len(depths) > 3


def assert_prefix(trace: Trace, alone: list[tuple[str, float]], depth: int) -> None:
    """Fail unless the pool has the first `depth` of what lexical finds alone."""
    found = trace.pool["lexical"]
    assert [trace.pool_ids[candidate] for candidate in found.candidates] == [one for one, _ in alone[:depth]]
    assert found.scores == pytest.approx([score for _, score in alone[:depth]], abs=1e-5)


def test_hindsight_knows_the_scores(engine: Engine) -> None:
    """Clicks of another system are credited in a context that has them too."""
    wanted = expected(engine, "love rain")
    engine.ingest([Event(id="x", entity_id="e03", action="click", time=NOW, text="love rain")], now=NOW)
    (row,) = [row for _, row in engine._opened.logs.control.replay() if row["kind"] == "hindsight"]
    assert part(row["context"], "lexical.") == pytest.approx(wanted, abs=1e-5)
    (credit,) = engine._opened.learned.policy._pending
    assert set(SCORES) <= set(credit.context)


def test_own_history(index: Path) -> None:
    """After an action on a query, each arm that ran for it knows whether it helped; from then on, and not before."""
    with Engine.open(index) as engine:
        first = engine.search("LOVE,", depths={"lexical": 2, "semantic": 30}, now=NOW)
        low = first.results[-1]
        assert low.strategies.keys() == {"semantic"}
        second = engine.search("love", seed=1, now=NOW + 1)
        assert own(second.trace.context) == {}
        engine.record(first.query_id, low.id, now=NOW + 2)
        third = engine.search("Love!", seed=1, now=NOW + 3)
        wanted = {
            "lexical/success": 0.0,
            "lexical/tried": 1 / 5,
            "lexical/results": math.log(3) / math.log(101),
            "semantic/success": 1.0,
            "semantic/tried": 1 / 5,
            "semantic/results": math.log(31) / math.log(101),
        }
        assert own(third.trace.context) == pytest.approx(wanted)
        assert own(engine.search("rain", seed=1, now=NOW + 3).trace.context) == {}
        engine.record(second.query_id, low.id, "like", now=NOW + 4)  # in which four arms ran, 24 deep
        assert own(logged(engine, second).context) == {}
        assert own(logged(engine, third).context) == pytest.approx(wanted)
        supplied = next(one for one in second.results if one.id == low.id).strategies
        fourth = own(engine.search("love", seed=1, now=NOW + 5).trace.context)
        assert fourth["semantic/tried"] == fourth["lexical/tried"] == 2 / 6
        assert fourth["semantic/success"] == (1 + ("semantic" in supplied)) / 2
        assert fourth["lexical/success"] == ("lexical" in supplied) / 2
        assert fourth["popular/tried"] == 1 / 5
        engine.learn(now=NOW + 6)
    with Engine.open(index) as engine:
        assert own(engine.search("love", seed=1, now=NOW + 5).trace.context) == fourth


def test_own_history_counts_what_was_supplied(index: Path) -> None:
    """An arm that would have found it deeper down than it ran did not supply it, though hindsight knows that."""
    (index / "ltrr.toml").write_text("[learning]\nhindsight = true\n")
    with Engine.open(index) as engine:
        alone = [one for one, _ in engine.retrieve("love", depth=100, now=NOW)["semantic"]]
        page = engine.search("love", depths={"lexical": 1, "popular": 20, "semantic": 2}, k=30, now=NOW)
        result = next(one for one in page.results if one.strategies.keys() == {"popular"})
        assert alone.index(result.id) >= 2
        engine.record(page.query_id, result.id, now=NOW + 1)
        assert part(engine.search("love", seed=1, now=NOW + 2).trace.context, "semantic/")["semantic/success"] == 0.0


class Broken:
    """A strategy that fails."""

    name = "broken"
    learns = False

    def applies(self, request: Request) -> bool:  # noqa: ARG002 – the contract's name
        """Always apply."""
        return True

    def retrieve(self, request: Request, depth: int) -> NoReturn:  # noqa: ARG002 – the contract's names
        """Fail."""
        raise RuntimeError


class Deaf(Broken):
    """A strategy that never applies."""

    name = "deaf"

    def applies(self, request: Request) -> bool:  # noqa: ARG002 – the contract's name
        """Never apply."""
        return False


def test_arms_without_a_history(index: Path) -> None:
    """An arm that failed, one that did not apply, and one that was not chosen have no history of the query."""
    with Engine.open(index, strategies=[Broken(), Deaf()]) as engine:
        page = engine.search("love", depths={"broken": 5, "deaf": 5, "popular": 5}, now=NOW)
        engine.record(page.query_id, page.results[0].id, now=NOW + 1)
        context = own(engine.search("love", seed=1, now=NOW + 2).trace.context)
        assert set(context) == {f"popular/{feature}" for feature in OWN}


def _set_times(engine: Engine, times: dict[str, float]) -> None:
    engine._opened.learned.teaching.history.times = times


TIMES = {"lexical": 1.0, "popular": 2.0, "structured": 1.0, "memory": 0.5, "related": 1.0, "semantic": 50.0}


def test_time_limit(index: Path) -> None:
    """Arms that usually take longer than there is time for are left out, the quickest runs in any case."""
    (index / "ltrr.toml").write_text("[query]\narms_ms = 10\n")
    with Engine.open(index) as engine:
        _set_times(engine, TIMES)
        answer = engine.search("love rain", explore=False, now=NOW)
        quick = {"lexical", "popular", "memory", "related"}
        assert {arm.name for arm in answer.trace.arms} == quick
        assert set(answer.trace.available) == {*quick, "semantic"}
        left = (9.0, {**TIMES, "lexical": 0.0})  # lexical has run by then
        assert (answer.trace.limit_ms, answer.trace.times) == left
        kept = logged(engine, answer)
        assert (kept.limit_ms, kept.times) == left
        fixed = engine.search("love rain", depths={"semantic": 5}, now=NOW)
        assert [arm.name for arm in fixed.trace.arms] == ["semantic"]
        _set_times(engine, dict.fromkeys(TIMES, 50.0))
        assert len(engine.search("love rain", explore=False, now=NOW).trace.arms) == 1
        engine.record(answer.query_id, answer.results[0].id, now=NOW + 1)
        assert logged(engine, answer).times == left[1]  # as they were when it was answered


def test_no_time_limit(engine: Engine) -> None:
    """Without a limit no arm is left out for its time, and the trace tells of none."""
    _set_times(engine, TIMES)
    answer = engine.search("love rain", explore=False, now=NOW)
    assert {arm.name for arm in answer.trace.arms} == {"lexical", "popular", "memory", "related", "semantic"}
    for trace in (answer.trace, logged(engine, answer)):
        assert (trace.limit_ms, trace.times) == (0.0, {})


def test_time_limit_of_a_trained_policy(index: Path) -> None:
    """Whatever it tries, together the arms stay within the time by their usual times, and chances are known."""
    (index / "ltrr.toml").write_text(
        "[query]\narms_ms = 52\nepsilon = 0.5\n[strategies]\nuse = ['lexical', 'popular', 'semantic']\n"
    )
    with Engine.open(index) as engine:
        for number in range(VERSION_EVERY):
            page = engine.search("love rain", depths={"lexical": 9, "popular": 9, "semantic": 9}, now=NOW + number)
            engine.record(page.query_id, page.results[number % 9].id, now=NOW + number, user=f"u{number}")
        ran = set()
        for seed in range(25):
            _set_times(engine, TIMES)
            trace = engine.search("love rain", seed=seed, now=NOW + 100, log=False).trace
            assert sum(TIMES[arm.name] for arm in trace.arms) <= 52
            assert 0 < trace.propensity < 1
            ran |= {frozenset(arm.name for arm in trace.arms)}
        assert len(ran) > 1
        assert any("semantic" in names for names in ran)


def test_times_are_learned(engine: Engine, index: Path, state_of: Callable[[Path], dict[str, Any]]) -> None:
    """How long arms take is known from the pages that were acted on, and kept with what was learned."""
    page = engine.search("love", depths={"lexical": 5, "semantic": 5}, now=NOW)
    engine.search("love", depths={"popular": 5}, now=NOW)
    engine.record(page.query_id, page.results[0].id, now=NOW + 1)
    engine.learn(now=NOW + 2)
    wanted = {arm.name: arm.ms for arm in page.trace.arms}
    assert set(wanted) == {"lexical", "semantic"}
    assert state_of(index)["state"]["arm_ms"] == pytest.approx(wanted, rel=1e-5)
    assert {arm.name: arm.ms for arm in engine.info().arms if arm.ms is not None} == pytest.approx(wanted, rel=1e-5)
