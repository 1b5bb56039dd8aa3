"""What stands for an entity in vector space: its text and its passages, and their vectors, each text encoded once."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.encoder.passages import SIZE, cut
from ltrr_cli.index.passages import TEXTS, VECTORS, Passages
from ltrr_cli.index.segment import words
from ltrr_cli.text import hash64

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from ltrr_cli.encoder import Encoder
    from ltrr_cli.index.manifest import Live
    from ltrr_cli.records import Entity

_MAX_ATTRIBUTE = 300
_TOGETHER = 1024
"""Long texts that are cut, and whose passages are encoded, together: so many are in memory at once."""
_TITLE = 128
"""Characters of a title before its passages."""
_STORES = (("vectors.text.npy", "vectors.npy"), (TEXTS, VECTORS))


def document(entity: Entity, creator: str) -> str:
    """Return the text that stands for an entity in vector space: what it is called, who made it, what it is about."""
    attributes = dict(entity.attributes)
    maker = words(attributes.pop(creator, ()))
    described = " ".join(words(tuple(v for v in values if isinstance(v, str))) for values in attributes.values())
    parts = (entity.title, maker, entity.text, described[:_MAX_ATTRIBUTE])
    return ". ".join(part.strip() for part in parts if part.strip())


class Encoded:
    """Vectors of texts: those that the old segments have are used again, the others are encoded.

    Attributes:
        encoded, reused: how many of either there were so far.
    """

    def __init__(
        self, encoder: Encoder, root: Path, reuse: Sequence[Live], progress: Callable[[str, int, int | None], None]
    ) -> None:
        self._encoder = encoder
        self._progress = progress
        self.encoded = self.reused = 0
        self._old: list[tuple[NDArray[np.uint64], NDArray[np.intp], NDArray[np.float32]]] = []
        for live in reuse:
            for texts, vectors in _STORES:
                self._keep(root / "segments" / live.name, texts, vectors)

    def _keep(self, folder: Path, texts: str, vectors: str) -> None:
        try:
            old = np.load(folder / texts, allow_pickle=False)
            matrix = np.load(folder / vectors, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError):  # damaged, which may be why it is built again, or there are no passages
            return
        if len(old) and len(old) == len(matrix) and matrix.shape[1] == self._encoder.dim:
            order = np.argsort(old)
            self._old.append((old[order], order, matrix))

    def vectors(
        self, texts: Sequence[str], step: str, *, all_of_them: bool = True
    ) -> tuple[NDArray[np.float32], NDArray[np.uint64]]:
        """Return the texts' vectors, (n, dim), and their hashes, (n,).

        `progress` is told of the `step`, and how many texts there are, if these are all of them.
        """
        hashes = np.array([hash64(text) for text in texts], np.uint64)
        vectors = np.zeros((len(texts), self._encoder.dim), np.float32)
        have = np.zeros(len(texts), bool)
        for old, order, matrix in self._old:
            places = np.minimum(np.searchsorted(old, hashes), len(old) - 1)
            same = old[places] == hashes
            vectors[same] = matrix[order[places[same]]]
            have |= same
        missing = np.flatnonzero(~have)
        total = len(missing) if all_of_them else None
        self._progress(step, 0, total)
        if len(missing):
            vectors[missing] = self._encoder.encode(
                [texts[i] for i in missing.tolist()], progress=lambda n: self._progress(step, n, total)
            )
        self.encoded += len(missing)
        self.reused += len(texts) - len(missing)
        return vectors, hashes

    def passages(self, entities: Iterable[tuple[int, Entity]]) -> tuple[Passages, NDArray[np.uint64]]:
        """Return the passages of those of these (row, entity), in the order of rows, whose texts are long.

        Each is at most half of what the encoder reads, and encoded behind its title; a text has passages if it is a
        quarter longer than one. Beside them the hashes of what was encoded.
        """
        size = min(SIZE, self._encoder.max_tokens // 2)
        least = size + size // 4
        parts: list[tuple[NDArray[np.float32], NDArray[np.uint64]]] = []
        rows: list[int] = []
        spans: list[tuple[int, int]] = []
        long = ((row, entity) for row, entity in entities if len(entity.text) >= least)  # a token has a character
        while group := list(islice(long, _TOGETHER)):
            texts: list[str] = []
            tokens = self._encoder.spans([entity.text for _, entity in group])
            for (row, entity), own in zip(group, tokens, strict=True):
                for start, end in cut(entity.text, own, size=size, overlap=size // 4) if len(own) >= least else ():
                    rows.append(row)
                    spans.append((start, end))
                    texts.append(
                        ". ".join(filter(None, (entity.title[: min(_TITLE, size)].strip(), entity.text[start:end])))
                    )
            if texts:
                parts.append(self.vectors(texts, "encoding passages", all_of_them=False))
        if not parts:
            return Passages.none(), np.empty(0, np.uint64)
        vectors, hashes = (np.concatenate(part) for part in zip(*parts, strict=True))
        return Passages(vectors, np.array(rows, np.int64), np.array(spans, np.int32)), hashes
