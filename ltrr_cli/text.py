"""Text analysis shared by every stage: one way to fold text, to cut it into tokens and to make it a key.

Letters are case-folded and lose their accents; scripts without spaces between words (Han, Kana, Thai, Lao, Khmer,
Myanmar) are cut into overlapping pairs of characters; Indic vowel signs and other marks stay with their letters.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from hashlib import blake2b

from ltrr_cli.kept import Kept

# Marks that belong to a word but that Python's \w leaves out: Hebrew and Arabic points, Indic and South-East Asian
# signs.
_MARKS = (
    r"\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u0711\u0730-\u074a\u0900-\u0963\u0966-\u0dff\u0e00-\u0e7f"
    r"\u0e80-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17d3"
)
_WORD = re.compile(rf"[\w{_MARKS}]+")
_ASCII_SPACES = {code: chr(code) if chr(code).isalnum() else " " for code in range(128)}
_APOSTROPHE = re.compile(r"(?<=\w)['\u2019\u02bc](?=\w)")
_LATIN_MARKS = re.compile(r"[\u0300-\u036f\u064b-\u0652\u0640]")
_UNSPACED = re.compile(
    r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u0e00-\u0e7f\u0e80-\u0eff\u1780-\u17ff\u1000-\u109f\U00020000-\U0003134f]+"
)
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "ð": "d", "þ": "th"})
_SIGNS = str.maketrans({"™": " ", "℠": " "})  # else "Nike™" would become "niketm"
_EMPTY_HASH = blake2b(digest_size=8).copy
_number = int.from_bytes
_MAX_TOKEN = 64
_SHORT = 80
"""Characters of a text whose key is kept."""
_LONG = 10_000
"""Characters of a text whose tokens are kept."""
MAX_WORDS = 64
"""Words of a query beyond this are not searched for: nobody types them, and a pasted page would cost seconds."""


def clean(text: str) -> str:
    """Return `text` as valid Unicode: surrogate pairs joined, lone surrogates replaced, NUL as a space."""
    if not text.isascii():
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text.replace("\x00", " ")


def fold(text: str) -> str:
    """Case-fold and strip accents; compatibility forms (full-width, ligatures) become plain ones."""
    if text.isascii():
        return text.lower()
    # Decomposed twice: compatibility forms such as ℌ or 𝐇 become capital letters only then.
    plain = unicodedata.normalize("NFKD", clean(text).translate(_SIGNS))
    decomposed = unicodedata.normalize("NFKD", plain.casefold())
    return unicodedata.normalize("NFKC", _LATIN_MARKS.sub("", decomposed)).translate(_LETTERS)


def tokens(text: str, *, index: bool = False) -> list[str]:
    """Cut text into folded tokens, in order; at most 64 characters each.

    Runs of a script without spaces give character pairs. With `index` they also give single characters, so that a
    query of one character finds something.
    """
    return [*_kept_tokens(text)] if _SHORT < len(text) <= _LONG and not index else _tokens(text, index=index)


@lru_cache(maxsize=2)
def _kept_tokens(text: str) -> tuple[str, ...]:
    """The tokens of an entity's text: a build asks for the same text several times in a row."""
    return tuple(_tokens(text, index=False))


def _tokens(text: str, *, index: bool) -> list[str]:
    folded = fold(text)
    if not folded.isascii() or "'" in folded:
        folded = _APOSTROPHE.sub("", folded)
    if folded.isascii():
        return [word[:_MAX_TOKEN] for word in folded.translate(_ASCII_SPACES).split()]
    found: list[str] = []
    for word in _WORD.findall(folded.replace("_", " ")):
        if word.isascii():
            found.append(word[:_MAX_TOKEN])
            continue
        position = 0
        for run in _UNSPACED.finditer(word):
            if run.start() > position:
                found.append(word[position : run.start()][:_MAX_TOKEN])
            found.extend(_pairs(run.group(), index=index))
            position = run.end()
        if position < len(word):
            found.append(word[position:][:_MAX_TOKEN])
    return found


def _pairs(run: str, *, index: bool) -> list[str]:
    if len(run) == 1:
        return [run]
    pairs = [run[i : i + 2] for i in range(len(run) - 1)]
    return pairs + list(run) if index else pairs


def key(text: str) -> str:
    """Return the normalised form under which the memory knows a query: its first 64 tokens, joined by spaces."""
    return _SHORT_KEYS[text] if len(text) <= _SHORT else " ".join(tokens(text)[:MAX_WORDS])


_SHORT_KEYS: Kept[str, str] = Kept(lambda text: " ".join(tokens(text)[:MAX_WORDS]))
"""The same of short texts; kept, since values and names repeat: a build asks 160 times for an entity."""


def hash64(text: str) -> int:
    """Return a stable 64-bit hash, the form in which ids, keys and values are looked up by memory map.

    Among a million texts the chance of any collision is 3e-8.
    """
    try:
        data = text.encode()
    except UnicodeEncodeError:
        data = text.encode("utf-8", "surrogatepass")
    state = _EMPTY_HASH()  # a copy: making one costs more than what there is to hash
    state.update(data)
    return _number(state.digest(), "little")


@lru_cache(maxsize=65536)
def name_hash(name: str) -> int:
    """`hash64` of a user, a session, an entity or a query; cached, since feedback names them again and again."""
    return hash64(name)


@lru_cache(maxsize=65536)
def token_hash(token: str) -> int:
    """`hash64` of a token; cached, since tokens repeat."""
    return hash64(token)
