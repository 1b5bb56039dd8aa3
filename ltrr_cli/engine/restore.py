"""Restoring: what is derived is made again from what is not – segments from their entities, learned state from logs."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ltrr_cli.catalog.names import CREATOR
from ltrr_cli.config import read_config
from ltrr_cli.encoder import encoder_digest, encoder_folder
from ltrr_cli.engine.build import keep_encoder
from ltrr_cli.engine.external import write_given
from ltrr_cli.engine.fold import Logs
from ltrr_cli.engine.generated import Generated
from ltrr_cli.engine.making import Made, write_segment
from ltrr_cli.engine.publish import next_name, publish, temporary
from ltrr_cli.engine.schemas import written_schema
from ltrr_cli.engine.sparse import open_sparse
from ltrr_cli.engine.state import new_state
from ltrr_cli.engine.verify import Damage, Verified, verify
from ltrr_cli.feedback.check import mend
from ltrr_cli.index.checks import TRUTH, strangers
from ltrr_cli.index.entity_lines import read_entity
from ltrr_cli.index.locks import exclusive
from ltrr_cli.index.manifest import read_manifest
from ltrr_cli.index.view import View

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from ltrr_cli.encoder.sparse import SparseEncoder
    from ltrr_cli.index.manifest import Live, Manifest
    from ltrr_cli.index.segment import SegmentWriter

    Progress = Callable[[str, int, int | None], None]

_VECTORS = ("vectors.npy", "vectors.text.npy")
_LOOKED_AT = 2000


@dataclass(slots=True, kw_only=True)
class Repaired:
    """What was `done`, in sentences, and the damage that is `left`, for which something else is needed."""

    done: list[str] = field(default_factory=list)
    left: list[Damage] = field(default_factory=list)


def repair(root: Path, *, progress: Progress = lambda *_: None) -> Repaired:
    """Make whole what can be made whole; the index answers meanwhile, as well as it can.

    Raises `IndexDirectoryError` where the manifest is damaged: then nothing says which files belong together.
    """
    done = Repaired()
    with exclusive(root / "locks" / "build", timeout=5), ExitStack() as held:
        before = read_manifest(root)
        found = verify(root, deep=True, progress=progress)
        if found.sound and not _torn(found):
            return done
        _mend_logs(root, found, done)
        _mend_encoder(root, before, found, done)
        segments = _mend_segments(root, before, found, done, progress, held)
        lost = any(_is_lost(damage) for damage in found.damage)
        if not lost and any(damage.path.startswith(("learned/", "log", "segments/")) for damage in found.damage):
            _publish(root, segments)
            done.done.append("the learned state was made again from the logs")
        done.left = verify(root, deep=not lost).damage
    return done


def _torn(found: Verified) -> bool:
    return any("torn, its writer" in note for note in found.notes)


def _mend_logs(root: Path, found: Verified, done: Repaired) -> None:
    if not _torn(found) and not any(damage.path.startswith("log/") for damage in found.damage):
        return
    logs = Logs(root)
    for log in (logs.queries, logs.events, logs.control):
        mended = mend(log)
        if mended.cut:
            done.done.append(f"log/{log.name}: cut a torn last line; nobody was told that it was recorded")
        if mended.restored:
            done.done.append(f"log/{log.name}: restored the end of {mended.restored:,} lines")
        if mended.given_up:
            done.done.append(f"log/{log.name}: gave up {mended.given_up:,} damaged lines; log/lost.jsonl keeps them")


def _mend_encoder(root: Path, before: Manifest, found: Verified, done: Repaired) -> None:
    """Copy the package's encoder again, if it is the one."""
    if not any(damage.path.startswith("encoder/") for damage in found.damage):
        return
    source = encoder_folder(None)
    if encoder_digest(source) != before.encoder:
        return
    kept = root / "encoder" / before.encoder
    if kept.exists():
        aside = temporary(root / "encoder", f"{before.encoder}-damaged")
        kept.rename(aside)
        shutil.rmtree(aside)
    handle = keep_encoder(root, source, before.encoder)
    if handle is not None:
        os.close(handle)
    done.done.append("the encoder was copied again")


