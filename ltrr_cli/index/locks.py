"""Locks between processes. The kernel drops them when their holder dies, so no lock is ever left behind.

POSIX `flock`: works on local file systems of Linux and macOS; network file systems may not honour it.
"""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ltrr_cli.errors import IndexDirectoryError, LockedError
from ltrr_cli.index.files import close_to_others, discard, file_mode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PAUSE_S = 0.02


@contextmanager
def exclusive(path: Path, *, timeout: float = 30.0) -> Iterator[None]:
    """Hold the lock file `path`, waiting up to `timeout` seconds for another holder.

    Raises `LockedError` naming the holder's process, and `IndexDirectoryError` where the file cannot be written.
    """
    handle = _locked(path, timeout)
    try:
        os.pwrite(handle, f"{os.getpid():<20}\n".encode(), 0)  # padded: truncating first takes ten times as long
        yield
    finally:
        os.close(handle)  # closing drops the lock


def _locked(path: Path, timeout: float) -> int:
    """Return a handle of the lock file, locked; whoever held it may have removed it with the index that failed."""
    while True:
        try:
            handle = _open(path)
        except OSError as error:
            raise IndexDirectoryError(
                f"cannot lock the index: {error.strerror}",
                where=str(path),
                next="check who may write to this directory",
            ) from error
        try:
            _wait(handle, path, timeout)
        except BaseException:
            os.close(handle)
            raise
        if os.fstat(handle).st_nlink:
            return handle
        os.close(handle)


def _open(path: Path) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
    try:
        return os.open(path, flags, file_mode(path.parent))
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        close_to_others(path.parent, like=path.parent.parent)
        return os.open(path, flags, file_mode(path.parent))


def _wait(handle: int, path: Path, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                holder = os.pread(handle, 32, 0).decode("ascii", "replace").strip() or "unknown"
                raise LockedError(
                    f"the index is locked by process {holder} (waited {timeout:g} s)",
                    where=str(path),
                    next="wait for it to finish, or end that process",
                ) from None
            time.sleep(_PAUSE_S)
        else:
            return


def share(directory: Path) -> int | None:
    """Take a shared lock on a directory that we read; returns its handle, or None if it is gone.

    Garbage collection asks for the exclusive one, so a directory stays as long as anybody reads it.
    """
    try:
        handle = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    fcntl.flock(handle, fcntl.LOCK_SH)
    if os.fstat(handle).st_nlink == 0:  # removed between the two calls
        os.close(handle)
        return None
    return handle


def remove_unused(directory: Path) -> bool:
    """Remove a directory that nobody reads; False if somebody does.

    The exclusive lock is held until it is gone: a reader that comes meanwhile waits, and then sees that it is.
    """
    handle = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        discard(directory)
    except BlockingIOError:
        return False
    finally:
        os.close(handle)
    return True
