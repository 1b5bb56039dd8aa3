"""Tables of keys to test with."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from ltrr_cli.memory.keys import Keys
from ltrr_cli.memory.keys_writer import write_keys

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def table_of(entries: Iterable[tuple[str, Sequence[int], Sequence[float]]], *, words: bool = True) -> Keys:
    """Return the table of (key, refs, values)."""
    with TemporaryDirectory() as folder:
        write_keys(Path(folder) / "keys", entries, words=words)
        return Keys.open(Path(folder) / "keys")
