"""What measuring needs of an engine: each strategy alone, entities, what was learned, and answers by another choice."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from ltrr_cli.engine import Engine, learn
from ltrr_cli.errors import LtrrError, UsageError
from ltrr_cli.policy.base import equal_split
from ltrr_cli.policy.thompson import ThompsonPolicy
from ltrr_cli.records import Event, Impression
from ltrr_cli.retrieval.base import BUILT_IN

if TYPE_CHECKING:
    from pathlib import Path

NOW = 1_750_000_000.0


def test_each_strategy_alone(index: Path) -> None:
    """Every strategy's hits come best first, at most `depth`, the same as what an answer drew from it, and unlogged."""
    with Engine.open(index) as engine:
        found = engine.retrieve("love night", depth=5, now=NOW)
        assert list(found) == list(BUILT_IN)
        assert all(len(hits) <= 5 for hits in found.values())
        assert all(
            [score for _, score in hits] == sorted((score for _, score in hits), reverse=True)
            for hits in found.values()
        )
        answer = engine.search("love night", depths={"lexical": 5}, now=NOW, log=False)
        drawn = [answer.trace.pool_ids[place] for place in answer.trace.pool["lexical"].candidates]
        assert [entity_id for entity_id, _ in found["lexical"]] == drawn
        assert engine.info().impressions == 0


def test_a_strategy_that_does_not_apply_or_fails(index: Path) -> None:
    """Signs alone find nothing by words; a strategy that raises is an error that names it, not an empty list."""

    class Broken:
        name = "broken"
        learns = False

        def applies(self, _request: object) -> bool:
            return True

        def retrieve(self, _request: object, _depth: int) -> None:
            raise RuntimeError("no")

    failed = pytest.raises(LtrrError, match="the strategy broken failed: RuntimeError: no")
    with Engine.open(index, strategies=[Broken()]) as engine, failed:  # type: ignore[list-item]
        engine.retrieve("love")
    with Engine.open(index) as engine:
        assert engine.retrieve("?!")["lexical"] == []
        assert engine.retrieve("")["semantic"] == []


@pytest.mark.parametrize("depth", [0, -1, 1001, 10**18])
def test_depths_out_of_range(index: Path, depth: int) -> None:
    """A depth that no strategy is asked for is refused."""
    with Engine.open(index) as engine, pytest.raises(UsageError, match="depth must be from 1 to 1000"):
        engine.retrieve("love", depth=depth)


def test_entities(index: Path) -> None:
    """An entity is given as the catalogue has it; one that is deleted or was never there is none."""
    with Engine.open(index) as engine:
        entity = engine.entity("e03")
        assert entity is not None
        assert (entity.id, entity.type, entity.popularity) == ("e03", "album", 94)
        assert entity.attributes["genres"] == ("pop",)
        assert "e03" in engine
        assert Engine.delete(index, ["e03"]) == []
        assert engine.entity("e03") is None
        assert "e03" not in engine
        for strange in ("", "nowhere", "\x00", "E03", "\udcff", 3, None):
            assert strange not in engine
        assert engine.entity("\udcff") is None


def test_has_learned_from(index: Path) -> None:
    """A query is known once its feedback was, in any spelling, also when written down; asking is not enough."""
    with Engine.open(index) as engine:
        answer = engine.search("Love Night", now=NOW)
        assert not engine.has_learned_from("love night")
        engine.record(answer.query_id, answer.results[0].id, now=NOW)
        for _ in range(2):
            assert engine.has_learned_from("LOVE  night!")
            assert not engine.has_learned_from("love")
            assert not engine.has_learned_from("")
            engine.learn(now=NOW)


def test_a_query_id_of_ones_own(index: Path) -> None:
    """An answer takes the id that it is given, and events may name it; another query may not have it."""
    with Engine.open(index) as engine:
        assert engine.search("love", query_id=" mine ", now=NOW).query_id == "mine"
        assert engine.record("mine", "e00", now=NOW + 1)
        assert engine.has_learned_from("love")
        assert len(engine.search("love", query_id="mine", k=3, now=NOW + 2).results) == 3
        for text, filter_ in (("rain", ""), ("love", "type = song")):
            with pytest.raises(UsageError, match="the query with this id was 'love'"):
                engine.search(text, query_id="mine", filter=filter_, now=NOW + 2)
        assert engine.search("rain", query_id="mine", now=NOW + 2, log=False).results
        assert engine.record("mine", "e01", now=NOW + 3)
        assert not engine.has_learned_from("rain")
        assert engine.search("love").query_id != engine.search("love").query_id
        for wrong in ("a\nb", "\x00", "é" * 257):
            with pytest.raises(UsageError, match="query_id must be one line"):
                engine.search("love", query_id=wrong)


