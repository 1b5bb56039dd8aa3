"""Fluency: how well the encoder knows the languages of a catalogue, found out at build.

An encoder made for English gives Arabic a vector too, and it says next to nothing. So for each language that the
catalogue is written in, a few words from the middle of each of some texts are asked of these texts' vectors. Fluency is
the mean reciprocal rank of the own text, from `LOW` (0: noise) to `HIGH` (1: as sure as in a language that it knows).
The ranker trusts vectors by the fluency of the query's language. On xquadr this orders 11 languages almost as their
nDCG of vectors alone does (benchmarks/languages.py).
"""

from __future__ import annotations

import heapq
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.analysis.language import script_of
from ltrr_cli.analysis.multilingual import language_of
from ltrr_cli.index.fluent import Fluency, Group
from ltrr_cli.text import hash64

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ltrr_cli.encoder import Encoder
    from ltrr_cli.records import Entity

LOW, HIGH = 0.3, 0.6
SAMPLE = 128
"""Texts of a language that are tried."""
FEWEST = 32
"""A language with fewer texts is believed to be known: among a few any text is found."""
MOST_LANGUAGES = 24
_WORDS = 3
_CHARACTERS = 6
"""Where there are no spaces between words."""
_LONGEST_WORD = 15
"""Characters of the mean word, from which on there are no spaces between words."""


class Sample:
    """Collects some texts of each language, the same whatever their order."""

    def __init__(self) -> None:
        self._chosen: dict[tuple[str, str], list[tuple[int, int, str]]] = {}
        self._counts: Counter[tuple[str, str]] = Counter()

    def add(self, row: int, entity: Entity) -> None:
        """Look at the next entity."""
        text = entity.text or entity.title
        words = excerpt(text)
        if not words:
            return
        group = (language_of(text), script_of(text))
        self._counts[group] += 1
        chosen = self._chosen.setdefault(group, [])
        item = (-hash64(entity.id), row, words)
        if len(chosen) < SAMPLE:
            heapq.heappush(chosen, item)
        elif item > chosen[0]:
            heapq.heapreplace(chosen, item)

    def fluency(self, encoder: Encoder, vectors: NDArray[np.float32]) -> Fluency:
        """Ask; `vectors` (n, dim) are those of all rows."""
        groups = []
        for (language, script), count in self._counts.most_common(MOST_LANGUAGES):
            chosen = sorted(self._chosen[language, script], key=lambda item: item[1])
            known = 1.0
            if len(chosen) >= FEWEST:
                asked = encoder.encode([words for _, _, words in chosen], kind="query")
                known = _known(asked, vectors[[row for _, row, _ in chosen]])
            groups.append(Group(language=language, script=script, texts=count, known=round(known, 3)))
        return Fluency(tuple(groups))


def _known(asked: NDArray[np.float32], texts: NDArray[np.float32]) -> float:
    """Return the fluency that these n queries have, whose answers are the n texts: (n, dim) each."""
    scores = np.einsum("qd,nd->qn", asked, texts)
    own = np.diagonal(scores)[:, None]
    above, equal = (scores > own).sum(1), (scores == own).sum(1) - 1
    reciprocal = float(np.mean(1 / (1 + above + equal / 2)))
    return min(1.0, max(0.0, (reciprocal - LOW) / (HIGH - LOW)))


def excerpt(text: str) -> str:
    """Return a few words from the middle of a text, less than half of it; empty if it is too short."""
    text = text[:2000]
    words = text.split()
    if len(words) and len(text) / len(words) > _LONGEST_WORD:
        middle = (len(text) - _CHARACTERS) // 2
        return text[middle : middle + _CHARACTERS].strip() if len(text) > 2 * _CHARACTERS else ""
    middle = (len(words) - _WORDS) // 2
    return " ".join(words[middle : middle + _WORDS]) if len(words) > 2 * _WORDS else ""
