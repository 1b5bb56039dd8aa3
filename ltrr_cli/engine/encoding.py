"""Encoding a segment's texts in a thread of its own, while the segment is indexed: the encoder needs no interpreter."""

from __future__ import annotations

from concurrent.futures import CancelledError, ThreadPoolExecutor, wait
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING, Self

from ltrr_cli.engine.texts import document
from ltrr_cli.index.vectors import VectorsWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from ltrr_cli.engine.texts import Encoded
    from ltrr_cli.index.passages import Passages
    from ltrr_cli.records import Entity

_LOOK = 0.2
"""Seconds between two looks at how far the encoder is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vectors:
    """What was encoded: the vectors of the rows, in their writer, the hashes of their texts, and the passages."""

    writer: VectorsWriter
    hashes: NDArray[np.uint64]
    passages: Passages


class Encoding:
    """Encodes the entities of a segment: begins at once, `result` waits. Leaving it early stops it within a batch."""

    def __init__(
        self, encoded: Encoded, entities: Callable[[], Iterator[Entity]], count: int, directory: Path, creator: str
    ) -> None:
        """`entities` gives all `count` of them, in row order; `creator` names the attribute of who made one."""
        self.encoded = encoded
        self._done: dict[str, tuple[int, int | None]] = {}
        self._stopped = Event()
        encoded.progress = self._note
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="ltrr-vectors")
        self._future: Future[Vectors] = self._pool.submit(self._run, entities, count, directory, creator)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the thread."""
        self._stopped.set()
        self._pool.shutdown()

    def result(self, progress: Callable[[str, int, int | None], None]) -> Vectors:
        """Wait for the vectors; `progress` is told, in this thread, what has been done already and what is done now."""
        told: dict[str, int] = {}
        ended = False
        while not ended:
            ended = bool(wait([self._future], timeout=_LOOK).done)
            for step, (done, total) in list(self._done.items()):
                progress(step, done - told.get(step, 0), total)
                told[step] = done
        return self._future.result()

    def ends_within(self, seconds: float) -> bool:
        """Wait so long at most; returns whether all is encoded, or encoding failed."""
        return bool(wait([self._future], timeout=seconds).done)

    def _run(self, entities: Callable[[], Iterator[Entity]], count: int, directory: Path, creator: str) -> Vectors:
        writer = VectorsWriter(directory, count, self.encoded.encoder.dim)
        texts = (document(entity, creator) for entity in entities())
        hashes = self.encoded.documents(texts, writer)
        passages = self.encoded.passages(enumerate(entities()), directory)
        return Vectors(writer=writer, hashes=hashes, passages=passages)

    def _note(self, step: str, more: int, total: int | None) -> None:
        if self._stopped.is_set():
            raise CancelledError
        self._done[step] = (self._done.get(step, (0, None))[0] + more, total)
