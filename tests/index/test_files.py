"""Files: replaced in one step, listed with checksums."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest

from ltrr_cli.index.files import digest, inventory, map_bytes, mapped, replace_file


def fail(*_: Any, **__: Any) -> NoReturn:
    """Stand in for a system call that fails."""
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("step", ["rename", "fsync", "interrupt"])
def test_replace_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """When replacing fails at any step the old content stays, and no temporary file."""
    path = tmp_path / "manifest.json"
    replace_file(path, b"old")

    def interrupt(*_: Any, **__: Any) -> NoReturn:
        raise KeyboardInterrupt

    if step == "fsync":
        monkeypatch.setattr(os, "fsync", fail)
    else:
        for name in ("replace", "rename"):
            monkeypatch.setattr(os, name, fail if step == "rename" else interrupt)
            monkeypatch.setattr(Path, name, fail if step == "rename" else interrupt)
    with pytest.raises(KeyboardInterrupt if step == "interrupt" else OSError):
        replace_file(path, b"new")
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["manifest.json"]


def test_replace_replaces(tmp_path: Path) -> None:
    """The new content is there, in a new file: who has the old one open still reads the old one."""
    path = tmp_path / "file"
    replace_file(path, b"old")
    with path.open("rb") as reader:
        replace_file(path, b"new")
        assert reader.read() == b"old"
    assert path.read_bytes() == b"new"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_content_is_flushed_before_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is flushed before the rename, and its directory after it: after a power cut old or new is there."""
    steps: list[str] = []
    flush, replace = os.fsync, Path.replace

    def fsync(handle: int) -> None:
        steps.append("directory" if os.path.isdir(f"/proc/self/fd/{handle}") else "file")  # noqa: PTH112
        flush(handle)

    def rename(self: Path, target: Path) -> Path:
        steps.append("rename")
        return replace(self, target)

    if not Path("/proc/self/fd").is_dir():
        pytest.skip("this system does not say what a handle is")
    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", rename)
    replace_file(tmp_path / "file", b"x")
    assert steps == ["file", "rename", "directory"]


def test_inventory_lists_every_file(tmp_path: Path) -> None:
    """Size and SHA-256 of every file, in order, by its path inside the directory."""
    (tmp_path / "b" / "c").mkdir(parents=True)
    (tmp_path / "b" / "c" / "x").write_bytes(b"abc")
    (tmp_path / "a").write_bytes(b"")
    sums = [hashlib.sha256(content).hexdigest() for content in (b"", b"abc")]
    assert list(inventory(tmp_path).items()) == [("a", (0, sums[0])), ("b/c/x", (3, sums[1]))]
    assert digest(tmp_path / "a") == sums[0]


def test_mapped_files(tmp_path: Path) -> None:
    """Arrays and bytes are mapped for reading only; an empty file gives no bytes; a pickle is refused."""
    np.save(tmp_path / "a.npy", np.arange(5))
    array = mapped(tmp_path / "a.npy")
    assert array.tolist() == [0, 1, 2, 3, 4]
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 1
    (tmp_path / "empty").touch()
    assert map_bytes(tmp_path / "empty").tolist() == []
    (tmp_path / "bytes").write_bytes(b"\x00\xff")
    assert map_bytes(tmp_path / "bytes").tolist() == [0, 255]
    np.save(tmp_path / "object.npy", np.array([{}], object))
    with pytest.raises(ValueError, match=r"object.npy is damaged"):
        mapped(tmp_path / "object.npy")


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int16", "int32", "uint64", "float16", "float32", "float64"])
@pytest.mark.parametrize("shape", [(0,), (1,), (7,), (3, 5), (0, 4), (200, 400)])
def test_arrays_are_mapped_as_numpy_reads_them(tmp_path: Path, dtype: str, shape: tuple[int, ...]) -> None:
    """Every plain array comes back, small or large, and cannot be written to; what is cut or grown is damaged."""
    array = np.random.default_rng(1).integers(0, 2, shape).astype(dtype)
    path = tmp_path / "a.npy"
    np.save(path, array)
    found = mapped(path)
    assert (found.dtype, found.shape, found.flags.writeable) == (array.dtype, array.shape, False)
    assert np.array_equal(found, array)
    content = path.read_bytes()
    path.write_bytes(content[:-1])
    with pytest.raises(ValueError, match=r"a\.npy is damaged"):
        mapped(path)


@pytest.mark.parametrize(
    "array", [np.asfortranarray(np.eye(3)), np.zeros((2, 2, 2)), np.array(["a", "bc"]), np.array(3)]
)
def test_other_arrays_are_left_to_numpy(tmp_path: Path, array: np.ndarray[Any, Any]) -> None:
    """Another order, more axes, texts."""
    np.save(tmp_path / "a.npy", array)
    assert np.array_equal(mapped(tmp_path / "a.npy"), array)
