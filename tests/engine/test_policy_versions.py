"""Going back to an earlier version of the policy: what is forgotten, what stays, and what other engines see of it."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import pytest

from ltrr_cli.engine import Engine, learn, state
from ltrr_cli.errors import IndexDirectoryError, NotFoundError
from ltrr_cli.index.manifest import read_manifest
from ltrr_cli.policy.learner import VERSION_EVERY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    State = dict[str, Any]
    StateOf = Callable[[Path], State]
    AssertSame = Callable[[Any, Any], None]

NOW = 1_750_000_000.0
TEXTS = ("love", "rain night", "gold", "winter dance", "summer")
LIVE = 3
"""The version of `taught`."""


@dataclass(frozen=True, slots=True)
class Taught:
    """An index whose policy has made some versions, and the state after each of them."""

    root: Path
    states: tuple[State, ...]


def teach(engine: Engine, count: int, start: int) -> None:
    """Give so many credits, each for a page of its own; `start` numbers the first."""
    for number in range(start, start + count):
        page = engine.search(TEXTS[number % 5], depths={"lexical": 5, "semantic": 5}, now=NOW + 60 * number)
        engine.record(page.query_id, page.results[number % 3].id, "like", user="ana", now=NOW + 60 * number + 1)


@pytest.fixture(scope="module")
def taught(built: Path, tmp_path_factory: pytest.TempPathFactory, state_of: StateOf) -> Taught:
    """Return an index that nobody may change, and what it had learned with each version."""
    root = shutil.copytree(built, tmp_path_factory.mktemp("taught") / "songs.ltrr")
    (root / "ltrr.toml").write_text("[learning]\ntrain_every = 25\n")
    states = []
    with Engine.open(root) as engine:
        for version in range(LIVE + 1):
            engine.learn(now=NOW + 1e4)
            states.append(state_of(root))
            assert engine.info().policy_version == version
            if version < LIVE:
                teach(engine, VERSION_EVERY, VERSION_EVERY * version)
    assert states[-1]["ranker"]["trials"]
    return Taught(root, tuple(states))


@pytest.fixture
def root(taught: Taught, tmp_path: Path) -> Path:
    """Return a copy of the index."""
    return shutil.copytree(taught.root, tmp_path / "songs.ltrr")


def evidence(state: State) -> State:
    """Return what a version of the policy stands on."""
    sums = {name: state["policy"][name] for name in ("time", "features", "arms")}
    return {name: state[f"policy.{name}"] for name in ("a", "b", "counts")} | sums


def others(state: State) -> State:
    """Return what else was learned."""
    rest = {name: value for name, value in state.items() if not name.startswith("policy")}
    return rest | {"state": {name: value for name, value in state["state"].items() if name != "control_at"}}


def assert_refolds(root: Path, state_of: StateOf, assert_same: AssertSame) -> State:
    """Fail unless the logs alone give the live state; returns it."""
    live = state_of(root)
    Engine.relearn(root)
    assert_same(live, state_of(root))
    return live


@pytest.mark.parametrize("version", range(LIVE))
def test_going_back(root: Path, taught: Taught, version: int, state_of: StateOf, assert_same: AssertSame) -> None:
    """The evidence is that of an index which learned no further; all else stays; the version is a new one."""
    with Engine.open(root) as engine:
        teach(engine, 7, 100)  # not in any version yet, and forgotten too
        engine.learn(now=NOW + 1e5)
        before = state_of(root)
        assert len(before["policy"]["pending"]) == 7
        engine.reset_policy(version, now=NOW + 1e5)
        info = engine.info()
        assert (info.policy_version, info.policy_untrained) == (LIVE + 1, version == 0)
    after = state_of(root)
    assert_same(evidence(after), evidence(taught.states[version]))
    assert (after["policy"]["version"], after["policy"]["pending"]) == (LIVE + 1, [])
    assert after["policy"]["credits"] == before["policy"]["credits"]
    assert_same(others(after), others(before))
    assert_refolds(root, state_of, assert_same)


def test_again_and_again(root: Path, taught: Taught, state_of: StateOf, assert_same: AssertSame) -> None:
    """After each step of going back, learning and going back on that, the evidence is the named version's."""
    known = dict(enumerate(map(evidence, taught.states)))
    live = LIVE
    with Engine.open(root) as engine:
        for step, back in enumerate((2, 0, 0, LIVE, 4, None, 4, 1, 8, LIVE, 5)):
            if back is None:
                teach(engine, VERSION_EVERY + 3, 200 + 50 * step)
                engine.learn(now=NOW + 1e5)
            else:
                engine.reset_policy(back, now=NOW + 1e5 + step)
            live += 1
            now = state_of(root)
            assert now["policy"]["version"] == live == engine.info().policy_version
            if back is not None:
                assert_same(evidence(now), known[back])
            known[live] = evidence(now)
            if step in (4, 6):
                assert_refolds(root, state_of, assert_same)
    final = assert_refolds(root, state_of, assert_same)
    assert final["policy"]["arms"] == []  # version 5 was a reset
    np.testing.assert_equal(known[4]["a"], taught.states[2]["policy.a"])


