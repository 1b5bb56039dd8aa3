"""The consistency filter: a guessed query stays only for entities that the segment's own full text finds for it.

Of queries generated for documents the wrong ones do more harm than the right ones help; keeping those whose document
is found is the filter of doc2query−− (Gospodinov, MacAvaney & Macdonald, ECIR 2023), here with BM25 as the judge.
"""

from __future__ import annotations

from functools import lru_cache
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
_WORDS_KEPT = 8192


class Judge:
    """Ranks a segment that is being built, for keys."""

    def __init__(self, directory: Path, analysis: Analysis) -> None:
        self._fulltext = Fulltext(directory / "fulltext")
        self._analysis = analysis
        self._kept = lru_cache(_WORDS_KEPT)(self._word)  # keys come in their order, and words come again

    def ranks(self, key: str, *, whole: bool) -> dict[int, int]:
        """Return row → rank from 1 of the TOP entities that the full text finds for a key.

        `whole`: only those that have all of its words. What was made of an entity's own words loses nothing by that,
        and costs as much as its rarest word, not as its commonest.
        """
        words = [self._kept(terms) for terms in self._analysis.alternatives(key)]
        known = [word for word in words if word is not None]
        if not known or (whole and len(known) < len(words)):
            return {}
        join = self._fulltext.all_of if whole else self._fulltext.either
        rows, _ = self._fulltext.search(join(known), TOP)
        return {row: rank for rank, row in enumerate(rows, 1)}

    def _word(self, terms: tuple[str, ...]) -> Any:
        """Return the query for a word, None where no entity has it; fields that do not have a term cost nothing."""
        frequency = self._fulltext.document_frequency
        forms = [(field, term, boost) for field, boost in _FIELDS for term in terms if frequency(field, term)]
        return self._fulltext.word(forms, _TIE) if forms else None
