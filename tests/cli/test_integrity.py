"""`ltrr index verify`, `repair`, `adopt`, and where bad records go."""

from __future__ import annotations

import json
import os
import shutil
import stat
from typing import TYPE_CHECKING

from ltrr_cli.cli.rejected import MOST, PARTIAL
from ltrr_cli.engine import Engine

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.cli.conftest import Ltrr


def test_verify_and_repair(ltrr: Ltrr, index: Path) -> None:
    """A sound index says so with exit code 0; damage is named with its remedy, code 1; repair mends it."""
    done = ltrr("index", "verify", "--deep", "--index", index)
    assert done.code == 0
    assert "sound" in done.out
    path = next(index.glob("segments/*/columns/popularity.npy"))
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    done = ltrr("index", "verify", "--index", index)
    assert done.code == 1
    assert "columns/popularity.npy" in done.out
    assert "ltrr index repair" in done.out
    row = ltrr("index", "verify", "--index", index, "--json").json
    assert not row["sound"]
    assert set(row["damage"][0]) == {"path", "what", "remedy"}
    assert row["files"] > 40
    assert "made again" in ltrr("index", "repair", "--index", index).out
    assert ltrr("index", "verify", "--deep", "--index", index).code == 0
    assert "nothing to repair" in ltrr("index", "repair", "--index", index).out
    assert ltrr("index", "repair", "--index", index, "--json").json == {"done": [], "left": []}


def test_what_cannot_be_repaired(ltrr: Ltrr, index: Path) -> None:
    """Damaged entities can only be had again from outside: repair says so with exit code 1."""
    path = next(index.glob("segments/*/entities.jsonl"))
    path.write_bytes(path.read_bytes().replace(b"Number 7", b"Number 8"))
    done = ltrr("index", "repair", "--index", index)
    assert done.code == 1
    assert "build the index again" in done.out


def test_adopt(ltrr: Ltrr, index: Path, tmp_path: Path) -> None:
    """An index of somebody else becomes one's own; not in its own place, and not with anything foreign in it."""
    done = ltrr("index", "adopt", index, "--index", tmp_path / "mine.ltrr", "--json")
    assert done.json["entities"] == done.json["vectors"] == 40
    assert ltrr("query", "love", "--index", tmp_path / "mine.ltrr", "--ids").out
    assert ltrr("index", "adopt", index, "--index", index).code == 2
    (index / "evil.so").write_bytes(b"\x7fELF")
    done = ltrr("index", "adopt", index, "--index", tmp_path / "other.ltrr")
    assert done.code == 1
    assert "not adopted: no part of an index" in done.err


def test_bad_records_go_to_a_file(ltrr: Ltrr, tmp_path: Path) -> None:
    """Every bad record is written with its line and the reason; what is read is not written over."""
    catalog, bad = tmp_path / "c.jsonl", tmp_path / "bad.jsonl"
    good = [json.dumps({"id": f"{number}", "title": f"Song {number}"}) for number in range(5)]
    catalog.write_text("\n".join(["{broken", *good, *["[1]"] * 1500, good[0]]))
    done = ltrr("index", "build", catalog, "--index", tmp_path / "x.ltrr", "--bad", bad)
    assert done.code == PARTIAL
    rows = [json.loads(line) for line in bad.read_text().splitlines()]
    assert len(rows) == 1502
    assert rows[0]["line"] == 1
    assert "not JSON" in rows[0]["reason"]
    assert "duplicate id" in rows[-1]["reason"]
    assert ltrr("index", "build", catalog, "--index", tmp_path / "x.ltrr", "--bad", catalog).code == 2
    assert catalog.read_text().startswith("{broken")


