"""What a query was probably meant to be, where it looks mistyped, or where its last word is not complete.

Words that the index knows are left alone, unless no entity has all of the query's words and one has them once a word
is taken for a near one. What an unknown word stands for, the entities decide: those that match the other words best
say which of its variants is meant, so that "taalor swift" is a Taylor and "taalor of panama" a tailor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.analysis.normal import normal, plain
from ltrr_cli.index.fulltext import TEXT_FIELDS
from ltrr_cli.index.words import stem_hashes
from ltrr_cli.retrieval.spans import Span, fuzzy_query
from ltrr_cli.retrieval.variants import LEAST, SHORTEST, Variant, likelier, slots_of, together, variants

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from ltrr_cli.analysis.base import Slot
    from ltrr_cli.index.view import View

RARE = 2
"""Entities that have a word which may still be a mistyped one: catalogues have typing errors, too."""
_MUCH_MORE = 50.0
"""How many times as often as a rare word another must occur to be meant in its place."""
_MORE = 10.0
"""The same where no entity has all of the query's words, and some have once the one is taken for the other."""
_MOST_LOOKED_UP = 6
"""Words of a query that are looked for among near ones; a pasted text is not corrected to its end."""
_MOST_WORDS = 4
"""Words of a query whose known words may be doubted."""
_VOTERS = 5
_SHARP = 8
_DOUBT = 0.5
"""Weight of another word beside one that the index knows."""


@dataclass(frozen=True, slots=True)
class Correction:
    """The doubtful spans of a query, and the whole `text` as it was most probably meant: "" where nothing is doubtful.

    `more`: entities have all words of the text, and none, or far fewer, those of the query as it was `typed`.
    """

    spans: tuple[Span, ...] = ()
    text: str = ""
    more: bool = False
    typed: str = ""

    @property
    def sure(self) -> bool:
        """Whether the query may be read as the text: no word of it is known otherwise, and entities have all words."""
        return self.more and not any(span.known for span in self.spans)


NOTHING = Correction()


def correct(view: View, text: str, sure: Collection[str] = ()) -> Correction:
    """Return what a query may have been meant to be; words whose stems are `sure` are not doubted."""
    slots = view.asked(text).slots
    if not slots or not any(segment.spelling is not None for segment in view.segments):
        return NOTHING
    counts = [max(view.frequencies(slot, TEXT_FIELDS)) for slot in slots]
    complete = text[-1:].isspace()
    doubted = [not slot.common and slot.terms[0] not in sure for slot in slots]
    spans = _unknown(view, slots, counts, doubted, complete=complete)
    if not spans and 0 not in counts:
        spans = _doubtful(view, slots, doubted, complete=complete)
    if not spans:
        return NOTHING
    chosen = _choose(view, slots, spans)
    meant = _written(text, slots, [(span, variant) for span, variant in zip(spans, chosen, strict=True)])
    # One word of few letters may be anything: initials, the beginning of a word that is still being typed.
    short = len(slots) == 1 and len(slots[0].word) < SHORTEST
    more = not short and _more(view, slots, counts, list(zip(spans, chosen, strict=True)))
    return Correction(tuple(spans), meant, more, text)


def _unknown(
    view: View, slots: Sequence[Slot], counts: Sequence[int], doubted: Sequence[bool], *, complete: bool
) -> list[Span]:
    """Return the spans of `doubted` words that the index does not know, or hardly, but has variants of."""
    spans: list[Span] = []
    done = looked_up = 0
    for place, (slot, count) in enumerate(zip(slots, counts, strict=True)):
        if place < done or count > RARE or not doubted[place] or looked_up >= _MOST_LOOKED_UP:
            continue
        looked_up += 1
        if count:
            found = [] if len(slot.word) < SHORTEST else likelier(view, slot.word, _MUCH_MORE, last=False)
            span = Span(place, place + 1, tuple(found), known=True)
        elif joined := _joined(view, slots, place, done):
            span = joined
        else:
            found = variants(view, slot.word, last=not complete and place == len(slots) - 1)
            if len(slot.word) < SHORTEST and len(slots) == 1:  # initials, or a beginning: "abc" is not "AC/DC"
                found = [one for one in found if plain(one.words[0]).startswith(plain(slot.word))]
            elif len(slot.word) < SHORTEST:
                others = [one for one, count in zip(slots, counts, strict=True) if count and not one.common]
                found = [
                    one for one in found if others and _count(view, [*others, *slots_of(view.segments[-1], one, "")])
                ]
            span = Span(place, place + 1, tuple(found))
        if span.variants:
            spans.append(span)
            done = span.end
    return spans


