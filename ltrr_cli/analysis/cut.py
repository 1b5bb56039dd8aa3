"""Where words begin and end, in every script.

Most words stand alone. Some are written together, "spider-man", "ac/dc", "r.e.m.", "l'été", "c++": they give their
parts and the joined word, so that each way of writing finds the others. Scripts without spaces, and Hangul, whose words
carry their particles, are cut into overlapping pairs of characters.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from ltrr_cli.analysis.normal import normal, plain

# Marks that belong to a word but that Python's \w leaves out: Indic and South-East Asian signs, lone accents.
_MARKS = (
    r"\u0300-\u036f\u0711\u0730-\u074a\u0900-\u0963\u0970-\u0dff\u0e00-\u0e7f\u0e80-\u0eff\u0f00-\u0fff"
    r"\u1000-\u109f\u1780-\u17d3"
)
_WORD = rf"(?:[^\W_]|[{_MARKS}])+"
_PIECE = re.compile(
    r"\d{1,3}(?:[.,']\d{3})+(?![\w])"  # digits in groups
    rf"|(?<!\S)\.(?=[a-z]){_WORD}"  # .net
    rf"|(?:\$(?=[^\W\d_]))?{_WORD}(?:[-./'·&!$*_+]{_WORD})*(?:(?<=[^\W\d_])(?:\+\+|[#♯$](?!\w)))?"
)
_PARTS = re.compile(_WORD)
_GROUPED = re.compile(r"\d{1,3}(?:[.,']\d{3})+")
_UNSPACED = re.compile(
    r"[\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]+"
    r"|[\u0e00-\u0e7f]+|[\u0e80-\u0eff]+|[\u1000-\u109f]+|[\u1780-\u17ff]+|[\uac00-\ud7af]+"
)
_NOT_JOINED = re.compile(r"[-./'·&*_]")
_AS_LETTERS = str.maketrans({"$": "s", "!": "i", "♯": "#"})
_BEFORE, _AFTER = "\"'(", "\"'),.;:?!"
"""Signs before and after a word that `_PIECE` leaves out."""
_MAX = 64
_MAX_PARTS = 5
_SHORT = 10_000
"""Characters of a text whose chunks are kept."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Words in a row that are written together; `joined` is how they read as one, "" where there is no such form."""

    words: tuple[str, ...]
    joined: str = ""
    pairs: bool = False
    """The words are overlapping pairs of characters, or a single one."""


def cut(text: str) -> list[Piece]:
    """Cut a text into pieces, in order, in the spelling of `normal`; no word is longer than 64 characters."""
    return [piece for chunk in chunks(text) for piece in pieces(chunk)]


def chunks(text: str) -> tuple[str, ...]:
    """Return what stands between spaces, in the spelling of `normal`."""
    return _kept_chunks(text) if len(text) <= _SHORT else tuple(normal(text).split())


@lru_cache(maxsize=8)
def _kept_chunks(text: str) -> tuple[str, ...]:
    """The same of a short text; the last few are kept, since a build asks more than once for a field."""
    return tuple(normal(text).split())


def alone(chunk: str) -> str:
    """Return the one word that stands between spaces, where it is one of ASCII letters and digits, as most are."""
    bare = chunk.lstrip(_BEFORE).rstrip(_AFTER)
    return bare[:_MAX] if bare.isascii() and bare.isalnum() else ""


def bare_words(text: str) -> list[str] | None:
    """Return the words of a text of nothing but short words of ASCII letters and digits, as keys are; else None."""
    words = text.lower().split() if text.isascii() else []
    return words if "".join(words).isalnum() and max(map(len, words)) <= _MAX else None


@lru_cache(maxsize=16384)
def pieces(chunk: str) -> tuple[Piece, ...]:
    """Cut what stands between spaces, in the spelling of `normal`; cached, since words repeat."""
    word = alone(chunk)
    if word:
        return (Piece((word,)),)
    return tuple(piece for match in _PIECE.finditer(chunk) for piece in _pieces(match.group()))


def _pieces(written: str) -> tuple[Piece, ...]:
    if written.isascii() and written.isalnum():
        return (Piece((written[:_MAX],)),)
    if _GROUPED.fullmatch(written):
        return (Piece((re.sub(r"\D", "", written)[:_MAX],)),)
    if not written.isascii() and _UNSPACED.search(written):
        return tuple(piece for part in _PARTS.findall(written) for piece in _runs(part))
    parts = tuple(part[:_MAX] for part in _PARTS.findall(written) if plain(part))
    return (Piece(parts, _joined(written, parts)),) if parts else ()


def _joined(piece: str, parts: tuple[str, ...]) -> str:
    if len(parts) == 1 and piece == parts[0]:
        return ""
    joined = _NOT_JOINED.sub("", piece).translate(_AS_LETTERS) if piece[0] != "." else piece
    plain = joined if len(parts) <= _MAX_PARTS and len(joined) <= _MAX and not joined.isdigit() else ""
    return "" if (plain,) == parts else plain


def _runs(part: str) -> list[Piece]:
    """Cut a part that is, at least partly, of scripts without spaces."""
    found, position = [], 0
    for run in _UNSPACED.finditer(part):
        found.append(Piece((part[position : run.start()][:_MAX],)))
        chars = run.group()
        found.append(Piece(tuple(map("".join, pairwise(chars))) or (chars,), pairs=True))
        position = run.end()
    found.append(Piece((part[position:][:_MAX],)))
    return [piece for piece in found if all(map(plain, piece.words))]
