"""Remembered queries by meaning: their vectors are made when the learned state is written down, and looked up here."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.encoder import Encoder
from ltrr_cli.errors import EncoderError, IndexDirectoryError
from ltrr_cli.index.passages import cosines
from ltrr_cli.memory.nearest import MOST, Nearest, best_near, write_nearest
from ltrr_cli.text import hash64

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from ltrr_cli.engine.opened import Opened

    Encode = Callable[[Sequence[str]], NDArray[np.float32]]

_NEW = 32
"""Queries acted under since the learned state was written down that are looked at, the latest: each must be encoded."""


def open_nearest(directory: Path, encoder: str) -> Nearest | None:
    """Map the vectors of a snapshot. Raises `IndexDirectoryError` if they are damaged."""
    try:
        return Nearest.open(directory, encoder)
    except (OSError, ValueError, TypeError) as error:
        raise IndexDirectoryError(
            f"the vectors of remembered queries cannot be opened: {error}",
            where=str(directory),
            next="make them again from the logs with: ltrr learn --rebuild",
        ) from error


def nearby(opened: Opened, text: str, key: str, fluency: float) -> list[tuple[int, float]]:
    """Return (hash of the key, likeness in (0, 1]) of remembered queries that mean nearly what a text does.

    `key` is the text's own, left out. Likeness counts by `fluency`, in [0, 1]: an encoder that does not know a language
    takes all its questions for nearly the same one. None where the encoder cannot be used: the arm that needs it tells.
    """
    if fluency <= 0:
        return []
    table = opened.nearest
    names: dict[int, str] = {}
    for one in opened.learned.queries.latest(_NEW):
        name = hash64(one)
        if one != key and (table is None or not table.has(name)):
            names[name] = one
    if table is None and not names:
        return []
    try:
        vector = opened.query_vectors.of(text)
        opened.query_vectors.make(list(names.values()))
        fresh = [opened.query_vectors.of(one) for one in names.values()]
    except (EncoderError, IndexDirectoryError):
        return []
    found = table.near(vector) if table is not None else []
    if names:
        found += best_near(np.array(list(names), np.uint64), cosines(np.stack(fresh), vector))
    return [(name, similarity * fluency) for name, similarity in found if name != hash64(key)]


def write_nearby(root: Path, written: Path, snapshot: Path | None, encoder: str, encode: Encode | None) -> None:
    """Write the vectors of the most rewarded queries into a new snapshot; `snapshot` is the one before.

    `encode` makes them, by default the index's encoder. Where it cannot be opened the snapshot has none: the next one
    will.
    """
    import polars as pl

    table = pl.read_parquet(written / "memory.parquet").group_by("key").agg(pl.col("mass").sum())
    keys = table.filter(pl.col("mass") > 0).sort(["mass", "key"], descending=[True, False])["key"].head(MOST).to_list()
    old = None
    with suppress(IndexDirectoryError):
        old = open_nearest(snapshot, encoder) if snapshot is not None else None
    if keys:
        with suppress(EncoderError):
            write_nearest(written, keys, old, encoder, encode or _encode(root / "encoder" / encoder))


def _encode(folder: Path) -> Encode:
    def encode(keys: Sequence[str]) -> NDArray[np.float32]:
        return Encoder.open(folder).encode(keys, kind="query")

    return encode
