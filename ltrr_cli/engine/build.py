"""Building: a catalogue becomes a segment. The old index stays live, and whole, until the new one is."""

from __future__ import annotations

import os
import shutil
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ltrr_cli.catalog.vectors import read_vectors
from ltrr_cli.config import MAX_HOLDOUT, default_toml, read_config, with_holdout
from ltrr_cli.config import NAME as CONFIG
from ltrr_cli.encoder import copy_encoder, encoder_digest, encoder_folder
from ltrr_cli.encoder.sparse import SparseEncoder
from ltrr_cli.engine.external import write_given
from ltrr_cli.engine.fold import Logs
from ltrr_cli.engine.generated import Generated
from ltrr_cli.engine.later import without_vectors
from ltrr_cli.engine.making import write_segment
from ltrr_cli.engine.publish import next_name, now, publish, settle, temporary
from ltrr_cli.engine.removal import removed_since, superseded
from ltrr_cli.engine.sparse import sparse_folder
from ltrr_cli.engine.state import new_state, open_state
from ltrr_cli.errors import IndexDirectoryError, NewerFormatError, UsageError
from ltrr_cli.index.computed import FOLDER as UNFINISHED
from ltrr_cli.index.computed import forget_computed
from ltrr_cli.index.files import close_to_others, discard, replace_file, sync_file
from ltrr_cli.index.locks import exclusive, share
from ltrr_cli.index.manifest import NAME, Live, Manifest, read_manifest
from ltrr_cli.index.view import View

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from pathlib import Path

    from ltrr_cli.catalog.schema import Schema
    from ltrr_cli.index.segment import SegmentWriter
    from ltrr_cli.index.whole import Whole
    from ltrr_cli.records import Bad, Entity

_UNFINISHED = ".*.tmp"
"""A file that was being replaced when its writer died."""


class Source(Protocol):
    """Where the entities of an index come from: a catalogue, or a part of one; see `catalog.Catalog`."""

    schema: Schema
    bad: list[Bad]
    bad_count: int
    read_count: int
    notes: list[str]
    bytes_total: int | None

    @property
    def bytes_read(self) -> int:
        """Bytes read so far."""

    def __iter__(self) -> Iterator[Entity]:
        """Yield the entities, once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What a build did; `schema` says which field played which role."""

    entities: int
    schema: Schema
    bad_count: int
    bad: tuple[Bad, ...]
    notes: tuple[str, ...]
    encoded: int
    reused: int
    passages: int  # of long texts: each has a vector of its own
    segment: str
    suggested: int  # values that texts name, for `suggested_for` entities
    suggested_for: int
    removed: int  # entities of the index before that the new one does not have
    generated: int  # queries that a model made, those taken over among them


