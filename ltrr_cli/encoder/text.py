"""Make any Python string one that a tokenizer takes."""

from __future__ import annotations

CHARACTERS_PER_TOKEN = 100
"""A text is cut to this many characters per token it may have: a megabyte must not be tokenised to be thrown away."""


def clean(text: str, *, max_tokens: int) -> str:
    """Return the text as valid Unicode without NUL, cut to what `max_tokens` can use.

    Surrogate pairs (CESU-8 decoded carelessly) become the character they stand for, lone ones U+FFFD, NUL a space.
    """
    text = text[: max_tokens * CHARACTERS_PER_TOKEN]
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text.replace("\0", " ") if "\0" in text else text
