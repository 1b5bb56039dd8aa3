"""What a replica is asked, and what it answers: plain values, which pass from process to process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.filters.grammar import parse
from ltrr_cli.index.fulltext import TEXT_FIELDS
from ltrr_cli.index.narrow import fields_of
from ltrr_cli.memory.recall import Recall
from ltrr_cli.retrieval.base import Hits, Request
from ltrr_cli.retrieval.correction import NOTHING, Correction
from ltrr_cli.retrieval.variants import slots_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from ltrr_cli.analysis.base import Slot
    from ltrr_cli.filters.expression import Expression
    from ltrr_cli.index.view import View
    from ltrr_cli.records import Query, Understood

_NONE = np.empty(0, np.float32)
_NO_RECALL = Recall(np.empty(0, np.int64), _NONE, _NONE, _NONE, evidence=0.0, known=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One arm of one query: find at most `depth` rows of a segment that `within` allows.

    `vector` is there for arms that ask for it. `total` and `frequencies` are the whole's: how many entities it has, and
    in how many of them, by field, the (word, language) of the query occur.
    """

    arm: str
    depth: int
    query: Query
    understood: Understood
    popularity: float
    correction: Correction
    vector: NDArray[np.float32] | None
    within: Expression | None
    total: int
    frequencies: Mapping[tuple[str, str], tuple[int, ...]]

    @classmethod
    def of(cls, request: Request, arm: str, depth: int) -> Asked:
        """Take from a request what the arm looks at."""
        view, correction = request.view, request.correction if arm == "fuzzy" else request.spelt or NOTHING
        slots = {(slot.word, slot.language): slot for slot in _slots(view, request.query.text, correction)}
        return cls(
            arm=arm,
            depth=depth,
            query=request.query,
            understood=request.understood,
            popularity=request.popularity,
            correction=correction,
            vector=request.vector if arm == "semantic" else None,
            within=parse(request.query.filter, fields_of(view)) if request.query.filter else None,
            total=view.total,
            frequencies={word: tuple(view.frequencies(slot, TEXT_FIELDS)) for word, slot in slots.items()},
        )

    def request(self, view: View) -> Request:
        """Return the request as the arm sees it in a part; `view` holds the rows that `within` allows."""
        return Request(
            self.query,
            self.understood,
            lambda: _NO_RECALL,
            view.as_part(self.total, self.frequencies),
            self._encoded,
            popularity=self.popularity,
            spelt=self.correction,
        )

    def _encoded(self, text: str) -> NDArray[np.float32]:
        """Return the query's vector: it was encoded once, where it was asked."""
        if self.vector is None:
            raise ValueError(f"{self.arm} was given no vector of {text[:80]!r}")
        return self.vector


def _slots(view: View, text: str, correction: Correction) -> Iterator[Slot]:
    """Yield all words whose idf an arm may look at: the query's, those that its words make together, their variants."""
    segment = view.segments[-1]
    for one in dict.fromkeys((text, correction.typed, correction.text)):
        asked = segment.analysis.query(one)
        yield from asked.slots
        yield from (join.slot for join in asked.joins)
    slots = segment.analysis.query(correction.typed).slots
    for span in correction.spans:
        for variant in span.variants:
            yield from slots_of(segment, variant, slots[span.start].language)


@dataclass(frozen=True, slots=True)
class Found:
    """What a replica answers: rows of its segment with their scores, best first, or the `error` of the arm."""

    hits: Hits
    error: str = ""
