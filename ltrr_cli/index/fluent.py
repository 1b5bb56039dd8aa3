"""What a segment knows of its encoder: how well it reads each language of the segment's texts."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Texts of one language ("" unknown) and script: how many, and in [0, 1] how well the encoder knows them."""

    language: str
    script: str
    texts: int
    known: float


@dataclass(frozen=True, slots=True)
class Fluency:
    """All groups of some segments; without any, the encoder is trusted."""

    groups: tuple[Group, ...] = ()

    def of(self, language: str, script: str) -> float:
        """Return how well the encoder knows a query's language, in [0, 1].

        Where the language is not known, or no text is in it, it is the mean over the texts in the query's script; where
        there are none, over all.
        """
        for wanted in (
            [one for one in self.groups if language and one.language == language],
            [one for one in self.groups if one.script == script],
            self.groups,
        ):
            if wanted:
                return sum(one.known * one.texts for one in wanted) / sum(one.texts for one in wanted)
        return 1.0

    def to_rows(self) -> list[dict[str, Any]]:
        """Return the JSON form."""
        return [asdict(group) for group in self.groups]

    @classmethod
    def from_rows(cls, rows: Sequence[dict[str, Any]]) -> Fluency:
        """Read `to_rows`'s form; KeyError, TypeError or ValueError if it is not one."""
        return cls(
            tuple(
                Group(
                    language=str(row["language"]),
                    script=str(row["script"]),
                    texts=max(1, int(row["texts"])),
                    known=min(1.0, max(0.0, float(row["known"]))),
                )
                for row in rows
            )
        )
