"""Interleaved pages: both systems as they would answer alone, who supplied what, and what is learned of it."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from ltrr_cli.config import read_config
from ltrr_cli.engine import Engine
from ltrr_cli.engine.fold import Logs
from ltrr_cli.engine.ways import parse_way
from ltrr_cli.errors import EvaluationError, UsageError
from ltrr_cli.evaluation.impression_log import from_index
from ltrr_cli.evaluation.notes import Notes
from ltrr_cli.feedback.impressions import Impressions
from ltrr_cli.feedback.log import Log
from ltrr_cli.records import NO_TEAM, TEAM_A, TEAM_B

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ltrr_cli.records import Answer, Impression, Interleaved

NOW = 1_750_000_000.0
PAIRS = (
    ("policy:live", "single:lexical"),
    ("ranker:live", "ranker:prior"),
    ("strategies:semantic:5", "fixed:lexical:4,popular:3"),
    ("policy:equal", "policy:prior"),
)


@pytest.fixture(scope="module")
def engine(built: Path) -> Iterator[Engine]:
    """Return an engine on an index that is not changed: every search here is without a log."""
    with Engine.open(built) as opened:
        yield opened


def ids(answer: Answer) -> list[str]:
    """Return the ids of an answer."""
    return [result.id for result in answer.results]


def shared(answer: Answer) -> Interleaved:
    """Return who supplied what."""
    assert answer.trace.interleaved is not None
    return answer.trace.interleaved


def alone(engine: Engine, word: str, **asked: Any) -> Answer:
    """Answer as one of the systems would by itself."""
    way = parse_way(word)
    assert way is not None
    return engine.search(**asked, policy=way.policy, ranker=way.ranker, depths=way.depths, log=False)


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("text", ["love rain", "1977", "zzz qqq", ""])
def test_both_answer_as_they_would_alone(engine: Engine, pair: tuple[str, str], text: str) -> None:
    """Each team's results stand in the order of its own answer, best first, with its own scores; k is honoured."""
    asked: dict[str, Any] = {"text": text, "k": 7, "seed": 3, "now": NOW, "explore": False}
    answer = engine.search(**asked, interleave=pair, log=False)
    page, teams = ids(answer), shared(answer).teams
    sides = [alone(engine, word, **asked) for word in pair]
    assert len(page) == len(set(page)) == min(7, len({*ids(sides[0]), *ids(sides[1])}))
    assert [result.rank for result in answer.results] == list(range(1, len(page) + 1))
    sizes = Counter(teams)
    assert abs(sizes[TEAM_A] - sizes[TEAM_B]) <= 1
    for side, own in zip(sides, (TEAM_A, TEAM_B), strict=True):
        picked = [result for result, team in zip(answer.results, teams, strict=True) if team == own]
        scores = {result.id: result.score for result in side.results}
        assert [result.id for result in picked] == [one for one in ids(side) if one in {r.id for r in picked}]
        assert [result.score for result in picked] == pytest.approx([scores[result.id] for result in picked], abs=1e-6)


def test_the_same_system_twice(engine: Engine) -> None:
    """A against A shows A's page, and credits nobody."""
    pair = ("ranker:live", "ranker:prior")
    answer = engine.search("love rain", seed=5, now=NOW, interleave=pair, log=False)
    assert ids(answer) == ids(engine.search("love rain", seed=5, now=NOW, log=False))
    assert set(shared(answer).teams) == {NO_TEAM}


def test_the_seed_decides_who_picks_first(engine: Engine) -> None:
    """The same seed gives the same page; over seeds each begins about as often."""
    pair = ("policy:live", "strategies:popular")

    def first(seed: int) -> str:
        found = [shared(engine.search("love", seed=seed, now=NOW, interleave=pair, log=False)) for _ in range(2)]
        assert found[0].teams == found[1].teams
        return next(team for team in found[0].teams if team != NO_TEAM)

    begun = Counter(first(seed) for seed in range(40))
    assert min(begun[TEAM_A], begun[TEAM_B]) >= 10


