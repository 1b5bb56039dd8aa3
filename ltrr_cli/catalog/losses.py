"""What is left out of entities that are otherwise good."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ltrr_cli.catalog.schema import Schema

MAX_VALUE = 256
"""Characters of an attribute value."""
MAX_VALUES = 64
"""Values of one attribute."""


@dataclass(slots=True)
class Losses:
    """Counts."""

    untitled: int = 0
    cut_texts: int = 0
    long_values: int = 0
    many_values: int = 0
    no_popularity: int = 0
    retitled: int = 0

    def notes(self, schema: Schema) -> list[str]:
        """Return one sentence for each kind of loss."""
        said = (
            (self.untitled if schema.title else 0, "title is empty", "titles are empty"),
            (self.cut_texts, "text was cut at 1 MB", "texts were cut at 1 MB"),
            (
                self.long_values,
                f"value of more than {MAX_VALUE} characters was left out",
                f"values of more than {MAX_VALUE} characters were left out",
            ),
            (
                self.many_values,
                f"attribute was cut at {MAX_VALUES} values",
                f"attributes were cut at {MAX_VALUES} values",
            ),
            (
                self.retitled,
                "entity has several titles: the first is its title, the others are its aliases",
                "entities have several titles: the first is the title, the others are aliases",
            ),
            (self.no_popularity, "popularity value is no finite number", "popularity values are no finite numbers"),
        )
        return [f"{count:,} {one if count == 1 else many}" for count, one, many in said if count]
