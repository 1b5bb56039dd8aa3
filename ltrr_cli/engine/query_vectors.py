"""The vectors of queries: made in other threads while the rest of a query is worked on, and the last ones kept."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from ltrr_cli.engine.workers import WORKERS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future

    import numpy as np
    from numpy.typing import NDArray

    Encode = Callable[[Sequence[str]], NDArray[np.float32]]

_KEPT = 4096


class QueryVectors:
    """Unit vectors by text, (dim,) float32; any thread may ask. `encode` makes some, (n, dim)."""

    def __init__(self, encode: Encode) -> None:
        self._encode = encode
        self._kept: dict[str, NDArray[np.float32]] = {}
        self._begun: dict[str, Future[NDArray[np.float32]]] = {}
        self._lock = threading.Lock()

    def begin(self, text: str) -> None:
        """Begin to encode a text that will be asked for, in another thread; an error is raised when it is."""
        with self._lock:
            if text.strip() and text not in self._kept and text not in self._begun:
                self._begun[text] = WORKERS.begin(lambda: self._made(text))

    def of(self, text: str) -> NDArray[np.float32]:
        """Return the vector of a text."""
        begun = self._begun.get(text)
        if begun is not None:
            return begun.result()
        vector = self._kept.get(text)
        return self._made(text) if vector is None else vector

    def _made(self, text: str) -> NDArray[np.float32]:
        try:
            vectors = self._encode([text])
            vector: NDArray[np.float32] = vectors[0]
            self._keep([text], vectors)
        finally:  # after it is kept: who asks finds it in one of both
            with self._lock:
                self._begun.pop(text, None)
        return vector

    def unknown(self, texts: Sequence[str]) -> list[str]:
        """Return the distinct texts that would have to be encoded, as many as are kept at most."""
        return [text for text in dict.fromkeys(texts) if text not in self._kept][:_KEPT]

    def make(self, texts: Sequence[str]) -> None:
        """Encode several texts at once."""
        new = self.unknown(texts)
        if len(new) > 1:
            self._keep(new, self._encode(new))

    def many(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the vectors of several texts, (n, dim); those that are new are not kept."""
        import numpy as np

        kept = {text: vector for text in texts if (vector := self._kept.get(text)) is not None}
        new = [text for text in dict.fromkeys(texts) if text not in kept]
        if new:
            kept.update(zip(new, self._encode(new), strict=True))
        return np.stack([kept[text] for text in texts])

    def make_ahead(self, texts: Sequence[str]) -> Callable[[], None]:
        """Begin to encode several texts in another thread; what is returned waits for the vectors, and keeps them."""
        new = self.unknown(texts)
        if not new:
            return lambda: None
        # No worker: they are daemons, and a program that ends in the middle of a long batch has to wait for it.
        pool = ThreadPoolExecutor(1, thread_name_prefix="ltrr-ahead")
        encoded = pool.submit(self._encode, new)
        pool.shutdown(wait=False)
        return lambda: self._keep(new, encoded.result())

    def _keep(self, texts: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Keep the vectors of texts, one row for each, in place of the oldest."""
        with self._lock:
            for text in list(self._kept)[: max(0, len(self._kept) + len(texts) - _KEPT)]:
                del self._kept[text]
            self._kept.update(zip(texts, vectors, strict=True))

    def adopt(self, older: QueryVectors) -> None:
        """Share what another one, of the same encoder, keeps."""
        self._kept, self._lock = older._kept, older._lock
