"""The fold: what was learned step by step, by several engines, equals what the logs alone give."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ltrr_cli.engine import Engine
from ltrr_cli.errors import NotFoundError
from ltrr_cli.records import Event, Impression

if TYPE_CHECKING:
    from collections.abc import Callable

START = 1_750_000_000.0
TEXTS = ("love", "rain night", "summer", "gold winter dance", "xyz", "")
USERS = ("", "ana", "bo")
PAIRS = (None, None, ("policy:live", "single:lexical"), ("ranker:prior", "strategies:popular,semantic:5"))
ACTIONS = ("click", "like", "play", "skip", "dislike", "view", "wave")
SETTINGS = "[learning]\ntrain_every = 3\ncheckpoint_every = 5\n[query]\nepsilon = 0.3\n"

_small = st.integers(0, 30)
_late = st.sampled_from([0.0, 0.0, 0.0, -5000.0, -4e7, 5e7])
STEPS = st.one_of(
    st.tuples(st.just("search"), st.integers(0, 1), _small, _small, _late),
    st.tuples(st.just("record"), st.integers(0, 1), _small, _small, _late),
    st.tuples(st.just("record"), st.integers(0, 1), _small, _small, _late),
    st.tuples(st.just("undo"), st.integers(0, 1), _small, _small, _late),
    st.tuples(st.just("ingest"), st.integers(0, 1), _small, _small, _late),
    st.tuples(st.just("learn"), st.integers(0, 1), _small, _small, _late),
    st.tuples(st.just("build"), st.integers(0, 1), _small, _small, _late),
)


@dataclass
class World:
    """Two engines on one index, and what they were asked so far."""

    root: Path
    catalogs: tuple[Path, ...]
    engines: tuple[Engine, ...]
    asked: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    now: float = START

    def step(self, kind: str, who: int, a: int, b: int, late: float) -> None:
        """Do one thing."""
        self.now += 60
        engine, moment = self.engines[who], self.now + late
        if kind == "search":
            answer = engine.search(
                TEXTS[a % len(TEXTS)],
                k=4 + b % 5,
                user=USERS[b % 3],
                session=f"s{b % 2}",
                now=moment,
                seed=a,
                interleave=PAIRS[b % len(PAIRS)],
            )
            self.asked.append((answer.query_id, tuple(result.id for result in answer.results)))
        elif kind == "record":
            shown = [(query_id, ids) for query_id, ids in self.asked if ids]
            if shown:
                query_id, ids = shown[-1 - a % min(3, len(shown))]
                action, dwell = ACTIONS[b % len(ACTIONS)], float(a)
                engine.record(query_id, ids[b % len(ids)], action, user=USERS[a % 3], dwell=dwell, now=moment)
        elif kind == "undo":
            with suppress(NotFoundError):  # it has recorded nothing
                engine.undo(now=self.now)
        elif kind == "ingest":
            engine.ingest(list(self.foreign(a, b, moment)), now=self.now)
        elif kind == "learn":
            engine.learn(now=self.now)
        else:
            Engine.build(self.catalogs[a % len(self.catalogs)], self.root, add=bool(b % 2))

    def foreign(self, a: int, b: int, moment: float) -> list[Impression | Event]:
        """Return another system's page, a click on it, clicks without a page, and one that comes twice."""
        page = Impression(query_id=f"f{a % 4}", text=TEXTS[b % 4], time=moment, shown=("e01", "e02", f"e{a:02d}"))
        click = Event(
            id=f"c{a}",
            entity_id=page.shown[b % 3],
            action="click",
            time=moment + 1,
            query_id=page.query_id,
            position=b % 3,
        )
        plain = Event(id=f"p{b}", entity_id="e05", action=ACTIONS[a % 7], time=moment, text="love", user=USERS[b % 3])
        lost = Event(id=f"l{a}", entity_id="nowhere", action="like", time=moment, query_id="unknown", text="rain")
        return [click, plain, page, lost, plain]


