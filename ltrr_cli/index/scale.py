"""The scale of a catalogue: how popular, and of what years, its entities are; what is added later is compared with it.

    columns/scale.npz    popularity, years: sorted numbers, at most 1,001 of each, evenly drawn from all that are known

So one entity that is added alone is as popular as it would be had it been there from the beginning.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from ltrr_cli.index.files import read_npz

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

_POINTS = 1001
_NAME = "scale.npz"


@dataclass(frozen=True, slots=True)
class Scale:
    """Sorted numbers to compare others with; `entities` is how many the segment has that they are of."""

    popularity: NDArray[np.float64]
    years: NDArray[np.float64]
    entities: int

    @classmethod
    def of(cls, popularity: Sequence[float], years: Sequence[float], *, points: int = _POINTS) -> Self:
        """Draw the scale of a segment's raw numbers, by row, nan where unknown: at most so many points of each."""
        return cls(_drawn(popularity, points), _drawn(years, points), len(popularity))

    @classmethod
    def read(cls, segment: Path, entities: int) -> Self | None:
        """Read the scale of a segment; None where ltrr before 0.1 wrote it."""
        path = segment / "columns" / _NAME
        if not path.exists():
            return None
        arrays = read_npz(path)
        return cls(arrays["popularity"], arrays["years"], entities)

    def write(self, columns: Path) -> None:
        """Write it down."""
        np.savez(columns / _NAME, allow_pickle=False, popularity=self.popularity, years=self.years)


def _drawn(numbers: Sequence[float], points: int) -> NDArray[np.float64]:
    known = np.sort(np.array(numbers, np.float64))
    known = known[~np.isnan(known)]
    return known[np.linspace(0, len(known) - 1, points).round().astype(int)] if len(known) > points else known
