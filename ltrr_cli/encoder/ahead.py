"""An encoder that is opened in another thread while a program still imports the rest of what it needs.

Opening one takes as long as importing what else answers a query, and most of it needs no interpreter.
"""

from __future__ import annotations

from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ltrr_cli.encoder.encoder import Encoder


class _Opening(Thread):
    def __init__(self, folder: Callable[[], Path]) -> None:
        super().__init__(name="ltrr-encoder", daemon=True)
        self._folder = folder
        self.encoder: Encoder | None = None

    def run(self) -> None:
        """Open it; what goes wrong goes wrong again, and is told, where it is needed."""
        with suppress(Exception):
            from ltrr_cli.encoder.encoder import Encoder

            self.encoder = Encoder.open(self._folder())


_BEGUN: list[_Opening] = []


def open_ahead(folder: Callable[[], Path]) -> None:
    """Begin to open the encoder that will be needed next; `folder` is asked in the other thread."""
    opening = _Opening(folder)
    _BEGUN.append(opening)
    opening.start()


def opened(folder: Path) -> Encoder:
    """Return the folder's encoder, the one that was begun if it is the same. Raises as `Encoder.open` does."""
    from ltrr_cli.encoder.encoder import Encoder

    while _BEGUN:
        opening = _BEGUN.pop()
        opening.join()
        if opening.encoder is not None and opening.encoder.folder == folder:
            return opening.encoder
    return Encoder.open(folder)