@settings(max_examples=6, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(STEPS, min_size=12, max_size=20))
def test_learned_state_is_a_fold_over_the_logs(
    built: Path,
    catalog: Path,
    write_catalog: Callable[..., Path],
    state_of: Callable[[Path], dict[str, Any]],
    assert_same: Callable[[Any, Any], None],
    steps: list[tuple[str, int, int, int, float]],
) -> None:
    """Whatever two engines search, record, ingest, learn and rebuild, replaying the logs alone gives the same state."""
    with tempfile.TemporaryDirectory() as folder:
        root = shutil.copytree(built, Path(folder) / "songs.ltrr")
        (root / "ltrr.toml").write_text(SETTINGS)
        catalogs = (catalog, write_catalog(range(20)), write_catalog([3, 5, 39], title="Love"))
        with Engine.open(root) as first, Engine.open(root) as second:
            world = World(root, catalogs, (first, second))
            world.step("search", 0, 0, 0, 0.0)
            for step in steps:
                world.step(*step)
            # Both know everything: a checkpoint by either of them must hold what the other recorded.
            counts = [engine.info().actions for engine in (first, second)]
            assert counts[0] == counts[1]
            second.learn(now=world.now)
        live = state_of(root)
        assert live["state"]["actions"] == counts[0]
        shutil.rmtree(root / "learned")
        Engine.relearn(root)
        assert_same(live, state_of(root))


def test_other_settings_are_learned_again(
    index: Path, state_of: Callable[[Path], dict[str, Any]], assert_same: Callable[[Any, Any], None]
) -> None:
    """After a change of rewards or half-life the logs are folded under the new ones, at the next opening."""
    with Engine.open(index) as engine:
        answer = engine.search("love", now=START, seed=1)
        engine.record(answer.query_id, answer.results[3].id, "click", user="ana", now=START + 9)
        engine.learn(now=START + 10)
    before = state_of(index)
    (index / "ltrr.toml").write_text("[rewards]\nclick = 0.9\n[learning]\nhalf_life_days = 10\n")
    with Engine.open(index) as engine:
        engine.learn(now=START + 20)
    after = state_of(index)
    assert after["memory"].keys() == before["memory"].keys()
    assert after["memory"] != before["memory"]
    shutil.rmtree(index / "learned")
    Engine.relearn(index)
    assert_same(after, state_of(index))


def test_the_popularity_power_is_folded(index: Path, state_of: Callable[[Path], dict[str, Any]]) -> None:
    """Clicks on what lexical found teach it, a rebuild gives it again, and a number in ltrr.toml overrides it."""
    with Engine.open(index) as engine:
        for number, text in enumerate(("love", "rain", "summer night")):
            answer = engine.search(text, now=1_700_000_000.0 + number, seed=number)
            place = next(place for place, one in enumerate(answer.results) if "lexical" in one.strategies)
            engine.record(answer.query_id, answer.results[place].id, now=1_700_000_100.0 + number)
        engine.learn(now=1_700_000_200.0)
        info = engine.info()
        assert (info.popularity, info.popularity_from) == (1.0, "too little to leave the prior: 3 choices")
    kept = state_of(index)["state"]["popularity_power"]
    assert kept["choices"] == 3
    Engine.relearn(index)
    again = state_of(index)["state"]["popularity_power"]
    assert again["sums"] == [pytest.approx(row, rel=1e-9) for row in kept["sums"]]
    (index / "ltrr.toml").write_text("[query]\npopularity = 2.5\n")
    with Engine.open(index) as engine:
        assert (engine.info().popularity, engine.info().popularity_from) == (2.5, "as ltrr.toml says")
    (index / "ltrr.toml").write_text('[query]\npopularity = "learned"\n')
    with Engine.open(index) as engine:
        assert engine.info().popularity == 1.0
