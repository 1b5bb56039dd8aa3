"""Adopting an index that somebody else made: his entities, logs and settings, and our own files for the engines.

A checksum does not help against a stranger: he can make it fit. A crafted USearch or Tantivy file can crash the process
that opens it, and an ONNX graph is a program. So nothing of his is opened by native code: entities are read as JSON and
checked field by field, vectors as plain arrays, logs as JSON lines. Everything else is made again from these.
"""

from __future__ import annotations

import json
import math
import os
import stat
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from ltrr_cli.catalog.lines import MAX_RECORD
from ltrr_cli.config import NAME as CONFIG
from ltrr_cli.config import read_config
from ltrr_cli.encoder import Encoder, encoder_digest, encoder_folder
from ltrr_cli.engine.build import keep_encoder
from ltrr_cli.engine.fold import Logs
from ltrr_cli.engine.forget import TYPED
from ltrr_cli.engine.publish import publish
from ltrr_cli.engine.restore import rederived
from ltrr_cli.engine.state import new_state
from ltrr_cli.errors import IndexDirectoryError
from ltrr_cli.feedback.check import LOST, mend
from ltrr_cli.index.checks import strangers
from ltrr_cli.index.computed import FOLDER as UNFINISHED
from ltrr_cli.index.files import mapped, replace_file, sync_file
from ltrr_cli.index.locks import exclusive
from ltrr_cli.index.manifest import NAME, Manifest, read_manifest
from ltrr_cli.index.pseudonyms import NAME as KEY
from ltrr_cli.index.view import View
from ltrr_cli.records import Entity
from ltrr_cli.text import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ltrr_cli.index.manifest import Live
    from ltrr_cli.index.segment import SegmentWriter

_TOP = {"segments", "learned", "log", "locks", "encoder", UNFINISHED, CONFIG, NAME}
_HIS = {TYPED, KEY, "rejected-catalogue.jsonl", "rejected-feedback.jsonl"}
"""What is left behind: lines he typed, the key that hashed his users, records that he could not use."""
_SMALL = {NAME: 64 * 2**20, CONFIG: 2**20}
"""Most bytes of files that are read whole."""
_LOGS = ("queries", "events", "control")
_LINE = 64 * 2**20
_TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted:
    """What was taken over: entities, vectors as they were, and lines of the logs, of which `lost` were damaged.

    `notes` say what was left behind, and how to have it again.
    """

    entities: int
    vectors: int
    encoded: int
    lines: int
    lost: int
    notes: tuple[str, ...]


def adopt(
    source: Path, root: Path, *, encoder: str | None, progress: Callable[[str, int, int | None], None]
) -> Adopted:
    """Make an index at `root`, where there is nothing yet, from the one at `source`, which is only read.

    Raises `IndexDirectoryError` for anything in it that no ltrr would have written, saying what and why.
    """
    if root.exists():
        raise IndexDirectoryError("there is something here", where=str(root), next="give a new directory")
    before = examine(source)
    folder = encoder_folder(encoder)
    digest = encoder_digest(folder)
    dim = Encoder.open(folder).dim
    same = digest == before.encoder
    live: list[Live] = []
    held, encoded = [], 0
    root.mkdir(parents=True)
    with exclusive(root / "locks" / "build", timeout=5), ExitStack() as stack:
        held.append(keep_encoder(root, folder, digest))
        for old in before.segments:
            directory = source / "segments" / old.name
            made = rederived(
                root,
                directory,
                old,
                reuse=[old] if same and _usable(directory, old.entities, dim) else [],
                beside=live,
                reuse_root=source,
                encoder=digest,
                progress=progress,
                fill=lambda writer, directory=directory: _fill(writer, directory),  # type: ignore[misc]
            )
            held.append(made.handle)
            encoded += made.encoded
            if made.live.entities != old.entities or any(row >= old.entities for row in old.tombstones):
                _refuse("another number of entities than the manifest says", directory)
            live.append(made.live)
        for handle in held:
            if handle is not None:
                stack.callback(os.close, handle)
        (root / "log").mkdir()
        lines = _copy_logs(source, root)
        if (source / CONFIG).exists():
            replace_file(root / CONFIG, (source / CONFIG).read_bytes())
        sync_file(root)
        logs = Logs(root)
        lost = sum(mend(log).given_up for log in (logs.queries, logs.events, logs.control))
        with exclusive(root / "locks" / "publish"):
            publish(
                root,
                before=None,
                encoder=digest,
                segments=live,
                view=View(root, live),
                state=new_state(read_config(root), logs),
                logs=logs,
            )
    total = sum(one.entities for one in live)
    return Adopted(
        entities=total,
        vectors=total - encoded,
        encoded=encoded,
        lines=lines,
        lost=lost,
        notes=tuple(_left_behind(source, before)),
    )


