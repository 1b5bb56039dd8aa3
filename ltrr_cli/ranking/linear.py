"""A linear ranker over named features: score = Σ weight × value. An absent feature adds nothing.

Its scaler is saved with it: training divides each value by the feature's deviation, and the weight is of the divided
value. The prior has none: its features are made to lie in [0, 1] (ranking/registry.py).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

PRIOR: Mapping[str, float] = {
    "lexical.score": 0.10,
    "lexical.reciprocal_rank": 0.05,
    "popular.score": 0.0,
    "popular.reciprocal_rank": 0.05,
    "structured.score": 0.05,
    "structured.reciprocal_rank": 0.0,
    "semantic.score": 0.0,
    "semantic.reciprocal_rank": 0.05,
    "sparse.score": 0.10,
    "sparse.reciprocal_rank": 0.05,
    "memory.score": 0.0,
    "memory.mean": 0.0,
    "memory.acted": 0.40,
    "memory.reciprocal_rank": 0.0,
    "fuzzy.score": 0.10,
    "fuzzy.reciprocal_rank": 0.05,
    "memory.evidence": 0.20,
    "memory.observed": 1.20,
    "memory.predicted": 0.0,
    "similarity": 0.20,
    "title.same": 0.20,
    "title.filled": 0.10,
    "values": 0.15,
    "title.read": 0.20,
    "numbers": 1.00,
    "popularity": 0.10,
    "rewarded": 0.10,
    "user.entity": 0.20,
    "user.lately": 0.50,
    "user.company": 0.20,
    "user.values": 0.05,
    "user.similarity": 0.05,
    "user.done": -1.50,
    "session.similarity": 0.05,
    "personal.score": 0.10,
    "personal.reciprocal_rank": 0.0,
    "related.score": 0.05,
    "related.reciprocal_rank": 0.0,
    "fresh.score": 0.05,
    "fresh.reciprocal_rank": 0.05,
    "agreement": 0.10,
    "text.unsure": 0.30,
    "similarity.unsure": 0.50,
    "title.unsure": 0.20,
}
"""Cold start: a convex-like hybrid of lexical and semantic scores, with the memory on top once it has evidence.

What is only predicted brings candidates and adds nothing: the words it was predicted from count already."""


NEW_ARM: Mapping[str, float] = {"score": 0.20, "reciprocal_rank": 0.30}
"""Features of an arm that the weights do not know: what a new strategy finds must be seen for it to be learned."""

ELSEWHERE: Mapping[str, float] = {"score": 0.05, "reciprocal_rank": 0.05}
"""The same of arms `vectors:NAME`: near to what was found is not yet what was asked for."""


def weight_of(weights: Mapping[str, float], name: str) -> float:
    """Return a feature's weight. One that the weights do not know is ignored, unless it is a new arm's."""
    known = weights.get(name)
    new = ELSEWHERE if name.startswith("vectors:") else NEW_ARM
    return new.get(name.rpartition(".")[2], 0.0) if known is None else known


class LinearRanker:
    """Weights by feature name, of values divided by `scale` (1 where it names none); `version` 0 is the prior.

    `weights` are of the values as they are: what was saved, by scale.
    """

    def __init__(
        self,
        weights: Mapping[str, float] | None = None,
        *,
        scale: Mapping[str, float] | None = None,
        version: int = 0,
    ) -> None:
        self.scale = dict(scale or {})
        scaled = PRIOR if weights is None else weights
        self.weights = {name: weight / self.scale.get(name, 1.0) for name, weight in scaled.items()}
        self.version = version
        self._for: tuple[str, ...] = ()
        self._vector: NDArray[np.float32] = np.empty(0, np.float32)

    def score(self, names: Sequence[str], values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return (n,) float32 scores of (n, features) values."""
        if tuple(names) != self._for:
            self._for = tuple(names)
            self._vector = np.array([weight_of(self.weights, name) for name in names], np.float32)
        result: NDArray[np.float32] = np.nan_to_num(values, nan=0.0, posinf=1.0, neginf=-1.0) @ self._vector
        return result

    def weight(self, name: str) -> float:
        """Return the weight of a feature's value as it is; one that is not known is ignored, unless a new arm's."""
        return weight_of(self.weights, name)

    def contributions(self, names: Sequence[str], row: Sequence[float]) -> dict[str, float]:
        """Return each present feature's part in the score, largest first."""
        parts = {
            name: (value if math.isfinite(value) else math.copysign(1.0, value)) * weight
            for name, value in zip(names, row, strict=True)
            if value and not math.isnan(value) and (weight := weight_of(self.weights, name))
        }
        return dict(sorted(parts.items(), key=lambda item: -abs(item[1])))

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form."""
        scaled = {name: weight * self.scale.get(name, 1.0) for name, weight in self.weights.items()}
        return {"version": self.version, "weights": scaled, "scale": self.scale}

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> LinearRanker:
        """Read `to_dict`'s form."""
        weights = {str(name): float(value) for name, value in row["weights"].items()}
        scale = {str(name): float(value) for name, value in row.get("scale", {}).items()}
        if not all(value > 0 for value in scale.values()):
            raise ValueError("a feature's scale is not above 0")
        return cls(weights, scale=scale, version=int(row["version"]))
