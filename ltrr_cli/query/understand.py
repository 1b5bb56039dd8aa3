"""Query understanding: spans of the query that are values of attributes, as soft readings.

Every span of up to six words is looked up among the catalogue's own values. A span keeps all its readings ("love" as a
mood and as a genre); shorter spans inside a longer one that reads are dropped ("love" in "love story").
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.index.fulltext import TEXT_FIELDS
from ltrr_cli.index.values import MAX_WORDS as MAX_SPAN
from ltrr_cli.records import Tag, Understood
from ltrr_cli.text import MAX_WORDS, hash64, tokens

if TYPE_CHECKING:
    from ltrr_cli.index.view import View

_DECADE = re.compile(r"(\d0)s")
_SURE = 0.9
_UNSURE = 0.6


def understand(text: str, view: View) -> Understood:
    """Read a query against the values and terms of the index."""
    words = tokens(text)[:MAX_WORDS]
    slots = {slot.terms[0]: slot for slot in view.asked(text).slots}
    frequencies = [max(view.frequencies(slot, TEXT_FIELDS)) for slot in slots.values()]
    return Understood(
        text=text,
        words=tuple(words),
        stems=tuple(slots),
        idf=tuple(view.idf(min(frequency, view.rows)) for frequency in frequencies),
        unseen=frequencies.count(0),
        tags=tuple(_tags(words, view)),
    )


def _spans(words: list[str]) -> list[tuple[int, int, str]]:
    """Return (start, end, key) of every span, with plural and decade forms beside the words themselves."""
    spans = []
    for start in range(len(words)):
        for end in range(start + 1, min(len(words), start + MAX_SPAN) + 1):
            phrase = " ".join(words[start:end])
            spans.append((start, end, phrase))
            decade = _DECADE.fullmatch(phrase)
            if decade:
                spans.append((start, end, f"{19 if int(decade[1]) >= 30 else 20}{phrase}"))
            elif phrase.endswith("s") and len(phrase) > 3:
                spans.append((start, end, phrase[:-1]))
    return spans


def _tags(words: list[str], view: View) -> list[Tag]:
    spans = _spans(words)
    if not spans:
        return []
    hashes = np.array([hash64(phrase) for _, _, phrase in spans], np.uint64)
    counts: dict[tuple[int, str], int] = {}
    for segment in view.segments:
        for place, attribute, count in segment.values.readings(hashes):
            counts[place, attribute] = counts.get((place, attribute), 0) + count
    longest = [
        (start, end)
        for start, end in {spans[place][:2] for place, _ in counts}
        if not any(
            other != (start, end) and other[0] <= start and end <= other[1]
            for other in {spans[p][:2] for p, _ in counts}
        )
    ]
    found = []
    for (place, attribute), count in counts.items():
        start, end, value = spans[place]
        if (start, end) in longest:
            mass = sum(math.log1p(other) for (p, _), other in counts.items() if spans[p][:2] == (start, end))
            sure = _SURE if end - start > 1 or end - start == len(words) else _UNSURE
            found.append(
                Tag(
                    start=start,
                    end=end,
                    attribute=attribute,
                    value=value,
                    probability=sure * math.log1p(count) / mass,
                    count=count,
                )
            )
    return sorted(found, key=lambda tag: (tag.start, -tag.probability, tag.attribute, tag.value))
