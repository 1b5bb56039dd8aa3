"""Building a cluster: split, encode, one shard a task, then all shards live together as the segments of one index.

Every step leaves files that the next run finds: whoever dies, worker, node or driver, the same command goes on.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ltrr_cli.catalog import Catalog
from ltrr_cli.catalog.infer import INFER_ALL
from ltrr_cli.cluster.layout import (
    MAX_SHARDS,
    OWN,
    Layout,
    Shard,
    finished,
    inputs_digest,
    part_name,
    read_layout,
    shard_folder,
    work_folder,
)
from ltrr_cli.cluster.runtime import connect, done
from ltrr_cli.cluster.shard import build_shard, remove_shard
from ltrr_cli.cluster.split import Split, split
from ltrr_cli.cluster.vectors import encode_chunk, vectors_file
from ltrr_cli.encoder import encoder_digest, encoder_folder
from ltrr_cli.engine.build import claim, closing_handle, keep_encoder, put_live
from ltrr_cli.engine.publish import next_name, settle, temporary
from ltrr_cli.errors import CatalogError, IndexDirectoryError, LockedError, NewerFormatError, UsageError
from ltrr_cli.index.files import writing
from ltrr_cli.index.locks import exclusive
from ltrr_cli.index.manifest import NAME, Live, read_manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ltrr_cli.catalog import Overrides
    from ltrr_cli.records import Bad

_RETRIES = 20
"""Times that a task is given to another worker after its own died."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What a build did: `made` shards, and `skipped` ones that an earlier run had finished."""

    entities: int
    shards: int
    made: int
    skipped: int
    bad_count: int
    notes: tuple[str, ...]


def build_cluster(
    sources: Sequence[str | Path],
    root: str | Path,
    *,
    shards: int,
    address: str | None = None,
    encoder: str | None = None,
    overrides: Overrides = INFER_ALL,
    strict: bool = False,
    suggest: bool = True,
    on_bad: Callable[[Bad], None] | None = None,
    progress: Callable[[str, int, int | None], None] = lambda *_: None,
) -> Built:
    """Build a catalogue's files into an index of so many shards, by the machines of a Ray cluster.

    `root` is a directory that all of them see under this path. The arguments are those of `Engine.build`. Where an
    earlier run was stopped this one goes on; of what is built already nothing is done. Raises `LtrrError`.
    """
    root, files = Path(root).absolute(), [Path(source) for source in sources]
    if not 1 <= shards <= MAX_SHARDS:
        raise UsageError(f"shards must be from 1 to {MAX_SHARDS:,}, not {shards}")
    if missing := [path for path in files if not path.is_file()]:
        raise UsageError(f"{missing[0]} is no file", next="a cluster is built from files, which can be read again")
    source = encoder_folder(encoder)
    name = encoder_digest(source)
    ours = claim(root, OWN)
    with exclusive(root / "locks" / "build", timeout=5):
        settings = {"encoder": name, "shards": shards, "suggest": suggest, "overrides": repr(overrides)}
        digest = inputs_digest(files, settings)
        work = work_folder(root, digest)
        if (before := _layout(root)) is not None and before.digest == digest and _live(root, before):
            entities, count = sum(shard.entities for shard in before.shards), len(before.shards)
            notes = ("it is built already",)
            return Built(entities=entities, shards=count, made=0, skipped=count, bad_count=before.bad, notes=notes)
        _collect(work)
        with closing_handle(keep_encoder(root, source, name)):
            found = Split.read(work)
            if found is None:
                try:
                    catalog = Catalog(files, overrides=overrides, strict=strict, on_bad=on_bad)
                    found = split(catalog, work, shards, suggest=suggest, progress=progress)
                except CatalogError:
                    shutil.rmtree(root if ours else work, ignore_errors=True)
                    raise
            elif on_bad is not None:
                for one in found.rejected:
                    on_bad(one)
            skipped = _run(root, found, digest, root / "encoder" / name, address, progress)
            layout = _publish(root, found, digest, name)
        shutil.rmtree(work.parent, ignore_errors=True)
        for folder in (root / "shards").iterdir():
            if folder.name not in {shard.name for shard in layout.shards}:
                remove_shard(root, folder.name)
    return Built(
        entities=sum(found.entities),
        shards=len(layout.shards),
        made=len(layout.shards) - skipped,
        skipped=skipped,
        bad_count=found.bad,
        notes=found.notes,
    )


