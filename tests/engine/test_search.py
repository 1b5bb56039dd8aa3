"""Answers: what is found, how that came about, and what is logged of it."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import pytest

from ltrr_cli.engine import Engine
from ltrr_cli.errors import FeedbackError, LtrrError, UsageError
from ltrr_cli.feedback.impressions import Impressions
from ltrr_cli.feedback.log import Log
from ltrr_cli.policy.learner import VERSION_EVERY
from ltrr_cli.retrieval.base import Hits

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ltrr_cli.records import Answer, Impression
    from ltrr_cli.retrieval.base import Request

NOW = 1_750_000_000.0
ARMS = ("lexical", "popular", "structured", "semantic", "memory", "fuzzy", "personal", "related", "fresh")


@pytest.fixture(scope="module")
def engine(built: Path) -> Iterator[Engine]:
    """Return an engine on an index that is not changed: every search here is without a log."""
    with Engine.open(built) as opened:
        yield opened


def ids(answer: Answer) -> list[str]:
    """Return the ids of an answer."""
    return [result.id for result in answer.results]


def logged(root: Path, query_id: str) -> Impression | None:
    """Return an impression from an index's log."""
    return Impressions(Log(root / "log", "queries", lock=root / "locks" / "log-queries")).find(query_id)


def test_nothing_that_was_asked_and_found_is_not_logged(index: Path) -> None:
    """Without words the best known answer, and that is logged; where no arm answers it either, nothing is."""
    with Engine.open(index) as engine:
        empty = engine.search(" ", depths={"lexical": 10}, now=NOW)
        assert not empty.results
        assert logged(index, empty.query_id) is None
        assert logged(index, engine.search("qqqq", depths={"structured": 10}, now=NOW).query_id) is not None
        best = engine.search("", k=5, now=NOW, seed=1)
        assert ids(best) == ids(engine.search("", k=5, filter='id != ""', now=NOW, seed=1))
        assert len(best.results) == 5
        assert logged(index, best.query_id) is not None


@pytest.mark.parametrize("seed", [0, 7, 2**48 - 1])
def test_same_seed_same_answer(engine: Engine, seed: int) -> None:
    """The seed decides all chance: the same seed gives the same selection, results and scores."""
    one, other = (engine.search("love rain", seed=seed, now=NOW, log=False) for _ in range(2))
    assert one.results == other.results
    assert (one.trace.particle, one.trace.propensity, one.trace.seed) == (
        other.trace.particle,
        other.trace.propensity,
        seed,
    )
    assert [(arm.name, arm.depth) for arm in one.trace.arms] == [(arm.name, arm.depth) for arm in other.trace.arms]


def test_seeds_differ(built: Path, tmp_path: Path) -> None:
    """Once the policy has learned, seeds try different selections; without a seed chance is new each time."""
    with Engine.open(shutil.copytree(built, tmp_path / "own.ltrr")) as engine:
        for number in range(VERSION_EVERY):
            answer = engine.search("love rain", seed=number, now=NOW)
            engine.record(answer.query_id, answer.results[number % 10].id, user=f"u{number}", now=NOW + number)
        traces = [engine.search("love rain", seed=seed, now=NOW, log=False).trace for seed in range(30)]
        assert len({tuple((arm.name, arm.depth) for arm in trace.arms) for trace in traces}) > 1
        assert all(0 < trace.propensity < 1 and trace.mode == "thompson" for trace in traces)
        assert len({engine.search("love", now=NOW, log=False).trace.seed for _ in range(3)}) == 3


def test_without_exploring(engine: Engine) -> None:
    """Without exploring the selection is certain, whatever the seed."""
    one, other = (engine.search("love rain", seed=seed, explore=False, now=NOW, log=False) for seed in (1, 2))
    assert one.results == other.results
    for trace in (one.trace, other.trace):
        assert (trace.mode, trace.propensity, trace.explored, trace.epsilon) == ("no-explore", 1.0, False, 0.0)


