"""What stands for an entity in vector space: its text, and the vectors of the texts, encoded once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.index.segment import words
from ltrr_cli.text import hash64

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from ltrr_cli.encoder import Encoder
    from ltrr_cli.index.manifest import Live
    from ltrr_cli.records import Entity

_MAX_ATTRIBUTE = 300


def document(entity: Entity, creator: str) -> str:
    """Return the text that stands for an entity in vector space: what it is called, who made it, what it is about."""
    attributes = dict(entity.attributes)
    maker = words(attributes.pop(creator, ()))
    described = " ".join(words(tuple(v for v in values if isinstance(v, str))) for values in attributes.values())
    parts = (entity.title, maker, entity.text, described[:_MAX_ATTRIBUTE])
    return ". ".join(part.strip() for part in parts if part.strip())


def encode_texts(
    encoder: Encoder,
    texts: Sequence[str],
    root: Path,
    reuse: Sequence[Live],
    progress: Callable[[str, int, int | None], None],
) -> tuple[NDArray[np.float32], NDArray[np.uint64], int]:
    """Return the texts' vectors, their hashes, and how many had to be encoded; old segments' vectors are used again."""
    hashes = np.array([hash64(text) for text in texts], np.uint64)
    vectors = np.zeros((len(texts), encoder.dim), np.float32)
    have = np.zeros(len(texts), bool)
    for live in reuse:
        folder = root / "segments" / live.name
        try:
            old = np.load(folder / "vectors.text.npy", allow_pickle=False)
            matrix = np.load(folder / "vectors.npy", mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError):  # damaged, which may be why it is built again
            continue
        if not len(old) or matrix.shape[1] != encoder.dim:
            continue
        order = np.argsort(old)
        places = np.minimum(np.searchsorted(old, hashes, sorter=order), len(old) - 1)
        same = old[order][places] == hashes
        vectors[same] = matrix[order[places[same]]]
        have |= same
    missing = np.flatnonzero(~have)
    progress("encoding", 0, len(missing))
    if len(missing):
        vectors[missing] = encoder.encode(
            [texts[i] for i in missing.tolist()], progress=lambda n: progress("encoding", n, len(missing))
        )
    return vectors, hashes, len(missing)
