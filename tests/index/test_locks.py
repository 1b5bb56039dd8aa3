"""Locks between processes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ltrr_cli.errors import IndexDirectoryError, LockedError
from ltrr_cli.index import locks
from ltrr_cli.index.locks import exclusive, remove_unused, share

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
HOLD = """
import sys
from pathlib import Path
from ltrr_cli.index.locks import exclusive
with exclusive(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
print("dropped", flush=True)
"""
READ = """
import os, sys
from pathlib import Path
from ltrr_cli.index.locks import share
handle = share(Path(sys.argv[1]))
print("none" if handle is None else "held", flush=True)
sys.stdin.read()
"""
TRY = """
import sys
from pathlib import Path
from ltrr_cli.index.locks import exclusive
print("waiting", flush=True)
with exclusive(Path(sys.argv[1])):
    print("got", flush=True)
"""


@contextmanager
def process(code: str, path: Path) -> Iterator[subprocess.Popen[str]]:
    """Run code with a path in another process; it is killed in the end."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", code, str(path)]
    with subprocess.Popen(
        command, stdin=pipe, stdout=pipe, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    ) as one:
        try:
            yield one
        finally:
            one.kill()


def line(one: subprocess.Popen[str]) -> str:
    """Read a line that the process prints."""
    assert one.stdout is not None
    return one.stdout.readline().strip()


def test_held_by_another_process(tmp_path: Path) -> None:
    """While another process holds the lock ours times out, naming that process; killed, its lock is free at once."""
    lock = tmp_path / "locks" / "build"
    with process(HOLD, lock) as holder:
        assert line(holder) == "held"
        with (
            pytest.raises(LockedError, match=rf"locked by process {holder.pid}\b.*end that process"),
            exclusive(lock, timeout=0.05),
        ):
            pass
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
        with exclusive(lock, timeout=0):
            assert lock.read_text().strip() == str(os.getpid())


def test_waits_until_it_is_free(tmp_path: Path) -> None:
    """A second process waits for the lock, and gets it when the first lets go."""
    lock = tmp_path / "lock"
    with exclusive(lock), process(TRY, lock) as other:
        assert line(other) == "waiting"
        assert other.poll() is None
    with process(HOLD, lock) as holder:
        assert line(holder) == "held"
        with process(TRY, lock) as other:
            assert line(other) == "waiting"
            assert other.poll() is None
            holder.communicate("")
            assert line(other) == "got"
            assert other.wait(30) == 0


def test_two_holders_in_one_process(tmp_path: Path) -> None:
    """The lock also keeps apart two holders of one process, and is free after an exception inside."""
    lock = tmp_path / "lock"
    with exclusive(lock), pytest.raises(LockedError), exclusive(lock, timeout=0):
        pass

    def stumble() -> None:
        with exclusive(lock, timeout=0):
            raise ValueError

    with pytest.raises(ValueError, match=r"^$"):
        stumble()
    with exclusive(lock, timeout=0):
        pass


def test_lock_that_cannot_be_written(tmp_path: Path) -> None:
    """Where the lock file cannot be made the error is ours and says what to check."""
    (tmp_path / "file").touch()
    with (
        pytest.raises(IndexDirectoryError, match=r"cannot lock the index.*check who may write"),
        exclusive(tmp_path / "file" / "lock"),
    ):
        pass


def test_what_is_read_elsewhere_stays(tmp_path: Path) -> None:
    """A directory that another process reads is not removed; when that process ends it is."""
    directory = tmp_path / "000001"
    directory.mkdir()
    (directory / "file").touch()
    with process(READ, directory) as reader:
        assert line(reader) == "held"
        assert not remove_unused(directory)
        assert (directory / "file").exists()
        reader.communicate("")
    assert remove_unused(directory)
    assert not directory.exists()


def test_what_is_half_removed_has_another_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who removes a directory and dies leaves nothing under its name that would pass for the whole."""
    directory = tmp_path / "000001"
    directory.mkdir()
    (directory / "file").touch()

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(shutil, "rmtree", die)
    with pytest.raises(KeyboardInterrupt):
        remove_unused(directory)
    assert [path.name.startswith(".tmp-") for path in tmp_path.iterdir()] == [True]


def test_many_may_read(tmp_path: Path) -> None:
    """Two readers share a directory, and it stays until the last is gone."""
    first, second = share(tmp_path), share(tmp_path)
    assert first is not None
    assert second is not None
    os.close(first)
    assert not remove_unused(tmp_path)
    os.close(second)


def test_what_is_gone_cannot_be_read(tmp_path: Path) -> None:
    """There is no shared lock on a directory that does not exist."""
    assert share(tmp_path / "none") is None


def test_reader_that_comes_while_it_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that opened a directory just before its removal is told that it is gone."""
    directory = tmp_path / "000001"
    directory.mkdir()
    opened = os.open

    def open_then_remove(path: Path, flags: int) -> int:
        handle = opened(path, flags)
        monkeypatch.setattr(os, "open", opened)
        assert remove_unused(directory)
        return handle

    monkeypatch.setattr(os, "open", open_then_remove)
    assert share(directory) is None


def test_a_lock_whose_file_was_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waited for a lock that was removed with its directory gets the one that others will see."""
    lock = tmp_path / "locks" / "build"
    waited: list[Path] = []

    def wait(handle: int, path: Path, timeout: float) -> None:
        real(handle, path, timeout)
        waited.append(path)
        if len(waited) == 1:  # the holder, before it let go
            path.unlink()
            path.parent.rmdir()

    real = locks._wait
    monkeypatch.setattr(locks, "_wait", wait)
    with exclusive(lock), pytest.raises(LockedError), exclusive(lock, timeout=0):
        pass
    assert len(waited) == 2