def test_depths_override_the_policy(engine: Engine) -> None:
    """Given depths run these arms to these depths; the mode says so."""
    trace = engine.search("love", depths={"lexical": 3, "semantic": 7, "memory": 0}, now=NOW, log=False).trace
    assert (trace.mode, trace.propensity, trace.policy_version) == ("fixed", 1.0, 0)
    assert {arm.name: (arm.depth, arm.returned) for arm in trace.arms} == {"lexical": (3, 3), "semantic": (7, 7)}
    assert {name: len(found.candidates) for name, found in trace.pool.items()} == {
        "lexical": 3,
        "semantic": 7,
    }
    with pytest.raises(UsageError, match=r"no strategy is called 'dense'.*lexical"):
        engine.search("love", depths={"dense": 3})


def test_trace_and_results_agree(engine: Engine) -> None:
    """What the trace says of the pool is what the results say: arms and ranks, features and scores, row by row."""
    answer = engine.search("gold winter", k=8, seed=4, now=NOW, explain=True, log=False)
    trace = answer.trace
    assert trace.scores == tuple(result.score for result in answer.results)
    assert len(trace.features) == 8
    for result, row in zip(answer.results, trace.features, strict=True):
        candidate = trace.pool_ids.index(result.id)
        found = {
            arm: hits.candidates.index(candidate) + 1
            for arm, hits in trace.pool.items()
            if candidate in hits.candidates
        }
        assert result.strategies == found
        assert sum(result.contributions.values()) == pytest.approx(result.score, abs=1e-5)
        for arm, rank in found.items():
            assert row[trace.feature_names.index(f"{arm}.reciprocal_rank")] == pytest.approx(1 / rank, abs=1e-6)
    assert len(trace.pool_ids) == len(set(trace.pool_ids)) <= sum(arm.returned for arm in trace.arms)
    assert sum(arm.depth for arm in trace.arms) <= 120


def test_readings_are_shown(engine: Engine) -> None:
    """A query that names a value says how it was read."""
    assert [reading.split(" (")[0] for reading in engine.search("1977", now=NOW, log=False).readings] == [
        "1977 → year: 1977"
    ]


def test_what_is_logged_is_what_was_answered(index: Path) -> None:
    """Read back, the impression has the query, the page and the trace, but for the documented rounding."""
    with Engine.open(index) as opened:
        answer = opened.search("Gold  Winter", k=5, user="ana", session="s1", seed=9, now=NOW + 0.123456)
        quiet = opened.search("gold", now=NOW, log=False)
    found = logged(index, answer.query_id)
    assert found is not None
    assert (found.text, found.user, found.session, found.time) == ("Gold  Winter", "ana", "s1", NOW + 0.123456)
    assert found.shown == tuple(ids(answer))
    assert logged(index, quiet.query_id) is None
    trace, kept = answer.trace, found.trace
    assert kept is not None
    for name in (
        *("now", "k", "segments", "learned", "policy_version", "ranker_version", "mode", "particle", "explored"),
        *("seed", "pool_ids", "feature_names", "reserved"),
    ):
        assert getattr(kept, name) == getattr(trace, name), name
    assert kept.epsilon == pytest.approx(trace.epsilon, rel=1e-5)
    assert kept.propensity == pytest.approx(trace.propensity, rel=1e-5)
    assert kept.context == pytest.approx(trace.context, rel=1e-8)
    # float32 has less than nine digits, so features and scores come back exactly
    np.testing.assert_array_equal(np.array(kept.features, np.float32), np.array(trace.features, np.float32))
    np.testing.assert_array_equal(np.array(kept.scores, np.float32), np.array(trace.scores, np.float32))
    assert [(arm.name, arm.depth, arm.returned, arm.error) for arm in kept.arms] == [
        (arm.name, arm.depth, arm.returned, arm.error) for arm in trace.arms
    ]
    assert kept.pool == trace.pool


def test_reserved_slot_is_logged(index: Path) -> None:
    """Among plain selections, now and then the last place is kept for what only an explored arm found, and logged."""
    (index / "ltrr.toml").write_text("[query]\nepsilon = 1.0\n")
    with Engine.open(index) as opened:
        answers = [opened.search("gold winter love", k=3, seed=seed, now=NOW) for seed in range(40)]
    kept = [answer for answer in answers if answer.trace.reserved is not None]
    assert kept
    for answer in kept:
        reserved = answer.trace.reserved
        assert reserved is not None
        assert (reserved.position, reserved.entity_id) == (3, ids(answer)[-1])
        assert list(answer.results[-1].strategies) == [reserved.arm]
        assert answer.trace.explored
        assert answer.trace.particle == -1
        found = logged(index, answer.query_id)
        assert found is not None
        assert found.trace is not None
        assert found.trace.reserved == reserved
        assert found.trace.scores == pytest.approx(answer.trace.scores)


