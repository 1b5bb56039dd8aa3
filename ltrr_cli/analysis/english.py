"""Analysis 1: the folded tokens of `ltrr_cli.text` with English stems, whatever the language.

Segments that say nothing of their analysis have this one. It is kept to search them; new segments have `multilingual`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from ltrr_cli.analysis.base import Asked, Slot, Terms
from ltrr_cli.text import MAX_WORDS, tokens


@lru_cache(maxsize=1)
def _analyzer() -> Any:
    from tantivy import Filter, TextAnalyzerBuilder, Tokenizer

    return TextAnalyzerBuilder(Tokenizer.whitespace()).filter(Filter.stemmer("english")).build()


def stems(words: list[str]) -> list[str]:
    """Return the English stems of folded words."""
    return list(_analyzer().analyze(" ".join(words)))


class English:
    """Tantivy's English stemmer over accent-less words."""

    version = 1

    def document(self, text: str, language: str = "") -> Terms:
        """Return the terms: single characters of scripts without spaces come after their pairs."""
        del language
        return Terms(stems(tokens(text, index=True)))

    def query(self, text: str) -> Asked:
        """Return the distinct stems."""
        words = tokens(text)[:MAX_WORDS]
        first: dict[str, str] = {}
        for word, stem in zip(words, stems(words), strict=True):
            first.setdefault(stem, word)
        return Asked(tuple(Slot(word, (stem,)) for stem, word in first.items()))

    def alternatives(self, text: str) -> list[tuple[str, ...]]:
        """Return the distinct stems, each alone."""
        return [slot.terms for slot in self.query(text).slots]

    def terms(self, word: str, language: str = "") -> tuple[str, ...]:
        """Return the stems of the word."""
        del language
        return tuple(stems(tokens(word)))
