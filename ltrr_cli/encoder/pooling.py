"""Token embeddings → one unit vector per text, for graphs that do not do it themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def pool(tokens: NDArray[np.float32], mask: NDArray[np.int64], pooling: Literal["mean", "cls"]) -> NDArray[np.float32]:
    """Return (n, dim) float32 from (n, sequence, dim): the mean where mask is 1, or the first token."""
    import numpy as np

    if pooling == "cls":
        return np.ascontiguousarray(tokens[:, 0], dtype=np.float32)
    weights = mask.astype(np.float32)
    total: NDArray[np.float32] = np.einsum("nsd,ns->nd", tokens, weights)
    mean: NDArray[np.float32] = total / weights.sum(axis=1, keepdims=True)
    return mean


def unit_rows(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the rows scaled to norm 1; a zero row becomes (1, …, 1)/√dim, equally far from every axis.

    Raises:
        ValueError: a value is not finite.
    """
    import numpy as np

    norms = np.sqrt(np.einsum("nd,nd->n", vectors, vectors))[:, None]
    if not np.isfinite(norms).all():
        raise ValueError("a vector is not finite")
    if not norms.all():
        vectors = np.where(norms > 0, vectors, np.float32(1))
        norms = np.where(norms > 0, norms, np.float32(vectors.shape[1] ** 0.5))
    unit: NDArray[np.float32] = vectors / norms
    return unit