def test_noise_in_the_order(index: Path) -> None:
    """With noise, pages of one query differ, as the seed says; each logs temperature and probability."""
    (index / "ltrr.toml").write_text("[query]\nnoise = 1.0\n")
    with Engine.open(index) as engine:

        def ask(seed: int, **more: Any) -> Answer:
            return engine.search("love", k=5, now=NOW, seed=seed, policy="equal", **more)

        pages = [ask(seed) for seed in range(8)]
        assert len({tuple(ids(page)) for page in pages}) > 1
        assert ids(ask(3)) == ids(pages[3])
        for page in pages:
            kept = logged(index, page.query_id)
            assert kept is not None
            assert kept.trace is not None
            assert kept.trace.noise == 1
            assert kept.trace.order_log_propensity == pytest.approx(page.trace.order_log_propensity, rel=1e-5)
            assert page.trace.order_log_propensity < 0
        plain = ask(3, explore=False)
        assert (plain.trace.noise, plain.trace.order_log_propensity) == (0, 0)
        assert list(plain.trace.scores) == sorted(plain.trace.scores, reverse=True)


def test_k(engine: Engine) -> None:
    """So many results as asked for come back, if there are; a k out of range is refused."""
    for k in (1, 2, 25):
        assert len(engine.search("love", k=k, depths={"semantic": 30}, now=NOW, log=False).results) == k
    assert len(engine.search("love", k=1000, now=NOW, log=False, depths={"semantic": 100}).results) == 40
    for k in (0, -1, 1001):
        with pytest.raises(UsageError, match=f"k must be from 1 to 1000, not {k}"):
            engine.search("love", k=k)


@pytest.mark.parametrize(
    "bad",
    [
        {"now": float("nan")},
        {"now": float("inf")},
        {"now": 1e20},
        {"now": -1.0},
        {"seed": -1},
        {"user": "two\nlines"},
        {"session": "x" * 600},
    ],
)
def test_values_out_of_range(engine: Engine, bad: dict[str, Any]) -> None:
    """A time, seed, user or session that cannot be used is refused with an error of ours."""
    with pytest.raises(UsageError):
        engine.search("love", log=False, **bad)


@pytest.mark.parametrize(
    "text", ["", "   ", "\t\n", "?!", "🎵", "\x00", "xyzzy", "\ud800", "東", "[CLS] [MASK]", "a\x1b[31m\x07b"]
)
def test_odd_queries_are_answered(index: Path, text: str) -> None:
    """Empty, unknown, or made of anything: a query is answered, logged and can be clicked, whatever it says."""
    with Engine.open(index) as opened:
        answer = opened.search(text, k=5, seed=1, now=NOW)
        assert answer.query == text
        assert len(answer.results) <= 5
        assert all(np.isfinite(answer.trace.scores))
        found = logged(index, answer.query_id)
        assert found is not None
        assert found.shown == tuple(ids(answer))
        if not text.strip():
            assert [arm.name for arm in answer.trace.arms] == ["popular"]
            assert len(answer.results) == 5
        assert opened.record(answer.query_id, "e07", now=NOW + 1)
        assert opened.search(text, k=5, seed=1, now=NOW + 2).results


def test_a_pasted_page_is_answered(engine: Engine) -> None:
    """A query of 100 kB is answered by its first words, like any other."""
    answer = engine.search("love winter " + "word rain \"quote' " * 6000, k=5, seed=1, now=NOW, log=False)
    assert len(answer.query) > 100_000
    assert len(answer.results) == 5


class Broken:
    """A strategy that fails as soon as it is asked."""

    name = "broken"
    learns = False

    def applies(self, request: Request) -> bool:  # noqa: ARG002 – the contract's name
        """Always apply."""
        return True

    def retrieve(self, request: Request, depth: int) -> NoReturn:  # noqa: ARG002 – the contract's names
        """Fail."""
        raise RuntimeError("no such luck " * 50)


