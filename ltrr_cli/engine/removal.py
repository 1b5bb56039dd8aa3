"""Entities that go: deleted ones, and those that a newer segment replaces. Old segments stay, with tombstones."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.config import read_config
from ltrr_cli.engine.fold import Logs
from ltrr_cli.engine.publish import publish
from ltrr_cli.engine.state import open_state
from ltrr_cli.index.files import mapped
from ltrr_cli.index.locks import exclusive
from ltrr_cli.index.manifest import Live, Manifest, read_manifest
from ltrr_cli.index.segment import Segment
from ltrr_cli.index.view import View
from ltrr_cli.text import hash64

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def removed_since(root: Path, before: Manifest, new: Live) -> int:
    """Return how many living entities of the old index the new one does not have."""
    hashes = mapped(root / "segments" / new.name / "columns" / "ids.hash.npy")
    gone = 0
    for old in before.segments:
        columns = root / "segments" / old.name / "columns"
        try:
            ids, rows = mapped(columns / "ids.hash.npy"), mapped(columns / "ids.row.npy")
        except (OSError, ValueError):  # damaged, which may be why it is built again
            continue
        living = ~np.isin(rows, np.array(old.tombstones, np.int64))
        gone += int(np.count_nonzero(living & ~np.isin(ids, hashes)))
    return gone


def superseded(root: Path, before: Manifest, new: Live) -> list[Live]:
    """Return the old segments with tombstones for entities that the new one replaces."""
    hashes = mapped(root / "segments" / new.name / "columns" / "ids.hash.npy")
    out = []
    for old in before.segments:
        rows = Segment(root / "segments" / old.name, base=0).ids.rows(hashes)
        gone = {*old.tombstones, *rows[rows >= 0].tolist()}
        out.append(replace(old, tombstones=tuple(sorted(gone))))
    return [old for old in out if len(old.tombstones) < old.entities]


def delete(root: Path, ids: Sequence[str]) -> list[str]:
    """Delete entities; returns the ids that were not there. The learned state keeps what it knows of them."""
    with exclusive(root / "locks" / "build", timeout=5):
        before = read_manifest(root)
        hashes = np.array([hash64(entity_id) for entity_id in ids], np.uint64)
        found = np.zeros(len(ids), bool)
        segments = []
        for old in before.segments:
            rows = Segment(root / "segments" / old.name, base=0).ids.rows(hashes)
            living = (rows >= 0) & ~np.isin(rows, np.array(old.tombstones, np.int64))
            found |= living
            segments.append(replace(old, tombstones=tuple(sorted({*old.tombstones, *rows[living].tolist()}))))
        if found.any():
            publish_segments(root, segments)
    return [entity_id for entity_id, was in zip(ids, found.tolist(), strict=True) if not was]


def publish_segments(root: Path, segments: Sequence[Live], *, keep: bool = True) -> None:
    """Publish other segments with the learned state as it is now; those before are kept unless `keep` is off."""
    logs = Logs(root)
    with exclusive(root / "locks" / "publish"):
        before = read_manifest(root)
        publish(
            root,
            before=before,
            encoder=before.encoder,
            segments=segments,
            view=View(root, segments),
            state=open_state(root, before, read_config(root), logs),
            logs=logs,
            keep=keep,
        )