def _joined(view: View, slots: Sequence[Slot], place: int, done: int) -> Span | None:
    """Return the word and the one before or after it as one, if names have that."""
    for start in (place - 1, place):
        if done <= start and start + 1 < len(slots):
            one = together(view, slots[start].word, slots[start + 1].word)
            if one is not None:
                return Span(start, start + 2, (one,))
    return None


def _doubtful(view: View, slots: Sequence[Slot], doubted: Sequence[bool], *, complete: bool) -> list[Span]:
    """Return the one word that is to be doubted, where no entity has all words and some would with a near one."""
    telling = [place for place in range(len(slots)) if doubted[place]]
    if not 2 <= len(telling) <= _MOST_WORDS or _count(view, [slots[place] for place in telling]):
        return []
    best: tuple[int, Span] | None = None
    for place in telling:
        slot = slots[place]
        last = not complete and place == len(slots) - 1
        if len(slot.word) < (LEAST if last else SHORTEST):
            continue
        near = likelier(view, slot.word, _MORE, last=last)
        others = [slots[other] for other in telling if other != place]
        found = [_count(view, [*others, *slots_of(view.segments[-1], one, slot.language)]) for one in near]
        good = tuple(Variant(one.words, _DOUBT) for one, count in zip(near, found, strict=True) if count)
        if good and (best is None or max(found) > best[0]):
            best = (max(found), Span(place, place + 1, good, known=True))
    return [best[1]] if best else []


def _count(view: View, slots: Sequence[Slot]) -> int:
    """Return how many entities have all these words, those deleted included."""
    total = 0
    for segment in view.segments:
        forms = [
            slot.terms if segment is view.segments[-1] else segment.analysis.terms(slot.word, slot.language)
            for slot in slots
        ]
        total += segment.fulltext.count(forms)
    return total


def _choose(view: View, slots: Sequence[Slot], spans: Sequence[Span]) -> list[Variant]:
    """Return each span's variant that the best entities have, weighed by how likely it is."""
    text = " ".join(slot.word for slot in slots)
    if all(len(span.variants) == 1 for span in spans):
        return [span.variants[0] for span in spans]
    rows, scores = view.search(
        lambda segment, limit: segment.fulltext.search(
            fuzzy_query(segment, view, text, spans), limit, by_popularity=True
        ),
        _VOTERS,
    )
    flat = [(number, variant) for number, span in enumerate(spans) for variant in span.variants]
    votes = np.zeros(len(flat))
    weights = (scores / max(float(scores[0]), 1e-9)) ** _SHARP if len(rows) else scores
    for segment, places, own in view.by_segment(rows):
        if segment.words is None:
            continue
        terms = [[slot.terms[0] for slot in slots_of(segment, variant, "")] for _, variant in flat]
        stems = list(dict.fromkeys(term for some in terms for term in some))
        has = segment.words.match(own, stem_hashes(stems)).counts.sum(0) > 0
        for number, some in enumerate(terms):
            votes[number] += has[:, [stems.index(term) for term in some]].all(1) @ weights[places]
    chosen = []
    for number in range(len(spans)):
        mine = [place for place, (owner, _) in enumerate(flat) if owner == number]
        best = max(mine, key=lambda place: (flat[place][1].weight * (0.05 + votes[place]), -place))
        chosen.append(flat[best][1])
    return chosen


def _written(text: str, slots: Sequence[Slot], chosen: Sequence[tuple[Span, Variant]]) -> str:
    """Return the text with the chosen words in their places."""
    found, out, read = normal(text), [], 0
    meant = {span.start: (span, variant) for span, variant in chosen}
    end = 0
    for place, slot in enumerate(slots):
        at = found.find(slot.word, read if place == 0 else max(0, read - 1))
        if at < 0:
            continue
        if place in meant:
            span, variant = meant[place]
            out.append(found[end:at])
            out.append(" ".join(variant.words))
            last = slots[span.end - 1].word
            end = found.find(last, at if span.end - 1 == place else at + len(slot.word)) + len(last)
        read = at + len(slot.word)
    out.append(found[end:])
    return " ".join("".join(out).split())


def _more(view: View, slots: Sequence[Slot], counts: Sequence[int], chosen: Sequence[tuple[Span, Variant]]) -> bool:
    """Whether entities have all meant words that the index knows, and none, or far fewer, those that were typed."""
    changed = {place for span, _ in chosen for place in range(span.start, span.end)}
    kept = [slot for place, slot in enumerate(slots) if place not in changed and counts[place] and not slot.common]
    meant = [slot for _, variant in chosen for slot in slots_of(view.segments[-1], variant, "")]
    found = _count(view, [*meant, *kept][:_MOST_WORDS])
    return found > 0 and found >= _MORE * _count(
        view, [*(slots[place] for place in sorted(changed)), *kept][:_MOST_WORDS]
    )
