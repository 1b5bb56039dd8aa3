"""The forms in which a word of a query may stand in the catalogue: as typed, in the singular or plural, as a decade."""

from __future__ import annotations

import re
from functools import lru_cache

_DECADE = re.compile(r"(?:1[0-9]|20)?\d0s")
_TENS = ("twenties", "thirties", "forties", "fifties", "sixties", "seventies", "eighties", "nineties")
_LEAST = 4
"""Letters from which on a word may be a plural."""


@lru_cache(maxsize=65536)
def forms(word: str) -> tuple[str, ...]:
    """Return the forms of a phrase's last word, the word itself first.

    A decade without its century is of the last hundred years or so: 30s to 90s of the 20th century, the others of the
    21st.
    """
    if word in _TENS:
        tens = 20 + 10 * _TENS.index(word)
        return word, f"{19 if tens >= 30 else 20}{tens}s", f"{tens}s"
    if _DECADE.fullmatch(word):
        return (word,) if len(word) > 3 else (word, f"{19 if int(word[0]) >= 3 else 20}{word}")
    if len(word) < _LEAST or not word.isalpha() or not word.isascii():
        return (word,)
    return (word, *_plural(word))


def _plural(word: str) -> tuple[str, ...]:
    """Return the English singulars of a word in -s, the plural of another."""
    if not word.endswith("s"):
        return (f"{word}s",)
    if word.endswith("ies"):
        return word[:-1], f"{word[:-3]}y"
    return (word[:-1], word[:-2]) if word.endswith(("ches", "shes", "sses", "xes", "zes")) else (word[:-1],)
