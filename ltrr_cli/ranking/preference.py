"""Which of two rankers an action on a shown page speaks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ltrr_cli.ranking.debias import Curve


def preference(live: NDArray[np.float32], new: NDArray[np.float32], place: int, curve: Curve) -> float:
    """Return (e(new position) − e(live position)) / e(shown position), ≥ −1, of what was acted on at `place` (from 0).

    Its mean over actions has the sign of what the new ranker would earn more, on the same pages, than the live one,
    under the position-based model: P(action) = e(position) · worth, with all of the page ordered anew (Li et al.,
    KDD 2018). Shown in the live order it is at least −1, and up to 1 / e(last) − 1. A page that was ordered otherwise,
    by a reserved slot or another ranker, has its differences divided by one number of its own, so that none is less.
    """
    old, fresh = places(live), places(new)
    shown = np.array([curve.examination(position) for position in range(1, len(old) + 1)])
    most = max(1.0, float((shown[old] / shown).max()))
    return float((shown[fresh[place]] - shown[old[place]]) / shown[place]) / most


def places(scores: NDArray[np.float32]) -> NDArray[np.intp]:
    """Return each entity's place, from 0, by these scores; equal ones keep the order in which they were shown."""
    order = np.argsort(-scores, kind="stable")
    out = np.empty(len(order), np.intp)
    out[order] = np.arange(len(order))
    return out