def _left_behind(source: Path, before: Manifest) -> Iterator[str]:
    """Yield what is not taken over, and how to have it again."""
    files = {name for live in before.segments for name in live.files}
    again = "have it again with ltrr index build CATALOG"
    if before.sparse:
        yield f"its sparse vectors are left behind, their model is a program; {again} --sparse DIR"
    if names := sorted({name.split("/")[1] for name in files if name.startswith("external/") and name.count("/") > 1}):
        yield f"vectors made elsewhere are left behind ({', '.join(names)}); {again} --vectors NAME=FILE"
    if "generated.jsonl" in files:
        yield f"generated queries are left behind; {again} --query-generator DIR"
    if (source / KEY).exists():
        yield f"{KEY}, the key that hashed its users, is left behind: they are strangers here"


def examine(source: Path) -> Manifest:
    """Return the manifest of an index in which nothing leads out of it, and nothing lies that is not part of it.

    Earlier generations may lie in it, which a reader has kept from being collected: they are not looked at.
    """
    if not source.is_dir():
        raise IndexDirectoryError("there is no such directory", where=str(source))
    _plain(source)
    manifest = read_manifest(source)
    if len({live.name for live in manifest.segments}) < len(manifest.segments):
        _refuse("a segment that stands twice", source / NAME)
    for parent, live in [("segments", live) for live in manifest.segments] + [("learned", manifest.learned)]:
        directory = source / parent / live.name
        if not live.name.isascii() or not live.name.isdigit():
            _refuse("an unusual name", directory)
        for name in strangers(directory, live) if directory.is_dir() else ():
            _refuse("a file that the manifest does not name", directory / name)
    for path in (source / "log").iterdir() if (source / "log").is_dir() else ():
        if path.name != LOST and path not in {file for name in _LOGS for file in _files(source, name)}:
            _refuse("no log of an index", path)
    read_config(source)
    return manifest


def _plain(source: Path) -> None:
    """Refuse links, devices and the like, and what is no part of an index."""
    for path in _everything(source):
        kind = path.lstat().st_mode
        if stat.S_ISLNK(kind):
            _refuse("a symbolic link: it could lead anywhere", path)
        if not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
            _refuse("neither a file nor a directory", path)
    for path in source.iterdir():
        if path.name not in _TOP | _HIS:
            _refuse("no part of an index", path)
        if path.stat().st_size > _SMALL.get(path.name, math.inf):
            _refuse(f"larger than {_SMALL[path.name] >> 20} MiB", path)


def _everything(directory: Path) -> Iterator[Path]:
    """Yield all that lies below a directory, without following links."""
    for path in sorted(directory.iterdir()):
        yield path
        if path.is_dir() and not path.is_symlink():
            yield from _everything(path)


def _refuse(what: str, path: Path) -> NoReturn:
    raise IndexDirectoryError(
        f"this index is not adopted: {what}", where=str(path), next="ask for a catalogue, and build from that"
    )


