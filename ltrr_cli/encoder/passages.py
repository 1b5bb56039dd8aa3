"""Cut a long text into passages: windows of whole sentences that fit the encoder, each overlapping the one before.

An encoder reads the beginning of a text, and its one vector is a mean of all it has read. What a long text says
somewhere has a vector of its own only as a passage.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

Span = tuple[int, int]
"""A piece of a text: the numbers of its first character, and of the one after its last."""

SIZE = 128
"""Tokens of a passage, without its title."""
OVERLAP = 32
"""At most so many tokens of a passage are those that the one before ends with, in whole sentences."""
MOST = 16
"""Passages of one text. What comes after them has no vector, and is found by its words."""

_END = re.compile(r"[.!?…։؟۔।]['\"”’»)\]]*\s+|[。！？｡]['\"”’」』）]*\s*|\n\s*\n\s*")


def cut(text: str, tokens: Sequence[Span], *, size: int = SIZE, overlap: int = OVERLAP, most: int = MOST) -> list[Span]:
    """Return at most `most` spans of at most `size` tokens that cover the text, or its beginning; `tokens` are its own.

    A span ends where a sentence does, if one does so in its second half; else after a token. The next begins with the
    sentences of the last `overlap` tokens, if any begins there; else with the first token that is not covered.
    """
    if not tokens:
        return []
    begins = _sentence_starts(text, tokens)
    found: list[Span] = []
    start = 0
    while len(found) < most:
        end = min(start + size, len(tokens))
        if end < len(tokens):
            end = next((i for i in range(end, start + size // 2, -1) if i in begins), end)
        found.append((tokens[start][0], tokens[end - 1][1]))
        if end >= len(tokens):
            break
        start = next((i for i in range(max(start + 1, end - overlap), end) if i in begins), end)
    return found


def _sentence_starts(text: str, tokens: Sequence[Span]) -> set[int]:
    """Return the numbers of the tokens that begin a sentence."""
    found: set[int] = set()
    place = 0
    for match in _END.finditer(text, tokens[0][0]):
        while place < len(tokens) and tokens[place][0] < match.end():
            place += 1
        found.add(place)
    return found
