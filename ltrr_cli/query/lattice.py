"""How probable each reading of a query is, over all ways to cut the query into readings and plain words.

A cut is a sequence of spans that do not overlap and plain words between them, as in semi-Markov models of tagging
(Sarawagi & Cohen, Semi-Markov conditional random fields for information extraction, NIPS 2004). Its weight is the
product of its readings' odds against plain words. A reading's probability is the share of the weight of the cuts that
have it, by the forward and backward sums.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

Span = tuple[int, int, float]
"""Words from the first number up to the second, and the odds of the reading: above 0."""


def posteriors(length: int, spans: Sequence[Span]) -> list[float]:
    """Return each span's probability, in (0, 1); of spans that overlap they sum to less than 1. O(length + spans)."""
    forward = _sums(length, spans)
    backward = _sums(length, [(length - end, length - start, odds) for start, end, odds in spans])
    total = forward[length]
    return [forward[start] * odds * backward[length - end] / total for start, end, odds in spans]


def _sums(length: int, spans: Sequence[Span]) -> list[float]:
    """Return for each number of words the summed weight of the cuts of so many first words."""
    by_end: list[list[Span]] = [[] for _ in range(length + 1)]
    for span in spans:
        by_end[span[1]].append(span)
    sums = [1.0]
    for ending in by_end[1:]:
        sums.append(sums[-1] + sum(sums[start] * odds for start, _, odds in ending))
    return sums
