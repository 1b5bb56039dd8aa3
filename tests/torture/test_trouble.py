"""Trouble outside: no room, no permission, a disk that fails, a clock that goes back, signals: an error, no damage."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

from ltrr_cli.engine import Engine
from ltrr_cli.errors import FeedbackError, LtrrError
from ltrr_cli.index.locks import exclusive

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerContext

    from conftest import Budget

ROOT = Path(__file__).parents[2]
NOW = 1.75e9


@pytest.fixture
def index(built: Path, tmp_path: Path) -> Path:
    """Return a copy of the index."""
    return shutil.copytree(built, tmp_path / "songs.ltrr")


def command(args: list[str], output: Path, limit: int) -> None:
    """Run `ltrr` in this process, which may not write files of more than `limit` bytes (0 is no limit)."""
    handle = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    if limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    sys.argv = ["ltrr", *args]
    from ltrr_cli.cli.main import run

    run()


def leftovers(root: Path) -> list[str]:
    """Return temporary files and directories."""
    return [str(path.relative_to(root)) for pattern in (".*", "*/.tmp*") for path in root.glob(pattern)]


def test_no_room(
    index: Path, tmp_path: Path, catalogs: tuple[Path, ...], forked: ForkServerContext, budget: Budget
) -> None:
    """Where files cannot grow, each command ends with one line and exit code 1, or did all it was to do."""
    clicks = tmp_path / "clicks.jsonl"
    clicks.write_text(
        "".join(
            f'{{"query":"love","entity_id":"e{number % 40:02d}","action":"click","ts":{NOW + number}}}\n'
            for number in range(200)
        )
    )
    output = tmp_path / "output"
    limits = (200, 9_000) if budget.seconds < 10 else (1, 200, 1_000, 5_000, 9_000, 20_000, 40_000, 60_000, 90_000)
    where = ["--index", str(index)]
    for limit in limits:
        for args in (
            ["index", "build", str(catalogs[0]), "--quiet", *where],
            ["feedback", "ingest", str(clicks), "--quiet", *where],
            ["learn", *where],
        ):
            # The output is a file too: leave it some room.
            process = forked.Process(target=command, args=(args, output, max(limit, 400)))
            process.start()
            process.join(120)
            text = output.read_text()
            assert process.exitcode in (0, 1), text
            assert "Traceback" not in text
            assert "internal error" not in text
            if process.exitcode:
                assert "error: " in text
            assert Engine.verify(index, deep=True).damage == []
            assert leftovers(index) == []
    Engine.build(catalogs[1], index)
    assert Engine.verify(index, deep=True).damage == []


@pytest.mark.parametrize("call", ["fsync", "write"])
def test_a_disk_that_fails(index: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    """Where the disk fails while an event is recorded, the event is refused, and nothing of it is left."""
    with Engine.open(index) as engine:
        before = engine.info().events
        answer = engine.search("love", seed=1, now=NOW)

        def fail(*_: object) -> NoReturn:
            raise OSError(errno.EIO, "Input/output error")

        with monkeypatch.context() as patch:
            patch.setattr(os, call, fail)
            with pytest.raises(FeedbackError, match="Input/output error"):
                engine.record(answer.query_id, answer.results[1].id, now=NOW)
        assert engine.info().events == before
        assert engine.record(answer.query_id, answer.results[1].id, now=NOW)
        assert engine.info().events == before + 1
    assert Engine.verify(index, deep=True).sound


def test_a_disk_that_fails_while_publishing(
    index: Path, catalogs: tuple[Path, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever flushing fails in a build, the old index stays, and the next build cleans up."""
    real, calls = os.fsync, 0
    failed = 0
    for at in (1, 3, 10, 30, 60, 70):
        calls = 0

        def flaky(handle: int, at: int = at) -> None:
            nonlocal calls
            calls += 1
            if calls == at:
                raise OSError(errno.EIO, "Input/output error")
            real(handle)

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", flaky)
            try:
                Engine.build(catalogs[0], index)
            except (OSError, LtrrError):
                failed += 1
        assert Engine.verify(index, deep=True).damage == []
    assert failed > 3
    Engine.build(catalogs[0], index)
    assert leftovers(index) == []