def _usable(directory: Path, entities: int, dim: int) -> bool:
    """Tell whether the vectors are what they should be: (entities, dim) float32 of length 1, or 0 for no text.

    And those of passages (any number, dim), if there are any.
    """
    if not _are_vectors(directory, "vectors", entities, dim):
        return False
    return not (directory / "passages.npy").exists() or _are_vectors(directory, "passages", None, dim)


def _are_vectors(directory: Path, name: str, count: int | None, dim: int) -> bool:
    try:
        matrix, texts = mapped(directory / f"{name}.npy"), mapped(directory / f"{name}.text.npy")
    except (OSError, ValueError):
        return False
    if matrix.dtype != np.float32 or matrix.ndim != 2 or not matrix.flags.c_contiguous:
        return False
    if matrix.shape != (len(matrix) if count is None else count, dim):
        return False
    if texts.dtype != np.uint64 or texts.shape != (len(matrix),):
        return False
    for start in range(0, len(matrix), 4096):
        norms = np.linalg.norm(matrix[start : start + 4096].astype(np.float64), axis=1)
        if not np.isfinite(norms).all() or (np.abs(norms - 1) > _TOLERANCE)[norms > 0].any():
            return False
    return True


def _fill(writer: SegmentWriter, directory: Path) -> None:
    """Add the entities of a stranger's segment, each checked."""
    path = directory / "entities.jsonl"
    seen: set[str] = set()
    with path.open("rb") as source:
        number = 0
        while line := source.readline(MAX_RECORD + 1):
            number += 1
            if len(line) > MAX_RECORD:
                _refuse(f"an entity of more than {MAX_RECORD >> 20} MiB, line {number}", path)
            try:
                entity = _checked(json.loads(line))
            except (ValueError, TypeError, KeyError, RecursionError) as error:
                _refuse(f"no entity in line {number}: {str(error)[:100]}", path)
            if entity.id in seen:
                _refuse(f"an id that stands twice, line {number}", path)
            seen.add(entity.id)
            writer.add(entity)


def _checked(row: Any) -> Entity:
    """Return the entity that a decoded line holds; ValueError, TypeError or KeyError where it holds something else."""
    if not isinstance(row, dict) or {*row, "weights"} != set(Entity.__dataclass_fields__):
        raise ValueError("other fields than an entity's")
    texts = {name: _text(row[name]) for name in ("id", "type", "title", "text")}
    popularity = row["popularity"]
    if not texts["id"]:
        raise ValueError("no id")
    attributes = {
        _text(name): tuple(_value(one) for one in _list(values)) for name, values in row["attributes"].items()
    }
    weights = {
        _text(name): tuple(_number(one) for one in _list(values)) for name, values in row.get("weights", {}).items()
    }
    if any(len(values) != len(attributes.get(name, ())) for name, values in weights.items()):
        raise ValueError("other weights than values")
    known = None if popularity is None else _number(popularity)
    return Entity(**texts, popularity=known, attributes=attributes, weights=weights)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return clean(value)


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TypeError("not a finite number")
    return value


def _value(value: object) -> str | float:
    return _text(value) if isinstance(value, str) else _number(value)


def _list(values: object) -> list[object]:
    if not isinstance(values, list):
        raise TypeError("not a list")
    return values


def _files(source: Path, name: str) -> list[Path]:
    return getattr(Logs(source), name).paths()  # type: ignore[no-any-return]


def _copy_logs(source: Path, root: Path) -> int:
    """Copy the logs, whose lines keep their places; returns the number of lines."""
    lines = 0
    for path in [path for name in _LOGS for path in _files(source, name)]:
        with path.open("rb") as old, (root / "log" / path.name).open("xb") as new:
            while line := old.readline(_LINE):
                if len(line) == _LINE:
                    _refuse(f"a line of more than {_LINE >> 20} MiB", path)
                lines += 1
                new.write(line)
            new.flush()
            os.fsync(new.fileno())
    return lines
