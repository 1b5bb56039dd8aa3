"""The contract of an analysis: which terms stand for a text in the index, and for a query."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Protocol

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


class Analysis(Hashable, Protocol):
    """How a segment's texts were cut and stemmed. What it makes of a text never changes: segments are kept.

    Whatever is typed as it stands in a document finds it.
    """

    version: int

    def document(self, text: str, language: str) -> list[tuple[int, str]]:
        """Return (position, term) of a text in a language ("" if unknown); forms of a word share a position."""

    def query(self, text: str) -> Asked:
        """Return what a query asks for: at most `text.MAX_WORDS` slots."""

    def alternatives(self, text: str) -> list[tuple[str, ...]]:
        """Return the terms of each of `query`'s slots, and nothing else: a build asks millions of times."""

    def terms(self, word: str, language: str) -> tuple[str, ...]:
        """Return the terms that stand for one `Slot.word`."""