def _layout(root: Path) -> Layout | None:
    """Read cluster.json; a damaged one is as good as none: it is written anew."""
    try:
        return read_layout(root)
    except NewerFormatError:
        raise
    except IndexDirectoryError:
        return None


def _live(root: Path, layout: Layout) -> bool:
    """Tell whether the shards are what the index holds: it may have been built otherwise, or changed, since."""
    if not (root / NAME).exists():
        return False
    segments = read_manifest(root).segments
    same = [live.name for live in segments] == [shard.segment for shard in layout.shards]
    return same and not any(live.tombstones for live in segments)


def _collect(work: Path) -> None:
    """Remove what builds from something else have left unfinished."""
    for folder in work.parent.iterdir() if work.parent.is_dir() else ():
        if folder != work:
            shutil.rmtree(folder, ignore_errors=True)


def _run(
    root: Path,
    found: Split,
    digest: str,
    encoder: Path,
    address: str | None,
    progress: Callable[[str, int, int | None], None],
) -> int:
    """Have all that is missing encoded and built; returns how many shards were there."""
    missing = [part for part in found.parts if finished(root, part_name(part), digest) is None]
    if not missing:
        return len(found.parts)
    module, work = connect(address), work_folder(root, digest)
    options = {
        "num_cpus": 1,
        "max_retries": _RETRIES,
        "retry_exceptions": [LockedError],  # whose driver died may still be at it
        "scheduling_strategy": "SPREAD",
    }
    encode = module.remote(encode_chunk).options(**options)
    make = module.remote(_build_when_encoded).options(**options)
    tasks: list[Any] = []
    encoded: list[Any] = []
    for part in missing:
        chunks = [chunk for chunk in found.chunks(work, part) if not vectors_file(chunk).exists()]
        shard = shard_folder(root, part_name(part))
        before = shard if (shard / NAME).exists() else root
        own = [encode.remote(chunk, before, encoder, found.schema.creator) for chunk in chunks]
        encoded += own
        tasks.append(make.remote(root, part, digest, encoder, *own))
    _watch(module, "encoding", encoded, progress)
    _watch(module, "building", tasks, progress)
    return len(found.parts) - len(missing)


def _build_when_encoded(root: Path, part: int, digest: str, encoder: Path, *_: None) -> None:
    """Build a shard; what it comes after is among its arguments."""
    build_shard(root, part, digest, encoder)


def _watch(module: Any, step: str, tasks: Sequence[Any], progress: Callable[[str, int, int | None], None]) -> None:
    """Wait for tasks, and tell of each."""
    progress(step, 0, len(tasks))
    left = list(tasks)
    while left:
        ready, left = module.wait(left)
        done(ready)
        progress(step, len(ready), len(tasks))


def _publish(root: Path, found: Split, digest: str, encoder: str) -> Layout:
    """Put the shards' segments live together, and write down which is which."""
    parent = root / "segments"
    before = read_manifest(root) if (root / NAME).exists() else None
    lives: list[Live] = []
    shards: list[Shard] = []
    number = before.next_segment if before is not None else 1
    for part in found.parts:
        folder = shard_folder(root, part_name(part))
        live = read_manifest(folder).segments[0]
        name = next_name(parent, number)
        link(folder / "segments" / live.name, parent, name, live)
        lives.append(replace(live, name=name, part=bool(lives)))
        shards.append(Shard(name=part_name(part), entities=live.entities, segment=name))
        number = int(name) + 1
    put_live(root, lives, encoder, keep=before is not None)
    layout = Layout(digest=digest, parts=len(found.entities), shards=tuple(shards), bad=found.bad)
    layout.write(root)
    return layout


def link(source: Path, parent: Path, name: str, live: Live) -> None:
    """Give a segment's files a second place, by hard links where the file system has them. Holds: the build lock."""
    with writing(parent.parent):
        written = temporary(parent, name)
        for file in live.files:
            target = written / file
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(source / file, target)
            except OSError:
                shutil.copy2(source / file, target)
        settle(written, parent / name)