def _click(engine: Engine, count: int) -> None:
    """Teach that the last of each page is wanted."""
    for number in range(count):
        answer = engine.search(("love", "rain", "gold")[number % 3], now=NOW + 10 * number, seed=number)
        engine.record(answer.query_id, answer.results[-1].id, "like", user=f"u{number}", now=NOW + 10 * number + 1)


def test_other_policies(index: Path) -> None:
    """`prior` selects as before anything was learned, `equal` splits equally; what was learned stays live."""
    (index / "ltrr.toml").write_text("[query]\nepsilon = 0\n")
    with Engine.open(index) as engine:
        _click(engine, 85)
        live, prior, equal = (
            engine.search("love", now=NOW, explore=False, log=False, policy=policy).trace
            for policy in ("live", "prior", "equal")
        )
    assert live.policy_version == 4
    assert (prior.policy_version, equal.policy_version) == (0, 0)
    depths = {arm.name: arm.depth for arm in prior.arms}
    assert depths == dict(ThompsonPolicy(epsilon=0.0).mean(prior.context, list(depths), 120).depths)
    assert depths != {arm.name: arm.depth for arm in live.arms}
    assert {arm.name: arm.depth for arm in equal.arms} == equal_split(list(depths), 120)
    assert (live.mode, prior.mode, equal.mode) == ("no-explore", "no-explore", "equal")


def test_other_rankers(index: Path) -> None:
    """`prior` ranks by the weights that nothing was learned by, `challenger` by those under test."""
    (index / "ltrr.toml").write_text("[learning]\ntrain_every = 5\n")
    with Engine.open(index) as engine:
        with pytest.raises(UsageError, match="there is no challenger"):
            engine.search("love", ranker="challenger")
        _click(engine, 6)
        learned = engine._opened.learned
        assert learned.challenger is not None
        found = {
            ranker: engine.search("love", now=NOW, explore=False, log=False, ranker=ranker)
            for ranker in ("live", "prior", "challenger")
        }
        assert {name: answer.trace.ranker_version for name, answer in found.items()} == {
            "live": 0,
            "prior": 0,
            "challenger": 1,
        }
        assert found["live"].trace.scores == found["prior"].trace.scores != found["challenger"].trace.scores
        engine.promote_ranker(1, now=NOW)
        live, prior = (
            engine.search("love", now=NOW, explore=False, log=False, ranker=ranker) for ranker in ("live", "prior")
        )
        assert (live.trace.ranker_version, prior.trace.ranker_version) == (1, 0)
        assert live.trace.scores == found["challenger"].trace.scores
        assert prior.trace.scores == found["prior"].trace.scores


def test_unknown_choices(index: Path) -> None:
    """Names of no policy and no ranker are refused, also beside depths."""
    with Engine.open(index) as engine:
        with pytest.raises(UsageError, match="no policy is called 'best'"):
            engine.search("love", policy="best")
        with pytest.raises(UsageError, match="no policy is called 'best'"):
            engine.search("love", policy="best", depths={"lexical": 5})
        with pytest.raises(UsageError, match="no ranker is called ''"):
            engine.search("love", ranker="")
        assert engine.info().impressions == 0


def test_an_ingest_that_died_before_it_learned_anew(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that came after its click is learned with it, also if the ingest died after logging it and runs again."""
    click = Event(id="c", text="", entity_id="e05", action="click", time=NOW, query_id="p")
    page = Impression(query_id="p", text="xyzzy", time=NOW + 1, shown=("e05",))
    with Engine.open(index) as engine:
        engine.ingest([click], now=NOW)
        engine.learn(now=NOW)
        with monkeypatch.context() as patch:
            patch.delattr(learn, "rebuild")
            with pytest.raises(NameError):
                engine.ingest([page], now=NOW)
    with Engine.open(index) as engine:
        assert not engine.has_learned_from("xyzzy")
        done = engine.ingest([click, page], now=NOW)
        assert (done.impressions, done.events, done.repeated) == (0, 0, 2)
        assert engine.has_learned_from("xyzzy")
        engine.ingest([click, page], now=NOW)
        assert json.loads((index / "manifest.json").read_text())["generation"] == 3


def test_a_parsed_impression_is_the_latest(index: Path) -> None:
    """What is kept of a parsed page never hides a later one with the same id."""
    with Engine.open(index) as engine:
        engine.search("love", query_id="mine", k=2, now=NOW)
        impressions = engine._opened.impressions
        first = impressions.find("mine")
        assert first is not None
        assert impressions.find("mine") is first
        engine.search("love", query_id="mine", k=1, now=NOW)
        second = impressions.find("mine")
        assert second is not None
        assert (len(first.shown), len(second.shown)) == (2, 1)
        for number in range(300):
            engine.search("rain", query_id=f"x{number}", k=1, now=NOW, depths={"popular": 1})
        assert all(impressions.find(f"x{number}") for number in range(300))
        assert len(impressions._parsed) <= 256
        again = impressions.find("mine")
        assert again == second
