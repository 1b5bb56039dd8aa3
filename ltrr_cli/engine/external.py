"""Vectors made elsewhere, at build: given ones are taken, and those that the index has of other names are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.errors import UsageError
from ltrr_cli.index.entity_lines import read_entity
from ltrr_cli.index.external import External, open_external, write_external

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from ltrr_cli.catalog.vectors import Given
    from ltrr_cli.index.manifest import Manifest

MOST = 4
"""Names that an index can have: each is an arm."""
_Table = dict[str, "NDArray[np.float32]"]
"""Entity id → its vector."""


def write_given(
    root: Path, before: Manifest | None, written: Path, ids: Iterable[str], given: Sequence[Given], *, add: bool
) -> tuple[str, ...]:
    """Write the vectors of a new segment's entities, whose `ids` are by row; returns what is to be said of it.

    With `add` vectors of other entities than the new segment's cannot be given.

    Raises:
        UsageError: two have one name, there are too many, or `add` gives other dimensions than the index has.
    """
    names = [one.name for one in given]
    if len(set(names)) < len(names):
        raise UsageError("--vectors: two files have one name", next="name them: --vectors NAME=FILE")
    kept = _kept(root, before)
    if add:
        _check_dims(kept, given)
    tables = {name: table for name, table in kept.items() if add or name not in names}
    notes: list[str] = []
    known = {entity_id: row for row, entity_id in enumerate(ids)} if tables or given else {}
    for one in given:
        notes += one.notes
        unknown = sum(entity_id not in known for entity_id in one.ids)
        if unknown:
            where = "among what was added" if add else "in the catalogue"
            notes.append(f"vectors {one.name}: {unknown:,} of {len(one.ids):,} ids are not {where}")
        tables[one.name] = {**tables.get(one.name, {}), **dict(zip(one.ids, one.vectors, strict=True))}
    if len([name for name, table in tables.items() if table]) > MOST:
        raise UsageError(
            f"an index can have {MOST} sets of vectors, not {len(tables)}", next="drop one: --vectors NAME="
        )
    for name, table in tables.items():
        some = sorted((known[entity_id], entity_id) for entity_id in table if entity_id in known)
        if some:
            vectors = np.stack([table[entity_id] for _, entity_id in some]).astype(np.float32)
            write_external(written, name, np.array([row for row, _ in some], np.int64), vectors)
    return tuple(notes)


def _check_dims(kept: dict[str, _Table], given: Sequence[Given]) -> None:
    for one in given:
        if not one.ids:
            raise UsageError(f"--vectors {one.name}=: adding drops nothing", next="build the index again without them")
        old = next(iter(kept.get(one.name, {}).values()), None)
        if old is not None and len(old) != one.vectors.shape[1]:
            raise UsageError(
                f"--vectors: {one.name} has {one.vectors.shape[1]} numbers a vector, the index's have {len(old)}",
                next="give vectors of the same kind, or build the index again with the new ones",
            )


def _kept(root: Path, before: Manifest | None) -> dict[str, _Table]:
    """Return the vectors that the index has, of its living entities; those of a damaged segment are lost."""
    found: dict[str, _Table] = {}
    for live in before.segments if before is not None else ():
        directory = root / "segments" / live.name
        if not (directory / "external").is_dir():
            continue
        try:
            # The entities themselves say what their ids are: whatever is derived from them may be damaged.
            with (directory / "entities.jsonl").open("rb") as lines:
                ids = [read_entity(line).id for line in lines]
            sets: dict[str, External] = open_external(directory)
        except (OSError, ValueError, KeyError, TypeError):
            continue
        gone = set(live.tombstones)
        for name, external in sets.items():
            _, vectors = external.of(external.rows)
            table = zip(external.rows.tolist(), vectors, strict=True)
            found.setdefault(name, {}).update(
                {ids[row]: one for row, one in table if row not in gone and row < len(ids)}
            )
    return found


def check_vectors(sets: dict[str, int], vectors: object) -> dict[str, tuple[float, ...]]:
    """Return what a caller gave as query vectors, {name: numbers}, as unit vectors; `sets` maps names to dimensions.

    Raises:
        UsageError: there are no vectors of this name, or it is no vector of theirs.
    """
    if not isinstance(vectors, dict):
        raise UsageError("vectors must be {name: numbers}")
    out: dict[str, tuple[float, ...]] = {}
    for name, value in vectors.items():
        if name not in sets:
            raise UsageError(
                f"the index has no vectors called {name!r}", next=f"it has: {', '.join(sets) or 'none; see --vectors'}"
            )
        try:
            vector = np.asarray(value, np.float64)
        except (TypeError, ValueError):
            vector = np.empty((0, 0))
        if vector.shape != (sets[name],) or not np.isfinite(vector).all() or not vector.any():
            raise UsageError(f"vectors[{name!r}] must be {sets[name]} finite numbers, not all 0")
        vector = vector / np.abs(vector).max()
        out[name] = tuple((vector / np.linalg.norm(vector)).tolist())
    return out
