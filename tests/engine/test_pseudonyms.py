"""Users hashed at the door: no byte of their ids is in the index, and they are known again."""

from __future__ import annotations

import json
import shutil
import stat
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_cli.engine import Engine
from ltrr_cli.engine.people import check_users
from ltrr_cli.errors import ConfigError
from ltrr_cli.feedback.ubi import event_identity
from ltrr_cli.index.pseudonyms import NAME, VARIABLE, Pseudonyms, is_pseudonym, key_damage
from ltrr_cli.records import Event, Impression

if TYPE_CHECKING:
    from pathlib import Path

NOW = 1_750_000_000.0
HIM = "jo-ünïque-4711"
KEY = "a key of somebody else, kept elsewhere: ü"


@pytest.fixture
def hashed(index: Path) -> Path:
    """Return an index that hashes its users."""
    (index / "ltrr.toml").write_text("[log]\nhash_users = true\n")
    return index


def _use(root: Path, user: str) -> None:
    """Let a user in by every door."""
    with Engine.open(root) as engine:
        answer = engine.search("love", user=user, session="s", now=NOW, seed=1)
        engine.record(answer.query_id, answer.results[0].id, "like", now=NOW + 1)
        engine.record(answer.query_id, answer.results[1].id, "like", user=user, now=NOW + 2)
        engine.recommend(user=user, now=NOW + 3, seed=1)
        said = {"entity_id": "e03", "action": "play", "time": NOW + 4, "text": "rain", "user": user}
        engine.ingest(
            [
                Event(id=event_identity(**said), **said),  # type: ignore[arg-type]
                Impression(query_id="f", text="night", time=NOW, shown=("e01",), user=user),
                Event(id="own", entity_id="e01", action="click", time=NOW, query_id="f", text="night", user=user),
            ],
            now=NOW + 9,
        )
        engine.learn(now=NOW + 10)


def _holds(root: Path, user: str) -> list[str]:
    forms = (user.encode(), json.dumps(user)[1:-1].encode())
    return [str(p) for p in root.rglob("*") if p.is_file() and any(form in p.read_bytes() for form in forms)]


def test_no_byte_of_him(hashed: Path) -> None:
    """Whatever door he comes in by, his id is in no file; he is found by it, and by his pseudonym."""
    _use(hashed, HIM)
    assert _holds(hashed, HIM) == []
    with Engine.open(hashed) as engine:
        found = engine.person(HIM)
        assert (len(found.queries), len(found.events)) == (3, 4)
        assert is_pseudonym(found.user)
        assert engine.person(found.user).events == found.events
        assert not engine.person("somebody else").known


def test_his_events_do_not_give_him_away(hashed: Path) -> None:
    """An event's identity is made of the pseudonym, not of the id: else who tries ids would find the one that fits."""
    _use(hashed, HIM)
    said = {"entity_id": "e03", "action": "play", "time": NOW + 4, "text": "rain"}
    with Engine.open(hashed) as engine:
        played = next(one for one in engine.events() if one.action == "play")
    assert played.id == event_identity(user=played.user, **said)  # type: ignore[arg-type]
    assert played.id != event_identity(user=HIM, **said)  # type: ignore[arg-type]


def test_twice_the_same_and_an_export(hashed: Path) -> None:
    """The same log again changes nothing, nor does what was exported: pseudonyms are not hashed again."""
    _use(hashed, HIM)
    with Engine.open(hashed) as engine:
        exported: list[Impression | Event] = [*engine.impressions(), *engine.events()]
        done = engine.ingest(exported, now=NOW + 20)
    assert (done.impressions, done.events, done.repeated) == (0, 0, len(exported))
    assert len({one.user for one in exported}) == 1


def test_forgotten(hashed: Path) -> None:
    """He is forgotten by his own id."""
    _use(hashed, HIM)
    done = Engine.forget_user(hashed, HIM, now=NOW + 99)
    assert (done.queries, done.events, done.left) == (3, 4, ())
    with Engine.open(hashed) as engine:
        assert not engine.person(HIM).known


def test_not_over_ids_in_the_clear(index: Path) -> None:
    """Where users were logged by their ids, hashing does not begin; nor does it end where they were hashed."""
    _use(index, HIM)
    (index / "ltrr.toml").write_text("[log]\nhash_users = true\n")
    with pytest.raises(ConfigError, match="in the clear"):
        Engine.open(index)
    assert not (index / NAME).exists()


