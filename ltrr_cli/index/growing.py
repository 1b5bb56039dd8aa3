"""An array file that grows: numbers are written as they come, so that a build's memory does not grow with them."""

from __future__ import annotations

from array import array
from typing import IO, TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

_TOGETHER = 16_384
"""Numbers that wait in memory."""


class Growing:
    """An .npy file, (n,) or with a `width` (n, width): `extend` it, then `close` it.

    Its bytes are those that `np.save` writes.

    Attributes:
        path: the file's.
    """

    def __init__(self, path: Path, dtype: type[np.generic], *, width: int = 0) -> None:
        """Begin the file with no numbers of a dtype that `array` has, too."""
        self.path = path
        self._width = width
        self._dtype = np.dtype(dtype)
        self._waiting: array[Any] = array(self._dtype.char)
        self._settled = 0
        with path.open("wb") as out:
            self._write_header(out)

    @property
    def length(self) -> int:
        """How many numbers it has so far."""
        return self._settled + len(self._waiting)

    def add(self, number: float) -> None:
        """Add a number at the end."""
        self._waiting.append(number)
        if len(self._waiting) >= _TOGETHER:
            self._settle()

    def extend(self, numbers: Iterable[float]) -> None:
        """Add numbers at the end."""
        self._waiting.extend(numbers)
        if len(self._waiting) >= _TOGETHER:
            self._settle()

    def append(self, numbers: NDArray[np.generic]) -> None:
        """Add an array, (n,) or (n, width), at the end."""
        self._waiting.frombytes(numbers.astype(self._dtype, copy=False).tobytes())
        self._settle()

    def close(self) -> None:
        """Write what waits, and the length."""
        self._settle()
        with self.path.open("r+b") as out:
            self._write_header(out)

    def _settle(self) -> None:
        with self.path.open("ab") as out:  # no file stays open: a build may fail anywhere
            self._waiting.tofile(out)
        self._settled += len(self._waiting)
        self._waiting = array(self._dtype.char)

    def _write_header(self, out: IO[bytes]) -> None:
        """Write the header; NumPy pads it, so that it has one size whatever the length."""
        shape = (self.length // self._width, self._width) if self._width else (self.length,)
        described = {"descr": np.lib.format.dtype_to_descr(self._dtype), "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(out, described)


class Lists:
    """Lists of different lengths, one after the other in two files: the numbers, and where each list begins.

    `starts` has one number more than there are lists.
    """

    def __init__(self, numbers: Path, starts: Path, dtype: type[np.generic]) -> None:
        """Begin both files."""
        self._numbers, self._starts = Growing(numbers, dtype), Growing(starts, np.int64)
        self._starts.add(0)

    def add(self, numbers: Iterable[float]) -> None:
        """Add the next list."""
        self._numbers.extend(numbers)
        self._starts.add(self._numbers.length)

    def append(self, numbers: NDArray[np.generic], lengths: NDArray[np.int64]) -> None:
        """Add lists of these lengths, whose numbers come one after the other."""
        self._starts.append(self._numbers.length + lengths.cumsum())
        self._numbers.append(numbers)

    def close(self) -> None:
        """Write what waits."""
        self._numbers.close()
        self._starts.close()
