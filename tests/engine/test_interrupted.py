"""Builds that do not end well: the old index answers, and the next build cleans up."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from ltrr_cli.encoder import Encoder
from ltrr_cli.engine import Engine, build, making, publish
from ltrr_cli.engine.learned import Learned
from ltrr_cli.errors import EncoderError, IndexDirectoryError, LtrrError
from ltrr_cli.index.manifest import Manifest, read_manifest
from ltrr_cli.index.segment import SegmentWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROOT = Path(__file__).parents[2]
NOW = 1_750_000_000.0
BUILD = "import sys; from ltrr_cli import Engine; print('go', flush=True); Engine.build(sys.argv[1], sys.argv[2])"


def answers(root: Path) -> list[list[tuple[str, float]]]:
    """Return what an index answers."""
    with Engine.open(root) as engine:
        found = [engine.search(text, seed=1, now=NOW, log=False).results for text in ("love", "rain night", "1977")]
    return [[(result.id, result.score) for result in results] for results in found]


def leftovers(root: Path) -> list[str]:
    """Return what does not belong into an index: temporary files and directories, and directories of no use."""
    hidden = [str(path.relative_to(root)) for pattern in (".*", "*/.*") for path in root.glob(pattern)]
    there = {f"{part}/{path.name}" for part in ("segments", "learned", "encoder") for path in (root / part).iterdir()}
    return hidden + sorted(there ^ read_manifest(root).directories)


class StopError(Exception):
    """Raised in the middle of a build."""


def _stop(*_: Any, **__: Any) -> NoReturn:
    raise StopError


def _no_encoder(*_: Any, **__: Any) -> NoReturn:
    raise EncoderError("the graph fails")


def _interrupt(*_: Any, **__: Any) -> NoReturn:
    raise KeyboardInterrupt


STEPS: dict[str, tuple[object, str, Callable[..., NoReturn], type[BaseException]]] = {
    "reading": (SegmentWriter, "add", _stop, StopError),
    "indexing": (SegmentWriter, "rows", _interrupt, KeyboardInterrupt),
    "encoding": (Encoder, "encode", _no_encoder, EncoderError),
    "finishing": (SegmentWriter, "finish", _interrupt, KeyboardInterrupt),
    "settling": (making, "settle", _stop, StopError),
    "publishing": (build, "publish", _interrupt, KeyboardInterrupt),
    "catching up": (publish, "follow", _stop, StopError),
    "writing the learned state": (Learned, "write", _interrupt, KeyboardInterrupt),
    "settling the learned state": (publish, "settle", _stop, StopError),
    "writing the manifest": (Manifest, "write", _stop, StopError),
    "renaming the manifest": (os, "rename", _stop, StopError),
    "collecting": (publish, "remove_unused", _interrupt, KeyboardInterrupt),
}


@pytest.mark.parametrize("step", STEPS)
def test_stopped_at_a_step(
    index: Path, write_catalog: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Stopped at any step, the old index answers as before, until the new one is live; the next build cleans up."""
    before = answers(index)
    changed = write_catalog(range(20), title="Love")
    owner, name, fail, error = STEPS[step]
    with monkeypatch.context() as patch:
        if step == "renaming the manifest":
            replace = Path.replace
            patch.setattr(
                Path, "replace", lambda self, target: _stop() if self.name[:5] == ".mani" else replace(self, target)
            )
        else:
            patch.setattr(owner, name, fail)
        with pytest.raises(error):
            Engine.build(changed, index)
    assert not list(index.glob(".*"))
    if step != "collecting":
        assert answers(index) == before
        assert not list((index / "segments").glob(".*"))
    Engine.build(changed, index)
    assert answers(index) != before
    assert leftovers(index) == []


@pytest.mark.parametrize("step", ["encoding", "settling", "writing the manifest"])
def test_first_build_stopped_at_a_step(
    catalog: Path, encoder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """A first build that stops leaves no index, and does not stand in the way of the next one."""
    owner, name, fail, error = STEPS[step]
    root = tmp_path / "x.ltrr"
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, fail)
        with pytest.raises(error):
            Engine.build(catalog, root, encoder=encoder)
    with pytest.raises(IndexDirectoryError, match="no index here"):
        Engine.open(root)
    Engine.build(catalog, root, encoder=encoder)
    assert answers(root)[0]
    assert leftovers(root) == []