def test_not_off_again(hashed: Path) -> None:
    """Turned off, it says what that would mean; without the key's file, it is taken at its word."""
    _use(hashed, HIM)
    (hashed / "ltrr.toml").write_text("")
    with pytest.raises(ConfigError, match="hash_users is off"):
        Engine.open(hashed)
    (hashed / NAME).unlink()
    with Engine.open(hashed) as engine:
        assert not engine.person(HIM).known


def test_the_key_is_only_ours(hashed: Path) -> None:
    """The key's file is 0600 whatever the umask; a damaged one is an error, not another key."""
    Engine.open(hashed).close()
    path = hashed / NAME
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    row = json.loads(path.read_text())
    row["key"] = row["key"][:-1] + ("0" if row["key"][-1] != "0" else "1")
    path.write_text(json.dumps(row))
    with pytest.raises(ConfigError, match="damaged"):
        Engine.open(hashed)
    assert [damage.path for damage in Engine.verify(hashed).damage] == [NAME]
    for content in (b"", b"[]", b"{}", b'{"format_version":1}', b"\xff"):
        path.write_bytes(content)
        with pytest.raises(ConfigError):
            Engine.open(hashed)


def test_any_changed_byte_of_the_key_is_found(hashed: Path) -> None:
    """Whatever byte of its file becomes another one."""
    Engine.open(hashed).close()
    path = hashed / NAME
    content = path.read_bytes()
    assert key_damage(hashed) == ""
    for place in range(len(content)):
        path.write_bytes(content[:place] + bytes([content[place] ^ (1 << place % 8)]) + content[place + 1 :])
        assert key_damage(hashed)


def test_a_key_from_outside(hashed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that the environment gives is nowhere in the index, which knows it again: another one is refused."""
    monkeypatch.setenv(VARIABLE, KEY)
    _use(hashed, HIM)
    assert _holds(hashed, KEY) == []
    other = shutil.copytree(hashed, tmp_path / "copy.ltrr")
    with Engine.open(other) as engine:
        assert engine.person(HIM).known
    for wrong in (KEY + "!", "", "short"):
        monkeypatch.setenv(VARIABLE, wrong)
        with pytest.raises(ConfigError):
            Engine.open(other)


@given(one=st.text(min_size=1), other=st.text(min_size=1))
def test_a_pseudonym(one: str, other: str) -> None:
    """It has its form, is the same every time, tells users apart, and depends on the key."""
    names = Pseudonyms("k" * 32)
    assert is_pseudonym(names.of(one))
    assert names.of(names.of(one)) == names.of(one)
    assert (names.of(one) == names.of(other)) == (one == other)
    assert Pseudonyms("l" * 32).of(one) != names.of(one)


def test_a_lost_key_is_not_made_anew(hashed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is named is refused, and nothing is written; nobody, and who has a pseudonym, go on; the copy helps."""
    _use(hashed, HIM)
    with Engine.open(hashed) as engine:
        known = engine.person(HIM).user
    kept = (hashed / NAME).rename(tmp_path / NAME)
    with Engine.open(hashed) as engine:
        assert engine.search("love", log=False).results
        assert engine.person(known).known
        for refused in (lambda: engine.person(HIM), lambda: engine.search("love", user=HIM)):
            with pytest.raises(ConfigError, match="is lost"):
                refused()
    with pytest.raises(ConfigError, match="is lost"):
        Engine.forget_user(hashed, HIM)
    with pytest.raises(ConfigError, match="is lost"):
        check_users(hashed)
    assert not (hashed / NAME).exists()
    copy = shutil.copytree(hashed, tmp_path / "copy.ltrr")
    shutil.copy(kept, hashed / NAME)
    with Engine.open(hashed) as engine:
        assert engine.person(HIM).known
    monkeypatch.setenv(VARIABLE, KEY)
    with Engine.open(copy) as engine:
        assert not engine.person(HIM).known


def test_a_key_from_outside_that_comes_late(hashed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While nobody is hashed it takes the place of the key that was made; afterwards it is another key."""
    Engine.open(hashed).close()
    made = (hashed / NAME).read_text()
    assert '"key"' in made
    monkeypatch.setenv(VARIABLE, KEY)
    Engine.open(hashed).close()
    assert '"key"' not in (hashed / NAME).read_text()
    monkeypatch.delenv(VARIABLE)
    (hashed / NAME).write_text(made)
    _use(hashed, HIM)
    monkeypatch.setenv(VARIABLE, KEY)
    with pytest.raises(ConfigError, match="not the key of this index"):
        Engine.open(hashed)