def test_bad_records_are_kept_and_told(ltrr: Ltrr, index: Path, tmp_path: Path) -> None:
    """Without --bad they are kept in the index, as of the last run; the exit code says that there were some."""
    catalog, log = tmp_path / "c.jsonl", tmp_path / "log.jsonl"
    good = json.dumps({"id": "a", "title": "Song"})
    kept = index / "rejected-catalogue.jsonl"
    for command in ("add", "build"):
        catalog.write_text(good + "\n{broken\n")
        done = ltrr("index", command, catalog, "--index", index, "-q")
        assert (done.code, done.out) == (PARTIAL, "")
        assert str(kept) in done.err
        assert [json.loads(line)["line"] for line in kept.read_text().splitlines()] == [2]
        assert ltrr("index", command, catalog, "--index", index, "--strict").code == 1
        assert kept.exists()
        catalog.write_text(good)
        assert ltrr("index", command, catalog, "--index", index).code == 0
        assert not kept.exists()
    catalog.write_text("{broken\n" * (MOST + 5) + good)
    done = ltrr("index", "build", catalog, "--index", index)
    assert len(kept.read_text().splitlines()) == MOST
    assert f"{MOST + 5:,} bad records left out" in done.err
    assert "the first 10,000" in done.err
    log.write_text('{"query": "love", "entity_id": "a", "ts": 1700000000}\n{"query": "x"}\n')
    done = ltrr("feedback", "ingest", log, "--index", index, "-q")
    assert (done.code, done.out) == (PARTIAL, "")
    assert "rejected-feedback.jsonl" in done.err
    log.write_text('{"query": "x"}\n')
    assert ltrr("feedback", "ingest", log, "--index", index).code == 1
    assert ltrr("index", "verify", "--deep", "--index", index).code == 0


def test_a_first_build_that_fails_leaves_nothing(ltrr: Ltrr, tmp_path: Path) -> None:
    """Neither the encoder nor the directory stays, but for one that was there before: that is empty again."""
    catalog = tmp_path / "c.jsonl"
    catalog.write_text("{broken\n")
    assert ltrr("index", "build", catalog, "--index", tmp_path / "x.ltrr").code == 1
    assert not (tmp_path / "x.ltrr").exists()
    (tmp_path / "y.ltrr").mkdir()
    assert ltrr("index", "build", catalog, "--index", tmp_path / "y.ltrr").code == 1
    assert list((tmp_path / "y.ltrr").iterdir()) == []


def test_hashing_begins_before_the_first_user(ltrr: Ltrr, index: Path) -> None:
    """`config set` says so, and changes nothing, where users were logged by their ids; the key is not adopted."""
    ltrr("config", "set", "hash_users", "true", "--index", index)
    ltrr("query", "love", "--user", "ana", "--index", index)
    assert ltrr("user", "show", "ana", "--index", index).code == 0
    before = (index / "ltrr.toml").read_bytes()
    done = ltrr("config", "set", "hash_users", "false", "--index", index)
    assert (done.code, (index / "ltrr.toml").read_bytes()) == (1, before)
    assert "hash_users is off" in done.err
    done = ltrr("index", "adopt", index, "--index", index.with_name("mine.ltrr"))
    assert done.code == 0
    assert "strangers" in done.err
    assert ltrr("user", "show", "ana", "--index", index.with_name("mine.ltrr")).code == 1


def test_adopt_writes_into_no_index_that_the_environment_names(
    ltrr: Ltrr, index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LTRR_INDEX names the index that is used, not one that is to be made."""
    named = tmp_path / "named.ltrr"
    other = tmp_path / "theirs" / "adopted.ltrr"
    shutil.copytree(index, other)
    monkeypatch.chdir(tmp_path)
    assert ltrr("index", "adopt", other, LTRR_INDEX=str(named)).code == 0
    assert not named.exists()
    assert (tmp_path / "adopted.ltrr").exists()


def test_ingest_without_waiting_for_the_disk(ltrr: Ltrr, index: Path, tmp_path: Path) -> None:
    """With --no-fsync the same is learned."""
    clicks = tmp_path / "clicks.jsonl"
    clicks.write_text('{"query":"love","entity_id":"e01","action":"click","ts":1750000000}\n')
    assert ltrr("feedback", "ingest", clicks, "--no-fsync", "--index", index, "--json").json["events"] == 1
    assert ltrr("feedback", "ingest", clicks, "--index", index, "--json").json["repeated"] == 1


def test_files_that_nobody_else_may_read(catalog: Path, tmp_path: Path) -> None:
    """Who sets umask 077 gets an index of 0600 files and 0700 directories."""
    before = os.umask(0o077)
    try:
        root = tmp_path / "own.ltrr"
        Engine.build(catalog, root)
        with Engine.open(root) as engine:
            answer = engine.search("love")
            engine.record(answer.query_id, answer.results[0].id)
            engine.learn()
    finally:
        os.umask(before)
    modes = {path.relative_to(root).as_posix(): stat.S_IMODE(path.stat().st_mode) for path in [root, *root.rglob("*")]}
    assert {name: oct(mode) for name, mode in modes.items() if mode & 0o077} == {}
