"""The contract of every ranker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray


class Ranker(Protocol):
    """Scores candidates; the higher, the better."""

    version: int

    def score(self, names: Sequence[str], values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Score (n, features) values, nan where a feature is absent; returns (n,). Unknown names are ignored."""

    def contributions(self, names: Sequence[str], row: Sequence[float]) -> dict[str, float]:
        """Return each present feature's part in one candidate's score, largest first."""