def test_one_side_may_be_empty(engine: Engine) -> None:
    """Where one finds nothing the other fills the page, without a team; where both do, the page is empty."""
    answer = engine.search("zzz qqq", k=3, now=NOW, interleave=("single:lexical", "single:semantic"), log=False)
    assert shared(answer).teams == (NO_TEAM,) * 3
    assert (shared(answer).a.found, shared(answer).b.found) == (0, 3)
    empty = engine.search("zzz qqq", now=NOW, interleave=("single:lexical", "strategies:structured"), log=False)
    assert (empty.results, shared(empty).teams) == ((), ())


def test_the_next_page(index: Path) -> None:
    """Behind the page the draft goes on, without teams: pages of 3 give what one page of 9 gives, from the log too."""
    pair = ("policy:live", "single:lexical")
    asked: dict[str, Any] = {"text": "love rain", "seed": 2, "now": NOW, "interleave": pair}
    with Engine.open(index) as opened:
        whole = opened.search(**asked, k=9, log=False)
        first = opened.search(**asked, k=3)
        assert len(shared(first).teams) == 3
    with Engine.open(index) as opened:
        pages = [opened.page(first.query_id, offset=offset, k=3) for offset in (0, 3, 6)]
        assert [one for page in pages for one in ids(page)] == ids(whole)
        assert [result.score for page in pages for result in page.results] == pytest.approx(
            [result.score for result in whole.results], abs=1e-3
        )
        assert [result.rank for result in pages[2].results] == [7, 8, 9]
        assert opened.record(first.query_id, pages[1].results[0].id, "click", now=NOW + 1)
        assert len({*ids(opened.page(first.query_id, offset=0, k=1000))}) == len(first.trace.pool_ids)


def test_what_is_logged(index: Path) -> None:
    """The log has, at decision time, both names and versions, both selections, and the team of every position."""
    with Engine.open(index) as opened:
        answer = opened.search("love rain", k=4, seed=2, now=NOW, interleave=("policy:live", "fixed:lexical:3"))
    found = logged(index, answer.query_id)
    assert found is not None
    assert found.trace is not None
    assert found.shown == tuple(ids(answer))
    kept, a = found.trace.interleaved, shared(answer).a
    assert kept is not None
    assert kept.a.propensity == pytest.approx(a.propensity, rel=1e-5)  # six digits are logged
    assert replace(kept, a=replace(kept.a, propensity=a.propensity)) == shared(answer)
    assert (found.trace.mode, found.trace.propensity, found.trace.reserved) == ("interleaved", 1.0, None)
    b = shared(answer).b
    assert (a.name, a.mode, a.policy_version, a.ranker_version) == ("policy:live", "thompson", 0, 0)
    assert (b.name, b.mode, b.policy_version, b.propensity) == ("fixed:lexical:3", "fixed", 0, 1.0)
    assert dict(b.depths) == {"lexical": 3}
    assert 0 < a.propensity <= 1
    assert {arm.name: arm.depth for arm in found.trace.arms} == {**a.depths, "lexical": max(3, a.depths["lexical"])}
    assert len(found.trace.features) == len(found.trace.scores) == len(shared(answer).teams) == 4
    (line,) = next((index / "log").glob("queries-*")).read_text().splitlines()
    assert json.loads(line)["query_attributes"]["ltrr"]["interleaved"]["teams"] == "".join(shared(answer).teams)


def logged(root: Path, query_id: str) -> Impression | None:
    """Return an impression from an index's log."""
    return Impressions(Log(root / "log", "queries", lock=root / "locks" / "log-queries")).find(query_id)


def test_explained(engine: Engine) -> None:
    """Contributions add up to the score by the system that supplied the result."""
    answer = engine.search(
        "love rain", seed=1, now=NOW, interleave=("policy:live", "single:lexical"), explain=True, log=False
    )
    for result in answer.results:
        assert sum(result.contributions.values()) == pytest.approx(result.score, abs=1e-5)