class Last:
    """A strategy that finds the last rows."""

    name = "last"
    learns = False

    def applies(self, request: Request) -> bool:
        """Apply to queries that ask for it."""
        return "last" in request.understood.words

    def retrieve(self, request: Request, depth: int) -> Hits:
        """Return the last row first."""
        rows = np.arange(request.view.rows - 1, -1, -1)[:depth]
        return Hits(rows, np.linspace(1, 0.5, len(rows)).astype(np.float32))


def test_strategy_that_fails(index: Path) -> None:
    """A strategy that raises is noted with its error; the others answer, and clicks are learned."""
    with Engine.open(index, strategies=[Broken()]) as opened:
        for _ in range(50):
            answer = opened.search("love", seed=None, now=NOW)
            ran = {arm.name: arm for arm in answer.trace.arms}
            if "broken" in ran and len(ran) > 1:
                break
        assert ran["broken"].error.startswith("RuntimeError: no such luck")
        assert len(ran["broken"].error) <= 200
        assert ran["broken"].returned == 0
        assert answer.results
        assert opened.record(answer.query_id, answer.results[0].id, now=NOW + 1)
        found = logged(index, answer.query_id)
        assert found is not None
        assert found.trace is not None
        assert found.trace.arms == pytest.approx(found.trace.arms)
        alone = opened.search("love", depths={"broken": 5}, now=NOW)
        assert (alone.results, len(alone.trace.arms)) == ((), 1)


def test_own_strategy(index: Path) -> None:
    """A strategy of one's own finds, is credited and reported, where it applies; one that does not learns nothing."""
    (index / "ltrr.toml").write_text("[learning]\nhindsight = true\n")
    with Engine.open(index, strategies=[Last()]) as opened:
        assert "last" not in {arm.name for arm in opened.search("love", depths={"last": 5}, now=NOW).trace.arms}
        answer = opened.search("the last one", depths={"last": 5, "lexical": 2}, now=NOW)
        assert [result.id for result in answer.results if result.strategies == {"last": 2}] == ["e38"]
        before = {arm.name: arm.reward for arm in opened.info().arms}
        for number in range(25):
            again = opened.search("the last one", depths={"last": 5}, now=NOW + number)
            opened.record(again.query_id, "e39", "purchase", user=f"u{number}", now=NOW + number)
        after = {arm.name: arm.reward for arm in opened.info().arms}
        assert opened.info().strategies == (*ARMS, "last")
        assert after["last"] > before["last"]
        assert after["semantic"] < before["semantic"]
        assert after["lexical"] == before["lexical"]  # the index knows none of the words
    with Engine.open(index) as opened:  # what was learned of it does no harm where it is missing
        assert opened.search("the last one", now=NOW + 99).results[0].id == "e39"


def test_own_strategy_survives_a_new_generation(index: Path, catalog: Path) -> None:
    """When the index is built again under an open engine, the engine keeps its own strategies."""
    with Engine.open(index, strategies=[Last()]) as opened:
        Engine.build(catalog, index)
        assert opened.search("last", depths={"last": 3}, now=NOW).results[0].id == "e39"
        assert opened.info().generation == 2


def test_chosen_strategies(index: Path) -> None:
    """Only the strategies that ltrr.toml names run."""
    (index / "ltrr.toml").write_text('[strategies]\nuse = ["semantic", "lexical"]\n')
    with Engine.open(index) as opened:
        assert opened.info().strategies == ("semantic", "lexical")
        for seed in range(5):
            assert {arm.name for arm in opened.search("love", seed=seed, now=NOW).trace.arms} <= {"semantic", "lexical"}


