"""The ranker's versions: the doubt rule, promotion, rollback, training on judgments; the fold gives them again."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from ltrr_cli.engine import Engine
from ltrr_cli.engine.contest import Contest
from ltrr_cli.engine.judged import Judged
from ltrr_cli.errors import FeedbackError, LtrrError, NotFoundError, UsageError
from ltrr_cli.estimators.sequential import share_of_alpha
from ltrr_cli.ranking.linear import LinearRanker
from ltrr_cli.records import Event, Impression

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    State = dict[str, Any]

NOW = 1_750_000_000.0
JUDGED = [Judged(text=text, grades={f"e{n:02d}": 1}) for text, n in (("love", 10), ("rain night", 1), ("gold", 27))]


@pytest.fixture
def root(index: Path) -> Path:
    """Return an index that trains often."""
    (index / "ltrr.toml").write_text("[learning]\ntrain_every = 4\n")
    return index


def _click(engine: Engine, count: int, *, start: int = 0, place: int = 2) -> None:
    for number in range(start, start + count):
        page = engine.search(("love", "rain", "gold")[number % 3], seed=number, now=NOW + number, user=f"u{number}")
        engine.record(page.query_id, page.results[place].id, now=NOW + number + 0.5)


def test_promotions_and_rollbacks_are_folded(
    root: Path, state_of: Callable[[Path], State], assert_same: Callable[[Any, Any], None]
) -> None:
    """After promotions, rollbacks, imports and clicks between them, the logs alone give the live state."""
    with Engine.open(root) as engine:
        _click(engine, 5)
        assert engine.rankers().challenger == 1
        assert engine.promote_ranker(now=NOW + 50) == 1
        _click(engine, 4, start=5)
        assert engine.train_ranker(JUDGED, now=NOW + 60) == engine.rankers().challenger
        version = engine.train_ranker(JUDGED, promote=True, loss="listwise", now=NOW + 70)
        assert engine.rankers().version == version
        assert engine.rollback_ranker(now=NOW + 80) == 1
        _click(engine, 3, start=9)
        assert engine.rollback_ranker(0, now=NOW + 90) == 0
        assert engine.search("love", now=NOW + 99, log=False).trace.ranker_version == 0
        engine.promote_ranker(version, now=NOW + 100)
        engine.learn(now=NOW + 100)
        history = engine.rankers().history
    assert [entry.status for entry in history].count("live") == 5
    assert any("rolled back from version" in entry.reason for entry in history)
    live = state_of(root)
    assert live["ranker"]["live"] == version
    shutil.rmtree(root / "learned")
    Engine.relearn(root)
    assert_same(live, state_of(root))


def test_what_is_not_there(root: Path) -> None:
    """Unknown versions, no challenger, nothing to go back to, no clicks, no relevant entity: errors that say so."""
    with Engine.open(root) as engine:
        calls: tuple[tuple[Callable[[], object], type[LtrrError], str], ...] = (
            (lambda: engine.promote_ranker(7), NotFoundError, "no version 7"),
            (engine.promote_ranker, NotFoundError, "no challenger"),
            (engine.rollback_ranker, NotFoundError, "the prior is live"),
            (lambda: engine.train_ranker([Judged(text="love", grades={"x": 1})]), UsageError, "nothing relevant"),
            (lambda: engine.train_ranker(JUDGED, loss="odd"), UsageError, "no loss"),
        )
        for call, kind, said in calls:
            with pytest.raises(kind, match=said):
                call()
        with pytest.raises(FeedbackError, match="no answer"):
            engine.bias()
        _click(engine, 6)
        assert set(engine.bias()) == {"harvest", "em", "cascade"}


def test_judgments_move_the_order(root: Path) -> None:
    """A ranker from judgments, once live, puts what was judged relevant higher."""
    judged = Judged(text="love", grades={"e30": 1})
    with Engine.open(root) as engine:

        def place() -> int:
            return [one.id for one in engine.search("love", k=40, now=NOW, log=False, explore=False).results].index(
                "e30"
            )

        before = place()
        engine.train_ranker([judged] * 50, promote=True, now=NOW)
        assert place() < before


def _page(number: int, user: str = "") -> tuple[Event, Impression, Any]:
    from types import SimpleNamespace

    shown = ("a", "b", "c", "d")
    features = [(3.0, 0.0), (2.0, 0.0), (1.5, 1.0), (0.0, 0.0)]
    trace = SimpleNamespace(features=features, feature_names=("x", "y"))
    event = Event(id=str(number), entity_id="c", action="click", time=NOW, user=user)
    return event, Impression(query_id="q", text="t", time=NOW, shown=shown), trace


def _contest(weights: dict[str, float]) -> Contest:
    held = Contest()
    held.live = held.versions[0] = LinearRanker({"x": 1.0})
    held.enter({"ranker": LinearRanker(weights, version=1).to_dict()})
    return held


BETTER = {"x": 1.0, "y": 3.0}


def test_a_better_ranker_is_promoted() -> None:
    """Actions on what it would put first prove it, at the level that is its share of α, and the reason is kept."""
    held = _contest(BETTER)
    assert held.trials[0].needed == 1 / share_of_alpha(1)
    for number in range(50):
        held.observe(*_page(number))
    assert (held.live.version, held.challenger) == (1, None)
    assert held.history[-1]["status"] == "live"
    assert "evidence" in held.history[-1]["reason"]
    again = Contest.from_dict(held.to_dict())
    assert again.to_dict() == held.to_dict()


def test_a_ranker_that_turns_the_order_round_is_not() -> None:
    """Whatever the actions say, it stays aside with that reason; a person may promote it."""
    held = _contest({"x": -1.0, "y": 3.0})
    for number in range(500):
        held.observe(*_page(number))
    assert held.live.version == 0
    assert held.trials[0].share > 1
    assert "turns the order round" in held.status()
    held.go_live(1, "by hand")
    assert held.live.version == 1


def test_one_user_decides_nothing() -> None:
    """A thousand actions of one user count twenty, in every test."""
    held = _contest(BETTER)
    for number in range(1000):
        held.observe(*_page(number, "mallory"))
    assert held.live.version == 1 or held.trials[0].bet.seen == 20
    held = _contest(BETTER)
    for number in range(10):
        held.observe(*_page(number, "mallory"))
    held.enter({"ranker": LinearRanker({"x": 1.0}, version=2).to_dict()})
    for number in range(10, 100):
        held.observe(*_page(number, "mallory"))
    assert held.live.version == 1 or [trial.bet.seen for trial in held.trials] == [20, 20]
