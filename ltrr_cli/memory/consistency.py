"""The consistency filter: a guessed query stays only for entities that the segment's own full text finds for it.

Of queries generated for documents the wrong ones do more harm than the right ones help; keeping those whose document
is found is the filter of doc2query−− (Gospodinov, MacAvaney & Macdonald, ECIR 2023), here with BM25 as the judge.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltrr_cli.index.fulltext import Fulltext

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from ltrr_cli.analysis.base import Analysis

TOP = 20
"""How far down an entity may stand."""
MOST_SHARED = 60
"""A guess that so many entities share is not one of them: most could not be among the first, and it says nothing."""
_FIELDS = (("title", 2.0), ("creator", 1.2), ("attributes", 1.0), ("text", 1.0))
_TIE = 0.4


class Judge:
    """Ranks a segment that is being built, for keys."""

    def __init__(self, directory: Path, analysis: Analysis) -> None:
        self._fulltext = Fulltext(directory / "fulltext")
        self._analysis = analysis

    def ranks(self, key: str, *, whole: bool) -> dict[int, int]:
        """Return row → rank from 1 of the TOP entities that the full text finds for a key.

        `whole`: only those that have all of its words. What was made of an entity's own words loses nothing by that,
        and costs as much as its rarest word, not as its commonest.
        """
        query = self._query(key, whole=whole)
        rows, _ = self._fulltext.search(query, TOP) if query is not None else ([], [])
        return {row: rank for rank, row in enumerate(rows, 1)}

    def _query(self, key: str, *, whole: bool) -> Any:
        slots = self._analysis.query(key).slots
        forms = [[(field, term, boost) for field, boost in _FIELDS for term in slot.terms] for slot in slots]
        join = self._fulltext.all_of if whole else self._fulltext.either
        return join([self._fulltext.word(one, _TIE) for one in forms]) if forms else None
