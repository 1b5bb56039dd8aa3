"""Where feedback comes from: files, folders and standard input."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ltrr_cli.catalog.source import STDIN, size
from ltrr_cli.errors import CatalogError, FeedbackError

if TYPE_CHECKING:
    from collections.abc import Sequence

_SUFFIXES = (".jsonl", ".jsonl.gz", ".jsonl.zst")


def find_sources(sources: Sequence[str | Path]) -> tuple[list[str | Path], int | None]:
    """Return the files to read, in order, and their size in bytes: None where a stream (`-`, a pipe) is among them.

    A folder stands for its `.jsonl`, `.jsonl.gz` and `.jsonl.zst` files by name, those that start with `queries` first,
    so that events find the impressions they belong to; our own `control-` files are left out.
    Raises `FeedbackError` for what does not exist and for a folder without such a file.
    """
    found: list[str | Path] = []
    for source in sources:
        if source != STDIN and Path(source).is_dir():
            found.extend(_in_folder(Path(source)))
        else:
            found.append(source)
    try:
        sizes = [size(source) for source in found]
    except CatalogError as error:
        raise feedback_error(error) from error
    return found, None if None in sizes else sum(filter(None, sizes))


def feedback_error(error: CatalogError) -> FeedbackError:
    """Return the same message as an error about feedback: catalogue and feedback files are opened by the same code."""
    return FeedbackError(error.what, where=error.where, next=error.next)


def _in_folder(folder: Path) -> list[Path]:
    try:
        files = [path for path in folder.iterdir() if path.name.endswith(_SUFFIXES) and path.is_file()]
    except OSError as error:
        raise FeedbackError(
            f"cannot read the folder: {error.strerror or error}", where=str(folder), next="check who may read it"
        ) from error
    files = [path for path in files if not path.name.startswith("control-")]
    if not files:
        raise FeedbackError(
            "this folder holds no feedback", where=str(folder), next="name a file, or a folder with .jsonl files"
        )
    return sorted(files, key=lambda path: (not path.name.startswith("queries"), path.name))
