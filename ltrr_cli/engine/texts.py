"""What stands for an entity in vector space: its text and its passages, and their vectors, each text encoded once."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.encoder.passages import SIZE, cut
from ltrr_cli.index.passages import TEXTS, VECTORS, PassagesWriter
from ltrr_cli.index.segment import words
from ltrr_cli.text import hash64

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from ltrr_cli.encoder import Encoder
    from ltrr_cli.index.computed import Computed
    from ltrr_cli.index.manifest import Live
    from ltrr_cli.index.passages import Passages
    from ltrr_cli.index.vectors import VectorsWriter
    from ltrr_cli.records import Entity

_MAX_ATTRIBUTE = 300
_TOGETHER = 2048
"""Texts that are encoded together, sorted by length, and then written: an interruption loses so many at most."""
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
    """Vectors of texts: those that are known are used again, the others are encoded, each text once.

    Known are those of the old segments, and what a build computed that did not come to its end (`computed`), to which
    this one adds.

    Attributes:
        encoded, reused: how many of either there were so far.
        progress: is told (step, texts since the last call, texts in all or None).
    """

    def __init__(self, encoder: Encoder, root: Path, reuse: Sequence[Live], computed: Computed) -> None:
        self.encoder = encoder
        self.progress: Callable[[str, int, int | None], None] = lambda *_: None
        self.encoded = self.reused = 0
        self._computed = computed
        self._short = np.zeros(0, bool)  # of the rows of `documents`, in tokens: it has no passages
        self._old: list[tuple[NDArray[np.uint64], NDArray[np.intp], NDArray[np.float32]]] = []
        for live in reuse:
            for texts, vectors in _STORES:
                self._open(root / "segments" / live.name, texts, vectors)
        self._keep(*computed.read())

    def _open(self, folder: Path, texts: str, vectors: str) -> None:
        try:
            old = np.load(folder / texts, allow_pickle=False)
            matrix = np.load(folder / vectors, mmap_mode="r", allow_pickle=False).view(np.ndarray)
        except (OSError, ValueError):  # damaged, which may be why it is built again, or there are no passages
            return
        self._keep(old, matrix)

    def _keep(self, hashes: NDArray[np.uint64], matrix: NDArray[np.float32]) -> None:
        if len(hashes) and len(hashes) == len(matrix) and matrix.shape[1] == self.encoder.dim:
            order = np.argsort(hashes)
            self._old.append((hashes[order], order, matrix))

    def documents(self, texts: Iterable[str], writer: VectorsWriter) -> NDArray[np.uint64]:
        """Write the vectors of all rows' texts, in their order; returns the texts' hashes, (n,)."""
        count = len(writer.matrix)
        hashes = np.zeros(count, np.uint64)
        seen, rows = np.empty(0, np.uint64), np.empty(0, np.int64)
        self._short = np.zeros(count, bool)
        start, source = 0, iter(texts)
        self.progress("encoding", 0, count)
        while part := list(islice(source, _TOGETHER)):
            own = np.array([hash64(text) for text in part], np.uint64)
            places = np.minimum(np.searchsorted(seen, own), max(0, len(seen) - 1))
            again = seen[places] == own if len(seen) else np.zeros(len(own), bool)
            vectors = np.empty((len(part), self.encoder.dim), np.float32)
            vectors[again] = writer.matrix[rows[places[again]]] if again.any() else 0
            new = np.flatnonzero(~again)
            vectors[new], tokens = self._vectors([part[i] for i in new.tolist()], own[new], "encoding", count)
            self._short[start + new] = tokens < self._least
            if again.any():
                self.reused += int(again.sum())
                self.progress("encoding", int(again.sum()), count)
            writer.put(start, vectors)
            hashes[start : start + len(part)] = own
            fresh, first = np.unique(own[new], return_index=True)
            at = np.searchsorted(seen, fresh)
            seen, rows = np.insert(seen, at, fresh), np.insert(rows, at, start + new[first])
            start += len(part)
        return hashes

    def _vectors(
        self, texts: Sequence[str], hashes: NDArray[np.uint64], step: str, total: int | None
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Return the vectors, (n, dim), and at most how many tokens each text has; `progress` is told of the `step`."""
        vectors = np.zeros((len(texts), self.encoder.dim), np.float32)
        tokens = np.full(len(texts), np.iinfo(np.int64).max)
        have = np.zeros(len(texts), bool)
        for old, order, matrix in self._old:
            places = np.minimum(np.searchsorted(old, hashes), len(old) - 1)
            same = (old[places] == hashes) & (hashes != 0)  # 0 marks a damaged one
            vectors[same] = matrix[order[places[same]]]
            have |= same
        missing = np.flatnonzero(~have)
        self.progress(step, len(texts) - len(missing), total)
        if len(missing):
            counted = np.empty(len(missing), np.int64)
            vectors[missing] = self.encoder.encode(
                [texts[i] for i in missing.tolist()], progress=lambda n: self.progress(step, n, total), tokens=counted
            )
            tokens[missing] = counted
            self._computed.add(hashes[missing], vectors[missing])
        self.encoded += len(missing)
        self.reused += len(texts) - len(missing)
        return vectors, tokens

    @property
    def _size(self) -> int:
        """Tokens of a passage."""
        return min(SIZE, self.encoder.max_tokens // 2)

    @property
    def _least(self) -> int:
        """Tokens of the shortest text that has passages."""
        return self._size + self._size // 4

    def passages(self, entities: Iterable[tuple[int, Entity]], directory: Path) -> Passages:
        """Write into a segment the passages of those of these (row, entity), by row, whose texts are long.

        Each is at most half of what the encoder reads, and encoded behind its title; a text has passages if it is a
        quarter longer than one. If a row's document was encoded and is shorter, so is its text, of which it is made.
        """
        size, least, short = self._size, self._least, self._short
        writer = PassagesWriter(directory, self.encoder.dim)
        long = (
            (row, entity)
            for row, entity in entities
            if len(entity.text) >= least  # a token has a character
            and not (row < len(short) and short[row])
        )
        while group := list(islice(long, _TOGETHER)):
            texts: list[str] = []
            rows: list[int] = []
            spans: list[tuple[int, int]] = []
            tokens = self.encoder.spans([entity.text for _, entity in group])
            for (row, entity), own in zip(group, tokens, strict=True):
                for start, end in cut(entity.text, own, size=size, overlap=size // 4) if len(own) >= least else ():
                    rows.append(row)
                    spans.append((start, end))
                    texts.append(
                        ". ".join(filter(None, (entity.title[: min(_TITLE, size)].strip(), entity.text[start:end])))
                    )
            if texts:
                hashes = np.array([hash64(text) for text in texts], np.uint64)
                vectors, _ = self._vectors(texts, hashes, "encoding passages", None)
                writer.add(vectors, np.array(rows, np.int64), np.array(spans, np.int32), hashes)
        return writer.finish()
