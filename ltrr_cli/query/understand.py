"""Query understanding: spans of the query that are values, types, titles or ranges, as soft readings.

Every span that may be a phrase of the dictionary is looked up. A span keeps all its readings ("love" as a mood, a genre
and a title); spans that overlap share their probability over all ways to cut the query (`lattice`).
"""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ltrr_cli.index.dictionary import TITLE, TYPE
from ltrr_cli.index.fulltext import TEXT_FIELDS
from ltrr_cli.memory.trust import NO_TRUST
from ltrr_cli.query.forms import forms
from ltrr_cli.query.lattice import posteriors
from ltrr_cli.query.ranges import ranges
from ltrr_cli.records import Tag, Understood
from ltrr_cli.text import MAX_WORDS, hash64, key, token_hash, tokens

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from ltrr_cli.index.view import View
    from ltrr_cli.memory.trust import Trust
    from ltrr_cli.records import Range

SURE, UNSURE = 0.9, 0.6
"""Probability that a value is meant by a whole query or several words, and by a word among others."""
TITLE_WORD = 0.3
"""The same of a title that is a single word among others."""
_COMMON = 0.05
"""The same of a function word among others."""
_LONGER = 3.0
"""Each word of a span beyond two makes the odds of its readings so many times higher."""
_LEAST = 0.02
"""Less probable readings are left out."""
_WITHIN = 5.0
"""A reading within a longer one that is so many times as probable is left out, too."""
_TYPES = 8
_MEANT = 0.8
"""Probability from which on a range takes its words."""


def understand(text: str, view: View, trust: Trust = NO_TRUST, scale: float = 1.0) -> Understood:
    """Read a query against the values and terms of the index.

    `trust` is what feedback says of readings, `scale` what a choice of today weighs in it.
    """
    words = tokens(text)[:MAX_WORDS]
    asked = view.asked(text).slots
    slots = {slot.terms[0]: slot for slot in asked}
    frequencies = [max(view.frequencies(slot, TEXT_FIELDS)) for slot in slots.values()]
    asked_for = ranges(text, words, view, lambda name, form, prior: trust.probability(name, form, prior, scale))
    common = frozenset(slot.word for slot in asked if slot.common)
    tags = _beside(_tags(words, common, view, trust, scale), asked_for)
    meant = _meant(words, asked_for)
    plain = tuple(1.0 - meant.get(slot.word, 0.0) for slot in slots.values())
    return Understood(
        text=text,
        words=tuple(words),
        stems=tuple(slots),
        idf=tuple(view.idf(min(count, view.rows)) * share for count, share in zip(frequencies, plain, strict=True)),
        unseen=frequencies.count(0),
        tags=tags,
        ranges=asked_for,
        types=_types(tags),
        plain=plain,
    )


class _Meaning(NamedTuple):
    """A reading of a span, over all segments: how many entities, of which types, with what weight of suggestions."""

    start: int
    end: int
    attribute: str
    value: str
    entities: int
    types: dict[str, int]
    suggested: float


def _spans(words: Sequence[str], view: View) -> list[tuple[int, int, str]]:
    """Return (start, end, key) of every span that may be a phrase, in the forms that its last word may have."""
    reach = view.phrase_reach(np.array([token_hash(word) for word in words], np.uint64))
    spans = []
    for start, longest in enumerate(reach):
        before = ""
        for end in range(start + 1, min(len(words), start + max(1, longest)) + 1):
            last = words[end - 1]
            spans += [(start, end, before + form) for form in forms(last)]
            before += f"{last} "
    return spans


def _meanings(words: Sequence[str], view: View) -> list[_Meaning]:
    spans = _spans(words, view)
    if not spans:
        return []
    hashes = [(token_hash if end - start == 1 else hash64)(phrase) for start, end, phrase in spans]
    wanted = np.array(hashes, np.uint64)
    found: dict[tuple[int, int, str, str], _Meaning] = {}
    for segment in view.segments:
        for place, reading in segment.values.readings(wanted):
            start, end, phrase = spans[place]
            if reading.attribute == TITLE and phrase != " ".join(words[start:end]):
                continue  # names have no plural
            value = reading.word or phrase
            name = (start, end, reading.attribute, value)
            known = found.get(name)
            if known is None:
                found[name] = _Meaning(*name, reading.entities, dict(reading.types), reading.suggested)
            else:
                for kind, count in reading.types:
                    known.types[kind] = known.types.get(kind, 0) + count
                found[name] = known._replace(
                    entities=known.entities + reading.entities, suggested=max(known.suggested, reading.suggested)
                )
    return list(found.values())


