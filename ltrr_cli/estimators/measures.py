"""Measures of a ranking against judgments, named and valued as trec_eval and ir_measures have them.

All compare one query's ranking (entity ids, best first) with its judgments (entity id → grade). An entity is relevant
from grade `rel` on; entities without a judgment are not relevant, nor are grades of 0 and below. A query without
relevant entities, or without results, scores 0.

Definitions: Buckley & Voorhees, Retrieval System Evaluation, in TREC (2005); nDCG: Järvelin & Kekäläinen, TOIS 20
(2002), eq. 3 with log2 discounts from rank 2 on; names: MacAvaney, Macdonald & Ounis, ECIR 2022.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import log2
from typing import TYPE_CHECKING

from ltrr_cli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

_ALIASES = {"NDCG": "nDCG", "Precision": "P", "Recall": "R", "MRR": "RR", "MAP": "AP"}
_WRITTEN = re.compile(r"\s*([A-Za-z]+)\s*(?:\(\s*rel\s*=\s*([0-9]{1,9})\s*\))?\s*(?:@\s*([0-9]{1,9}))?\s*", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One measure: its `family`, the least relevant grade (from 1), and the `cutoff` (from 1; None: all results)."""

    family: str
    rel: int = 1
    cutoff: int | None = None

    @property
    def name(self) -> str:
        """The measure as ir_measures writes it, such as `P(rel=2)@10`."""
        rel = f"(rel={self.rel})" if self.rel != 1 else ""
        return self.family + rel + (f"@{self.cutoff}" if self.cutoff is not None else "")

    def score(self, ranking: Sequence[str], judged: Mapping[str, int]) -> float:
        """Return the value in [0, 1] for one query: `ranking` best first, each id once; `judged` id → grade."""
        return _FAMILIES[self.family].score(ranking[: self.cutoff], judged, self)


def parse_measures(names: Iterable[str]) -> tuple[Measure, ...]:
    """Return the measures of these names, each once, in order.

    Raises:
        UsageError: a name is not known, or lacks a cutoff that it needs, or has a parameter that it cannot have.
    """
    return tuple(dict.fromkeys(_parse(name) for name in names))


def _parse(name: str) -> Measure:
    found = _WRITTEN.fullmatch(name)
    family = _ALIASES.get(found[1], found[1]) if found else ""
    if found is None or family not in _FAMILIES:
        raise UsageError(f"there is no measure {name.strip()!r}", next=_ADVICE)
    kind = _FAMILIES[family]
    rel, cutoff = int(found[2] or 1), None if found[3] is None else int(found[3])
    if found[2] is not None and not kind.graded:
        raise UsageError(f"{family} has no parameter rel", where=name.strip(), next=_ADVICE)
    if cutoff is None and kind.needs_cutoff:
        raise UsageError(f"{family} needs a cutoff", where=name.strip(), next=f"for example {family}@10")
    if cutoff == 0 or rel == 0:
        raise UsageError("a cutoff and rel count from 1", where=name.strip(), next=_ADVICE)
    return Measure(family=family, rel=rel, cutoff=cutoff)


def _relevant(judged: Mapping[str, int], rel: int) -> int:
    return sum(grade >= rel for grade in judged.values())


def _found(page: Sequence[str], judged: Mapping[str, int], rel: int) -> int:
    return sum(judged.get(entity_id, 0) >= rel for entity_id in page)


def _ndcg(page: Sequence[str], judged: Mapping[str, int], measure: Measure) -> float:
    """Σ gain / log2(rank + 1), relative to the best possible order of all judged; the gain is the grade."""
    ideal = sorted((grade for grade in judged.values() if grade > 0), reverse=True)[: measure.cutoff]
    return _dcg([judged.get(entity_id, 0) for entity_id in page]) / _dcg(ideal) if ideal else 0.0


def _dcg(gains: Sequence[int]) -> float:
    return sum([gain / log2(place + 2) for place, gain in enumerate(gains) if gain > 0])


def _precision(page: Sequence[str], judged: Mapping[str, int], measure: Measure) -> float:
    """Share of the k places that hold a relevant entity; places that are not filled count."""
    return _found(page, judged, measure.rel) / (measure.cutoff or 1)


def _recall(page: Sequence[str], judged: Mapping[str, int], measure: Measure) -> float:
    """Share of the relevant entities that are shown."""
    relevant = _relevant(judged, measure.rel)
    return _found(page, judged, measure.rel) / relevant if relevant else 0.0


def _reciprocal_rank(page: Sequence[str], judged: Mapping[str, int], measure: Measure) -> float:
    """1 / rank of the first relevant entity, 0 where none is shown."""
    return next((1 / rank for rank, entity_id in enumerate(page, 1) if judged.get(entity_id, 0) >= measure.rel), 0.0)


def _average_precision(page: Sequence[str], judged: Mapping[str, int], measure: Measure) -> float:
    """Sum of the precision at each relevant entity shown, by the number of all relevant ones."""
    relevant = _relevant(judged, measure.rel)
    hits, total = 0, 0.0
    for rank, entity_id in enumerate(page, 1):
        if judged.get(entity_id, 0) >= measure.rel:
            hits += 1
            total += hits / rank
    return total / relevant if relevant else 0.0


def _success(page: Sequence[str], judged: Mapping[str, int], measure: Measure) -> float:
    """1 where any relevant entity is shown."""
    return float(any(judged.get(entity_id, 0) >= measure.rel for entity_id in page))


def _judged(page: Sequence[str], judged: Mapping[str, int], measure: Measure) -> float:
    """Share of what is shown that has a judgment, whatever its grade."""
    del measure
    return sum(entity_id in judged for entity_id in page) / len(page) if page else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Family:
    score: Callable[[Sequence[str], Mapping[str, int], Measure], float]
    needs_cutoff: bool = False
    graded: bool = True


_FAMILIES = {
    "nDCG": _Family(score=_ndcg, graded=False),
    "P": _Family(score=_precision, needs_cutoff=True),
    "R": _Family(score=_recall, needs_cutoff=True),
    "RR": _Family(score=_reciprocal_rank),
    "AP": _Family(score=_average_precision),
    "Success": _Family(score=_success, needs_cutoff=True),
    "Judged": _Family(score=_judged, graded=False),
}
_ADVICE = (
    "there are nDCG, P@k, R@k, RR, AP, Success@k, Judged; each with @k, k from 1; "
    "all but nDCG and Judged also as P(rel=2)@k"
)
