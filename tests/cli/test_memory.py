"""`ltrr memory`: as people and scripts read it, and forgetting."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from ltrr_cli.engine import Engine
from ltrr_cli.feedback.formats import Feedback

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Ltrr

START = 1_700_000_000.0


@pytest.fixture
def learned(built: Path, tmp_path: Path) -> Path:
    """Return an index under one query of which three users have acted, and one under another."""
    root = shutil.copytree(built, tmp_path / "songs.ltrr")
    rows = [("quiet evening", "e01", user) for user in ("ann", "bob", "cid")] + [("only mine", "e02", "ann")]
    log = tmp_path / "log.jsonl"
    lines = [
        {"query": query, "entity_id": entity, "action": "like", "user_id": user, "ts": START + number}
        for number, (query, entity, user) in enumerate(rows)
    ]
    log.write_text("".join(json.dumps(row) + "\n" for row in lines))
    with Engine.open(root) as engine:
        engine.ingest(Feedback([str(log)]), now=START + 9)
    return root


def test_show_and_top(ltrr: Ltrr, learned: Path) -> None:
    """A query's entities with reward and prediction; the top queries that enough users share."""
    out = ltrr("memory", "show", "Quiet evening", "-i", learned).out
    assert out.startswith("quiet evening: acted under: ")
    assert "of 3 users" in out
    found = json.loads(ltrr("memory", "show", "quiet evening", "-i", learned, "--json").out)
    assert (found["known"], found["users"], found["entities"][0]["id"]) == (True, 3, "e01")
    assert "of 1 user" not in ltrr("memory", "show", "only mine", "-i", learned).out
    assert "nobody has acted" in ltrr("memory", "show", "zzz", "-i", learned).out
    assert "quiet evening" in ltrr("memory", "top", "-i", learned).out
    assert "only mine" not in ltrr("memory", "top", "-i", learned).out
    (one,) = json.loads(ltrr("memory", "top", "-i", learned, "--json").out)["queries"]
    assert (one["query"], one["users"]) == ("quiet evening", 3)


def test_forget(ltrr: Ltrr, learned: Path) -> None:
    """A query is forgotten once, with exit code 0; then there is nothing to forget."""
    assert ltrr("memory", "forget", "quiet evening", "-i", learned).out == "forgotten\n"
    again = ltrr("memory", "forget", "quiet evening", "-i", learned, "--json")
    assert again.code == 1
    assert json.loads(again.out) == {"query": "quiet evening", "entity": None, "forgotten": False}
    assert "no query to show yet" in ltrr("memory", "top", "-i", learned).out
    assert ltrr("memory", "forget", "--entity", "e02", "-i", learned).out == "forgotten\n"
    for unknown in ("e02", "nosuch"):
        nothing = ltrr("memory", "forget", "--entity", unknown, "-i", learned)
        assert (nothing.code, nothing.out) == (1, "nothing was remembered of this entity\n")
    nothing = ltrr("memory", "forget", "-i", learned)
    assert (nothing.code, nothing.err[:7]) == (2, "error: ")
