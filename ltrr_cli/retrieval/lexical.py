"""lexical: BM25 over title, creator, attributes and text.

For each query word the best field counts, and the others a little (dis-max); titles count most, since people name what
they look for. A word's forms (its stems in the languages that the query may be in) are alternatives with one idf.
Function words count little, unless there is nothing else. Words that the index has as one ("spider man", spiderman)
may match so. Query words next to each other in a title count extra.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ltrr_cli.index.fulltext import TEXT_FIELDS
from ltrr_cli.retrieval.base import Hits
from ltrr_cli.retrieval.together import joined, parted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ltrr_cli.analysis.base import Slot
    from ltrr_cli.index.segment import Segment
    from ltrr_cli.index.view import View
    from ltrr_cli.retrieval.base import Request

FIELDS = (("title", 2.0), ("creator", 1.2), ("attributes", 1.0), ("text", 1.0))
TIE = 0.4
PHRASE = 1.0
COMMON = 0.5
"""Weight of a function word beside words that say something."""
_LONGEST_PHRASE = 8
_MOST_PARTED = 4
_MOST_OFTEN = 2.2
"""k1 + 1, the weight of a term that occurs very often."""


def text_query(segment: Segment, request: Request) -> Any:
    """Return the Tantivy query for a request's text, with idf taken over all segments; several arms ask for it."""
    asked = segment.name, request.query.text
    made = request.text_queries.get(asked)
    if made is None:
        made = request.text_queries[asked] = _text_query(segment, request)
    return made


def _text_query(segment: Segment, request: Request) -> Any:
    fulltext, view, asked = segment.fulltext, request.view, segment.analysis.query(request.query.text)
    little = COMMON if not all(slot.common for slot in asked.slots) else 1.0
    plain = dict(zip(request.understood.stems, request.understood.plain, strict=False))
    weights = [(little if slot.common else 1.0) * plain.get(slot.terms[0], 1.0) for slot in asked.slots]
    words = [word_query(segment, view, slot, weight) for slot, weight in zip(asked.slots, weights, strict=True)]
    parts: list[Any] = []
    seen: set[str] = set()
    place = 0
    for join in (*joined(asked.joins, segment), None):
        for slot, word in zip(asked.slots[place : join.start if join else None], words[place:], strict=False):
            if slot.terms[0] not in seen:
                parts.append(word)
            seen.add(slot.terms[0])
        if join:
            apart = fulltext.either(words[join.start : join.end])
            parts.append(fulltext.best([apart, word_query(segment, view, join.slot, 1.0)]))
            place = join.end
    if 1 < len(asked.slots) <= _LONGEST_PHRASE:
        weight = PHRASE * phrase_weight(segment, view, asked.slots)
        parts.append(fulltext.phrase("title", [slot.terms[0] for slot in asked.slots], weight))
    if request.understood.unseen:
        parts += [fulltext.phrase("title", pair, FIELDS[0][1]) for pair in _pairs(segment, view, asked.slots)]
    return fulltext.either(parts)


def _pairs(segment: Segment, view: View, slots: Sequence[Slot]) -> list[tuple[str, str]]:
    unseen = [slot for slot in slots if not any(view.frequencies(slot, TEXT_FIELDS))]
    return [pair for slot in unseen[:_MOST_PARTED] for pair in parted(slot, segment)]


def knows(request: Request) -> bool:
    """Whether the index knows any of the query's terms, written as they are, together or apart."""
    if len(request.understood.stems) > request.understood.unseen:
        return True
    for segment in request.view.segments:
        asked = segment.analysis.query(request.query.text)
        if any(joined(asked.joins, segment)) or _pairs(segment, request.view, asked.slots):
            return True
    return False


def word_query(segment: Segment, view: View, slot: Slot, weight: float) -> Any:
    """Return the query for one word; each form weighs as if it had the word's idf over all segments.

    A form with accents, as it was typed, has its own: it is the surer one.
    """
    if view.alone and len(slot.terms) == 1:
        term = slot.terms[0]
        return segment.fulltext.word([(field, term, boost * weight) for field, boost in FIELDS], TIE)
    forms = []
    frequencies = view.frequencies(slot, [field for field, _ in FIELDS])
    for (field, boost), frequency in zip(FIELDS, frequencies, strict=True):
        for term in slot.terms:
            here = view.idf(segment.fulltext.document_frequency(field, term), len(segment))
            factor = 1.0 if term == slot.word and not term.isascii() else view.idf(frequency) / here
            forms.append((field, term, boost * weight * factor))
    return segment.fulltext.word(forms, TIE)


def phrase_weight(segment: Segment, view: View, slots: Sequence[Slot]) -> float:
    """A phrase weighs the sum of its terms' idf in the segment: return what makes that the idf over all segments."""
    if view.alone:
        return 1.0
    everywhere = sum(view.idf(view.frequencies(slot, ["title"])[0]) for slot in slots)
    here = [segment.fulltext.document_frequency("title", slot.terms[0]) for slot in slots]
    return everywhere / sum(view.idf(frequency, len(segment)) for frequency in here)


def ceiling(request: Request) -> float:
    """Return about the highest score that an entity can have: all terms often, in its title."""
    asked = request.view.asked(request.query.text).slots
    little = COMMON if not all(slot.common for slot in asked) else 1.0
    common = {slot.terms[0] for slot in asked if slot.common}
    stems, idf = request.understood.stems, request.understood.idf
    weights = [little if stem in common else 1.0 for stem in stems]
    return sum(weight * one for weight, one in zip(weights, idf, strict=True)) * FIELDS[0][1] * _MOST_OFTEN


class Lexical:
    """BM25 (k1 1.2, b 0.75)."""

    name = "lexical"
    learns = False
    apart = True

    def applies(self, request: Request) -> bool:
        """Whether the index knows any of the query's terms."""
        return knows(request)

    def retrieve(self, request: Request, depth: int) -> Hits:
        """Return the best by BM25."""
        found = request.view.search(
            lambda segment, limit: segment.fulltext.search(text_query(segment, request), limit), depth
        )
        return Hits(*found)


strategy = Lexical
