"""Which words a mistyped word may have been meant as: near spellings, completions, two words for one, one for two.

A noisy channel (Kernighan, Church and Gale, A spelling correction program based on a noisy channel model, COLING 1990):
a variant is as likely as the square root of how often its word occurs (what people look for is spread more evenly
than what there is), times how likely it is mistyped so, e^(−λ·cost).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from ltrr_cli.analysis.base import Slot
from ltrr_cli.analysis.normal import plain
from ltrr_cli.index.edits import one_error
from ltrr_cli.index.spelling import spellable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ltrr_cli.index.segment import Segment
    from ltrr_cli.index.spelling import Spelling
    from ltrr_cli.index.view import View

SHORTEST = 4
"""Letters of a word that may be mistyped: among shorter ones nearly all are near each other."""
LEAST = 3
"""Letters of a word that may be mistyped if what it is taken for goes with the query's other words."""
LONG = 8
"""Letters from which on a word may have two errors."""
LEAST_PREFIX = 2
LAMBDA = 4.0
COMPLETED = 0.5
"""The cost of a word that is not complete yet."""
PARTED = 0.8
"""The cost of a space left out, or put in."""
_FIELDS = (8.0, 4.0, 1.0, 0.2)
"""How much an entity counts that has the word in its title, creator, attributes or text: people look for names."""
_LEAST_PART = 2
_MOST = 6
_MOST_COMPLETIONS = 5
_LEAST_WEIGHT = 0.03
_MOST_KEPT = 4096
_ROUNDING = 1e-9
"""Sums of the same numbers may differ by so much of them."""


_Candidate = tuple[tuple[str, ...], float, float]
"""Words, how often they occur, and what it costs to type them so."""


@dataclass(frozen=True, slots=True)
class Variant:
    """Words that a query's word, or two of them, may have been meant as; `weight` in (0, 1], 1 for the likeliest."""

    words: tuple[str, ...]
    weight: float


_Asked = tuple[str, bool, float]
_kept: WeakKeyDictionary[View, dict[_Asked, list[Variant]]] = WeakKeyDictionary()
"""The variants of the last words asked for: whatever is typed, the same words come again."""


def variants(view: View, word: str, *, last: bool) -> list[Variant]:
    """Return what an unknown word may stand for, likeliest first; the last word of a query may be incomplete."""
    return _once(view, (word, last, 0.0), lambda: _variants(view, word, last=last, near=2.0))


def likelier(view: View, word: str, times: float, *, last: bool) -> list[Variant]:
    """Return the same of a known word, at most one error away, as far as it occurs so many `times` as often."""

    def found() -> list[Variant]:
        least = times * (1 + frequency(view, word))
        if not _occurs(view, plain(word), least, last=last):
            return []
        near = _variants(view, word, last=last, near=1.0)
        return [one for one in near if all(frequency(view, own) >= least for own in one.words)]

    return _once(view, (word, last, times), found)


def _once(view: View, asked: _Asked, make: Callable[[], list[Variant]]) -> list[Variant]:
    kept = _kept.setdefault(view, {})
    found = kept.get(asked)
    if found is None:
        if len(kept) >= _MOST_KEPT:
            kept.clear()
        found = kept[asked] = make()
    return found


def _occurs(view: View, word: str, least: float, *, last: bool) -> bool:
    """Whether a variant of a word without accents, with one error at most, may have words that all occur so often.

    It is much quicker than to make the variants, and seldom true: most words that people type are no typing errors.
    """
    each = least * (1 - _ROUNDING) / max(1, len(view.segments))
    for spelling in [segment.spelling for segment in view.segments if segment.spelling is not None]:
        places = spelling.alike(word, 1)
        often = places[spelling.counts[places] @ _FIELDS >= each].tolist()
        if any(one_error(word, spelling.plain(place)) for place in often):
            return True
        if last and (spelling.counts[spelling.completions(word)] @ _FIELDS >= each).any():
            return True
    cuts = range(_LEAST_PART, len(word) - _LEAST_PART + 1) if len(word) >= SHORTEST else ()
    return any(frequency(view, word[:cut]) >= each and frequency(view, word[cut:]) >= each for cut in cuts)


