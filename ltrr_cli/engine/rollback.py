"""Going back: the catalogue of the generation before is put live again. What was learned stays, and serves it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ltrr_cli.config import read_config
from ltrr_cli.engine.fold import Logs
from ltrr_cli.engine.publish import publish
from ltrr_cli.engine.state import open_state
from ltrr_cli.errors import IndexDirectoryError, NotFoundError
from ltrr_cli.index.locks import exclusive
from ltrr_cli.index.manifest import read_manifest
from ltrr_cli.index.view import View

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ltrr_cli.index.manifest import Live, Manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class RolledBack:
    """The generation whose catalogue is live again, and how many entities it has; `before` is how many there were."""

    generation: int
    entities: int
    before: int


def rollback(root: Path) -> RolledBack:
    """Put the catalogue before the last change live again; a second rollback takes that back.

    A manifest is written, no segment is. The learned state is a fold over the logs and refers to ids: none of it is
    lost, whichever catalogue is live.

    Raises:
        NotFoundError: no earlier catalogue is kept.
        IndexDirectoryError: a file of it is missing, or has another size.
    """
    with exclusive(root / "locks" / "build", timeout=5), exclusive(root / "locks" / "publish"):
        before = read_manifest(root)
        earlier = before.earlier
        if earlier is None:
            raise NotFoundError(
                "there is no generation before this one to go back to",
                where=str(root),
                next="one is kept when a catalogue is built again, added to, updated or deleted from, until a compact",
            )
        _check(root, earlier.segments)
        logs = Logs(root)
        publish(
            root,
            before=before,
            encoder=earlier.encoder,
            segments=earlier.segments,
            view=View(root, earlier.segments),
            state=open_state(root, before, read_config(root), logs),
            logs=logs,
            created=earlier.created,
            sparse=earlier.sparse,
        )
    return RolledBack(generation=earlier.generation, entities=living(earlier.segments), before=living(before.segments))


def living(segments: Sequence[Live]) -> int:
    """Return how many entities of the segments are not deleted or replaced."""
    return sum(live.entities - len(live.tombstones) for live in segments)


def extra_bytes(manifest: Manifest) -> int:
    """Return what the generation before costs: bytes of the segments that the live one does not have."""
    if manifest.earlier is None:
        return 0
    live = {one.name for one in manifest.segments}
    return sum(size for one in manifest.earlier.segments if one.name not in live for size, _ in one.files.values())


def _check(root: Path, segments: Sequence[Live]) -> None:
    for live in segments:
        for name, (size, _) in live.files.items():
            path = root / "segments" / live.name / name
            if not path.is_file() or path.stat().st_size != size:
                raise IndexDirectoryError(
                    "the generation before is not whole: a file is missing or has another size",
                    where=str(path),
                    next="build the index again from its catalogue; its logs are kept",
                )
