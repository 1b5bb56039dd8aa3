"""Sparse vectors: where the model comes from, the entities' at build, and a query's."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from ltrr_cli.encoder import encoder_digest
from ltrr_cli.encoder.source import encoder_files
from ltrr_cli.encoder.sparse import SparseEncoder
from ltrr_cli.errors import EncoderError, IndexDirectoryError
from ltrr_cli.index.sparse import SparseWriter
from ltrr_cli.retrieval.sparse import by_idf

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from ltrr_cli.index.manifest import Manifest
    from ltrr_cli.index.view import View

_STEP = 64
_KEPT = 1024


def sparse_folder(root: Path, before: Manifest | None, name: str | None, *, add: bool) -> Path | None:
    """Return the folder of the model: the one asked for, else the index's own; None for none.

    Raises:
        EncoderError: there is no such folder, or a file in it is missing.
        IndexDirectoryError: something is added to an index of another model.
    """
    from pathlib import Path as Folder

    own = before.sparse if before is not None else ""
    if name is None:
        kept = root / "encoder" / own
        if own and not kept.is_dir():
            raise IndexDirectoryError(
                "the index's masked-language model is missing",
                where=str(kept),
                next="build the index again with --sparse DIR, or with --sparse '' without it",
            )
        return kept if own else None
    if not name:
        return None
    folder = Folder(name).expanduser()
    if not folder.is_dir():
        raise EncoderError(
            "there is no such folder",
            where=name,
            next="--sparse takes a folder with the model.onnx and tokenizer.json of a masked-language model",
        )
    encoder_files(folder)
    if add and encoder_digest(folder) != own:
        raise IndexDirectoryError(
            "the index was built with another model", where=str(root), next="build it again, whole"
        )
    return folder


def open_sparse(root: Path, manifest: Manifest) -> SparseEncoder | None:
    """Open the index's masked-language model; None if it has none, or it is not there."""
    folder = root / "encoder" / manifest.sparse
    return SparseEncoder.open(folder) if manifest.sparse and folder.is_dir() else None


def write_sparse(
    segment: Path,
    model: SparseEncoder,
    texts: Iterable[str],
    total: int,
    progress: Callable[[str, int, int | None], None],
) -> None:
    """Encode the `total` texts of a segment's entities, in row order, and write their terms."""
    writer = SparseWriter()
    for count, (terms, weights) in enumerate(model.encode(texts), 1):
        writer.add(terms, weights)
        if count % _STEP == 0:
            progress("sparse", _STEP, total)
    progress("sparse", total % _STEP, total)
    writer.write(segment)


class QueryTerms:
    """Queries' sparse vectors; the last ones are kept."""

    def __init__(self, folder: Path, view: View) -> None:
        self._folder = folder
        self._view = view
        self._known: dict[str, tuple[NDArray[np.int32], NDArray[np.float32]]] = {}

    @cached_property
    def _model(self) -> SparseEncoder:
        return SparseEncoder.open(self._folder)

    def __call__(self, text: str) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return a query's terms and their weights."""
        found = self._known.get(text)
        if found is None:
            terms, weights = next(self._model.encode([text], kind="query"))
            if self._model.settings.query == "idf":
                weights = by_idf(self._view, terms, weights)
            if len(self._known) >= _KEPT:
                self._known.clear()
            found = self._known[text] = terms, weights
        return found