def test_a_first_build_killed_while_it_removes_its_encoder(
    catalog: Path, encoder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of an encoder does not pass for the whole: the next build makes it anew."""
    root, remove = tmp_path / "x.ltrr", shutil.rmtree

    def die(directory: Path, **options: Any) -> None:
        if (directory / "model.onnx").exists():
            (directory / "tokenizer.json").unlink()
            raise KeyboardInterrupt
        if directory.name != "encoder":
            remove(directory, **options)

    root.mkdir()
    with monkeypatch.context() as patch:
        patch.setattr(making, "settle", _stop)
        patch.setattr(shutil, "rmtree", die)
        with pytest.raises(KeyboardInterrupt):
            Engine.build(catalog, root, encoder=encoder)
    Engine.build(catalog, root, encoder=encoder)
    assert answers(root)[0]


def test_traces_of_killed_builds_are_no_obstacle(catalog: Path, encoder: str, tmp_path: Path) -> None:
    """What a killed first build leaves, even one with this process's number, is not taken for something foreign."""
    root = tmp_path / "x.ltrr"
    for number in (os.getpid(), 2**22 + 5):
        for place in (f"segments/.tmp-{number}-000001", f"learned/.tmp-{number}-000001", f"encoder/.tmp-{number}-ab"):
            (root / place / "columns").mkdir(parents=True)
        for name in ("manifest.json", "ltrr.toml"):
            (root / f".{name}.{number}.tmp").write_text("{")
    (root / "encoder" / f".tmp-{os.getpid()}-ab").rename(root / "encoder" / f".tmp-{2**22 + 6}-ab")
    Engine.build(catalog, root, encoder=encoder)
    assert answers(root)[0]
    assert leftovers(root) == []


def kill_after(delay: float, catalog: Path, root: Path) -> None:
    """Start a build in another process, and kill it some time after it began."""
    command = [sys.executable, "-c", BUILD, str(catalog), str(root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)}) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"go\n"
        try:
            process.wait(delay)
        except subprocess.TimeoutExpired:
            process.kill()


def test_killed_builds(index: Path, write_catalog: Callable[[Sequence[int]], Path]) -> None:
    """Killed at random moments, a build leaves an index that answers, and the next build cleans up."""
    old, new = write_catalog(range(40)), write_catalog(range(1, 40))
    before = answers(index)
    twin = shutil.copytree(index, index.with_name("twin.ltrr"))
    Engine.build(new, twin)
    after = answers(twin)
    chance = random.Random(5)
    for _ in range(3):
        kill_after(chance.uniform(0.0, 1.2), new, index)
        assert answers(index) in (before, after)
        Engine.build(old, index)
        assert answers(index) == before
        assert leftovers(index) == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, EncoderError("the graph fails")])
def test_vectors_survive_an_interruption(
    catalog: Path, encoder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Any
) -> None:
    """What was encoded before a build stopped is not encoded again, and the index is that of a build without a stop."""
    whole = Engine.build(catalog, tmp_path / "whole.ltrr", encoder=encoder)
    monkeypatch.setattr("ltrr_cli.engine.texts._TOGETHER", 8)
    root, calls, encode = tmp_path / "x.ltrr", 0, Encoder.encode

    def stops(self: Encoder, texts: Sequence[str], **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls > 2:
            raise error
        return encode(self, texts, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Encoder, "encode", stops)
        with pytest.raises((KeyboardInterrupt, EncoderError)):
            Engine.build(catalog, root, encoder=encoder)
    assert (root / "unfinished").is_dir()
    built = Engine.build(catalog, root, encoder=encoder)
    assert built.encoded == whole.encoded - 16
    assert not (root / "unfinished").exists()
    assert answers(root) == answers(tmp_path / "whole.ltrr")


def test_equal_texts_are_encoded_once(encoder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However far apart they stand, entities with the same text share one encoding, and have the same vector."""
    path = tmp_path / "twins.jsonl"
    rows = [{"id": f"e{number}", "title": f"song of {number % 10}"} for number in range(40)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    monkeypatch.setattr("ltrr_cli.engine.texts._TOGETHER", 8)
    built = Engine.build(path, tmp_path / "x.ltrr", encoder=encoder)
    assert (built.encoded, built.reused) == (10, 30)
    with Engine.open(tmp_path / "x.ltrr") as engine:
        matrix = engine._opened.view.segments[0].vectors.matrix
    assert all((matrix[row] == matrix[row % 10]).all() for row in range(40))
    assert len({row.tobytes() for row in matrix}) == 10


def test_an_unknown_encoder_leaves_nothing_behind(write_catalog: Callable[..., Path], tmp_path: Path) -> None:
    """It is looked for once the lock is held: the directory that this made goes with it."""
    root = tmp_path / "x.ltrr"
    with pytest.raises(LtrrError):
        Engine.build(write_catalog(), root, encoder="nosuch/model")
    assert not root.exists()
    root.mkdir()
    with pytest.raises(LtrrError):
        Engine.build(write_catalog(), root, encoder="nosuch/model")
    assert list(root.iterdir()) == []
