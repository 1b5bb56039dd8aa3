"""Vectors made elsewhere, at build: given ones are taken, and those that the index has of other names are kept."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.errors import UsageError
from ltrr_cli.index.entity_lines import read_entity
from ltrr_cli.index.external import open_external, write_external
from ltrr_cli.index.ids import Ids
from ltrr_cli.text import hash64

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from ltrr_cli.catalog.vectors import Given
    from ltrr_cli.index.external import External
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
    had = _had(root, before)
    if add:
        _check_dims(had, given)
    known = {entity_id: row for row, entity_id in enumerate(ids)} if had or given else {}
    kept = _of_some(had, known) if add else _of_all(had)
    tables = {name: table for name, table in kept.items() if add or name not in names}
    notes: list[str] = []
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


@dataclass(frozen=True, slots=True)
class _Had:
    """A segment that has vectors made elsewhere: where it is, the rows that are deleted, the vectors by name."""

    directory: Path
    gone: frozenset[int]
    sets: dict[str, External]


def _had(root: Path, before: Manifest | None) -> list[_Had]:
    """Return the segments of the index that have such vectors, but damaged ones: theirs are lost."""
    found = []
    for live in before.segments if before is not None else ():
        directory = root / "segments" / live.name
        with suppress(OSError, ValueError, KeyError, TypeError):
            sets = open_external(directory)
            if sets:
                found.append(_Had(directory, frozenset(live.tombstones), sets))
    return found


def _check_dims(had: Sequence[_Had], given: Sequence[Given]) -> None:
    dims = {name: vectors.dim for one in had for name, vectors in one.sets.items() if len(vectors)}
    for one in given:
        if not one.ids:
            raise UsageError(f"--vectors {one.name}=: adding drops nothing", next="build the index again without them")
        dim = dims.get(one.name, one.vectors.shape[1])
        if dim != one.vectors.shape[1]:
            raise UsageError(
                f"--vectors: {one.name} has {one.vectors.shape[1]} numbers a vector, the index's have {dim}",
                next="give vectors of the same kind, or build the index again with the new ones",
            )


def _of_all(had: Sequence[_Had]) -> dict[str, _Table]:
    """Return the vectors of all living entities; those of a damaged segment are lost."""
    found: dict[str, _Table] = {}
    for one in had:
        # The entities themselves say what their ids are: whatever is derived from them may be damaged.
        with suppress(OSError, ValueError, KeyError, TypeError):
            with (one.directory / "entities.jsonl").open("rb") as lines:
                ids = {row: read_entity(line).id for row, line in enumerate(lines) if row not in one.gone}
            for name, vectors in one.sets.items():
                rows = np.array([row for row in vectors.rows.tolist() if row in ids], np.int64)
                found.setdefault(name, {}).update(
                    zip(map(ids.__getitem__, rows.tolist()), vectors.of(rows)[1], strict=True)
                )
    return found


def _of_some(had: Sequence[_Had], wanted: Iterable[str]) -> dict[str, _Table]:
    """Return the vectors of some entities: an index of any size is asked for them alone."""
    found: dict[str, _Table] = {}
    asked = list(wanted)
    hashes = np.array([hash64(entity_id) for entity_id in asked], np.uint64)
    for one in had:
        with suppress(OSError, ValueError):
            rows = Ids(one.directory / "columns").rows(hashes)
            for name, vectors in one.sets.items():
                places, own = vectors.of(rows)
                living = zip(places.tolist(), own, strict=True)
                found.setdefault(name, {}).update(
                    {asked[place]: vector for place, vector in living if int(rows[place]) not in one.gone}
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