def _mend_segments(
    root: Path, before: Manifest, found: Verified, done: Repaired, progress: Progress, held: ExitStack
) -> list[Live]:
    """Return the live segments, with new ones in place of those whose derived files are damaged."""
    damaged = {live.name: _names(live.name, found) for live in before.segments}
    reuse = [live for live in before.segments if not damaged[live.name] & {"", *_VECTORS}]
    out = []
    for live in before.segments:
        names = damaged[live.name]
        if not names or any(_is_lost(one) for one in found.damage if one.path.startswith(f"segments/{live.name}")):
            out.append(live)
            continue
        directory = root / "segments" / live.name
        if names <= set(strangers(directory, live)):
            for name in names:
                (directory / name).unlink()
            done.done.append(f"segments/{live.name}: removed {len(names):,} files that were no part of it")
            out.append(live)
            continue
        made = rederived(
            root,
            directory,
            live,
            reuse=reuse,
            beside=out,
            encoder=before.encoder,
            model=open_sparse(root, before),
            queries=Generated(root, before.segments),
            vectors=before,
            progress=progress,
        )
        if made.handle is not None:
            held.callback(os.close, made.handle)
        done.done.append(
            f"segments/{live.name} was made again as segments/{made.live.name}, {made.encoded:,} vectors encoded anew"
        )
        done.done.extend(made.notes)
        out.append(made.live)
    return out


def _names(segment: str, found: Verified) -> set[str]:
    """Return the damaged files of a segment; "" stands for the whole of it."""
    parts = [damage.path.split("/", 2) for damage in found.damage if damage.path.startswith("segments/")]
    return {part[2] if len(part) > 2 else "" for part in parts if part[1] == segment}


def _is_lost(damage: Damage) -> bool:
    """Tell whether nothing in the index can make this whole."""
    if not damage.path.startswith("segments/"):
        return False
    _, _, name = damage.path.split("/", 2) if damage.path.count("/") > 1 else ("", "", "")
    made_elsewhere = name.startswith("external/") and name.endswith(".npy")
    return name in TRUTH or made_elsewhere or (not name and damage.what == "is missing")


def rederived(
    root: Path,
    directory: Path,
    live: Live,
    *,
    reuse: list[Live],
    beside: Sequence[Live],
    encoder: str,
    progress: Progress,
    fill: Callable[[SegmentWriter], None] | None = None,
    reuse_root: Path | None = None,
    model: SparseEncoder | None = None,
    queries: Generated | None = None,
    vectors: Manifest | None = None,
) -> Made:
    """Make a segment again, row by row, from the entities in `directory`, or those that `fill` adds.

    `beside` are the segments before it. `model` makes sparse vectors, `queries` gives those that a model generated;
    vectors made elsewhere are taken from the segments of the manifest `vectors`. Its tombstones stay. It is not live
    yet. Holds: the build lock.
    """
    parent = root / "segments"
    number = next_name(parent, int(live.name) + 1)
    written = temporary(parent, number)

    def copy(writer: SegmentWriter) -> None:
        with (directory / "entities.jsonl").open("rb") as lines:
            for line in lines:
                writer.add(read_entity(line))

    try:
        made = write_segment(
            root,
            written,
            parent / number,
            creator=creator_of(directory),
            schema=written_schema(directory),
            beside=beside,
            fill=fill or copy,
            encoder=encoder,
            reuse=reuse,
            reuse_root=reuse_root,
            suggest=suggests(directory),
            model=model,
            queries=queries,
            more=lambda ids: write_given(root, vectors, written, ids, (), add=False),
            progress=progress,
        )
    finally:
        shutil.rmtree(written, ignore_errors=True)
    return replace(made, live=replace(made.live, tombstones=live.tombstones))


def suggests(directory: Path) -> bool:
    """Tell whether a segment was built with suggestions of values; one that does not say, was not."""
    try:
        return json.loads((directory / "segment.json").read_bytes()).get("suggest", False) is True
    except (OSError, ValueError, AttributeError):
        return True


def creator_of(directory: Path) -> str:
    """Return the attribute that says who made an entity of this segment, "" if none does.

    ltrr before 0.1 did not write it down: there it is the one that is usually called so.
    """
    try:
        creator = json.loads((directory / "segment.json").read_bytes()).get("creator")
        if isinstance(creator, str):
            return creator
    except (OSError, ValueError, AttributeError):
        pass
    names: set[str] = set()
    with (directory / "entities.jsonl").open("rb") as lines:
        for _, line in zip(range(_LOOKED_AT), lines, strict=False):
            names.update(read_entity(line).attributes)
    return next((name for name in CREATOR if name in names), "")


def _publish(root: Path, segments: list[Live]) -> None:
    """Put the segments live, with the learned state as the logs alone give it."""
    logs = Logs(root)
    with exclusive(root / "locks" / "publish"):
        before = read_manifest(root)
        config = read_config(root)
        publish(
            root,
            before=before,
            encoder=before.encoder,
            segments=segments,
            view=View(root, segments),
            state=new_state(config, logs),
            logs=logs,
            keep=tuple(segments) == before.segments,
        )
