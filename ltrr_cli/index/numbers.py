"""Numeric attributes by row, and how their values spread: for ranges such as "before 1999" or "under 20".

`columns/numbers.npy` (m, n) float64 has the first number of each row, of a date (ISO 8601) its year, nan where it has
none; `columns/numbers.spread.npy` (m, 101) its percentiles. An older ltrr wrote neither, or no years of dates.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.index.files import mapped
from ltrr_cli.index.growing import Growing
from ltrr_cli.index.ranges import laid, pieces

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from ltrr_cli.records import Entity

_PERCENTILES = 101
_DATE = re.compile(r"[12]\d{3}-(?:0[1-9]|1[0-2])(?:-[0-3]\d(?!\d)|$)", re.ASCII)
_MOST = 64
"""Numeric attributes of a segment beyond this are left out: nobody asks for them by words."""


class NumbersWriter:
    """Collects the numbers of entities in row order; `add` them all, then `write`."""

    def __init__(self, directory: Path) -> None:
        """`directory` is where the arrays will be written."""
        self._directory = directory
        self._folder = directory / "numbers"
        self._rows = 0
        self._found: dict[str, tuple[Growing, Growing]] = {}  # the numbers, and their rows

    def add(self, entity: Entity) -> None:
        """Add the next row."""
        for name, values in entity.attributes.items():
            number = next((value for value in values if not isinstance(value, str)), None)
            if number is None and values:
                number = _year_of(values[0])
            if number is not None and (name in self._found or len(self._found) < _MOST):
                if name not in self._found:
                    self._found[name] = self._begin(len(self._found))
                numbers, rows = self._found[name]
                numbers.add(number)
                rows.add(self._rows)
        self._rows += 1

    def _begin(self, place: int) -> tuple[Growing, Growing]:
        self._folder.mkdir(exist_ok=True)
        return Growing(self._folder / f"{place}.npy", np.float64), Growing(self._folder / f"{place}.rows.npy", np.int64)

    def write(self) -> tuple[str, ...]:
        """Write the arrays; returns the names of the attributes, in the order of their rows."""
        columns = laid(self._directory / "numbers.npy", np.float64, len(self._found), self._rows)
        spread = np.empty((len(self._found), _PERCENTILES))
        for place, files in enumerate(self._found.values()):
            for file in files:
                file.close()
            numbers, rows = (mapped(file.path) for file in files)
            columns[place] = np.nan
            for low, high in pieces(len(rows)):
                columns[place, rows[low:high]] = numbers[low:high]
            spread[place] = np.percentile(numbers, np.arange(_PERCENTILES))
        np.save(self._directory / "numbers.spread.npy", spread)
        shutil.rmtree(self._folder, ignore_errors=True)
        return tuple(self._found)


def _year_of(value: object) -> float | None:
    """Return the year of a date, None of anything else."""
    if isinstance(value, str) and value[4:5] == "-" and _DATE.match(value):
        return float(value[:4])
    return None


@dataclass(frozen=True, slots=True)
class Numbers:
    """The arrays of one segment, by memory map."""

    names: tuple[str, ...]
    columns: NDArray[np.float64]
    spread: NDArray[np.float64]

    @classmethod
    def open(cls, directory: Path, names: tuple[str, ...]) -> Numbers:
        """Map the files that `NumbersWriter.write` made."""
        if not names:
            return cls((), np.empty((0, 0)), np.empty((0, _PERCENTILES)))
        return cls(names, mapped(directory / "numbers.npy"), mapped(directory / "numbers.spread.npy"))

    def within(
        self, attribute: str, low: float, high: float, rows: NDArray[np.int64] | None = None
    ) -> NDArray[np.bool_] | None:
        """Tell which rows (all, or these) have a number in [low, high]: (n,) bool; None without the attribute."""
        if attribute not in self.names:
            return None
        column = self.columns[self.names.index(attribute)]
        own = column if rows is None else column[rows]
        inside: NDArray[np.bool_] = (own >= low) & (own <= high)
        return inside

    def share(self, attribute: str, low: float, high: float) -> float | None:
        """Return about which share of the attribute's numbers is in [low, high]; None without the attribute."""
        if attribute not in self.names:
            return None
        own = self.spread[self.names.index(attribute)]
        return int(((own >= low) & (own <= high)).sum()) / _PERCENTILES
