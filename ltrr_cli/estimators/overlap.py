"""How much two rankings of the same query agree, whatever is relevant."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

TOP = 10
P = 0.9
"""The chance that a reader goes on to the next rank: the first ten ranks then have 86 % of the weight."""


def common_share(one: Sequence[str], other: Sequence[str], *, top: int = TOP) -> float:
    """Return the share, in [0, 1], of the first `top` results (from 1) that both rankings have, in any order.

    It is relative to the longer of the two tops; two empty rankings agree: 1.
    """
    heads = set(one[:top]), set(other[:top])
    longer = max(map(len, heads))
    return len(heads[0] & heads[1]) / longer if longer else 1.0


def rank_biased_overlap(one: Sequence[str], other: Sequence[str], *, p: float = P) -> float:
    """Return the extrapolated rank-biased overlap, in [0, 1], of two rankings, best first, each id once.

    With L the longer (l results), S the shorter (s), X_d the number of results common to both down to rank d:
    RBO = (1 - p)/p · (Σ_{d=1..l} X_d/d · p^d + Σ_{d=s+1..l} X_s·(d - s)/(s·d) · p^d) + ((X_l - X_s)/l + X_s/s) · p^l:
    beyond its end each ranking is taken to agree as much as before (Webber, Moffat & Zobel, ACM TOIS 28 (2010),
    eq. 32). Two empty rankings agree: 1; one empty ranking agrees with no other: 0.

    Raises `ValueError` for `p` outside of (0, 1).
    """
    if not 0 < p < 1:
        raise ValueError(f"p must be between 0 and 1, not {p}")
    short, long = sorted((one, other), key=len)
    if not short:
        return 0.0 if long else 1.0
    seen_short: set[str] = set()
    seen_long: set[str] = set()
    common = at_short = 0
    total, weight = 0.0, 1.0
    for depth, found in enumerate(long, 1):
        weight *= p
        seen_long.add(found)
        if depth <= len(short):
            mate = short[depth - 1]
            seen_short.add(mate)
            common += (found in seen_short) + (mate in seen_long and mate != found)
            at_short = common
        else:
            common += found in seen_short
        unseen = at_short * max(0, depth - len(short)) / len(short)
        total += (common + unseen) / depth * weight
    tail = (common - at_short) / len(long) + at_short / len(short)
    return min(1.0, (1 - p) / p * total + tail * weight)
