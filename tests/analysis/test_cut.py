"""Where words begin and end, in every script."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ltrr_cli.analysis import cut as module
from ltrr_cli.analysis.cut import cut, pieces
from ltrr_cli.analysis.normal import normal, plain

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=60)
"""Lone surrogates and unassigned characters included."""


@pytest.mark.parametrize(
    ("text", "words", "joined"),
    [
        ("spider-man", ("spider", "man"), "spiderman"),
        ("Spider\u2011Man", ("spider", "man"), "spiderman"),
        ("AC/DC", ("ac", "dc"), "acdc"),
        ("R.E.M.", ("r", "e", "m"), "rem"),
        ("l'été", ("l", "été"), "lété"),
        ("don\u2019t", ("don", "t"), "dont"),
        ("r&b", ("r", "b"), "rb"),
        ("M*A*S*H", ("m", "a", "s", "h"), "mash"),
        ("snake_case", ("snake", "case"), "snakecase"),
        ("P!nk", ("p", "nk"), "pink"),
        ("$uicideboy$", ("uicideboy",), "suicideboys"),
        ("A$AP", ("a", "ap"), "asap"),
        ("C++", ("c",), "c++"),
        ("C#", ("c",), "c#"),
        (".NET", ("net",), ".net"),
        ("1,000,000", ("1000000",), ""),
        ("1.000", ("1000",), ""),
        ("$100", ("100",), ""),
        ("1999-2001", ("1999", "2001"), ""),
        ("plain", ("plain",), ""),
        ("x.org/a/b/c/d", ("x", "org", "a", "b", "c", "d"), ""),
    ],
)
def test_written_together(text: str, words: tuple[str, ...], joined: str) -> None:
    """What punctuation holds together gives its parts and how they read as one; long rows and numbers do not."""
    (piece,) = cut(text)
    assert (piece.words, piece.joined) == (words, joined)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The Lord of the Rings", ["the", "lord", "of", "the", "rings"]),
        ("wham! 'quoted' (a, b)", ["wham", "quoted", "a", "b"]),
        ("snow.  Next", ["snow", "next"]),
        ("hello@example", ["hello", "example"]),
        ("Ｆｕｌｌ　ｗｉｄｔｈ ﬁlm", ["full", "width", "film"]),
        ("İstanbul", ["istanbul"]),
        ("مُحَمَّد محـــمد", ["محمد", "محمد"]),
        ("שָׁלוֹם", ["שלום"]),
        ("हिन्दी हिंदी क़लम", ["हिंदी", "हिंदी", "कलम"]),
        ("१९९४ ٢٠٠١ ๒๕", ["1994", "2001", "25"]),
        ("тёмный", ["темный"]),
        ("", []),
        ("🎬 ?! \u0301", []),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    """Words lose case, compatibility forms, points and variants of letters; accents stay."""
    assert [word for piece in cut(text) for word in piece.words] == words


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("東", [("東",)]),
        ("東京都", [("東京", "京都")]),
        ("カタカナ", [("カタ", "タカ", "カナ")]),
        ("ไทย", [("ไท", "ทย")]),
        ("학교에", [("학교", "교에")]),
        ("abc東京1", [("abc",), ("東京",), ("1",)]),
        ("日本·東京", [("日本",), ("東京",)]),
    ],
)
def test_pairs(text: str, pairs: list[tuple[str, ...]]) -> None:
    """Runs of scripts without spaces, and of Hangul, become overlapping pairs."""
    assert [piece.words for piece in cut(text)] == pairs


@given(ANY_TEXT)
@example("\ud800a\ud835\udc07")
@example("'-.$+#" * 9)
@example("a" + "\u0301" * 50)
@example("x-" * 40)
@example("\u0e33\u0fb2\u0f81")
def test_any_text(text: str) -> None:
    """Words are never empty nor longer than 64 characters, hold no space, and cutting one again changes nothing."""
    pieces = cut(text)
    assert pieces == cut(text)
    for piece in pieces:
        assert piece.words
        for word in (*piece.words, *([piece.joined] if piece.joined else [])):
            assert 1 <= len(word) <= 64
            assert not any(character.isspace() for character in word)
            assert word.encode()
            assert plain(word)
    assert sum(len(word) for piece in pieces for word in piece.words) <= 2 * len(normal(text))


@given(st.text("ab1é.,;:!?'\"()$#+-_&/", min_size=1, max_size=8))
@example("'a.'")
@example("(.net")
@example("1,000)")
def test_one_plain_word_is_cut_like_all_else(chunk: str) -> None:
    """Signs around a plain word are left out as they are where the whole pattern is looked for."""
    found = [piece for match in module._PIECE.finditer(chunk) for piece in module._pieces(match.group())]
    assert list(pieces(chunk)) == found


@given(ANY_TEXT)
def test_normal_is_normal(text: str) -> None:
    """Spelling a text normally twice is doing it once, and case does not matter."""
    assert normal(normal(text)) == normal(text)