def test_learning_goes_on_from_there(root: Path, taught: Taught, state_of: StateOf, assert_same: AssertSame) -> None:
    """What is learned after going back adds to the old evidence as if nothing had been in between."""
    with Engine.open(root) as engine:
        engine.reset_policy(0, now=NOW + 1e5)
        teach(engine, VERSION_EVERY, 300)
        assert engine.info().policy_version == LIVE + 2
        engine.learn(now=NOW + 1e5)
        one = state_of(root)
        engine.reset_policy(LIVE, now=NOW + 1e5)
        engine.reset_policy(LIVE + 1, now=NOW + 1e5)
        engine.reset_policy(LIVE + 2, now=NOW + 1e5)
    final = assert_refolds(root, state_of, assert_same)
    assert_same(evidence(final), evidence(one))
    earned = float(one["policy.counts"][2].sum())
    assert earned == pytest.approx(VERSION_EVERY * 0.8)
    assert float(taught.states[1]["policy.counts"][2].sum()) == pytest.approx(earned)


def test_other_engines_follow(root: Path, taught: Taught, state_of: StateOf, assert_same: AssertSame) -> None:
    """An engine that is open sees it with its next query, once it is logged and once it is published."""
    with Engine.open(root) as one, Engine.open(root) as two:
        assert two.search("love", seed=1, now=NOW + 1e5, log=False).trace.policy_version == LIVE
        teach(two, 5, 100)
        one.reset_policy(1, now=NOW + 1e5)
        trace = two.search("love", seed=1, now=NOW + 1e5, log=False).trace
        assert trace.policy_version == LIVE + 1
        assert trace.learned == read_manifest(root).learned.name
        row = {"kind": "policy", "time": NOW, "version": 2, "after": [1, 10**9]}
        one._opened.logs.control.append([row])  # as one that was killed before it could publish
        trace = two.search("love", seed=1, now=NOW + 1e5, log=False).trace
        assert trace.policy_version == LIVE + 2
        two.learn(now=NOW + 1e5)
        assert_same(evidence(state_of(root)), evidence(taught.states[2]))
        assert one.info().policy_version == LIVE + 2
    assert_refolds(root, state_of, assert_same)


class KilledError(Exception):
    """Raised where the process is killed."""


@pytest.mark.parametrize("version", [0, 2])
def test_killed_before_publishing(
    root: Path,
    taught: Taught,
    version: int,
    monkeypatch: pytest.MonkeyPatch,
    state_of: StateOf,
    assert_same: AssertSame,
) -> None:
    """Once it is in the log it holds, though its writer dies before the state is written down."""

    def kill(_: object) -> NoReturn:
        raise KilledError

    before = read_manifest(root)
    with Engine.open(root) as engine, monkeypatch.context() as patch:
        patch.setattr(learn, "checkpoint", kill)
        with pytest.raises(KilledError):
            engine.reset_policy(version, now=NOW + 1e5)
    assert read_manifest(root) == before
    with Engine.open(root) as engine:
        assert engine.info().policy_version == LIVE + 1
        teach(engine, 2, 100)
        engine.learn(now=NOW + 1e5)
    final = assert_refolds(root, state_of, assert_same)
    assert_same(evidence(final), evidence(taught.states[version]))
    assert len(final["policy"]["pending"]) == 2


