"""One spelling for what is written in several ways: case, compatibility forms, accents, letter variants.

`normal` is done before stemming, which needs accents (German ä, Russian й); `plain` after it. Arabic and Hindi follow
Lucene's ArabicNormalizer and HindiNormalizer.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from ltrr_cli.text import clean, fold

_POINTS = re.compile(
    r"[\u0307\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed]"
)
"""The dot that lower-casing leaves of a Turkish İ, Hebrew and Arabic points, the tatweel: most texts lack them."""
_VARIANTS = str.maketrans(
    {
        "™": " ",
        "℠": " ",
        "\u00ad": None,  # soft hyphen
        "\u200b": " ",
        "\u200c": None,
        "\u200d": None,
        "’": "'",
        "ʼ": "'",
        "‘": "'",
        "‐": "-",
        "‑": "-",
        "–": "-",
        # Persian and Urdu forms of Arabic letters
        "ی": "ي",
        "ک": "ك",
        # Hindi: nukta, candrabindu, short for long vowels
        "\u093c": None,
        "\u0901": "\u0902",
        "\u0945": "\u0947",
        "\u0946": "\u0947",
        "\u0949": "\u094b",
        "\u094a": "\u094b",
        "ऍ": "ए",
        "ऎ": "ए",
        "ऑ": "ओ",
        "ऒ": "ओ",
        # Russian: ё is written е
        "ё": "е",
    }
)
_ZEROS = (
    0x660,
    0x6F0,
    0x7C0,
    0x966,
    0x9E6,
    0xA66,
    0xAE6,
    0xB66,
    0xBE6,
    0xC66,
    0xCE6,
    0xD66,
    0xE50,
    0xED0,
    0xF20,
    0x1040,
)
_VARIANTS |= {zero + digit: str(digit) for zero in (*_ZEROS, 0x17E0, 0x1810) for digit in range(10)}
_ARABIC = str.maketrans({"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ة": "ه"})
_DEVANAGARI = re.compile(r"[\u0900-\u097f]")
_CYRILLIC = re.compile(r"[\u0400-\u052f]")
_STRESS = str.maketrans({"\u0301": None, "\u0300": None})


def normal(text: str) -> str:
    """Return text in lower case, composed, compatibility forms and letter variants as one; accents stay."""
    if text.isascii():
        return text.lower().replace("\x00", " ")
    lower = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", clean(text)).lower())
    # Decomposed, because some letters with a nukta have a code point of their own.
    if _DEVANAGARI.search(lower):
        lower = unicodedata.normalize("NFD", lower)
    one = _POINTS.sub("", lower.translate(_VARIANTS)).replace("\u0928\u094d", "\u0902")  # हिन्दी is written हिंदी
    return unicodedata.normalize("NFKC", one)


def plain(word: str) -> str:
    """Return a normalised word without accents; Cyrillic keeps its letters (й is not и)."""
    return word if word.isascii() else _bare(word)


@lru_cache(maxsize=32768)
def _bare(word: str) -> str:
    if _CYRILLIC.search(word):
        return unicodedata.normalize("NFC", unicodedata.normalize("NFD", word).translate(_STRESS))
    return fold(word).translate(_ARABIC)
