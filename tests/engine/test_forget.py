"""Forgetting a person: his id is nowhere any more, and the rest counts as before, whenever it is killed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ltrr_cli.engine import Engine, forget, purge
from ltrr_cli.errors import UsageError
from ltrr_cli.feedback import rewrite
from ltrr_cli.records import Event, Impression

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOW = 1_750_000_000.0
HIM = "jo-ünïque-4711"
SETTINGS = "[learning]\ntrain_every = 3\ncheckpoint_every = 4\n"


def _use(root: Path, users: tuple[str, ...], start: float = NOW) -> None:
    """Search, act, skip, ask again and come back, by some users by turns, each in a session of his own."""
    with Engine.open(root) as engine:
        moment = start
        for turn in range(4):
            for user in users:
                moment += 60
                text = ("love", "rain night", "summer", "gold")[turn]
                answer = engine.search(text, user=user, session=f"s-{user}", now=moment, seed=turn)
                engine.record(answer.query_id, answer.results[turn].id, "like", now=moment + 1)
                engine.search("winter", session=f"s-{user}", now=moment + 2, seed=turn)
                plain = Event(
                    id=f"{user}{turn}", entity_id=f"e{turn:02d}", action="click", time=moment, text=text, user=user
                )
                page = Impression(query_id=f"f-{user}-{turn}", text=text, time=moment, shown=("e01",), user=user)
                click = Event(
                    id=f"c{user}{turn}", entity_id="e01", action="click", time=moment, query_id=page.query_id, text=text
                )
                engine.ingest([plain, page, click], now=moment + 5)
        engine.learn(now=moment + 10_000)


def _bytes(root: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file())


def test_his_id_is_nowhere(index: Path) -> None:
    """Neither the logs nor what was learned, nor any other file, has a byte of him; it is noted that somebody went."""
    (index / "ltrr.toml").write_text(SETTINGS)
    _use(index, ("ana", HIM))
    assert HIM.encode() in _bytes(index)
    done = Engine.forget_user(index, HIM, now=NOW + 99_999)
    assert done.queries == 12  # 4 of his own, 4 in his session that do not name him, 4 of another system
    assert done.events == 12
    assert done.left == ()
    assert HIM.encode() not in _bytes(index)
    assert json.dumps(HIM).encode() not in _bytes(index)
    rows = [json.loads(line) for line in (index / "log" / "control-000001.jsonl").read_text().splitlines()]
    assert [(row["queries"], row["events"]) for row in rows if row["kind"] == forget.KIND] == [(12, 12)]
    with Engine.open(index) as engine:
        assert not engine.person(HIM).known
        assert len(engine.person("ana").events) == 8


def test_the_rest_is_learned_as_from_the_logs(
    index: Path, state_of: Callable[..., Any], assert_same: Callable[..., None]
) -> None:
    """The state afterwards is the fold over what is left, and what follows is learned on it."""
    (index / "ltrr.toml").write_text(SETTINGS)
    _use(index, ("ana", HIM, "bo"))
    Engine.forget_user(index, HIM)
    left = state_of(index)
    assert left["state"]["counts"]["events"] == 24
    assert not any("damaged" in name for name in left["state"]["counts"])
    Engine.relearn(index)
    assert_same(state_of(index), left)
    _use(index, ("cy",), start=NOW + 1e6)
    live = state_of(index)
    Engine.relearn(index)
    assert_same(state_of(index), live)


def test_as_if_he_had_never_been(
    index: Path, built: Path, tmp_path: Path, state_of: Callable[..., Any], assert_same: Callable[..., None]
) -> None:
    """Memory, popularity and trails are those of an index that he never used."""
    import shutil

    other = shutil.copytree(built, tmp_path / "other.ltrr")
    _use(index, ("ana",))
    _use(other, ("ana",))
    _use(index, (HIM,), start=NOW + 1e6)
    Engine.forget_user(index, HIM)
    one, two = state_of(index), state_of(other)
    for name in ("memory", "popularity", "users.items", "sessions.items", "together.masses", "caps.hash"):
        assert_same(one[name], two[name], name)


def test_of_nobody_nothing_changes(index: Path) -> None:
    """One of whom nothing is known leaves every file as it was; one without a name is a mistake."""
    _use(index, ("ana",))
    before = _bytes(index / "log")
    done = Engine.forget_user(index, "nobody")
    assert (done.queries, done.events) == (0, 0)
    assert _bytes(index / "log") == before
    with pytest.raises(UsageError):
        Engine.forget_user(index, " ")


def test_what_others_typed_stays(index: Path) -> None:
    """A query in which somebody else typed the id is not his; it is said where it stands."""
    with Engine.open(index) as engine:
        engine.search(HIM, user="ana", now=NOW)
        answer = engine.search("love", user=HIM, now=NOW + 1)
        engine.record(answer.query_id, "e00", "like", now=NOW + 2)
    done = Engine.forget_user(index, HIM)
    assert done.left == ("log/queries-000001.jsonl",)
    assert (done.queries, done.events) == (1, 1)


def test_a_session_of_two_stays(index: Path) -> None:
    """Nameless lines of a session in which somebody else is named too are nobody's to remove."""
    with Engine.open(index) as engine:
        for user in ("ana", HIM, ""):
            engine.search("love", user=user, session="shared", now=NOW)
    done = Engine.forget_user(index, HIM)
    assert done.queries == 1


class Killed(BaseException):
    """Stands for a process that dies."""


STEPS = ("replace_file", "finish", "close")


@pytest.mark.parametrize("step", STEPS)
def test_killed_and_gone_on(
    step: str,
    index: Path,
    monkeypatch: pytest.MonkeyPatch,
    state_of: Callable[..., Any],
    assert_same: Callable[..., None],
) -> None:
    """Killed before its journal nothing has happened; killed later, whoever opens the index next finishes it."""
    (index / "ltrr.toml").write_text(SETTINGS)
    _use(index, ("ana", HIM))

    def die(*_: object) -> None:
        raise Killed

    module = purge if step == "close" else rewrite
    with monkeypatch.context() as patch:
        patch.setattr(module, step, die)
        with pytest.raises(Killed):
            Engine.forget_user(index, HIM)
    if step == "replace_file":
        with Engine.open(index) as engine:
            assert len(engine.person(HIM).events) == 8
        Engine.forget_user(index, HIM)
    else:
        Engine.open(index).close()
    assert not rewrite.is_open(index / "log")
    assert HIM.encode() not in _bytes(index)
    live = state_of(index)
    Engine.relearn(index)
    assert_same(state_of(index), live)
    assert not list((index / "log").glob(".*"))


def test_damaged_lines_of_his_go(index: Path) -> None:
    """A line that cannot be read and has his id in it goes too; another stays as it is."""
    _use(index, ("ana", HIM))
    path = index / "log" / "events-000001.jsonl"
    path.write_bytes(path.read_bytes() + b'{"torn": 1\n' + b'{"user_id":"' + HIM.encode() + b"\n")
    Engine.forget_user(index, HIM)
    assert b'{"torn": 1\n' in path.read_bytes()
    assert HIM.encode() not in _bytes(index)