def _variants(view: View, word: str, *, last: bool, near: float) -> list[Variant]:
    bare = plain(word)
    if not spellable(bare):
        return []
    found: dict[tuple[str, ...], tuple[float, float]] = {}
    limit = min(near, 1.0 if len(bare) < LONG else 2.0)
    for segment in view.segments:
        if (spelling := segment.spelling) is None:
            continue
        own = _near(spelling, bare, limit) if len(bare) >= LEAST else []
        if len(bare) >= SHORTEST:
            own += [(pair, 1.0, PARTED) for pair in _parts(segment, spelling, bare)]
        if last and len(bare) >= LEAST_PREFIX:
            own += _completed(spelling, bare)
        for words, often, cost in own:
            known, least = found.get(words, (0.0, cost))
            found[words] = (known + often, min(least, cost))
    return _weighed((words, _log(*likely)) for words, likely in found.items())


def _near(spelling: Spelling, word: str, limit: float) -> list[_Candidate]:
    places, costs = spelling.near(word, limit)
    return [
        ((spelling.word(place),), _frequency(spelling.counts[place].tolist()), cost)
        for place, cost in zip(places.tolist(), costs.tolist(), strict=True)
        if cost > 0
    ]


def _completed(spelling: Spelling, start: str) -> list[_Candidate]:
    """Return the most frequent words that begin so."""
    places = spelling.completions(start)
    often = spelling.counts[places] @ _FIELDS
    best = (-often).argsort(kind="stable")[:_MOST_COMPLETIONS].tolist()
    found = [((spelling.word(int(places[one])),), float(often[one]), COMPLETED) for one in best]
    return [one for one in found if plain(one[0][0]) != start]


def together(view: View, first: str, second: str) -> Variant | None:
    """Return the one word that two neighbours may be, the space being a mistake; None where names have none."""
    bare = plain(first + second)
    for segment in view.segments:
        spelling = segment.spelling
        if spelling is not None and spellable(bare):
            place = spelling.find(bare)
            if place is not None and spelling.counts[place][:2].any():
                return Variant((spelling.word(place),), 1.0)
    return None


def frequency(view: View, word: str) -> float:
    """Return how often a word occurs in the spelling it has, in entities, those that are named so counting more."""
    bare, total = plain(word), 0.0
    for segment in view.segments:
        if segment.spelling is not None and (place := segment.spelling.find(bare)) is not None:
            total += _frequency(segment.spelling.counts[place].tolist())
    return total


def _log(frequency: float, cost: float) -> float:
    return 0.5 * math.log1p(frequency) - LAMBDA * cost


def _frequency(counts: Sequence[int]) -> float:
    return sum(weight * count for weight, count in zip(_FIELDS, counts, strict=True))


def _weighed(likely: Iterable[tuple[tuple[str, ...], float]]) -> list[Variant]:
    """Return the likeliest as variants; by their words where they are as likely."""
    ordered = sorted(likely, key=lambda item: (-item[1], item[0]))[:_MOST]
    weighed = [Variant(words, math.exp(log - ordered[0][1])) for words, log in ordered]
    return [variant for variant in weighed if variant.weight >= _LEAST_WEIGHT]


def _parts(segment: Segment, spelling: Spelling, word: str) -> Iterator[tuple[str, str]]:
    """Yield the two words that are written together here and next to each other in a name."""
    for cut in range(_LEAST_PART, len(word) - _LEAST_PART + 1):
        places = spelling.find(word[:cut]), spelling.find(word[cut:])
        if places[0] is None or places[1] is None:
            continue
        first, second = (spelling.word(place) for place in places if place is not None)
        terms = [segment.analysis.terms(one, "")[0] for one in (first, second)]
        if any(
            segment.fulltext.search(segment.fulltext.phrase(name, terms, 1.0), 1)[0] for name in ("title", "creator")
        ):
            yield first, second


def slots_of(segment: Segment, variant: Variant, language: str) -> list[Slot]:
    """Return a variant's words as the segment sees them."""
    return [Slot(word, segment.analysis.terms(word, language), language) for word in variant.words]
