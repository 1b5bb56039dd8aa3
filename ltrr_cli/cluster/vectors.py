"""Stage one, second half: a chunk's vectors, made by a task, kept as Parquet beside it until its shard has them.

Columns: `text`, the hash of what was encoded (an entity's text, or a passage of it), and `vector`, unit float32. A file
that is there is whole: it is written under another name first.
"""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.cluster.split import read_chunk
from ltrr_cli.encoder import Encoder
from ltrr_cli.engine.texts import Encoded, document
from ltrr_cli.index.computed import Computed
from ltrr_cli.index.files import sync_file, writing
from ltrr_cli.index.manifest import NAME, read_manifest
from ltrr_cli.index.passages import TEXTS
from ltrr_cli.index.vectors import VectorsWriter

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ltrr_cli.index.manifest import Live


def vectors_file(chunk: Path) -> Path:
    """Return where the vectors of a chunk are kept."""
    return chunk.with_suffix(".vectors.parquet")


def encode_chunk(chunk: Path, before: Path, encoder: Path, creator: str) -> None:
    """Make the vectors of a chunk's entities and of their passages, unless they are there.

    Those of texts that the index `before` has are taken from it.
    """
    import polars as pl

    target = vectors_file(chunk)
    if target.exists():
        return
    entities = list(read_chunk(chunk))
    model = Encoder.open(encoder)
    with TemporaryDirectory(prefix="ltrr-") as folder:
        root = Path(folder)
        computed = Computed(root, encoder.name, model.dim)
        encoded = Encoded(model, before, _known(before, encoder.name), computed)
        writer = VectorsWriter(root, len(entities), model.dim, graph_from=len(entities) + 1)
        texts = encoded.documents((document(entity, creator) for entity in entities), writer)
        vectors = writer.matrix
        passages = encoded.passages(enumerate(entities), root)
        if len(passages):
            texts = np.concatenate([texts, np.load(root / TEXTS, allow_pickle=False)])
            vectors = np.concatenate([vectors, passages.vectors])
        hashes, first = np.unique(texts, return_index=True)
        table = pl.DataFrame(
            {"text": hashes, "vector": vectors[first]}, schema_overrides={"vector": pl.Array(pl.Float32, model.dim)}
        )
        written = target.with_name(f".{target.name}.{os.getpid()}.tmp")
        with writing(chunk.parent):
            table.write_parquet(written)
            sync_file(written)
            written.replace(target)


def _known(index: Path, encoder: str) -> tuple[Live, ...]:
    """Return the segments of an index, if there is one with this encoder."""
    if not (index / NAME).exists():
        return ()
    before = read_manifest(index)
    return before.segments if before.encoder == encoder else ()


def read_vectors(chunk: Path) -> tuple[NDArray[np.uint64], NDArray[np.float32]]:
    """Return the hashes of a chunk's texts, (n,), and their vectors, (n, dim)."""
    import polars as pl

    table = pl.read_parquet(vectors_file(chunk))
    return table["text"].to_numpy(), table["vector"].to_numpy()
