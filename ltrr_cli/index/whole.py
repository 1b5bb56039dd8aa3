"""The whole of which a segment is a part: what one build over all entities would know, and a part alone would not.

Entities are as popular and as new as they are among all, texts are cut in the languages of all, and values are
suggested by what all texts name: so that a segment of a part scores its entities as a segment of all would.
"""

from __future__ import annotations

import json
from array import array
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from ltrr_cli.analysis.multilingual import Multilingual, language_of, of_languages
from ltrr_cli.index.counted import Counted
from ltrr_cli.index.files import read_npz, replace_file
from ltrr_cli.index.fresh import year_of
from ltrr_cli.index.scale import Scale
from ltrr_cli.index.suggest import Suggester
from ltrr_cli.index.values import terms

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from ltrr_cli.records import Entity

POINTS = 1_000_001
"""Numbers that the scale keeps of all that are known: of fewer entities a share of the whole is exact."""
_SCALE, _TOLD = "whole.npz", "whole.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """What all `entities` have in common; `suggested` gives (attribute, key) → weight, None to suggest nothing."""

    entities: int
    scale: Scale
    analysis: Multilingual
    suggested: Mapping[tuple[str, str], float] | None

    @classmethod
    def read(cls, directory: Path) -> Self:
        """Read what `write` wrote."""
        told = json.loads((directory / _TOLD).read_bytes())
        scale = read_npz(directory / _SCALE)
        suggested = told["suggested"]
        return cls(
            entities=told["entities"],
            scale=Scale(scale["popularity"], scale["years"], told["entities"]),
            analysis=Multilingual(told["main"], tuple(told["others"])),
            suggested=None if suggested is None else {(name, word): weight for name, word, weight in suggested},
        )

    def write(self, directory: Path) -> None:
        """Write it down in two files of a directory; the second marks the first as whole."""
        np.savez(directory / _SCALE, allow_pickle=False, popularity=self.scale.popularity, years=self.scale.years)
        suggested = None if self.suggested is None else [(*pair, weight) for pair, weight in self.suggested.items()]
        told = {
            "entities": self.entities,
            "main": self.analysis.main,
            "others": self.analysis.others,
            "suggested": suggested,
        }
        replace_file(directory / _TOLD, json.dumps(told).encode() + b"\n")


class Census:
    """Collects a whole: first `add` all entities, then `read` all of them again, unless nothing is to be suggested."""

    def __init__(self, folder: Path, *, suggest: bool) -> None:
        """`folder`, for what is counted in files, is made when it is needed, and removed in the end."""
        self._languages: Counter[str] = Counter()
        self._numbers = array("d"), array("d")
        self._counted = Counted(folder)
        self._suggester = Suggester(self._counted) if suggest else None

    def add(self, entity: Entity) -> None:
        """Count an entity."""
        popularity, years = self._numbers
        popularity.append(np.nan if entity.popularity is None else entity.popularity)
        years.append(year_of(entity))
        self._languages[language_of(entity.text or entity.title)] += 1
        if self._suggester is not None:
            self._counted.add(terms(entity))

    def read(self, entities: Iterable[Entity]) -> None:
        """See which values all texts name."""
        if self._suggester is not None:
            for entity in entities:
                self._suggester.read(entity)

    def whole(self) -> Whole:
        """Return what was collected."""
        popularity, years = self._numbers
        suggested = None if self._suggester is None else self._suggester.weights
        self._counted.remove()
        return Whole(
            entities=len(popularity),
            scale=Scale.of(popularity, years, points=POINTS),
            analysis=of_languages(self._languages),
            suggested=suggested,
        )
