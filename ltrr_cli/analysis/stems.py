"""Stems: the part of a word that its endings leave alone, by the Snowball algorithm of its language.

A script that (nearly) one language writes says which algorithm; for the Latin script it is given. Words of languages
without an algorithm stay as they are.
"""

from __future__ import annotations

from functools import lru_cache
from threading import Lock
from typing import Any

from ltrr_cli.analysis.normal import plain

LATIN = {
    "de": "german",
    "en": "english",
    "es": "spanish",
    "fr": "french",
    "it": "italian",
    "nl": "dutch",
    "pl": "polish",
    "pt": "portuguese",
    "sv": "swedish",
    "tr": "turkish",
}
"""Snowball's algorithms for languages (ISO 639-1) in the Latin script."""
_SCRIPTS = (
    ("\u0370", "\u03ff", "greek"),
    ("\u0400", "\u052f", "russian"),
    ("\u0530", "\u058f", "armenian"),
    ("\u0600", "\u06ff", "arabic"),
    ("\u0900", "\u097f", "hindi"),
    ("\u0b80", "\u0bff", "tamil"),
)
_LATIN = "\u036f"
"""No script of `_SCRIPTS` has letters up to this one."""
_lock = Lock()


@lru_cache(maxsize=32)
def _stemmer(algorithm: str) -> Any:
    import Stemmer

    return Stemmer.Stemmer(algorithm, 0)


def stem(word: str, algorithm: str) -> str:
    """Return the stem of a normalised word; an algorithm that leaves nothing leaves the word."""
    with _lock:  # a stemmer has one buffer
        found: str = _stemmer(algorithm).stemWord(word)
    return found or word


@lru_cache(maxsize=65536)
def forms(word: str, languages: tuple[str, ...]) -> tuple[str, ...]:
    """Return the distinct terms that stand for a normalised word, without accents: its stem in each of the languages.

    A word with accents is also stemmed without them, as those write it who leave them out. Vietnamese, whose accents
    are tones and tell words apart, keeps the word as it is written beside the plain one.
    """
    if word[0] > _LATIN:
        for low, high, algorithm in _SCRIPTS:
            if low <= word[0] <= high:
                return (plain(stem(word, algorithm)),)
    bare = plain(word)
    if not ("a" <= bare[:1] <= "z"):
        return (bare,) if bare else ()
    found: list[str] = []
    for language in languages:
        algorithm = LATIN.get(language, "")
        found.append(plain(stem(word, algorithm)) if algorithm else bare)
        if bare != word:
            found.append(stem(bare, algorithm) if algorithm else bare)
            if language == "vi":
                found.append(word)
    return tuple(dict.fromkeys(form for form in found or [bare] if form))
