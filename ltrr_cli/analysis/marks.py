"""Where a query's words stand in a text, in whichever of their forms: what a reader looks for in a result."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from ltrr_cli.analysis.cut import cut
from ltrr_cli.analysis.normal import normal

if TYPE_CHECKING:
    from ltrr_cli.analysis.base import Analysis

_CHUNK = re.compile(r"\S+")
_WORD = re.compile(r"[^\W_]+(?:[\u0300-\u036f\u0900-\u0963\u0e31-\u0e4e][^\W_]*)*")
_SHORT = 32
"""Characters of what stands between spaces whose terms are kept: a text without spaces never comes again."""


def marks(analysis: Analysis, query: str, text: str) -> list[tuple[int, int]]:
    """Return (start, end) of the words of `text` that `query` asks for, in order, none overlapping.

    Function words count only where the query has no others. What is written together counts as its parts do, or whole.
    """
    asked = analysis.query(query)
    telling = [slot for slot in asked.slots if not slot.common] or list(asked.slots)
    telling += [join.slot for join in asked.joins]
    wanted = {term for slot in telling for term in slot.terms}
    language = telling[0].language if telling else ""
    found: list[tuple[int, int]] = []
    for chunk in _CHUNK.finditer(text):
        start = chunk.start()
        if len(chunk.group()) <= _SHORT and wanted.isdisjoint(_terms(analysis, chunk.group(), language)):
            continue
        whole = {piece.joined for piece in cut(chunk.group()) if piece.joined}
        if any(not wanted.isdisjoint(analysis.terms(one, language)) for one in whole):
            stripped = chunk.group().strip(".,;:!?\"'()[]{}«»“”„…")
            found.append((start + chunk.group().find(stripped), start + chunk.group().find(stripped) + len(stripped)))
            continue
        for word in _WORD.finditer(chunk.group()):
            low, high = start + word.start(), start + word.end()
            found += _inside(analysis, word.group(), low, high, wanted, language)
    return found


@lru_cache(maxsize=16384)
def _terms(analysis: Analysis, chunk: str, language: str) -> frozenset[str]:
    """Return every term by which something of a chunk may be wanted; kept, since most words come again and are not."""
    found = {term for piece in cut(chunk) if piece.joined for term in analysis.terms(piece.joined, language)}
    for word in _WORD.findall(chunk):
        spelled = normal(word)
        if any(piece.pairs for piece in cut(spelled)):
            found.update(spelled[at : at + width] for width in (1, 2) for at in range(len(spelled) - width + 1))
        elif spelled:
            found.update(analysis.terms(spelled, language))
    return frozenset(found)


def _inside(
    analysis: Analysis, word: str, low: int, high: int, wanted: set[str], language: str
) -> list[tuple[int, int]]:
    """Return a word if it is wanted; of one in a script without spaces, the runs of wanted pairs of characters."""
    spelled = normal(word)
    pieces = cut(spelled)
    if not any(piece.pairs for piece in pieces):
        same = spelled and not wanted.isdisjoint(analysis.terms(spelled, language))
        return [(low, high)] if same else []
    if len(spelled) != len(word):
        return []
    covered = [False] * len(word)
    for width in (1, 2):
        for at in range(len(word) - width + 1):
            if spelled[at : at + width] in wanted:
                covered[at : at + width] = [True] * width
    runs: list[tuple[int, int]] = []
    for at, hit in enumerate(covered):
        if hit and at and covered[at - 1]:
            runs[-1] = (runs[-1][0], low + at + 1)
        elif hit:
            runs.append((low + at, low + at + 1))
    return runs
