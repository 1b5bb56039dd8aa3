"""Writing that survives a crash: fsync of files and directories, replace in one step, checksums."""

from __future__ import annotations

import hashlib
import math
import os
import re
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ltrr_cli.errors import IndexDirectoryError, LtrrError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_DAMAGE = (ValueError, LookupError, TypeError, AttributeError, EOFError, SyntaxError)
"""What NumPy and the archive reader raise on a damaged file."""


TEMPORARY = ".tmp-"
"""How the name begins of a directory that is being written, or removed."""
_OS_ERROR = re.compile(r"\(os error (\d+)\)|code: (\d+), kind:")
"""How Rust tells of an error of the system, in the texts of Polars' and Tantivy's errors."""


@contextmanager
def writing(root: Path) -> Iterator[None]:
    """Turn what the system says against writing, no room for example, into an `IndexDirectoryError`."""
    try:
        yield
    except OSError as error:
        raise _unwritten(error.errno or 0, str(error.filename or root)) from error
    except Exception as error:
        found = _OS_ERROR.search(str(error))
        if found is None or isinstance(error, LtrrError):
            raise
        raise _unwritten(int(found[1] or found[2]), str(root)) from error


def _unwritten(number: int, where: str) -> IndexDirectoryError:
    return IndexDirectoryError(
        f"cannot write the index: {os.strerror(number)}",
        where=where,
        next="free some space or check who may write here, then try again; the index is as it was",
    )


def sync_file(path: Path) -> None:
    """Flush one file's content to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_tree(directory: Path) -> None:
    """Flush every file and directory below `directory`, itself included."""
    for folder, _, names in os.walk(directory, topdown=False):
        for name in names:
            sync_file(type(directory)(folder) / name)
        sync_file(type(directory)(folder))


def file_mode(directory: Path) -> int:
    """Return the mode of a new file: whom its directory shuts out, it shuts out too.

    As SQLite gives its journals the mode of the database: `chmod 700` of an index makes private what it gets later.
    """
    return 0o666 & directory.stat().st_mode


def close_to_others(directory: Path, like: Path) -> None:
    """Take from all that lies below a directory, itself included, the rights that the directory `like` gives nobody."""
    allowed = like.stat().st_mode
    if allowed & 0o077 == 0o077:
        return
    for folder, _, names in os.walk(directory):
        for path in (type(directory)(folder), *(type(directory)(folder, name) for name in names)):
            mode = path.lstat().st_mode
            if mode & ~allowed & 0o077 and not path.is_symlink():
                path.chmod(mode & 0o7777 & (allowed | 0o7700))


def temporary_name(name: str) -> str:
    """Return the name of a directory that this process writes, or removes; whose process has died is garbage."""
    return f"{TEMPORARY}{os.getpid()}-{name}"


def discard(directory: Path) -> None:
    """Remove a directory: under its name there is all of it, or nothing, whenever the process dies."""
    aside = directory.with_name(temporary_name(directory.name))
    directory.rename(aside)
    shutil.rmtree(aside)


def replace_file(path: Path, content: bytes, *, mode: int | None = None) -> None:
    """Replace `path` in one step: a reader, or a crash, sees the old or the new content, never a part.

    The file gets `mode`, by default the one it had, or what its directory allows.
    """
    if mode is None:
        mode = path.stat().st_mode & 0o777 if path.exists() else file_mode(path.parent)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.unlink(missing_ok=True)
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_file(path.parent)


def digest(path: Path) -> str:
    """Return the file's SHA-256 as hex."""
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def inventory(directory: Path) -> dict[str, tuple[int, str]]:
    """Map every file below `directory` (relative, `/`-separated, sorted) to its size in bytes and SHA-256."""
    return {path.relative_to(directory).as_posix(): (path.stat().st_size, digest(path)) for path in _files(directory)}


def _files(directory: Path) -> Iterator[Path]:
    yield from sorted(path for path in directory.rglob("*") if path.is_file())


def map_bytes(path: Path) -> Any:
    """Map a file's bytes for reading: (n,) uint8, empty for an empty file, which cannot be mapped."""
    import numpy as np

    if path.stat().st_size == 0:
        return np.empty(0, np.uint8)
    return np.memmap(path, np.uint8, "r").view(np.ndarray)


SMALL = 65_536
"""Bytes of an array up to which it is read whole: a map keeps its file open, and a process may open so many only."""


def mapped(path: Path) -> Any:
    """Map an .npy file for reading, as a plain array: NumPy's own memmap class costs a microsecond at every slice.

    A small one is read whole. ValueError, naming the file, if it is damaged.
    """
    import tokenize

    import numpy as np

    plain = _plain(path)
    if plain is not None:
        return plain
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False).view(np.ndarray)
    except (*_DAMAGE, tokenize.TokenError) as error:
        raise ValueError(f"{path.name} is damaged") from error
    if array.nbytes <= SMALL:
        array = array.copy()
        array.flags.writeable = False
    return array


_HEADER = re.compile(
    rb"\{'descr': '([<|][a-z]\d{1,2})', 'fortran_order': False, 'shape': \((\d{1,15}),? ?(\d{1,15})?\), \} *\n"
)
_MAGIC = b"\x93NUMPY\x01\x00"
_DTYPES = frozenset((b"|b1", b"|u1", b"|i1", b"<u2", b"<i2", b"<f2", b"<u4", b"<i4", b"<f4", b"<u8", b"<i8", b"<f8"))


def _plain(path: Path) -> Any:
    """Read an array of plain numbers that is written as NumPy writes them; None for any other file.

    NumPy's own reader parses the header as Python: with a hundred arrays that is a tenth of the start of a query.
    """
    import mmap

    import numpy as np

    with path.open("rb") as file:
        head = file.read(128)
        size = os.fstat(file.fileno()).st_size
        found = _HEADER.fullmatch(head, 10)
        if found is None or head[:8] != _MAGIC or head[8:10] != b"\x76\x00" or found[1] not in _DTYPES:
            return None
        dtype = np.dtype(found[1].decode())
        shape = tuple(int(number) for number in found.groups()[1:] if number is not None)
        count = math.prod(shape)
        if size != 128 + count * dtype.itemsize:
            return None
        if not count:
            content: Any = b""
        elif size - 128 <= SMALL:
            content = file.read()
        else:
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    offset = 128 if isinstance(content, mmap.mmap) else 0
    array = np.frombuffer(content, dtype, count, offset).reshape(shape) if count else np.empty(shape, dtype)
    array.flags.writeable = False
    return array


def read_npz(path: Path) -> dict[str, Any]:
    """Return the arrays of an .npz file, by name; ValueError, naming the file, if it is damaged.

    Members are read whole, so that their checksums are compared: NumPy would parse what is damaged.
    """
    import tokenize
    import zlib
    from io import BytesIO
    from zipfile import BadZipFile, ZipFile

    import numpy as np

    data = path.read_bytes()
    try:
        with ZipFile(BytesIO(data)) as archive:
            return {
                name.removesuffix(".npy"): np.load(BytesIO(archive.read(name)), allow_pickle=False)
                for name in archive.namelist()
            }
    except (*_DAMAGE, BadZipFile, zlib.error, OverflowError, RuntimeError, tokenize.TokenError) as error:
        raise ValueError(f"{path.name} is damaged") from error
