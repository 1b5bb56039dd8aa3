"""The consistency filter: a guessed query stays only for entities that the segment's own words find for it.

Of queries generated for documents the wrong ones do more harm than the right ones help; keeping those whose document
is found is the filter of doc2query−− (Gospodinov, MacAvaney & Macdonald, ECIR 2023), here with BM25 as the judge, over
all words of an entity as one text in which the title stands twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ltrr_cli.analysis.base import Analysis
    from ltrr_cli.index.bag import Bags

TOP = 20
"""How far down an entity may stand."""
MOST_SHARED = 60
"""A guess that so many entities share is not one of them: most could not be among the first, and it says nothing."""
_MOST_COMMON = 10_000
"""A guess whose rarest word more entities have is none either; and so judging takes no longer in a larger catalogue."""


class Judge:
    """Ranks the entities of a segment that is being built, for keys."""

    def __init__(self, bags: Bags, analysis: Analysis) -> None:
        self._bags = bags
        self._analysis = analysis

    def ranks(self, key: str, *, whole: bool) -> dict[int, int]:
        """Return row → rank from 1 of the TOP entities that are found for a key.

        `whole`: only those that have all of its words. What was made of an entity's own words loses nothing by that,
        and costs as much as its rarest word, not as its commonest.
        """
        rows = self._bags.best(self._analysis.alternatives(key), TOP, whole=whole, most=_MOST_COMMON)
        return {row: rank for rank, row in enumerate(rows, 1)}
