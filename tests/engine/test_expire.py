"""Log retention: what is older goes, with its effect; what is left is what a new fold gives, whenever it is killed."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from ltrr_cli.engine import Engine, purge
from ltrr_cli.engine.expire import DAY, KIND, expire
from ltrr_cli.feedback import rewrite
from ltrr_cli.feedback.check import LOST
from ltrr_cli.records import Event, Impression

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOW = 1_750_000_000.0
SETTINGS = "[learning]\ntrain_every = 3\ncheckpoint_every = 50\n[log]\nkeep_days = {}\n"


def _use(root: Path, start: float, user: str) -> None:
    with Engine.open(root) as engine:
        for turn in range(6):
            moment = start + turn * 60
            text = ("love", "rain night", "summer", "gold")[turn % 4]
            answer = engine.search(text, user=user, session=f"s-{user}", now=moment, seed=turn)
            engine.record(answer.query_id, answer.results[turn % 5].id, "like", now=moment + 1)
            engine.search("winter", session=f"s-{user}", now=moment + 2, seed=turn)


def _months(root: Path) -> None:
    """Use it a hundred days ago, and now."""
    (root / "ltrr.toml").write_text(SETTINGS.format(0))
    _use(root, NOW - 100 * DAY, "old")
    with Engine.open(root) as engine:
        engine.learn(now=NOW - 99 * DAY)
    _use(root, NOW, "new")
    (root / "ltrr.toml").write_text(SETTINGS.format(30))


def test_what_is_old_goes(index: Path, state_of: Callable[..., Any], assert_same: Callable[..., None]) -> None:
    """Neither the logs nor what was learned has anything of it, and learning again gives the same state."""
    _months(index)
    with Engine.open(index) as engine:
        engine.learn(now=NOW + 3600)
        assert not engine.person("old").known
        assert len(engine.person("new").events) == 6
        assert len(list(engine.impressions())) == 12
    logs = b"".join(path.read_bytes() for path in (index / "log").iterdir())
    assert b"s-old" not in logs
    assert logs.count(f'"kind":"{KIND}"'.encode()) == 1
    live = state_of(index)
    assert live["state"]["counts"]["events"] == 6
    Engine.relearn(index)
    assert_same(state_of(index), live)
    assert Engine.verify(index, deep=True).sound
    before = {path: path.read_bytes() for path in (index / "log").iterdir()}
    assert (expire(index, now=NOW + 3600).queries, {p: p.read_bytes() for p in before}) == (0, before)


def test_as_if_it_had_never_been(
    index: Path, built: Path, tmp_path: Path, state_of: Callable[..., Any], assert_same: Callable[..., None]
) -> None:
    """Memory, popularity and trails are those of an index in which only the rest was done, in any order of the log."""

    def clicks(start: float, user: str) -> list[Event]:
        return [
            Event(id=f"{user}{turn}", entity_id=f"e0{turn}", action="like", time=start + turn, text="love", user=user)
            for turn in range(6)
        ]

    other = shutil.copytree(built, tmp_path / "other.ltrr")
    old, new = clicks(NOW - 100 * DAY, "old"), clicks(NOW, "new")
    for root, events in ((index, [*new[:3], *old, *new[3:]]), (other, new)):
        (root / "ltrr.toml").write_text(SETTINGS.format(0))
        with Engine.open(root) as engine:
            engine.ingest(events, now=NOW + 10)
        (root / "ltrr.toml").write_text(SETTINGS.format(30))
        with Engine.open(root) as engine:
            engine.learn(now=NOW + 10)
    one, two = state_of(index), state_of(other)
    for name in ("memory", "popularity", "users.items", "sessions.items", "together.masses", "caps.hash"):
        assert_same(one[name], two[name], name)


def test_what_is_too_old_is_not_let_in(index: Path) -> None:
    """An ingest leaves out what would have to go at once, and counts its events; the rest is learned."""
    (index / "ltrr.toml").write_text(SETTINGS.format(30))
    rows = [
        Event(id=f"o{age}", entity_id="e01", action="like", time=NOW - age * DAY, text="love", user="ana")
        for age in (1, 29, 31, 400)
    ]
    old = Impression(query_id="old", text="love", shown=("e01",), time=NOW - 40 * DAY)
    with Engine.open(index) as engine:
        done = engine.ingest([old, *rows], now=NOW)
        assert (done.impressions, done.events, done.expired) == (0, 2, 2)
        assert {one.id for one in engine._opened.logs.all_events()} == {"o1", "o29"}


def test_it_comes_by_itself(index: Path) -> None:
    """Whoever records next removes what has been too old for a day; without the setting nothing ever goes."""
    _months(index)
    (index / "ltrr.toml").write_text(SETTINGS.format(0))
    with Engine.open(index) as engine:
        answer = engine.search("love", now=NOW + 4000, seed=1)
        engine.record(answer.query_id, answer.results[0].id, now=NOW + 4001)
        assert engine.person("old").known
    (index / "ltrr.toml").write_text(SETTINGS.format(30))
    with Engine.open(index) as engine:
        assert engine.record(answer.query_id, answer.results[1].id, now=NOW + 4002)
        assert not engine.person("old").known
        assert len(engine.person("new").events) == 6


@pytest.mark.parametrize("step", ["replace_file", "finish", "close"])
def test_killed_and_gone_on(
    step: str,
    index: Path,
    monkeypatch: pytest.MonkeyPatch,
    state_of: Callable[..., Any],
    assert_same: Callable[..., None],
) -> None:
    """Killed before its journal nothing has happened; killed later, whoever opens the index next finishes it."""

    class KilledError(BaseException):
        pass

    def die(*_: object) -> None:
        raise KilledError

    _months(index)
    with monkeypatch.context() as patch:
        patch.setattr(purge if step == "close" else rewrite, step, die)
        with pytest.raises(KilledError):
            expire(index, now=NOW + 3600)
    with Engine.open(index) as engine:
        assert engine.person("old").known == (step == "replace_file")
        assert len(engine.person("new").events) == 6
    expire(index, now=NOW + 3600)
    live = state_of(index)
    assert live["state"]["counts"]["events"] == 6
    Engine.relearn(index)
    assert_same(state_of(index), live)


def test_damaged_lines_are_as_old_as_those_before_them(index: Path) -> None:
    """A line that cannot be read goes with the one before it; what a repair kept of such lines goes."""
    _months(index)
    path = index / "log" / "events-000001.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], b"{torn old\n", *lines[1:], b"{torn new\n"]))
    (index / "log" / LOST).write_text('{"file": "a", "offset": 0, "line": "e3Rvcm4="}\n')
    expire(index, now=NOW + 3600)
    assert b"torn old" not in path.read_bytes()
    assert b"torn new" in path.read_bytes()
    assert (index / "log" / LOST).read_bytes() == b""
