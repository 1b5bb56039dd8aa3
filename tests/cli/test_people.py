"""`ltrr recommend`, `ltrr related` and `ltrr user`: as people and as scripts read them."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from ltrr_cli.engine import Engine

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Ltrr

START = 1_700_000_000.0


@pytest.fixture(scope="module")
def liked(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an index that nobody may change, in which two people like the same two entities."""
    root = shutil.copytree(built, tmp_path_factory.mktemp("liked") / "songs.ltrr")
    with Engine.open(root) as engine:
        for user in ("ana", "bo"):
            for number in range(2):
                answer = engine.search("love", user=user, now=START + number, seed=1)
                engine.record(answer.query_id, answer.results[number].id, "like", now=START + number)
    return root


@pytest.fixture
def copied(liked: Path, tmp_path: Path) -> Path:
    """Return a copy of it."""
    return shutil.copytree(liked, tmp_path / "songs.ltrr")


def test_recommend(ltrr: Ltrr, copied: Path) -> None:
    """A table for people, the answer's JSON for scripts, ids for pipes; feedback can refer to it."""
    out = ltrr("recommend", "--user", "ana", "-k", "3", "-i", copied).out
    assert "personal" in out
    assert "3 results" in out
    row = ltrr("recommend", "--user", "ana", "--json", "--seed", "1", "-i", copied).json
    assert list(row) == ["query_id", "query", "results", "took_ms"]
    assert row["query"] == ""
    ids = ltrr("recommend", "--user", "ana", "--ids", "--seed", "1", "-i", copied).out.split()
    assert ids == [result["id"] for result in row["results"]]
    assert ltrr("feedback", "record", row["query_id"], ids[0], "like", "-i", copied).code == 0
    assert ids[0] not in ltrr("recommend", "--user", "ana", "--ids", "-i", copied).out.split()


def test_recommend_explains(ltrr: Ltrr, copied: Path) -> None:
    """With --explain: arms, context and what makes up each score."""
    out = ltrr("recommend", "--like", _first(copied), "--explain", "-i", copied).out
    assert "recommend 1" in out
    assert "personal.score" in out


def test_mistakes(ltrr: Ltrr, liked: Path) -> None:
    """An unknown id is one line that says so; two outputs at once are a wrong call."""
    for args in (("recommend", "--like", "nope"), ("related", "nope")):
        done = ltrr(*args, "-i", liked)
        assert (done.code, done.out) == (1, "")
        assert "the index has no such entity (nope)" in done.err
    for name in (("recommend",), ("related", "x")):
        assert ltrr(*name, "--ids", "--json", "-i", liked).code == 2


def test_related(ltrr: Ltrr, liked: Path) -> None:
    """The other liked entity is related to the first, and why is said."""
    first = _first(liked)
    row = ltrr("related", first, "--json", "-i", liked).json
    assert row["id"] == first
    together = [one["id"] for one in row["results"] if "acted on together" in one["contributions"]]
    assert len(together) == 1
    assert together[0] in ltrr("related", first, "--ids", "-i", liked).out.split()
    assert "acted on together 1.00" in ltrr("related", first, "-i", liked).out


def test_show_and_export(ltrr: Ltrr, liked: Path) -> None:
    """What is known is counted for people, and given in full to who exports it; of a stranger there is nothing."""
    assert ltrr("user", "show", "ana", "-i", liked).out.startswith("ana: 2 queries, 2 events, 2 entities acted on\n")
    shown = ltrr("user", "show", "ana", "--json", "-i", liked).json
    exported = ltrr("user", "export", "ana", "-i", liked).json
    assert (shown["queries"], shown["events"]) == (2, 2)
    assert len(exported["queries"]) == len(exported["events"]) == len(exported["likings"]) == 2
    assert all(row["user_id"] == "ana" for row in exported["events"])
    for command in ("show", "export"):
        done = ltrr("user", command, "nobody", "-i", liked)
        assert done.code == 1
        assert "nothing is known of nobody" in done.err


def test_forget(ltrr: Ltrr, copied: Path) -> None:
    """Nobody to ask and no --yes changes nothing; then he is gone, and a second time there is nothing to forget."""
    before = (copied / "log" / "events-000001.jsonl").read_bytes()
    assert ltrr("user", "forget", "ana", "-i", copied).code == 2
    assert (copied / "log" / "events-000001.jsonl").read_bytes() == before
    done = ltrr("user", "forget", "ana", "--yes", "--json", "-i", copied)
    assert json.loads(done.out) == {"queries": 2, "events": 2, "left": []}
    assert ltrr("user", "show", "ana", "-i", copied).code == 1
    assert ltrr("user", "show", "bo", "-i", copied).code == 0
    again = ltrr("user", "forget", "ana", "--yes", "-i", copied)
    assert (again.code, again.out) == (1, "")


def _first(root: Path) -> str:
    with Engine.open(root) as engine:
        return engine.person("ana", now=START + 9).likings[0].id
