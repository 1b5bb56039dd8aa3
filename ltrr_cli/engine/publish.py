"""Publishing: a new generation of segments and learned state goes live in one step, and old ones are collected."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.engine.nearby import write_nearby
from ltrr_cli.engine.state import follow
from ltrr_cli.index.files import TEMPORARY, close_to_others, inventory, sync_file, sync_tree, temporary_name, writing
from ltrr_cli.index.locks import remove_unused
from ltrr_cli.index.manifest import Earlier, Live, Manifest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from ltrr_cli.engine.fold import Logs
    from ltrr_cli.engine.nearby import Encode
    from ltrr_cli.engine.state import State
    from ltrr_cli.index.view import View


def temporary(parent: Path, name: str) -> Path:
    """Return a directory name under which something may be written first. Holds: the build or the publish lock.

    A writer of the same number may have died here: in a container every process may be number 1.
    """
    if not parent.is_dir():
        parent.mkdir(parents=True, exist_ok=True)
        close_to_others(parent, like=parent.parent)
    path = parent / temporary_name(name)
    if path.exists():
        shutil.rmtree(path)
    return path


def settle(written: Path, final: Path) -> None:
    """Flush a finished directory and give it its final name; whom the index shuts out, it shuts out too."""
    close_to_others(written, like=final.parent.parent)
    sync_tree(written)
    written.rename(final)
    sync_file(final.parent)


def next_name(parent: Path, number: int) -> str:
    """Return the first free name from `number` on: a writer that died may have left one behind."""
    while (parent / f"{number:06d}").exists():
        number += 1
    return f"{number:06d}"


def publish(
    root: Path,
    *,
    before: Manifest | None,
    encoder: str,
    segments: Sequence[Live],
    view: View,
    state: State,
    logs: Logs,
    created: str = "",
    sparse: str | None = None,
    encode: Encode | None = None,
    keep: bool = True,
) -> Manifest:
    """Catch up with the logs, write the learned state for this view, and put both live. Holds: the publish lock.

    `created` says when the catalogue was built, "" as before. `sparse` names the encoder of sparse vectors ("" for
    none), by default the one that there is. `encode` makes vectors of queries, by default the encoder named, opened
    anew. Where the catalogue changes, the one before is kept for a rollback, unless `keep` is off: then none is.
    """
    state, _ = follow(state, state.learned.config, logs)
    parent = root / "learned"
    number = next_name(parent, before.next_learned if before is not None else 1)
    written = temporary(parent, number)
    try:
        with writing(written):
            written.mkdir()
            state.learned.write(written, state.snapshot, view.rows_of)
            write_nearby(root, written, state.snapshot, encoder, encode)
            np.savez(written / "impressions.npz", allow_pickle=False, **state.impressions.table())
            settle(written, parent / number)
    except BaseException:
        shutil.rmtree(written, ignore_errors=True)
        raise
    terms = sparse if sparse is not None else before.sparse if before is not None else ""
    manifest = Manifest(
        generation=before.generation + 1 if before is not None else 1,
        encoder=encoder,
        segments=tuple(segments),
        learned=Live(name=number, files=inventory(parent / number)),
        created=created or (before.created if before is not None else now()),
        next_segment=max(
            [before.next_segment if before is not None else 1, *(int(live.name) + 1 for live in segments)]
        ),
        next_learned=int(number) + 1,
        sparse=terms,
        earlier=_earlier(before, (tuple(segments), encoder, terms)) if keep and before is not None else None,
    )
    with writing(root):
        manifest.write(root)
    collect(root, manifest)
    return manifest


def now() -> str:
    """Return the time of a build, as the manifest writes it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _earlier(before: Manifest, catalogue: tuple[tuple[Live, ...], str, str]) -> Earlier | None:
    """Return what a rollback goes back to, once this catalogue (segments, encoder, sparse) is live."""
    same = catalogue == (before.segments, before.encoder, before.sparse)
    return before.earlier if same else before.as_earlier()


def collect(root: Path, manifest: Manifest) -> None:
    """Remove what the manifest no longer names and nobody reads, and what dead writers left."""
    for parent in ("segments", "learned", "encoder"):
        for directory in _directories(root / parent):
            if f"{parent}/{directory.name}" in manifest.directories or _alive(directory.name):
                continue
            with suppress(OSError):  # another collector was quicker, or a reader came: next time
                remove_unused(directory)
    for leftover in root.glob(".manifest.json.*.tmp"):
        with suppress(OSError):
            leftover.unlink()


def _directories(parent: Path) -> Iterable[Path]:
    return [path for path in parent.iterdir() if path.is_dir()] if parent.is_dir() else []


def _alive(name: str) -> bool:
    """Tell whether a temporary directory belongs to a living process."""
    if not name.startswith(TEMPORARY):
        return False
    try:
        os.kill(int(name[len(TEMPORARY) :].split("-", maxsplit=1)[0]), 0)
    except ProcessLookupError:
        return False
    except (ValueError, OSError):
        return True
    return True