def build(
    root: Path,
    catalog: Source,
    *,
    encoder: str | None = None,
    add: bool = False,
    holdout: float | None = None,
    suggest: bool = True,
    vectors: Sequence[str] = (),
    sparse: str | None = None,
    query_generator: str | None = None,
    generated_queries: int | None = None,
    private: bool = False,
    whole: Whole | None = None,
    progress: Callable[[str, int, int | None], None],
) -> Built:
    """Make, or remake, the index at `root` from a catalogue; learned state and logs are kept.

    `vectors` name files of vectors made elsewhere; `sparse` is the folder of a masked-language model, "" for none, by
    default the one that the index has. `query_generator` is the folder of an encoder-decoder that makes at most
    `generated_queries` queries for an entity; without it those of texts that the index knows are kept, with "" none.

    With `add` the catalogue's entities join those there are, and replace those with the same id. `whole` is what they
    are a part of: then nothing goes live before all is there.
    """
    if holdout is not None and not 0 <= holdout <= MAX_HOLDOUT:
        raise UsageError(f"holdout must be from 0 to {MAX_HOLDOUT}, not {holdout}")
    given = [read_vectors(word) for word in vectors]
    new = [root / name for name in ("segments", "learned", "encoder", "locks") if not (root / name).exists()]
    ours = claim(root)
    if private:
        root.chmod(0o700)
        close_to_others(root, like=root)
    with exclusive(root / "locks" / "build", timeout=5), ExitStack() as held:
        held.enter_context(_undone(root, new, whole=ours))
        before = _manifest(root, add=add)
        if add and before is None:
            raise IndexDirectoryError(
                "no index here to add to", where=str(root), next="make one with: ltrr index build"
            )
        source = _encoder(root, before, encoder, add=add)
        digest = encoder_digest(source)
        terms = sparse_folder(root, before, sparse, add=add)
        terms_digest = encoder_digest(terms) if terms is not None else ""
        queries = Generated.asked(root, before, query_generator, generated_queries)
        parent = root / "segments"
        number = next_name(parent, before.next_segment if before is not None else 1)
        written = temporary(parent, number)
        held.callback(shutil.rmtree, written, ignore_errors=True)

        def go_live(live: Live) -> None:
            put_live(root, [live], digest, terms_digest, add=add, holdout=holdout, keep=before is not None)

        def texts_live(writer: SegmentWriter, dim: int) -> Path:
            """Answer from the texts, while their vectors are still computed; returns where the whole segment goes."""
            live = without_vectors(writer, written, parent / number, dim, queries.entities)
            with closing_handle(share(parent / number)):
                go_live(live)
            return parent / next_name(parent, int(number))

        held.enter_context(closing_handle(keep_encoder(root, source, digest)))
        model = None
        if terms is not None:
            held.enter_context(closing_handle(keep_encoder(root, terms, terms_digest)))
            model = SparseEncoder.open(root / "encoder" / terms_digest)
        made = write_segment(
            root,
            written,
            parent / number,
            creator=catalog.schema.creator,
            schema=catalog.schema,
            beside=before.segments if add and before is not None else (),
            fill=lambda writer: _read(writer, catalog, progress),
            encoder=digest,
            reuse=before.segments if before is not None and before.encoder == digest else (),
            suggest=suggest,
            whole=whole,
            model=model,
            queries=queries,
            early=texts_live if before is None and whole is None else None,
            more=lambda ids: write_given(root, before, written, ids, given, add=add),
            progress=progress,
        )
        held.enter_context(closing_handle(made.handle))
        removed = 0 if add or before is None else removed_since(root, before, made.live)
        go_live(made.live)
        forget_computed(root)
    return Built(
        entities=catalog.read_count,
        schema=catalog.schema,
        bad_count=catalog.bad_count,
        bad=tuple(catalog.bad),
        notes=(*catalog.notes, *made.notes),
        encoded=made.encoded,
        reused=made.reused,
        passages=made.passages,
        segment=made.live.name,
        suggested=made.suggested[0],
        suggested_for=made.suggested[1],
        removed=removed,
        generated=queries.count,
    )


@contextmanager
def closing_handle(handle: int | None) -> Iterator[None]:
    """Close a file descriptor, if there is one, at the end."""
    try:
        yield
    finally:
        if handle is not None:
            os.close(handle)


@contextmanager
def _undone(root: Path, new: Sequence[Path], *, whole: bool) -> Iterator[None]:
    """Where there is no index yet: when the build fails, remove what is `new`, but vectors that the next one can use.

    `whole`: the directory too, if nothing of use is in it.
    """
    try:
        yield
    except BaseException:
        if not (root / NAME).exists():
            if root / "encoder" in new:
                for copy in (root / "encoder").glob("*"):
                    with suppress(OSError):
                        discard(copy)  # half of one would pass for the whole
            for directory in [root] if whole and not (root / UNFINISHED).exists() else new:
                shutil.rmtree(directory, ignore_errors=True)
        raise


