"""Ranges that a query asks for: "before 1999", "under 20", "2010-2015", "over 4 stars", as soft constraints.

The patterns are English words, and signs that hold anywhere; "pre" and "post" have a hyphen: "The Post 2017" has none.
Which numeric attribute is meant, the words beside the number say (its unit, or the attribute's name), else the values:
a year means an attribute of years, any other number one of attributes whose values it lies among.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ltrr_cli.index.values import year_like
from ltrr_cli.records import Range
from ltrr_cli.text import fold, tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ltrr_cli.index.view import View

_NUMBER = r"[$€£]?(?:\d+(?:,\d{3})+|\d+)(?:\.\d+)?(?:[km](?![a-z]))?"
_TO = r"(?:-|–|—|\.\.|\bto\b|\band\b|\buntil\b)"
_BETWEEN = re.compile(rf"(?:\b(?:between|from)\s+)?(?<![\d.,])({_NUMBER})\s*{_TO}\s*({_NUMBER})(?![\d.,]*\d)")
_BELOW = (
    r"\bunder|\bbelow|\b(?:less|fewer|lower|cheaper|shorter|smaller|lighter|younger) than|\bup to|\bat most"
    r"|\bno more than|\bbefore|\bolder than|\bprior to|\buntil|\bpre(?=[-\d])|<=?|≤"
)
_ABOVE = (
    r"\bover|\babove|\b(?:more|greater|higher|longer|bigger|heavier|newer) than|\bat least|\bno less than"
    r"|\bafter|\bsince|\bpost(?=[-\d])|>=?|≥"
)
_ONE_SIDED = re.compile(rf"(?:({_BELOW})|({_ABOVE}))[\s-]*({_NUMBER})(?![\d.,]*\d)")
_OPEN = re.compile(rf"(?<![\d.,])({_NUMBER})(?:\s*\+|\s+(?:or more|and up|and above|and over|or higher|or newer)\b)")
_STRICT = re.compile(r"under|below|than|before|prior|pre|over|above|after|post|[<>]$")
_OF_TIME = re.compile(r"before|after|since|until|prior to|pre|post")
"""Words that hold of times only: what comes after 1990 is no price."""
_UNITS = {
    "star": ("rating", "stars", "score"),
    "dollar": ("price", "cost", "budget"),
    "buck": ("price", "cost"),
    "euro": ("price", "cost"),
    "pound": ("price", "cost", "weight"),
    "$": ("price", "cost", "budget", "revenue", "fee"),
    "€": ("price", "cost", "budget", "fee"),
    "£": ("price", "cost", "budget", "fee"),
    "minute": ("duration", "runtime", "length", "time", "minutes"),
    "min": ("duration", "runtime", "length", "time", "minutes"),
    "second": ("duration", "length", "seconds"),
    "page": ("pages", "length"),
    "year old": ("age",),
    "bpm": ("tempo", "bpm"),
}
"""Words beside a number, and the parts of attribute names that they speak of."""
_READ = 1024
"""Characters of a query that are looked at."""
_TIMES = {"k": 1e3, "m": 1e6}
_NAMED, _YEAR, _FITS = 0.9, 0.85, 0.5
"""Probabilities: the attribute is named, it is the one of years, its values are such numbers."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """Characters of the text, the range, the words beside it, and whether its own word is one of time."""

    start: int
    end: int
    low: float
    high: float
    beside: str
    of_time: bool


def ranges(text: str, words: Sequence[str], view: View, trust: Callable[[str, str, float], float]) -> tuple[Range, ...]:
    """Return the ranges that a query's text asks for, by place and probability.

    `trust(attribute, form, prior)` is the learned probability of such a reading.
    """
    read = text[:_READ]
    if not any(map(str.isdigit, read)):
        return ()
    folded = fold(read)
    found: list[Range] = []
    for asked in _asked(folded):
        start = len(tokens(folded[: asked.start]))
        end = start + len(tokens(folded[asked.start : asked.end]))
        if not start < end <= len(words):
            continue
        for attribute, probability, share in _meant(asked, view):
            low, high = asked.low, asked.high
            sure = trust(attribute, "range", probability)
            found.append(
                Range(start=start, end=end, attribute=attribute, low=low, high=high, probability=sure, share=share)
            )
    return tuple(sorted(found, key=lambda one: (one.start, -one.probability, one.attribute)))


def _asked(text: str) -> list[_Asked]:
    """Return the patterns in folded text; what one has taken is not read again."""
    found: list[_Asked] = []

    def add(match: re.Match[str], low: float, high: float) -> None:
        if low <= high and not any(match.start() < one.end and one.start < match.end() for one in found):
            signs = "".join(sign for sign in "$€£" if sign in match[0])
            beside = (
                f"{text[max(0, match.start() - 24) : match.start()]} {signs} {text[match.end() : match.end() + 24]}"
            )
            of_time = _OF_TIME.match(match[0]) is not None
            found.append(_Asked(match.start(), match.end(), low, high, beside, of_time))

    for match in _BETWEEN.finditer(text):
        add(match, _value(match[1]), _value(match[2]))
    for match in _ONE_SIDED.finditer(text):
        value, word = _value(match[3]), match[1] or match[2]
        strict = bool(_STRICT.search(word))
        if match[1]:
            add(match, -math.inf, math.nextafter(value, -math.inf) if strict else value)
        else:
            add(match, math.nextafter(value, math.inf) if strict else value, math.inf)
    for match in _OPEN.finditer(text):
        add(match, _value(match[1]), math.inf)
    return sorted(found, key=lambda one: one.start)


def _value(text: str) -> float:
    plain = text.strip("$€£").replace(",", "")
    times = _TIMES.get(plain[-1], 1.0)
    return min(1e300, float(plain.rstrip("km")) * times)


def _meant(asked: _Asked, view: View) -> list[tuple[str, float, float]]:
    """Return (attribute, probability, share of its values) of the numeric attributes that a range may be about."""
    ends = [end for end in (asked.low, asked.high) if math.isfinite(end)]
    years = all(year_like(round(end)) for end in ends)
    named: list[tuple[str, float]] = []
    dated: list[tuple[str, float]] = []
    fitting: list[tuple[str, float]] = []
    beside = tokens(asked.beside)
    for name in view.numeric:
        spread = view.spread(name)
        share = view.share(name, asked.low, asked.high)
        if spread is None or share is None or not any(spread[0] <= end <= spread[1] for end in ends):
            continue
        if _speaks_of(name, asked.beside, beside):
            named.append((name, share))
        elif view.dated(name):
            if years:
                dated.append((name, share))
        elif 0 < share < 1 and not asked.of_time:
            fitting.append((name, share))
    for group, probability in ((named, _NAMED), (dated, _YEAR), (fitting, _FITS)):
        if group:
            return [(name, probability / len(group), share) for name, share in group]
    return []


def _speaks_of(name: str, text: str, beside: Sequence[str]) -> bool:
    """Tell whether the words beside a number name an attribute, or a unit of it."""
    parts = tokens(name.replace("_", " ").replace(".", " "))
    if any(f"{part}s" in (f"{word}s", word) or f"{word}s" == part for word in beside for part in parts):
        return True
    for unit, names in _UNITS.items():
        spoken = unit in text if not unit[0].isalpha() else any(word in (unit, f"{unit}s") for word in beside)
        if (spoken or (" " in unit and unit in text)) and any(part in names for part in parts):
            return True
    return False
