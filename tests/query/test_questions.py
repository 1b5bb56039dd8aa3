"""Whether queries are put as questions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_cli.analysis.language import guess, scripts
from ltrr_cli.query.questions import asks
from ltrr_cli.text import tokens


def _asks(text: str) -> bool:
    return asks(text, tokens(text), guess(text, tokens(text), scripts(text)))


@pytest.mark.parametrize(
    "text",
    [
        "who wrote hamlet",
        "what's new",
        "can you freeze eggs",
        "inception?",
        "inception ？",
        'he said "inception?"',
        "سعر الهاتف؟",
        "¿inception",
        "wo liegt berlin",
        "welche schuhe passen",
        "où se trouve lyon",
        "o que é o amor",
        "est-ce que la terre est ronde",
        "dónde está madrid",
        "bu film güzel mi",
        "где находится москва",
        "есть ли жизнь на марсе",
        "爱是什么",
        "你好吗",
        "愛とは何",
        "これは映画ですか。",
        "사랑은 무엇",
        "प्रेम क्या है",
        "ความรักคืออะไร",
        "ταινίες;",
        "מה זה אהבה",
    ],
)
def test_questions(text: str) -> None:
    """A query asks by a question mark of any script or by the words of its language, where they stand in it."""
    assert _asks(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "...",
        "the who",
        "can opener",
        "die hard",
        "is",
        "was",  # German for what
        "come together",  # Italian for how
        "dove soap",  # Italian for where
        "kim basinger",  # Turkish for who
        "inception;",  # a question mark in Greek only
        "東京のホテルなどの",
        "\ud800",
    ],
)
def test_no_questions(text: str) -> None:
    """Words that ask in one language and mean something else in another do not ask by themselves."""
    assert not _asks(text)


def test_a_verb_opens_a_question_only_in_its_language() -> None:
    """The same verb asks where the other words give its language, and does not where nothing does."""
    assert asks("hat x", ["hat", "x"], "de")
    assert not asks("hat x", ["hat", "x"], "en")
    assert not asks("hat x", ["hat", "x"], "")


@given(text=st.text(max_size=80))
def test_a_question_mark_makes_a_question_of_any_text(text: str) -> None:
    """Whatever stands before it."""
    assert _asks(text + "?")