def test_a_click_is_a_click(
    index: Path, state_of: Callable[[Path], dict[str, Any]], assert_same: Callable[[Any, Any], None]
) -> None:
    """Memory, policy, history and ranker lists learn from such a page as from others, and a rebuild learns the same."""
    with Engine.open(index) as opened:
        for number in range(25):
            pair = PAIRS[number % len(PAIRS)]
            answer = opened.search("love rain", seed=number, session=f"s{number}", now=NOW + number, interleave=pair)
            opened.record(answer.query_id, answer.results[number % 3].id, now=NOW + number)
        info = opened.info()
        assert info.credits > 0
        assert info.events == 25
        assert opened.has_learned_from("love rain")
        opened.learn(now=NOW + 100_000)
    live = state_of(index)
    assert live["state"]["counts"]["training lists"] == 25
    Engine.relearn(index)
    assert_same(live, state_of(index))


def test_off_policy_estimates_leave_it_out(index: Path) -> None:
    """Neither policy chose the page, so no estimate is made from it; the note says how many there were."""
    with Engine.open(index) as opened:
        opened.search("love", now=NOW, interleave=PAIRS[0])
        notes = Notes()
        with pytest.raises(EvaluationError, match="no impressions with propensities"):
            from_index(index, read_config(index), notes)
        opened.search("love", now=NOW)
        assert len(from_index(index, read_config(index), notes)) == 1
    assert notes.counts["mode_interleaved"] == 2


@pytest.mark.parametrize(
    "damage",
    [
        {"teams": "abx"},
        {"teams": ["a"]},
        {"a": []},
        {"b": ["x", "fixed", 0, 0, 2.0, {}, 1]},
        {"b": ["x", "fixed", "0", 0, 1.0, {}, 1]},
        {"a": ["x", "fixed", 0, 0, 1.0, {"lexical": None}, 1]},
        None,
    ],
)
def test_damaged_teams_take_nothing_else_with_them(index: Path, damage: dict[str, Any] | None) -> None:
    """A line that lies about its teams is still a page: its mode stays, its clicks are learned."""
    with Engine.open(index) as opened:
        answer = opened.search("love", k=3, now=NOW, interleave=PAIRS[0])
    logs = Logs(index)
    (row,) = (row for _, row in logs.queries.replay())
    trace = row["query_attributes"]["ltrr"]
    trace["interleaved"] = 7 if damage is None else {**trace["interleaved"], **damage}
    row["query_id"] = "forged"
    row.pop("crc32", None)
    logs.queries.append([row])
    found = logged(index, "forged")
    assert found is not None
    assert found.trace is not None
    assert (found.trace.mode, found.trace.interleaved) == ("interleaved", None)
    with Engine.open(index) as opened:
        assert opened.record("forged", answer.results[0].id, now=NOW)
        assert opened.info().credits == 1


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"interleave": ("policy:live", "best")}, "'best' is no way to answer"),
        ({"interleave": ("policy:live",)}, "two ways to answer are interleaved"),
        ({"interleave": "ab"}, "two ways to answer are interleaved"),
        ({"interleave": ("policy:live", "policy:best")}, "no policy is called 'best'"),
        ({"interleave": ("policy:live", "ranker:challenger")}, "there is no challenger"),
        ({"interleave": ("single:dense", "policy:live")}, "no strategy is called 'dense'"),
        ({"interleave": ("fixed:lexical", "policy:live")}, "is not fixed:NAME:DEPTH"),
        ({"interleave": PAIRS[0], "depths": {"lexical": 3}}, "two ways to answer"),
        ({"interleave": PAIRS[0], "ranker": "prior"}, "two ways to answer"),
    ],
)
def test_what_cannot_be_interleaved(engine: Engine, asked: dict[str, Any], told: str) -> None:
    """Unknown names, one name, and two answers to how to answer are usage errors."""
    with pytest.raises(UsageError, match=told):
        engine.search("love", now=NOW, log=False, **asked)


@pytest.mark.parametrize("word", ["", "live", "index.ltrr", "single:", "single", "a:b", "C:\\index"])
def test_other_words_are_no_ways(word: str) -> None:
    """Folders and files keep their names."""
    assert parse_way(word) is None
