"""An encoder that is opened in another thread while a program still imports the rest of what it needs.

Opening one takes as long as importing what else answers a query, and needs no interpreter. What it needs itself is
imported before, in the thread that asks: two threads that import NumPy at once may find half of it.
"""

from __future__ import annotations

from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING

from ltrr_cli.encoder.encoder import Encoder

if TYPE_CHECKING:
    from pathlib import Path


class _Opening(Thread):
    def __init__(self, folder: Path) -> None:
        super().__init__(name="ltrr-encoder", daemon=True)
        self._folder = folder
        self.encoder: Encoder | None = None

    def run(self) -> None:
        """Open it; what goes wrong goes wrong again, and is told, where it is needed."""
        with suppress(Exception):
            self.encoder = Encoder.open(self._folder)


_BEGUN: list[_Opening] = []


def open_ahead(folder: Path) -> None:
    """Begin to open the encoder that will be needed next."""
    import tokenizers  # noqa: F401

    from ltrr_cli.native import onnxruntime

    onnxruntime()
    opening = _Opening(folder)
    _BEGUN.append(opening)
    opening.start()


def opened(folder: Path) -> Encoder:
    """Return the folder's encoder, the one that was begun if it is the same. Raises as `Encoder.open` does."""
    while _BEGUN:
        opening = _BEGUN.pop()
        opening.join()
        if opening.encoder is not None and opening.encoder.folder == folder:
            return opening.encoder
    return Encoder.open(folder)
