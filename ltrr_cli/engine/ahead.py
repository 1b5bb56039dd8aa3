"""Encoding ahead: while one batch of queries is answered, the next one's vectors are made in another thread."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ltrr_cli.engine.opened import Opened


def encode_ahead(opened: Opened, texts: Sequence[str]) -> Callable[[], None]:
    """Begin to encode the texts that have no vector yet; what is returned waits for the vectors, and keeps them."""
    new = opened.unencoded(texts)
    if not new:
        return lambda: None
    pool = ThreadPoolExecutor(1, thread_name_prefix="ltrr-ahead")
    encoded = pool.submit(lambda: opened.encoder.encode(new, kind="query"))  # also opens the encoder, where it is not
    pool.shutdown(wait=False)
    return lambda: opened.keep_vectors(new, encoded.result())
