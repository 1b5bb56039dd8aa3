"""A scratch copy of an index: the same entities and engines, nothing learned, logs of its own.

The immutable directories are linked, not copied, and stay locked while the copy is open: the index itself is never
written to.
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ltrr_cli.config import NAME as SETTINGS
from ltrr_cli.config import read_config, with_holdout
from ltrr_cli.engine import Engine
from ltrr_cli.index.manifest import read_manifest
from ltrr_cli.settings import set_line

if TYPE_CHECKING:
    from collections.abc import Iterator


def make_scratch(index: Path, scratch: Path) -> None:
    """Make `scratch`, a directory that does not exist yet, a copy of `index` that has learned nothing.

    It holds no queries out.

    Raises `IndexDirectoryError` if `index` is none.
    """
    manifest = read_manifest(index)
    scratch.mkdir(parents=True)
    for parent in ("segments", "encoder"):
        (scratch / parent).mkdir()
    for live in manifest.segments:
        _link(index, scratch, f"segments/{live.name}")
    for encoder in {manifest.encoder, manifest.sparse} - {""}:
        _link(index, scratch, f"encoder/{encoder}")
    if (index / SETTINGS).exists():
        shutil.copyfile(index / SETTINGS, scratch / SETTINGS)
    if read_config(scratch).holdout:
        # what is learned here is measured before it is learned, or beside judgments: nothing need be kept apart
        (scratch / SETTINGS).write_text(with_holdout(scratch, 0), encoding="utf-8")
    if read_config(scratch).keep_days:  # nor is anything too old to be measured by
        (scratch / SETTINGS).write_text(set_line(scratch, "log.keep_days", "0"), encoding="utf-8")
    (scratch / "log").mkdir()
    manifest.write(scratch)
    Engine.relearn(scratch)  # there is no log yet: this publishes the state in which nothing is learned


@contextmanager
def scratch_copy(index: Path) -> Iterator[Path]:
    """Give a scratch copy that is removed at the end."""
    with tempfile.TemporaryDirectory(prefix="ltrr-scratch-") as folder:
        scratch = Path(folder) / "scratch.ltrr"
        make_scratch(index, scratch)
        yield scratch


def stands_on(scratch: Path, index: Path) -> bool:
    """Tell whether a scratch copy still has the index's segments: a build in between changes what is found."""
    ours, theirs = read_manifest(scratch), read_manifest(index)
    return ours.segments == theirs.segments and ours.encoder == theirs.encoder


def _link(index: Path, scratch: Path, name: str) -> None:
    (scratch / name).symlink_to((index / name).resolve(), target_is_directory=True)