def test_directory_that_cannot_be_written(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a log, a search writes nothing: it works where nothing can be written; with one, the error is ours."""
    for path in [index, *index.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)

    def fail(*_: Any, **__: Any) -> NoReturn:
        raise OSError(30, "Read-only file system")

    opened = os.open

    def open_to_read(path: Any, flags: int, *rest: Any, **more: Any) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            fail()
        return opened(path, flags, *rest, **more)

    try:
        with monkeypatch.context() as patch:
            patch.setattr(os, "open", open_to_read)
            patch.setattr(os, "mkdir", fail)
            with Engine.open(index) as engine:
                answer = engine.search("love", seed=1, now=NOW, log=False)
                assert answer.results
                with pytest.raises(LtrrError, match="Read-only file system"):
                    engine.search("love", now=NOW)
                with pytest.raises(FeedbackError, match="no query with this id"):
                    engine.record(answer.query_id, answer.results[0].id)
    finally:
        for path in [index, *index.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)


def test_full_disk(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the log cannot be written the search says so, and the next one works."""

    def fail(*_: Any, **__: Any) -> NoReturn:
        raise OSError(28, "No space left on device")

    with Engine.open(index) as engine:
        with monkeypatch.context() as patch:
            patch.setattr("ltrr_cli.feedback.log._write", fail)
            with pytest.raises(FeedbackError, match="No space left on device"):
                engine.search("love", now=NOW)
            assert engine.search("love", now=NOW, log=False).results
        answer = engine.search("love", now=NOW)
        assert engine.record(answer.query_id, answer.results[0].id, now=NOW)
        assert engine.info().impressions == 1


def test_warm_up_changes_nothing(engine: Engine) -> None:
    """Queries encoded ahead of time are answered as they would have been."""
    before = engine.search("train river", seed=1, now=NOW, log=False).results
    engine.warm_up(["river gold", "train river", "love", "love"])
    again = engine.search("train river", seed=1, now=NOW, log=False).results
    assert ids_of(before) == ids_of(again)


def ids_of(results: tuple[Any, ...]) -> list[tuple[str, float]]:
    """Return ids and rounded scores."""
    return [(result.id, round(result.score, 5)) for result in results]


def test_answers_are_json(engine: Engine) -> None:
    """All that an answer holds can be written as JSON: plain strings, numbers and tuples."""
    from dataclasses import asdict

    answer = engine.search("love", user="ana", seed=1, now=NOW, log=False)
    assert json.loads(json.dumps(asdict(answer)))["results"][0]["id"] == answer.results[0].id


@pytest.mark.parametrize(
    "call", [{"text": None}, {"text": b"x"}, {"k": "3"}, {"k": 2.5}, {"user": 5}, {"session": b""}]
)
def test_arguments_of_the_wrong_type(index: Path, call: dict[str, Any]) -> None:
    """They are mistakes of the caller as others are: one clear error."""
    with Engine.open(index) as engine, pytest.raises(UsageError):
        engine.search(**{"text": "love", **call})


def test_a_closed_engine_says_so(index: Path) -> None:
    """Whatever is asked of it; closing it again is no mistake."""
    engine = Engine.open(index)
    engine.close()
    engine.close()
    for ask in (lambda: engine.search("love"), engine.info, lambda: "e00" in engine):
        with pytest.raises(UsageError, match="closed"):
            ask()


def test_a_title_read_in_the_query_counts(tmp_path: Path, encoder: str) -> None:
    """The entity whose whole title stands in the query is above one whose title shares more of its words."""
    titles = ("Silver Moon", "Road Trip List", "Road Trip Songs", "The Road to Silver", "Silver Trip List", "Other")
    path = tmp_path / "catalog.jsonl"
    path.write_text("".join(json.dumps({"id": title, "title": title}) + "\n" for title in titles))
    Engine.build(path, tmp_path / "songs.ltrr", encoder=encoder)
    with Engine.open(tmp_path / "songs.ltrr") as engine:
        results = engine.search("silver moon and my trip list", log=False, explore=False, explain=True).results
    assert [result.id for result in results[:2]] == ["Silver Moon", "Silver Trip List"]
    assert results[0].score - results[0].contributions["title.read"] < results[1].score


def test_a_price_is_no_word(tmp_path: Path, encoder: str) -> None:
    """Who asks for less than 20 wants no shoe that is called so: its number is not a word of the query."""
    rows = [{"id": f"s{n}", "title": f"City Shoe {'ABCDEF'[n]}", "price": 5.0 + n} for n in range(6)]
    rows += [{"id": "called", "title": "Shoe 20", "price": 99.0}, {"id": "dear", "title": "Trail Shoe", "price": 120.0}]
    path = tmp_path / "catalog.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    Engine.build(path, tmp_path / "shoes.ltrr", encoder=encoder)
    with Engine.open(tmp_path / "shoes.ltrr") as engine:
        found = ids(engine.search("shoe under $20", log=False, explore=False))
    assert set(found[:6]) == {f"s{n}" for n in range(6)}