def _tags(words: Sequence[str], common: Collection[str], view: View, trust: Trust, scale: float) -> tuple[Tag, ...]:
    meanings = _meanings(words, view) if words else []
    mass: dict[tuple[int, int], float] = {}
    for one in meanings:
        mass[one[:2]] = mass.get(one[:2], 0.0) + math.log1p(one.entities)
    telling = [0, *accumulate(word not in common for word in words)]
    told: list[tuple[_Meaning, str]] = []
    spans = []
    for one in meanings:
        form = "whole" if one.end - one.start == len(words) else "phrase" if one.end - one.start > 1 else "word"
        odds = _odds(one, form, telling[one.end] - telling[one.start], trust, scale)
        told.append((one, form))
        spans.append((one.start, one.end, odds * math.log1p(one.entities) / mass[one[:2]]))
    likely = posteriors(len(words), spans)
    best: dict[tuple[int, int], float] = {}
    for (start, end, _), probability in zip(spans, likely, strict=True):
        best[start, end] = max(probability, best.get((start, end), 0.0))
    outdone = _longer(best)
    found = [
        Tag(
            start=one.start,
            end=one.end,
            attribute=one.attribute,
            value=one.value,
            probability=probability,
            count=one.entities,
            types=tuple((kind, count / one.entities) for kind, count in sorted(one.types.items())),
            suggested=one.suggested,
            form=form,
        )
        for (one, form), probability in zip(told, likely, strict=True)
        if probability >= _LEAST and outdone[one.start, one.end] < _WITHIN * probability
    ]
    return tuple(sorted(found, key=lambda tag: (tag.start, -tag.probability, tag.attribute, tag.value)))


def _meant(words: Sequence[str], asked_for: Sequence[Range]) -> dict[str, float]:
    """Return how probably a word that stands in sure ranges only is part of one: "under" and "20" in "under $20"."""
    if not asked_for:
        return {}
    meant: dict[str, float] = {}
    for place, word in enumerate(words):
        share = sum(one.probability for one in asked_for if one.start <= place < one.end)
        meant[word] = min(share if share >= _MEANT else 0.0, meant.get(word, 1.0))
    return meant


def _beside(tags: tuple[Tag, ...], asked_for: Sequence[Range]) -> tuple[Tag, ...]:
    """Return the tags; one that shares words with a range is meant only if the range is not: 1999 in "before 1999"."""
    if not asked_for:
        return tags
    found = []
    for tag in tags:
        meant = sum(one.probability for one in asked_for if tag.start < one.end and one.start < tag.end)
        probability = tag.probability * max(0.0, 1 - meant)
        if probability >= _LEAST:
            found.append(replace(tag, probability=probability) if meant else tag)
    return tuple(sorted(found, key=lambda tag: (tag.start, -tag.probability, tag.attribute, tag.value)))


def _longer(best: Mapping[tuple[int, int], float]) -> dict[tuple[int, int], float]:
    """Return for each span the highest probability of a longer one that it lies within, 0 where there is none."""
    return {
        (start, end): max(
            [
                probability
                for (first, last), probability in best.items()
                if first <= start and end <= last and last - first > end - start
            ],
            default=0.0,
        )
        for start, end in best
    }


def _odds(one: _Meaning, form: str, told: int, trust: Trust, scale: float) -> float:
    """Return the odds that a span, `told` of whose words say something, means this value, against plain words."""
    length = one.end - one.start
    alone = TITLE_WORD if one.attribute == TITLE and length == 1 else UNSURE
    prior = SURE if form == "whole" or told > 1 else alone
    likely = trust.probability(one.attribute, form, prior, scale)
    odds = likely / (1 - likely)
    if form != "whole" and not told:
        odds *= _COMMON
    return odds * _LONGER ** max(0, length - 2)


def _types(tags: Sequence[Tag]) -> tuple[tuple[str, float], ...]:
    """Return the types that a query may be after: those it names, and those of the titles in it."""
    missed: dict[str, float] = {}
    for tag in tags:
        if tag.attribute == TYPE:
            missed[tag.value] = missed.get(tag.value, 1.0) * (1 - tag.probability)
        elif tag.attribute == TITLE:
            for kind, share in tag.types:
                if name := key(kind):
                    missed[name] = missed.get(name, 1.0) * (1 - tag.probability * share)
    likely = [(kind, 1 - miss) for kind, miss in missed.items()]
    return tuple(sorted(likely, key=lambda one: (-one[1], one[0]))[:_TYPES])
