"""`ltrr index fields|export|compact|encode` and `build --dry-run`, with patterns of files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ltrr_cli.engine import Engine
from ltrr_cli.engine.encoding import Encoding

if TYPE_CHECKING:
    from tests.cli.conftest import Ltrr

TINY = Path(__file__).parents[1] / "fixtures" / "tiny-encoder"


def test_an_export_builds_the_same_entities(ltrr: Ltrr, built: Path, tmp_path: Path) -> None:
    """Exported and built again, every entity is as it was."""
    exported = ltrr("index", "export", "-i", built)
    path = tmp_path / "c.jsonl"
    path.write_text(exported.out)
    assert ltrr("index", "build", path, "-i", tmp_path / "c.ltrr").code == 0
    with Engine.open(built) as one, Engine.open(tmp_path / "c.ltrr") as other:
        assert list(one.entities()) == list(other.entities())


def test_fields(ltrr: Ltrr, built: Path) -> None:
    """Every field with how many have it; the same in JSON."""
    out = ltrr("index", "fields", "-i", built).out
    assert "40 entities" in out
    assert "genres" in out
    found = {one["name"]: one for one in ltrr("index", "fields", "--json", "-i", built).json["fields"]}
    assert found["type"]["entities"] == 40
    assert found["type"]["distinct"] == 2
    assert found["popularity"]["numeric"]
    assert "\\u001b" not in out


def test_compact(ltrr: Ltrr, index: Path, tmp_path: Path) -> None:
    """Says what it did, and that there was nothing to do."""
    assert "is compact" in ltrr("index", "compact", "-i", index).out
    more = tmp_path / "more.jsonl"
    more.write_text(json.dumps({"id": "new", "type": "song", "title": "New Love"}) + "\n")
    ltrr("index", "add", more, "-i", index)
    assert "2 segments → 1: 41 entities" in ltrr("index", "compact", "-i", index).out
    assert ltrr("query", "new love", "--ids", "-k", "1", "-i", index).out.strip() == "new"


def test_encode(ltrr: Ltrr, catalog: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A query says that vectors are missing, `encode` makes them, and says when there is nothing to do."""
    root = tmp_path / "x.ltrr"

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Encoding, "ends_within", lambda *_: False)
        patch.setattr(Encoding, "result", interrupted)
        with pytest.raises(KeyboardInterrupt):
            Engine.build(catalog, root, encoder=str(TINY))
    asked = ltrr("query", "love", "--ids", "-i", root)
    assert asked.out
    assert "40 entities have no vectors yet" in asked.err
    assert set(ltrr("index", "encode", "--json", "-i", root).json) == {"encoded"}
    assert "no vectors" not in ltrr("query", "love", "--ids", "-i", root).err
    assert "has all its vectors" in ltrr("index", "encode", "-i", root).out


def test_a_dry_run_writes_nothing(ltrr: Ltrr, catalog: Path, tmp_path: Path) -> None:
    """The schema is shown, no index is made."""
    done = ltrr("index", "build", catalog, "--dry-run", "-i", tmp_path / "x.ltrr")
    assert "would hold 40 entities" in done.out
    assert "genres" in done.out
    assert not (tmp_path / "x.ltrr").exists()
    row = ltrr("index", "build", catalog, "--dry-run", "--json", "-i", tmp_path / "x.ltrr").json
    assert (row["entities"], row["dry_run"]) == (40, True)


def test_patterns(ltrr: Ltrr, tmp_path: Path) -> None:
    """A quoted pattern stands for its files; one that matches nothing is named."""
    for number in range(3):
        (tmp_path / f"part{number}.jsonl").write_text(json.dumps({"id": str(number), "title": f"Love {number}"}) + "\n")
    done = ltrr("index", "build", f"{tmp_path}/part*.jsonl", "--dry-run", "-i", tmp_path / "x.ltrr")
    assert "would hold 3 entities" in done.out
    none = ltrr("index", "build", f"{tmp_path}/no*.jsonl", "-i", tmp_path / "x.ltrr")
    assert none.code == 1
    assert "no*.jsonl" in none.err


def test_export_keeps_weights(ltrr: Ltrr, tmp_path: Path) -> None:
    """What is built from an export has the weights of values that the catalogue gave."""
    rows = [
        {"id": "a", "title": "Alpha", "genre": {"pop": 0.25, "country": 0.75}},
        {"id": "b", "title": "Beta", "genre": {"pop": 1.0}},
    ]
    (tmp_path / "w.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert ltrr("index", "build", tmp_path / "w.jsonl", "-i", tmp_path / "w.ltrr").code == 0
    exported = [json.loads(line) for line in ltrr("index", "export", "-i", tmp_path / "w.ltrr").out.splitlines()]
    assert [row["genre"] for row in exported] == [row["genre"] for row in rows]
