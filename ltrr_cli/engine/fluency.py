"""Fluency: how well the encoder knows the languages of a catalogue, found out at build.

An encoder made for English gives Arabic a vector too, and it says next to nothing. So for each language that the
catalogue is written in, a few words from the middle of each of some texts are asked of these texts' vectors, and of
their words. Fluency is the mean reciprocal rank of the own text by vectors as a share of that by words, which says how
alike the texts are, from `LOW` (0: noise) to `HIGH` (1: as sure as in a language that it knows). Where all texts say
nearly the same, that is too severe: so it is at least what the tokenizer tells. One that was made for a language has
tokens for most of its words, one that was not spells them.
The ranker trusts vectors by the fluency of the query's language. On xquadr this orders 11 languages almost as their
nDCG of vectors alone does (benchmarks/languages.py).
"""

from __future__ import annotations

import heapq
import math
import string
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.analysis.language import script_of
from ltrr_cli.index.fluent import Fluency, Group
from ltrr_cli.text import hash64

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ltrr_cli.encoder import Encoder
    from ltrr_cli.records import Entity

LOW, HIGH = 0.3, 0.6
SPELT, SPELT_TOGETHER = (2.0, 3.75), (1.0, 1.6)
"""Characters a token, for fluency 0 and 1: with spaces between words, and without."""
_READ = 2000
"""Characters of a text that are looked at."""
SAMPLE = 128
"""Texts of a language that are tried."""
FEWEST = 32
"""A language with fewer texts is believed to be known: among a few any text is found."""
MOST_LANGUAGES = 24
_SHARE = 8
"""An excerpt is one so-manieth of its text, but has at least so many words, or characters."""
_WORDS, _MOST_WORDS = 3, 24
_CHARACTERS = 6
"""Where there are no spaces between words."""
_LONGEST_WORD = 15
"""Characters of the mean word, from which on there are no spaces between words."""


class Sample:
    """Collects some texts of each language, the same whatever their order."""

    def __init__(self) -> None:
        self._chosen: dict[tuple[str, str], list[tuple[int, int, str, str]]] = {}
        self._counts: Counter[tuple[str, str]] = Counter()

    def add(self, row: int, entity: Entity, language: str) -> None:
        """Look at the next entity, whose text, or where there is none its title, is in this language."""
        text = entity.text or entity.title
        words = excerpt(text)
        if not words:
            return
        group = (language, script_of(text))
        self._counts[group] += 1
        chosen = self._chosen.setdefault(group, [])
        item = (-hash64(entity.id), row, words, text[:_READ])
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
                asked, texts = [words for _, _, words, _ in chosen], [text for *_, text in chosen]
                found = encoder.encode(asked, kind="query")
                scores = np.einsum("qd,nd->qn", found, vectors[[row for _, row, _, _ in chosen]])
                known = _known(_reciprocal(scores), _reciprocal(by_words(asked, texts)))
                known = max(known, _spelt(encoder.characters_per_token(texts), texts))
            groups.append(Group(language=language, script=script, texts=count, known=round(known, 3)))
        return Fluency(tuple(groups))


def _known(by_vectors: float, words: float) -> float:
    """Return the fluency that these mean reciprocal ranks stand for; where words find nothing, nothing is known."""
    return min(1.0, max(0.0, (by_vectors / words - LOW) / (HIGH - LOW))) if words else 1.0


def _spelt(characters: float, texts: Sequence[str]) -> float:
    """Return the fluency that so many characters a token stand for; more without spaces."""
    low, high = SPELT if _spaced("".join(texts), " ".join(texts).split()) else SPELT_TOGETHER
    return min(1.0, max(0.0, (characters - low) / (high - low)))


def _reciprocal(scores: NDArray[np.floating]) -> float:
    """Return the mean reciprocal rank of the n-th text for the n-th query, of (n, n) scores; ties in the middle."""
    own = np.diagonal(scores)[:, None]
    above, equal = (scores > own).sum(1), (scores == own).sum(1) - 1
    return float(np.mean(1 / (1 + above + equal / 2)))


def by_words(asked: Sequence[str], texts: Sequence[str]) -> NDArray[np.float64]:
    """Return how much of each query's words, by idf, each text has: (queries, texts) float64."""
    spaced = _spaced("".join(texts), " ".join(texts).split())
    inside = [set(_units(text, spaced=spaced)) for text in texts]
    counts = Counter(unit for units in inside for unit in units)
    scores = np.zeros((len(asked), len(texts)))
    for place, query in enumerate(asked):
        for unit in sorted(set(_units(query, spaced=spaced)) & counts.keys()):
            scores[place, [unit in units for units in inside]] += math.log(1 + len(texts) / counts[unit])
    return scores


def _units(text: str, *, spaced: bool) -> list[str]:
    """Return a text's words, or its pairs of characters where nothing is between words."""
    if not spaced:
        return [text[place : place + 2] for place in range(len(text) - 1)]
    return [bare for word in text.lower().split() if (bare := word.strip(string.punctuation))]


def _spaced(text: str, words: Sequence[str]) -> bool:
    return len(text) <= _LONGEST_WORD * len(words)


def excerpt(text: str) -> str:
    """Return a few words from the middle of a text, less than half of it; empty if it is too short."""
    text = text[:_READ]
    words = text.split()
    if not _spaced(text, words):
        size = max(_CHARACTERS, len(text) // _SHARE)
        middle = (len(text) - size) // 2
        return text[middle : middle + size].strip() if len(text) > 2 * size else ""
    size = min(_MOST_WORDS, max(_WORDS, len(words) // _SHARE))
    middle = (len(words) - size) // 2
    return " ".join(words[middle : middle + size]) if len(words) > 2 * size else ""