def claim(root: Path, own: Collection[str] = ()) -> bool:
    """Refuse to build into a directory that holds something else; make it, and return whether it was not there.

    `own` names what else it may hold than an index does.
    """
    if root.exists() and not root.is_dir():
        raise IndexDirectoryError("this is a file, not a directory", where=str(root), next="give another --index")
    known = {"segments", "learned", "log", "locks", "encoder", UNFINISHED, CONFIG, NAME, *own}
    names = {path.name for path in root.iterdir() if not path.match(_UNFINISHED)} if root.is_dir() else set()
    if names - known and not (root / NAME).exists():
        raise IndexDirectoryError(
            "this directory holds other files and is no index", where=str(root), next="give a new or an empty directory"
        )
    new = not root.exists()
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise IndexDirectoryError(f"cannot make the index: {error.strerror}", where=str(root)) from error
    return new


def _manifest(root: Path, *, add: bool) -> Manifest | None:
    """Return the manifest, None where there is none, or where a damaged one is to be replaced: the logs are kept."""
    try:
        return read_manifest(root) if (root / NAME).exists() else None
    except IndexDirectoryError as error:
        if add or isinstance(error, NewerFormatError) or isinstance(error.__cause__, OSError):
            raise
        return None


def _encoder(root: Path, before: Manifest | None, name: str | None, *, add: bool) -> Path:
    """Return the encoder's folder: the one asked for, else the index's own, else the package's."""
    if name is None and before is not None and (root / "encoder" / before.encoder).is_dir():
        return root / "encoder" / before.encoder
    source = encoder_folder(name)
    if add and before is not None and encoder_digest(source) != before.encoder:
        raise IndexDirectoryError(
            "the index was built with another encoder", where=str(root), next="build it again, whole, with the new one"
        )
    return source


def keep_encoder(root: Path, source: Path, digest: str) -> int | None:
    """Copy the encoder into the index unless it is there; returns a shared lock on it."""
    kept = root / "encoder" / digest
    if not kept.is_dir():
        written = temporary(root / "encoder", digest)
        try:
            copy_encoder(source, written)
            handle = share(written)
            settle(written, kept)
        finally:
            shutil.rmtree(written, ignore_errors=True)
        return handle
    return share(kept)


def _read(writer: SegmentWriter, catalog: Source, progress: Callable[[str, int, int | None], None]) -> None:
    done = 0
    for count, entity in enumerate(catalog, 1):
        writer.add(entity)
        if count % 500 == 0:
            progress("reading", catalog.bytes_read - done, catalog.bytes_total)
            done = catalog.bytes_read
    progress("reading", catalog.bytes_read - done, catalog.bytes_total)


def put_live(
    root: Path,
    new: Sequence[Live],
    digest: str,
    sparse: str = "",
    *,
    add: bool = False,
    holdout: float | None = None,
    keep: bool = True,
) -> None:
    """Publish new segments with the learned state as it is now, which other processes may have moved on.

    With `add` there is one, and the old segments stay beside it. Holds: the build lock.
    """
    (root / "log").mkdir(exist_ok=True)
    close_to_others(root / "log", like=root)
    if not (root / CONFIG).exists():
        for leftover in root.glob(f".{CONFIG}{_UNFINISHED[1:]}"):
            leftover.unlink()
        replace_file(root / CONFIG, default_toml().encode())
    if holdout is not None:
        replace_file(root / CONFIG, with_holdout(root, holdout).encode())
    sync_file(root)
    logs = Logs(root)
    with exclusive(root / "locks" / "publish"):
        before = _manifest(root, add=add)
        config = read_config(root)
        kept = [*superseded(root, before, new[0])] if add and before is not None else []
        segments = [*kept, *new]
        publish(
            root,
            before=before,
            encoder=digest,
            segments=segments,
            view=View(root, segments),
            state=new_state(config, logs) if before is None else open_state(root, before, config, logs),
            logs=logs,
            created="" if add else now(),
            sparse=sparse,
            keep=keep,
        )
