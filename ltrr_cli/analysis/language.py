"""Script and language: what the writing of a query says of it, by small hand-written tables.

A language is guessed by counting its function words ("the", "und", "que"), or from a script that one language all but
owns. That is weak: most queries are two or three words without a function word and give nothing; a title or a name of
another language ("der untergang") is taken for a query in it; languages not listed here are taken for a neighbour
that is (Danish for Swedish, Persian for Arabic, Marathi for Hindi). It is meant as a feature that a policy may learn to
use or to ignore, never as a decision.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING

from ltrr_cli.analysis.vocabulary import ALSO_ENGLISH, ASKING, FUNCTION_WORDS, LETTERS, folded

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

READ = 1024
"""Characters of a text that are looked at: more says nothing new and costs time."""

_SCRIPT_OF_NAME = {
    "LATIN": "latin",
    "CYRILLIC": "cyrillic",
    "GREEK": "greek",
    "ARABIC": "arabic",
    "HEBREW": "hebrew",
    "CJK": "han",
    "IDEOGRAPHIC": "han",
    "HIRAGANA": "kana",
    "KATAKANA": "kana",
    "KATAKANA-HIRAGANA": "kana",
    "HENTAIGANA": "kana",
    "HANGUL": "hangul",
    "THAI": "thai",
    "DEVANAGARI": "devanagari",
    "MODIFIER": "",  # apostrophes and the like, of no script
}
SCRIPTS = (*sorted({name for name in _SCRIPT_OF_NAME.values() if name} - {"latin"}), "other")
"""Families of scripts that are told apart, other than Latin."""

_BY_SCRIPT = {
    "hangul": "ko",
    "thai": "th",
    "greek": "el",
    "hebrew": "he",
    "devanagari": "hi",
    "arabic": "ar",
    "han": "zh",
}
_VIETNAMESE = re.compile("[ơưđạ-ỹ]", re.IGNORECASE)
"""Letters that, twice in a text, make it Vietnamese."""
LANGUAGES = (*sorted({*FUNCTION_WORDS, *_BY_SCRIPT.values(), "ja", "vi"}),)
"""Languages (ISO 639-1) that a query can be guessed to be in."""


def _by_word() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for language, words in FUNCTION_WORDS.items():
        own = folded(words) | ASKING[language]
        for word in own | folded(ALSO_ENGLISH) if language == "en" else own:
            found[word] = (*found.get(word, ()), language)
    return found


_LANGUAGES_OF = _by_word()


@lru_cache(maxsize=8192)
def _script(char: str) -> str:
    """Return the family of a letter's script, "latin" for Latin, "" for what is no letter."""
    if not char.isalpha():
        return ""
    for form in (char, unicodedata.normalize("NFKC", char)[0]):  # full-width and styled letters are plain ones there
        family = _SCRIPT_OF_NAME.get(unicodedata.name(form, "").partition(" ")[0])
        if family is not None:
            return family
    return "other"


def scripts(text: str) -> dict[str, float]:
    """Return the share, in (0, 1], of a text's letters in each family of SCRIPTS that occurs in it."""
    if text.isascii():
        return {}
    counts: Counter[str] = Counter()
    for char, times in Counter(text[:READ]).items():
        counts[_script(char)] += times
    letters = counts.total() - counts.pop("", 0)
    return {family: counts[family] / letters for family in sorted(counts) if family != "latin"}


def script_of(text: str) -> str:
    """Return the family of scripts that more than half of a text's letters are of, else "latin"."""
    return next((family for family, share in scripts(text).items() if share > 0.5), "latin")


def guess(text: str, words: Iterable[str], shares: Mapping[str, float]) -> str:
    """Return the language of a query, one of LANGUAGES, "" where nothing tells or several are as likely.

    `words` are the text's, folded, `shares` are from `scripts`. A script decides with more than half of the letters;
    otherwise the language of which the most different function words occur, of several the only one that has all of
    the text's letters.
    """
    if shares:
        kana, han = shares.get("kana", 0.0), shares.get("han", 0.0)
        if kana and kana + han > 0.5:
            return "ja"
        family = max(shares, key=shares.__getitem__)
        if shares[family] > 0.5 and family in _BY_SCRIPT:
            return _BY_SCRIPT[family]
    if not text.isascii() and len(_VIETNAMESE.findall(unicodedata.normalize("NFC", text[:READ]))) > 1:
        return "vi"
    counts: dict[str, int] = {}
    for word in _LANGUAGES_OF.keys() & words:
        for language in _LANGUAGES_OF[word]:
            counts[language] = counts.get(language, 0) + 1
    if not counts:
        return ""
    most = max(counts.values())
    likely = [language for language, count in counts.items() if count == most]
    if len(likely) > 1 and not text.isascii():
        letters = {
            char for char in unicodedata.normalize("NFC", text[:READ]).lower() if char > "\x7f" and char.isalpha()
        }
        likely = [language for language in likely if letters.issubset(LETTERS.get(language, ()))]
    return likely[0] if len(likely) == 1 else ""
