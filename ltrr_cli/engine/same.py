"""Whether two snapshots of learned state say the same: numbers within 1e-9, all else exactly."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from ltrr_cli.index.files import read_npz

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_TOLERANCE = 1e-9


def differing(one: Path, other: Path) -> list[str]:
    """Return the names of files, below both directories, that differ or that only one has."""
    names = {path.relative_to(root).as_posix() for root in (one, other) for path in root.rglob("*") if path.is_file()}
    return sorted(name for name in names if not _same_file(one / name, other / name))


def _same_file(one: Path, other: Path) -> bool:
    if not (one.exists() and other.exists()):
        return False
    read = {".json": _json, ".npy": _npy, ".npz": read_npz, ".parquet": _parquet}.get(one.suffix)
    if read is None:
        return one.read_bytes() == other.read_bytes()
    return same(read(one), read(other))


def _json(path: Path) -> Any:
    return json.loads(path.read_bytes())


def _npy(path: Path) -> Any:
    return np.load(path, allow_pickle=False)


def _parquet(path: Path) -> Any:
    import polars as pl

    table = pl.read_parquet(path)
    keys = [name for name, kind in table.schema.items() if not kind.is_float()]
    return table.sort(keys).to_dict(as_series=False) if keys else table.to_dict(as_series=False)


def same(one: Any, other: Any) -> bool:
    """Compare two values of JSON or NumPy; bytes that hold JSON are compared as JSON."""
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return _same_array(one, other)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float) or isinstance(other, float):
        numbers = isinstance(one, int | float) and isinstance(other, int | float)
        return numbers and bool(np.isclose(one, other, rtol=_TOLERANCE, atol=_TOLERANCE, equal_nan=True))
    return bool(one == other)


def _same_array(one: NDArray[Any], other: NDArray[Any]) -> bool:
    if one.dtype == other.dtype == np.uint8:
        texts = _decoded(one), _decoded(other)
        if None not in texts:
            return same(*texts)
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    if one.dtype.kind in "fc":
        return bool(np.allclose(one, other, rtol=_TOLERANCE, atol=_TOLERANCE, equal_nan=True))
    return bool(np.array_equal(one, other))


def _decoded(array: NDArray[Any]) -> Any:
    """Return the JSON object that an array of bytes holds, None where it holds none."""
    try:
        value = json.loads(array.tobytes())
    except ValueError:
        return None
    return value if isinstance(value, dict | list) else None
