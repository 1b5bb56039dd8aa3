"""The contract of an analysis: which terms stand for a text in the index, and for a query."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_CHARACTERS = 8192
"""Of a query; what is further is not looked at: 64 words of 64 characters, and room between them."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One word of a query. `terms` are the forms that it may have in the index, the surest first; any of them counts.

    `language` is the one that the query was guessed to be in. `common`: the word is one of its function words and says
    little.
    """

    word: str
    terms: tuple[str, ...]
    language: str = ""
    common: bool = False


@dataclass(frozen=True, slots=True)
class Join:
    """Slots from `start` up to `end` that may also be written as one word."""

    start: int
    end: int
    slot: Slot


@dataclass(frozen=True, slots=True)
class Asked:
    """A query as an index sees it: its words in order, and which of them may be written together."""

    slots: tuple[Slot, ...]
    joins: tuple[Join, ...] = ()


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of a document, in order. `places` are their positions: without them each has the next one, from 0."""

    words: Sequence[str]
    places: Sequence[int] | None = None

    def placed(self) -> list[tuple[int, str]]:
        """Return the (position, term)."""
        return list(enumerate(self.words) if self.places is None else zip(self.places, self.words, strict=True))

    def surest(self) -> Sequence[str]:
        """Return the first term of each position, in order: an analysis names a word's surest form first."""
        if self.places is None:
            return self.words
        first = dict(zip(reversed(self.places), reversed(self.words), strict=True))
        return [first[place] for place in sorted(first)]


class Analysis(Hashable, Protocol):
    """How a segment's texts were cut and stemmed. What it makes of a text never changes: segments are kept.

    Whatever is typed as it stands in a document finds it.
    """

    version: int

    def document(self, text: str, language: str) -> Terms:
        """Return the terms of a text in a language ("" if unknown); forms of a word share a position."""

    def query(self, text: str) -> Asked:
        """Return what a query asks for: at most `text.MAX_WORDS` slots."""

    def alternatives(self, text: str) -> list[tuple[str, ...]]:
        """Return the terms of each of `query`'s slots, and nothing else: a build asks millions of times."""

    def terms(self, word: str, language: str) -> tuple[str, ...]:
        """Return the terms that stand for one `Slot.word`."""
