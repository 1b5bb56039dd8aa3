"""Whether a query is put as a question."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

from ltrr_cli.analysis.language import READ
from ltrr_cli.analysis.vocabulary import ALSO_ENGLISH, ASKING, FUNCTION_WORDS, QUESTIONS, folded

if TYPE_CHECKING:
    from collections.abc import Sequence

# Verbs that open a question only in a query whose other words already gave the language: "can you freeze eggs", but
# not "can opener".
_VERBS = {
    "en": "is are was were do does did can could should will would has have may must",
    "de": "ist sind war kann können hat haben gibt darf muss soll wird",
    "fr": "est sont peut peux faut",
    "nl": "is zijn was kan kun heeft mag moet",
    "sv": "är kan har ska finns",
}
# Questions whose first word alone is none.
_OPENINGS = frozenset(["por que", "o que", "a que", "est ce", "seit wann", "in which", "at what", "for how"])
# Where questions keep the order of statements, their words count anywhere; ли, mi and mu do nothing but ask.
_ANYWHERE = {"hi": QUESTIONS["hi"], "ko": QUESTIONS["ko"], "tr": QUESTIONS["tr"] + " mı mi mu mü", "ru": "ли"}
# Scripts without spaces have no words to compare, so parts of the text are looked for: only such as are part of no
# common other word (どの is in などの, いつ in いつも).
_PARTS = {
    "ja": ("何", "誰", "どこ", "なぜ", "どうやって", "どうして", "どんな", "どちら"),
    "zh": ("什么", "什麼", "谁", "誰", "哪", "怎么", "怎麼", "怎样", "怎樣", "多少", "为何", "為何", "如何"),
    "th": ("อะไร", "ใคร", "ที่ไหน", "เมื่อไหร่", "เมื่อไร", "ทำไม", "อย่างไร", "ยังไง", "เท่าไหร่", "เท่าไร"),
}
_ENDINGS = {
    "ja": ("ですか", "ますか", "ましたか", "ませんか", "でしょうか"),
    "zh": ("吗", "嗎", "呢"),
    "th": ("ไหม", "มั้ย", "หรือเปล่า"),
    "ko": ("니까", "까요", "나요"),
    "el": (";",),  # the Greek question mark
}
_CLOSING = " \t\r\n\u3000\"'!.…。！)]}”’»」』）"

_OPENING = {language: words | folded(_VERBS.get(language, "")) for language, words in ASKING.items()}
_INSIDE = {language: folded(words) for language, words in _ANYWHERE.items()}
# Where the language is unknown: first words that ask in some language and are listed with no other meaning in any, so
# that neither "was" (German for what) nor "come" (Italian for how) asks by itself.
_SURELY_ASKING = frozenset[str]().union(*ASKING.values()) - folded(" ".join([*FUNCTION_WORDS.values(), ALSO_ENGLISH]))


@lru_cache(maxsize=1024)
def _is_question_mark(char: str) -> bool:
    return "QUESTION" in unicodedata.name(char, "")


def asks(text: str, words: Sequence[str], language: str) -> bool:
    """Return whether a query is put as a question: by a question mark of any script, or by its words.

    `words` are folded; `language` is from `guess`. Without a language only first words count that mean nothing else in
    any language listed here.
    """
    end = text.rstrip(_CLOSING)
    if end and (_is_question_mark(end[-1]) or text.lstrip().startswith("¿")):
        return True
    if not words:
        return False
    if f"{words[0]} {words[1] if len(words) > 1 else ''}" in _OPENINGS:
        return True
    if not language:
        return words[0] in _SURELY_ASKING
    return (
        words[0] in _OPENING.get(language, ())
        or not _INSIDE.get(language, frozenset()).isdisjoint(words)
        or end.endswith(_ENDINGS.get(language, ()))
        or any(part in text[:READ] for part in _PARTS.get(language, ()))
    )
