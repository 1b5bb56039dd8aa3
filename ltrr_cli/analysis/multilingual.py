"""Analysis 2: every script cut in its own way, every language with its own stems.

A text's words are stemmed by the language that the text is guessed to be in, and also by the index's main language; a
query's by the language that it is guessed to be in and by the main one; where nothing tells its language, by all that
many of the index's texts are in. So a word finds itself whatever was guessed, and its other forms where the guesses
agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ltrr_cli.analysis.base import MAX_CHARACTERS, Asked, Join, Slot, Terms
from ltrr_cli.analysis.common import COMMON
from ltrr_cli.analysis.cut import alone, bare_words, chunks, cut, pieces
from ltrr_cli.analysis.language import READ, guess, scripts
from ltrr_cli.analysis.stems import LATIN, forms
from ltrr_cli.kept import Kept
from ltrr_cli.text import MAX_WORDS, tokens

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST = 4
"""Languages, beside the main one, in which a query of unknown language is looked for."""


@lru_cache(maxsize=256)
def language_of(text: str) -> str:
    """Return the language that the start of a text is guessed to be in, "" where nothing tells."""
    start = text[:READ]
    return guess(start, tokens(start), scripts(start))


@dataclass(frozen=True, slots=True)
class Multilingual:
    """The analysis of a segment: `main` is the language of most of its texts, `others` those of many."""

    main: str = "en"
    others: tuple[str, ...] = ()
    version = 2

    def document(self, text: str, language: str = "") -> Terms:
        """Return the terms of each word, of each joined form at its first part, of each character of pairs."""
        found = [*map(_terms_in(self.languages(language or self.main)).__getitem__, chunks(text))]
        if tuple not in {*map(type, found)}:
            return Terms(found)
        words: list[str] = []
        places: list[int] = []
        place = 0
        for own in found:
            if isinstance(own, str):
                words.append(own)
                places.append(place)
                place += 1
            else:
                words += [term for _, term in own[0]]
                places += [place + offset for offset, _ in own[0]]
                place += own[1]
        return Terms(words, None if places == [*range(len(words))] else places)

    def query(self, text: str) -> Asked:
        """Return the words, their stems in each language that the query may be in, and adjacent ones joined."""
        return _query(self, text[:MAX_CHARACTERS])

    def alternatives(self, text: str) -> list[tuple[str, ...]]:
        """Return the words' stems in each language that the query may be in."""
        text = text[:MAX_CHARACTERS]
        words = bare_words(text) if len(text) <= READ else None
        if words is None:
            spoken = self.languages(language_of(text))
            return [forms(word, spoken) for piece in cut(text) for word in piece.words][:MAX_WORDS]
        spoken = self.languages(guess(text, words, {}))
        return [forms(word, spoken) for word in words[:MAX_WORDS]]

    def terms(self, word: str, language: str = "") -> tuple[str, ...]:
        """Return the stems of a word in the language and the main one, or, not knowing, in all."""
        return forms(word, self.languages(language))

    def languages(self, language: str) -> tuple[str, ...]:
        """Return by which languages the words of a text are stemmed that was guessed to be in this one, or in none."""
        return tuple(dict.fromkeys((self.main, language))) if language else (self.main, *self.others)


@lru_cache(maxsize=64)
def _terms_in(languages: tuple[str, ...]) -> Kept[str, Any]:
    """Return `_terms` in these languages, kept, since words repeat."""
    return Kept(partial(_terms, languages=languages))


def _terms(chunk: str, languages: tuple[str, ...]) -> str | tuple[tuple[tuple[int, str], ...], int]:
    """Return the (position, term) of what stands between spaces, and how many positions it takes.

    Where it is one term, as most often, that alone.
    """
    word = alone(chunk)
    if word:
        terms = forms(word, languages)
        return terms[0] if len(terms) == 1 else (tuple((0, term) for term in terms), 1)
    found: list[tuple[int, str]] = []
    place = 0
    for piece in pieces(chunk):
        first = place
        for word in piece.words:
            found.extend((place, term) for term in forms(word, languages))
            place += 1
        if piece.pairs and len(piece.words[0]) > 1:
            found.extend((first + i, word[0]) for i, word in enumerate(piece.words))
            found.append((place - 1, piece.words[-1][-1]))
        if piece.joined:
            found.extend((first, term) for term in forms(piece.joined, languages))
    return found[0][1] if len(found) == place == 1 else (tuple(found), place)


@lru_cache(maxsize=128)
def _query(analysis: Multilingual, text: str) -> Asked:
    language = language_of(text)
    spoken = analysis.languages(language)
    common = COMMON.get(language or analysis.main, frozenset())
    slots: list[Slot] = []
    joins: list[Join] = []
    alone: list[int] = []  # where the words stand that are written apart
    for piece in cut(text):
        first = len(slots)
        slots += [Slot(word, forms(word, spoken), language, word in common) for word in piece.words]
        if len(slots) > MAX_WORDS:
            del slots[MAX_WORDS:]
            break
        if piece.joined:
            joins.append(Join(first, len(slots), Slot(piece.joined, forms(piece.joined, spoken), language)))
        elif not piece.pairs:
            alone.append(first)
    for first, second in pairwise(alone):
        if second == first + 1 and not (slots[first].common or slots[second].common):
            word = slots[first].word + slots[second].word
            joins.append(Join(first, second + 1, Slot(word, forms(word, spoken), language)))
    return Asked(tuple(slots), tuple(joins))


def of_languages(guesses: Mapping[str, int]) -> Multilingual:
    """Return the analysis for texts of so many of which these are the languages, "" where unknown.

    The main language is the most frequent one of the Latin script, English where there is none; others that a query
    may be in have at least a fiftieth of the texts.
    """
    total = sum(guesses.values())
    counts = {guess: count for guess, count in guesses.items() if guess in LATIN or guess == "vi"}
    order = sorted(counts, key=lambda language: (-counts[language], language))
    main = order[0] if order else "en"
    return Multilingual(main, tuple(one for one in order[1 : MOST + 1] if counts[one] * 50 >= total))