@pytest.mark.parametrize("version", [-1, LIVE + 1, 10**12])
def test_versions_that_were_not_made(root: Path, version: int) -> None:
    """What was never a version is refused, and nothing is written."""
    with Engine.open(root) as engine:
        log = [row for _, row in engine._opened.logs.control.replay()]
        with pytest.raises(NotFoundError, match=rf"no version {version} – its latest is {LIVE}"):
            engine.reset_policy(version)
        assert [row for _, row in engine._opened.logs.control.replay()] == log
        assert engine.info().policy_version == LIVE


def test_what_waits_for_the_next_version_is_forgotten(index: Path, state_of: StateOf) -> None:
    """Going back to the version that is live, even before the first, drops the credits that came since."""
    with Engine.open(index) as engine:
        teach(engine, 3, 0)
        engine.learn(now=NOW)
        assert len(state_of(index)["policy"]["pending"]) == 3
        engine.reset_policy(now=NOW)
    assert state_of(index)["policy"]["pending"] == []


def test_version_that_other_settings_never_make(
    root: Path, monkeypatch: pytest.MonkeyPatch, state_of: StateOf, assert_same: AssertSame
) -> None:
    """Where new settings teach too little for the version, it is looked for once, not again with every event."""
    with Engine.open(root) as engine:
        engine.reset_policy(2, now=NOW + 1e5)
    (root / "ltrr.toml").write_text("[rewards]\nlike = 0.0\nclick = 0.1\n")
    folds = []
    new_state = state.new_state

    def counting(*args: Any) -> Any:
        folds.append(1)
        return new_state(*args)

    monkeypatch.setattr(state, "new_state", counting)
    with Engine.open(root) as engine:
        assert folds
        del folds[:]
        for number in range(3):
            page = engine.search("love", depths={"lexical": 5}, now=NOW + 1e5 + number)
            engine.record(page.query_id, page.results[0].id, now=NOW + 1e5 + number)
        assert folds == []
        engine.learn(now=NOW + 1e5)
        assert (engine.info().policy_version, engine.info().events) == (0, 63)
    assert_refolds(root, state_of, assert_same)


def _rewrite(root: Path, version: int) -> None:
    """Make the live snapshot one of another format."""
    path = root / "learned" / read_manifest(root).learned.name / "state.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format_version": version}))


def test_snapshot_of_an_older_format(root: Path, state_of: StateOf, assert_same: AssertSame) -> None:
    """Its place is taken by what the logs give, at the first opening, whatever it holds besides."""
    before = state_of(root)
    _rewrite(root, 1)
    snapshot = root / "learned" / read_manifest(root).learned.name
    for name in ("policy.npz", "ranker.json", "impressions.npz", "answered.hash.npy"):
        (snapshot / name).write_bytes(b"as it was then")
    with Engine.open(root) as engine:
        info = engine.info()
        assert (info.events, info.policy_version, info.credits) == (60, LIVE, 60)
        engine.learn(now=NOW + 1e5)
    assert_same(state_of(root), before)
    with Engine.open(root) as engine:
        engine.reset_policy(1, now=NOW + 1e5)
        assert engine.info().policy_version == LIVE + 1


def test_snapshot_of_a_newer_format(root: Path) -> None:
    """What a later ltrr wrote is not guessed at: the error says how to make it again."""
    _rewrite(root, 99)
    with pytest.raises(IndexDirectoryError, match=r"format version 99.*ltrr learn --rebuild"):
        Engine.open(root)
    Engine.relearn(root)
    with Engine.open(root) as engine:
        assert engine.info().policy_version == LIVE
