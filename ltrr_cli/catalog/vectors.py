"""Vectors made elsewhere: of a graph, of sound or pictures, of what customers do; one for each of some entities.

A file is JSON lines or Parquet with the fields `id` and `vector` (a list of numbers), plain or compressed, or NAME.npy,
(n, dim), with the ids beside it in NAME.ids.txt, one a line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ltrr_cli.catalog.readers import read
from ltrr_cli.errors import CatalogError, UsageError
from ltrr_cli.records import Bad

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

_NAME = re.compile(r"[A-Za-z0-9_-]{1,32}")
_IDS, _VECTORS = ("id", "entity_id", "item_id"), ("vector", "embedding")
_FORMS = 'JSON lines {"id": …, "vector": […]}, Parquet with these columns, or X.npy beside X.ids.txt'
MAX_DIM = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Vectors by their name: `ids` of n entities, and their unit vectors, (n, dim) float32.

    Without ids, those that the index has of this name are to go. `notes` say what was left out.
    """

    name: str
    ids: tuple[str, ...]
    vectors: NDArray[np.float32]
    notes: tuple[str, ...] = ()


def read_vectors(word: str) -> Given:
    """Read what `FILE` or `NAME=FILE` names; the name is by default the file's. `NAME=` asks to drop NAME.

    Raises:
        UsageError: the name cannot be one.
        CatalogError: the file cannot be read, holds no vectors, has some of different lengths, or with numbers that are
            not finite.
    """
    import numpy as np

    name, equals, file = word.partition("=")
    if not equals:
        name, file = Path(word).name.split(".")[0], word
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"--vectors: {name!r} is no name for vectors",
            next="use up to 32 letters, digits, - and _: --vectors NAME=FILE",
        )
    if not file:
        return Given(name=name, ids=(), vectors=np.empty((0, 0), np.float32))
    ids, matrix = _npy(Path(file)) if file.endswith(".npy") else _rows(file)
    if not ids:
        raise CatalogError("there are no vectors", where=file, next=f"give {_FORMS}")
    finite = np.isfinite(matrix).all(axis=1)
    if not finite.all():
        raise CatalogError(
            f"the vector of {ids[int(finite.argmin())]!r} has a number that is not finite",
            where=file,
            next="leave it out: entities may be without a vector",
        )
    scale = np.abs(matrix).max(axis=1)
    notes = []
    last = {entity_id: place for place, entity_id in enumerate(ids)}
    if len(last) < len(ids):
        notes.append(f"vectors {name}: {len(ids) - len(last):,} ids came again; the last vector of each counts")
    kept = [place for place in last.values() if scale[place] > 0]
    if len(kept) < len(last):
        notes.append(f"vectors {name}: {len(last) - len(kept):,} are all zeros, and left out")
    if not kept:
        raise CatalogError("all vectors are zero", where=file, next="leave such entities out, or the whole file")
    chosen = matrix[kept] / scale[kept, None]  # first: the square of a large number may overflow
    unit = (chosen / np.linalg.norm(chosen, axis=1, keepdims=True)).astype(np.float32)
    return Given(name=name, ids=tuple(ids[place] for place in kept), vectors=unit, notes=tuple(notes))


def _rows(file: str) -> tuple[list[str], NDArray[np.float64]]:
    import numpy as np

    ids: list[str] = []
    vectors: list[NDArray[np.float64]] = []
    for line, record in _records(file):
        found = [next((record[key] for key in keys if key in record), None) for keys in (_IDS, _VECTORS)]
        if found[0] is None or not isinstance(found[1], list) or not found[1]:
            raise CatalogError("expected an id and a vector", where=f"{file}, record {line}", next=f"give {_FORMS}")
        try:
            vector = np.array(found[1], np.float64)
        except (TypeError, ValueError, OverflowError):
            vector = np.empty((0, 0))
        if vector.ndim != 1 or any(isinstance(value, str | bool) for value in found[1]):
            raise CatalogError("the vector is no list of numbers", where=f"{file}, record {line}")
        if len(vector) > MAX_DIM:
            raise CatalogError(
                f"a vector has {len(vector):,} numbers, more than {MAX_DIM:,}", where=f"{file}, record {line}"
            )
        if vectors and len(vector) != len(vectors[0]):
            raise CatalogError(
                f"a vector of {len(vector)} numbers, after ones of {len(vectors[0])}",
                where=f"{file}, record {line}",
                next="all vectors of a file have the same length",
            )
        ids.append(_id(found[0]))
        vectors.append(vector)
    return ids, np.array(vectors)


def _records(file: str) -> Iterator[tuple[int, dict[str, object]]]:
    for line, record in read(file):
        if isinstance(record, Bad):
            raise CatalogError(record.reason, where=f"{file}, record {line}", next=f"give {_FORMS}")
        yield line, dict(record)


def _id(value: object) -> str:
    """Return an id as catalogues read it: whole numbers are texts too."""
    return f"{value:.0f}" if isinstance(value, float) and value.is_integer() else str(value).strip()


def _npy(path: Path) -> tuple[list[str], NDArray[np.float64]]:
    import numpy as np

    beside = path.with_suffix(".ids.txt")
    try:
        matrix = np.load(path, allow_pickle=False)
        ids = beside.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError as error:
        raise CatalogError("there is no such file", where=str(error.filename), next=f"give {_FORMS}") from error
    except (OSError, ValueError, EOFError) as error:
        raise CatalogError(f"the vectors cannot be read: {error}", where=str(path), next=f"give {_FORMS}") from error
    if getattr(matrix, "ndim", 0) != 2 or matrix.dtype.kind not in "fiu" or not 0 < matrix.shape[1] <= MAX_DIM:
        raise CatalogError(
            "this is no table of numbers, (n, dim)", where=str(path), next=f"dim is from 1 to {MAX_DIM:,}"
        )
    if len(ids) != len(matrix):
        raise CatalogError(f"{len(matrix):,} vectors, but {len(ids):,} ids", where=str(beside), next="one id a line")
    return [_id(one) for one in ids], matrix.astype(np.float64)
