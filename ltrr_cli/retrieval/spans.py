"""A query of which some words may be others: its doubtful spans, and the full-text query over all that they may be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ltrr_cli.index.fulltext import TEXT_FIELDS
from ltrr_cli.retrieval.lexical import COMMON, PHRASE, phrase_weight, word_query
from ltrr_cli.retrieval.variants import Variant, slots_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ltrr_cli.index.segment import Segment
    from ltrr_cli.index.view import View

_LONGEST_PHRASE = 8


@dataclass(frozen=True, slots=True)
class Span:
    """The query's slots from `start` to `end` and what they may stand for, likeliest first.

    `known`: the index has the word as it was typed, and it may be meant.
    """

    start: int
    end: int
    variants: tuple[Variant, ...]
    known: bool = False


def fuzzy_query(segment: Segment, view: View, text: str, spans: Sequence[Span], meant: str = "") -> Any:
    """Return the query in which each span may be any of its variants, all with the idf of the likeliest.

    With `meant`, its words next to each other in a title count extra, as in the arm lexical.
    """
    fulltext, slots = segment.fulltext, segment.analysis.query(text).slots
    little = COMMON if not all(slot.common for slot in slots) else 1.0
    doubtful = {span.start: span for span in spans}
    parts: list[Any] = []
    place = 0
    while place < len(slots):
        span = doubtful.get(place)
        if span is None:
            parts.append(word_query(segment, view, slots[place], little if slots[place].common else 1.0))
            place += 1
            continue
        found = (
            [fulltext.either([word_query(segment, view, slot, 1.0) for slot in slots[place : span.end]])]
            if span.known
            else []
        )
        rarity = 0.0
        for variant in span.variants:
            own = slots_of(segment, variant, slots[place].language)
            idf = max(view.idf(min(view.total, max(view.frequencies(slot, TEXT_FIELDS)))) for slot in own)
            rarity = rarity or idf
            factor = variant.weight * min(1.0, rarity / idf)
            found.append(fulltext.either([word_query(segment, view, slot, factor) for slot in own]))
        parts.append(fulltext.best(found))
        place = span.end
    if meant:
        asked = segment.analysis.query(meant).slots
        if 1 < len(asked) <= _LONGEST_PHRASE:
            weight = PHRASE * phrase_weight(segment, view, asked)
            parts.append(fulltext.phrase("title", [slot.terms[0] for slot in asked], weight))
    return fulltext.either(parts)