def test_everything_is_flushed_before_it_is_named(
    index: Path, catalogs: tuple[Path, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the manifest is renamed into place, each file that it names, and each directory, has been flushed."""
    flushed: set[int] = set()
    real_fsync, real_replace = os.fsync, os.replace
    checked = 0

    def fsync(handle: int) -> None:
        flushed.add(os.fstat(handle).st_ino)
        real_fsync(handle)

    def replace(source: str | Path, target: str | Path) -> None:
        nonlocal checked
        if Path(target).name == "manifest.json":
            import json

            row = json.loads(Path(source).read_bytes())
            new = [index / "segments" / row["segments"][-1]["name"], index / "learned" / row["learned"]["name"]]
            for path in [Path(source), *new, *(path for folder in new for path in folder.rglob("*"))]:
                assert path.stat().st_ino in flushed or path.name.startswith(".tantivy"), path
                checked += 1
        real_replace(source, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace)
    Engine.build(catalogs[0], index)
    assert checked > 50


def test_recording_while_somebody_publishes(index: Path) -> None:
    """Who records does not wait for who publishes, not even when it is time to write the learned state down."""
    (index / "ltrr.toml").write_text("[learning]\ncheckpoint_every = 1\ntrain_every = 1\n")
    with Engine.open(index) as engine:
        before, generation = engine.info().events, engine.info().generation
        answer = engine.search("love", seed=1, now=NOW)
        with exclusive(index / "locks" / "publish"):
            assert engine.record(answer.query_id, answer.results[1].id, now=NOW)
            assert engine.info().generation == generation
        assert engine.info().events == before + 1
        assert engine.record(answer.query_id, answer.results[2].id, now=NOW)
        assert engine.info().generation > generation
    assert Engine.verify(index, deep=True).sound


def test_a_clock_that_goes_back(index: Path) -> None:
    """Events whose clock went back, or far forward, are all counted, and the logs give the same again."""
    with Engine.open(index) as engine:
        before = engine.info().events
        for number, now in enumerate((NOW + 5000, NOW, 3.0, NOW + 9e8, NOW - 1e9)):
            answer = engine.search("gold", seed=number, now=now, user="ana", session="s")
            assert engine.record(answer.query_id, answer.results[0].id, now=now)
        assert engine.info().events == before + 5
        engine.learn(now=NOW)
    assert Engine.verify(index, deep=True).sound


@pytest.mark.skipif(os.geteuid() == 0, reason="root may do everything")
@pytest.mark.parametrize("mode", [0o500, 0o000])
def test_no_permission(index: Path, catalogs: tuple[Path, ...], mode: int) -> None:
    """Without permission there is an error of ours, and the index is as it was."""
    (index / "log").chmod(mode)
    index.chmod(mode)
    try:
        with pytest.raises((LtrrError, OSError)):
            Engine.build(catalogs[0], index)
    finally:
        index.chmod(0o700)
        (index / "log").chmod(0o700)
    assert Engine.verify(index).sound


def test_a_read_only_index_is_verified_and_queried(index: Path) -> None:
    """An index without any right to write is verified, deep too, and asked."""
    for path in sorted(index.rglob("*"), reverse=True):
        path.chmod(stat.S_IMODE(path.stat().st_mode) & ~0o222)
    index.chmod(0o555)
    try:
        assert Engine.verify(index, deep=True).sound
        with Engine.open(index) as engine:
            assert engine.search("love", now=NOW, log=False).results
    finally:
        for path in [index, *index.rglob("*")]:
            path.chmod(path.stat().st_mode | 0o200)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("what", ["build", "ingest"])
def test_signals(index: Path, catalogs: tuple[Path, ...], number: int, code: int, what: str) -> None:
    """A signal ends a build or an ingest that waits for input with 128 + its number; no temporary file is left."""
    args = {"build": ["index", "build", "-"], "ingest": ["feedback", "ingest", "-"]}[what]
    with Engine.open(index) as engine:
        before = engine.info().events
    if what == "build":
        given = catalogs[0].read_bytes() * 200  # more than the 1 MiB that is looked at first
    else:
        row = '{"query":"love","entity_id":"e01","action":"click","ts":%d}\n'
        given = "".join(row % (NOW + turn) for turn in range(20_000)).encode()

    def begun() -> bool:
        if what == "build":
            return bool(list(index.glob("segments/.tmp*")))
        return (index / "log" / "events-000001.jsonl").stat().st_size > 100_000

    with subprocess.Popen(
        [sys.executable, "-m", "ltrr_cli.cli", *args, "--quiet", "--index", str(index)],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write(given)
        process.stdin.flush()
        deadline = time.monotonic() + 60
        while not begun() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(number)
        error = process.stderr.read().decode()
        assert process.wait(60) == code, error
    assert "Traceback" not in error
    assert leftovers(index) == []
    assert Engine.verify(index, deep=True).damage == []
    with Engine.open(index) as engine:
        assert engine.info().events >= before
