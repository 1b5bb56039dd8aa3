"""Generated queries: those that the index has for the same texts are used again, a model makes the others.

The model is not in the index. Where none is given, what earlier ones made is kept, and texts without are left alone.
"""

from __future__ import annotations

import json
from array import array
from typing import TYPE_CHECKING

from ltrr_cli.encoder.seq2seq import QueryGenerator
from ltrr_cli.errors import UsageError
from ltrr_cli.memory.generated import NAME, read_generated, write_generated
from ltrr_cli.memory.generated import Generated as Kept
from ltrr_cli.text import hash64

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Sequence
    from pathlib import Path

    from ltrr_cli.index.manifest import Live, Manifest

DEFAULT = 3
"""Queries for an entity."""
MOST = 20
_STEP = 16


class Generated:
    """Gives a segment's texts their generated queries, from the segments of an index and, where given, a model.

    Attributes:
        entities: for how many entities the segment that was written last has queries.
        count: how many these are.
        notes: what is to be said of it.
    """

    def __init__(
        self, root: Path, segments: Sequence[Live], model: QueryGenerator | None = None, most: int = DEFAULT
    ) -> None:
        self._model = model
        self._most = most
        self._by = f"{model.name}:{most}" if model is not None else ""
        self._segments = [root / "segments" / live.name for live in segments]
        self._had = any(map(_has_some, self._segments))
        self.entities = self.count = 0
        self.notes: tuple[str, ...] = ()

    @classmethod
    def asked(cls, root: Path, before: Manifest | None, name: str | None, most: int | None) -> Generated:
        """Return what a build is to use: the model in the folder `name`; by default what the index has; "": nothing.

        Raises:
            EncoderError: the folder holds no such model.
            UsageError: `most` is out of range, or given without a model.
        """
        from pathlib import Path as Folder

        if most is not None and (not name or not 1 <= most <= MOST):
            raise UsageError(
                f"{most} generated queries cannot be made",
                next=f"--generated-queries is from 1 to {MOST}, and needs --query-generator DIR",
            )
        segments = before.segments if before is not None and name != "" else ()
        model = QueryGenerator.open(Folder(name).expanduser()) if name else None
        return cls(root, segments, model, most or DEFAULT)

    def write(
        self, directory: Path, texts: Callable[[], Iterator[str]], progress: Callable[[str, int, int | None], None]
    ) -> list[tuple[str, ...]]:
        """Return the queries of each of the texts, and write them into the segment if there are any."""
        self.entities = self.count = 0
        if self._model is None and not self._had and not any((one / NAME).exists() for one in self._segments):
            return []
        hashes = array("Q", map(hash64, texts()))
        kept = self._kept(set(hashes))
        found = {one: kept[one] for one in hashes if one in kept}
        if self._model is not None:
            missing = {one: text for one, text in zip(hashes, texts(), strict=True) if one not in found}
            progress("generating", 0, len(missing))
            made = self._model.generate(list(missing.values()), self._most)
            for number, (one, queries) in enumerate(zip(missing, made, strict=True), 1):
                found[one] = Kept(text=one, by=self._by, queries=tuple(queries))
                if number % _STEP == 0:
                    progress("generating", _STEP, len(missing))
            progress("generating", len(missing) % _STEP, len(missing))
        elif self._had and (without := sum(one not in found for one in hashes)):
            whose = f"{without:,} of {len(hashes):,} entities have no generated queries, as others of this index have"
            self.notes = (f"{whose}; ltrr index build CATALOG --query-generator DIR makes them",)
        out = [found[one].queries if one in found else () for one in hashes]
        if found:
            write_generated(directory, found.values())
        self.entities = sum(map(bool, out))
        self.count = sum(map(len, out))
        return out

    def _kept(self, wanted: Container[int]) -> dict[int, Kept]:
        """Return what the segments have of the wanted texts, made by the model if there is one; the latest counts."""
        every = (one for directory in self._segments for one in read_generated(directory, wanted))
        return {one.text: one for one in every if not self._by or one.by == self._by}


def _has_some(directory: Path) -> bool:
    """Tell whether a segment says that it was built with generated queries; one that cannot be read has none."""
    try:
        return int(json.loads((directory / "segment.json").read_bytes()).get("generated", 0)) > 0
    except (OSError, ValueError, AttributeError, TypeError):
        return False
