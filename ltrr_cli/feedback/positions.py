"""Where the lines of a log are that belong to a name: sorted arrays for what is known, a dict for what came since."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltrr_cli.feedback.log import Position

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    Arrays = Mapping[str, NDArray[np.unsignedinteger]]


class Positions:
    """Positions by the 64-bit hash of a name; of two names with one hash, the caller has to tell which a line is of.

    `arrays` holds `hashes` (n,) uint64, ascending, and in the same order `files` (n,) uint32 and `offsets` (n,) uint64;
    within equal hashes the later line comes later.
    """

    def __init__(self, arrays: Arrays | None = None) -> None:
        self._covered = arrays
        self._later: dict[int, list[Position]] = {}

    def add(self, wanted: int, position: Position) -> None:
        """Add a line that comes after all others."""
        self._later.setdefault(wanted, []).append(position)

    def find(self, wanted: int) -> list[Position]:
        """Return the positions of a hash, in the order of the log."""
        found: list[Position] = []
        if self._covered is not None and len(self._covered["hashes"]):
            import numpy as np

            hashes, target = self._covered["hashes"], np.uint64(wanted)
            first, after = np.searchsorted(hashes, target, "left"), np.searchsorted(hashes, target, "right")
            files, offsets = (self._covered[name][first:after].tolist() for name in ("files", "offsets"))
            found = [Position(*place) for place in zip(files, offsets, strict=True)]
        return found + self._later.get(wanted, [])

    def __len__(self) -> int:
        """Return the number of lines."""
        return sum(map(len, self._later.values())) + (0 if self._covered is None else len(self._covered["hashes"]))

    def arrays(self) -> dict[str, NDArray[np.unsignedinteger]]:
        """Return all positions, as the constructor takes them."""
        import numpy as np

        later = [(number, place) for number, places in self._later.items() for place in places]
        hashes = np.array([number for number, _ in later], dtype=np.uint64)
        files = np.array([place.file for _, place in later], dtype=np.uint32)
        offsets = np.array([place.offset for _, place in later], dtype=np.uint64)
        if self._covered is not None:
            hashes = np.concatenate([self._covered["hashes"], hashes])
            files = np.concatenate([self._covered["files"], files])
            offsets = np.concatenate([self._covered["offsets"], offsets])
        order = np.lexsort((offsets, files, hashes))
        return {"hashes": hashes[order], "files": files[order], "offsets": offsets[order]}
