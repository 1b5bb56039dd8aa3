"""One flipped byte in any file is found, and repaired where anything in the index can repair it."""

from __future__ import annotations

import json
import os
import random
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ltrr_cli.engine import Engine
from ltrr_cli.errors import LtrrError
from ltrr_cli.index.checks import TRUTH
from ltrr_cli.index.files import inventory
from ltrr_cli.index.manifest import read_manifest

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Budget


def covered(root: Path) -> list[Path]:
    """Return every file of an index that is to be covered: all but locks and what the user may edit."""
    return sorted(
        path
        for path in root.rglob("*")
        if path.is_file()
        and path.parent.name != "locks"
        and path.name != "ltrr.toml"
        and not path.name.startswith(".tantivy")
        and path.stat().st_size
    )


def flip(path: Path, chance: random.Random) -> bytes:
    """Change one random byte to another one; returns the content before."""
    content = path.read_bytes()
    changed = bytearray(content)
    changed[chance.randrange(len(content))] ^= chance.randint(1, 255)
    path.write_bytes(changed)
    return content


@pytest.fixture
def index(built: Path, tmp_path: Path) -> Path:
    """Return a copy of the index."""
    return shutil.copytree(built, tmp_path / "songs.ltrr")


def test_flips_are_found(index: Path, budget: Budget, capsys: pytest.CaptureFixture[str]) -> None:
    """A flipped byte anywhere is found, named by its file, and nothing raises but errors of ours."""
    chance = random.Random(11)
    paths = covered(index)
    tried = found = 0
    for path in paths:
        for _ in range(budget.flips):
            before = flip(path, chance)
            tried += 1
            report = Engine.verify(index)
            name = path.relative_to(index).as_posix()
            named = name if not name.startswith("encoder/") else name.rpartition("/")[0]
            found += any(damage.path.startswith(named) and damage.remedy for damage in report.damage)
            path.write_bytes(before)
    assert Engine.verify(index, deep=True).sound
    with capsys.disabled():
        print(f"\nflips found {found:,} of {tried:,} tried, in {len(paths)} files")
    assert found == tried


def test_flips_are_repaired(built: Path, tmp_path: Path, budget: Budget) -> None:
    """After a repair the index is sound and answers as before, unless what nothing can give back was damaged."""
    chance = random.Random(12)
    with Engine.open(built) as engine:
        expected = [result.id for result in engine.search("rain", seed=1, explore=False, now=1.75e9, log=False).results]
    paths = [path.relative_to(built) for path in covered(built)]
    chance.shuffle(paths)
    for path in paths if budget.flips > 1 else paths[:8]:
        root = shutil.copytree(built, tmp_path / "one.ltrr")
        flip(root / path, chance)
        lost = path.name in TRUTH or path.parts[0] == "encoder"
        if path.name == "manifest.json":
            with pytest.raises(LtrrError, match="manifest is damaged"):
                Engine.repair(root)
        else:
            left = Engine.repair(root).left
            assert bool(left) == lost
            if not lost:
                with Engine.open(root) as engine:
                    again = engine.search("rain", seed=1, explore=False, now=1.75e9, log=False).results
                same = sum(result.id in expected for result in again)
                assert same >= len(expected) - 2 if path.parts[0] == "log" else same == len(expected)
        shutil.rmtree(root)


def test_missing_and_foreign_files(index: Path) -> None:
    """Files that are missing, cut, or were put there are named; repair removes what is foreign."""
    (index / "segments/000001/columns/popularity.npy").unlink()
    os.truncate(index / "segments/000002/vectors.npy", 100)
    (index / "segments/000002/evil.so").write_bytes(b"\x7fELF")
    for path in (index / "learned").glob("*/memory.parquet"):
        path.unlink()
    found = {damage.path: damage.what for damage in Engine.verify(index).damage}
    assert found["segments/000001/columns/popularity.npy"] == "is missing"
    assert "bytes" in found["segments/000002/vectors.npy"]
    assert found["segments/000002/evil.so"] == "is no file of this index"
    assert any(path.endswith("memory.parquet") for path in found)
    assert Engine.repair(index).left == []
    assert Engine.verify(index, deep=True).sound


def test_learned_state_that_the_logs_do_not_give(index: Path) -> None:
    """A learned state whose checksums fit but which the logs do not give is found by a deep look only."""
    manifest = read_manifest(index)
    directory = index / "learned" / manifest.learned.name
    state = json.loads((directory / "state.json").read_text())
    state["actions"]["click"] += 1
    (directory / "state.json").write_text(json.dumps(state))
    learned = replace(manifest.learned, files=inventory(directory))
    replace(manifest, learned=learned).write(index)
    assert Engine.verify(index).sound
    assert [damage.what for damage in Engine.verify(index, deep=True).damage] == ["is not what the logs give"]
    assert Engine.repair(index).left == []
    assert Engine.verify(index, deep=True).sound


def test_torn_last_line(index: Path) -> None:
    """A torn last line is no damage; repair cuts it, and the next append would have closed it."""
    path = index / "log" / "events-000001.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:50])
    report = Engine.verify(index, deep=True)
    assert report.sound
    assert any("torn" in note for note in report.notes)
    with Engine.open(index) as engine:
        answer = engine.search("love", seed=1, now=1.75e9)
        engine.record(answer.query_id, answer.results[0].id, now=1.75e9)
    assert Engine.verify(index, deep=True).sound
    path.write_bytes(path.read_bytes() + whole[:50])
    assert any("cut a torn last line" in what for what in Engine.repair(index).done)
    assert path.read_bytes().endswith(b"\n")
    assert Engine.verify(index, deep=True).sound
