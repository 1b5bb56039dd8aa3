"""Small real segments, made in a temporary folder, for the tests of stages that look into an index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
import pytest

from ltrr_cli.index.manifest import Live
from ltrr_cli.index.segment import SegmentWriter
from ltrr_cli.index.view import View
from ltrr_cli.memory.predicted import PredictedWriter
from ltrr_cli.text import hash64

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ltrr_cli.records import Entity

DIM = 16


class MakeView(Protocol):
    """Writes segments and opens a view of them."""

    def __call__(
        self,
        *segments: Sequence[Entity],
        tombstones: Sequence[Sequence[int]] = (),
        vectors: NDArray[np.float32] | None = None,
    ) -> View:
        """Return a view of the segments; `tombstones` gives deleted rows of each, `vectors` one row for each entity."""


@pytest.fixture(scope="session")
def make_view(tmp_path_factory: pytest.TempPathFactory) -> MakeView:
    """Return a function that writes segments of entities, with seeded random unit vectors unless some are given."""

    def make(
        *segments: Sequence[Entity],
        tombstones: Sequence[Sequence[int]] = (),
        vectors: NDArray[np.float32] | None = None,
    ) -> View:
        root = tmp_path_factory.mktemp("index")
        count = sum(map(len, segments))
        if vectors is None:
            drawn = np.random.default_rng(0).normal(size=(count, DIM))
            vectors = (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)
        live, base = [], 0
        for number, entities in enumerate(segments):
            gone = tombstones[number] if number < len(tombstones) else ()
            directory = root / "segments" / f"{number + 1:06}"
            writer = SegmentWriter(directory, creator="creator")
            predicted = PredictedWriter(creator="creator")
            for entity in entities:
                writer.add(entity)
            for row, entity, popularity in writer.rows():
                predicted.add(row, entity, popularity)
            predicted.refine(writer.entities(), directory, writer.analysis)
            predicted.write(directory)
            texts = np.array([hash64(entity.title) for entity in entities], np.uint64)
            writer.finish(vectors[base : base + len(entities)], texts)
            live.append(Live(name=directory.name, entities=len(entities), tombstones=tuple(gone)))
            base += len(entities)
        return View(root, live)

    return make
