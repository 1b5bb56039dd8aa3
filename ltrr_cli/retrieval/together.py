"""Words that a query writes together and a title apart, or the other way round: spiderman, "spider man", spider-man.

The index decides: two words are also looked for as one if a title has the one; a word that the index has nowhere is
looked for as two that stand next to each other in a title.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltrr_cli.analysis.normal import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ltrr_cli.analysis.base import Join, Slot
    from ltrr_cli.index.segment import Segment

NAMES = ("title", "creator")
"""Fields that say whether the index knows words written together."""
_LEAST = 3
"""Characters of each part of a word that is taken apart."""


def joined(joins: Sequence[Join], segment: Segment) -> Iterator[Join]:
    """Yield the joins that names in the segment have as one word, none over another."""
    done = 0
    for join in joins:
        if join.start >= done and any(known(segment, field, join.slot.terms) for field in NAMES):
            done = join.end
            yield join


def parted(slot: Slot, segment: Segment) -> list[tuple[str, str]]:
    """Return the pairs of terms, both of titles, that the word may be without its space."""
    word = plain(slot.word)
    if not word.isalpha() or not word.isascii():
        return []
    found = []
    for place in range(_LEAST, len(word) - _LEAST + 1):
        first = segment.analysis.terms(word[:place], slot.language)[:1]
        if known(segment, "title", first):
            second = segment.analysis.terms(word[place:], slot.language)[:1]
            if known(segment, "title", second):
                found.append((first[0], second[0]))
    return found


def known(segment: Segment, field: str, terms: Sequence[str]) -> bool:
    """Whether any of the terms occurs in the field."""
    return any(segment.fulltext.document_frequency(field, term) for term in terms)
