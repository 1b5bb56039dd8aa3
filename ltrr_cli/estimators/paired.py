"""Is one system better than another on the same queries? A randomisation test, and Holm's adjustment for several.

If the two systems were alike, every query's difference could as well have had the other sign. The p value is the share
of all such sign flips whose mean is at least as far from 0 as the observed one (Fisher, The Design of Experiments,
1935; for retrieval: Smucker, Allan & Carterette, CIKM 2007).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

ROUNDS = 10_000
EXACT = 13
"""Up to so many differences other than 0 all sign flips are tried."""
_CELLS = 1 << 21
"""Signs held in memory at once."""


def randomisation(differences: ArrayLike, *, seed: int, rounds: int = ROUNDS) -> float:
    """Return the two-sided p value, in (0, 1], of the paired `differences` (n,); 1 where all are 0 or there are none.

    With more than EXACT differences other than 0, `rounds` random flips stand for all of them, and the observed signs
    count as one more: p = (as far + 1) / (rounds + 1), so that the test keeps its level (Phipson & Smyth 2010).

    Raises `ValueError` for differences that are not finite.
    """
    array = np.asarray(differences, np.float64)
    if array.ndim != 1 or not np.isfinite(array).all():
        raise ValueError("one row of finite numbers expected")
    array = array[array != 0]
    count = len(array)
    if not count:
        return 1.0
    array = array / np.abs(array).max()  # so that no sum overflows, and the tolerance below has a scale
    observed = abs(float(array.sum())) - 1e-9  # sums in another order differ in the last bits: they are ties
    if count <= EXACT:
        flips = (np.arange(1 << count)[:, None] >> np.arange(count)) & 1
        return float(np.mean(np.abs((1 - 2 * flips) @ array) >= observed))
    rng = np.random.default_rng(seed)
    total, as_far, left = float(array.sum()), 0, rounds
    while left:
        some = min(left, max(1, _CELLS // count))
        bits = np.unpackbits(rng.integers(0, 256, (some, (count + 7) // 8), dtype=np.uint8), axis=1, count=count)
        as_far += int(np.count_nonzero(np.abs(total - 2 * (bits @ array)) >= observed))
        left -= some
    return (as_far + 1) / (rounds + 1)


def holm(p_values: Sequence[float]) -> list[float]:
    """Return the p values adjusted for being several, in the order given (Holm, Scand. J. Statist. 6, 1979).

    The smallest is multiplied by their number m, the next by m - 1 …; none falls below one before it, none passes 1.
    """
    adjusted = [1.0] * len(p_values)
    highest = 0.0
    for step, place in enumerate(sorted(range(len(p_values)), key=lambda place: p_values[place])):
        highest = max(highest, min(1.0, (len(p_values) - step) * p_values[place]))
        adjusted[place] = highest
    return adjusted
