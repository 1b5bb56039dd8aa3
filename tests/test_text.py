"""Text analysis: one way to fold, cut and key text, for every script."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ltrr_cli.text import clean, fold, hash64, key, token_hash, tokens

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=60)
"""Lone surrogates and unassigned characters included."""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The Lord of the Rings", ["the", "lord", "of", "the", "rings"]),
        ('tom & jerry: the "movie', ["tom", "jerry", "the", "movie"]),
        ("snake_case", ["snake", "case"]),
        ("  \t\n ", []),
        ("🎬🍿", []),
        ("Café Müller", ["cafe", "muller"]),
        ("cafe\u0301", ["cafe"]),
        ("Łódź Øresund Ðorđe Þór", ["lodz", "oresund", "dorde", "thor"]),
        ("Straße", ["strasse"]),
        ("İstanbul ılık", ["istanbul", "ilik"]),
        ("œuvre Ægir", ["oeuvre", "aegir"]),
        ("Ωμέγα ΣΊΣΥΦΟΣ", ["ωμεγα", "σισυφοσ"]),
        ("Привет Ёлка", ["привет", "елка"]),
        ("ﬁlm Ｆｕｌｌ　ｗｉｄｔｈ", ["film", "full", "width"]),
        ("𝐇𝐞𝐥𝐥𝐨 ℌell", ["hello", "hell"]),
        ("Nike™ Air®", ["nike", "air"]),
        ("№5", ["no5"]),
    ],
)
def test_alphabets(text: str, expected: list[str]) -> None:
    """Letters lose case, accents and compatibility forms; punctuation and signs part words."""
    assert tokens(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("don't", ["dont"]),
        ("don\u2019t", ["dont"]),
        ("Hawai\u02bbi o\u02bcneill", ["hawai\u02bbi", "oneill"]),
        ("'quoted'", ["quoted"]),
        ("rock 'n' roll", ["rock", "n", "roll"]),
        ("l'été d'Ève", ["lete", "deve"]),
    ],
)
def test_apostrophes(text: str, expected: list[str]) -> None:
    """An apostrophe inside a word vanishes, straight or curly; outside it parts words."""
    assert tokens(text) == expected


@pytest.mark.parametrize(
    ("text", "query", "index"),
    [
        ("东", ["东"], ["东"]),
        ("东京", ["东京"], ["东京", "东", "京"]),
        ("東京都", ["東京", "京都"], ["東京", "京都", "東", "京", "都"]),
        ("カタカナ", ["カタ", "タカ", "カナ"], ["カタ", "タカ", "カナ", "カ", "タ", "カ", "ナ"]),
        ("ﾃﾞ", ["デ"], ["デ"]),
        ("ไทย", ["ไท", "ทย"], ["ไท", "ทย", "ไ", "ท", "ย"]),
        ("abc東京1", ["abc", "東京", "1"], ["abc", "東京", "東", "京", "1"]),
    ],
)
def test_scripts_without_spaces_give_pairs(text: str, query: list[str], index: list[str]) -> None:
    """Runs of Han, Kana or Thai become overlapping pairs, beside single characters where they are indexed."""
    assert tokens(text) == query
    assert tokens(text, index=True) == index


@pytest.mark.parametrize(
    "word",
    ["हिन्दी", "தமிழ்", "বাংলা", "తెలుగు", "עברית", "العربية", "한국어", "አማርኛ", "ქართული", "հայերեն"],
)
def test_spaced_scripts_keep_their_words_whole(word: str) -> None:
    """A word of a spaced script is one token, its vowel signs included."""
    assert len(tokens(word)) == 1
    assert tokens(f"{word} {word}") == tokens(word) * 2


def test_points_do_not_matter_in_arabic() -> None:
    """Arabic vowel points and the tatweel are left out, since most texts are written without them."""
    assert tokens("مُحَمَّد") == tokens("محمد")
    assert tokens("محـــمد") == tokens("محمد")


def test_surrogates() -> None:
    """A surrogate pair written as two code points is one character; a lone surrogate is replaced; NUL parts words."""
    assert clean("\ud83c\udfac") == "🎬"
    assert clean("a\ud800b") == "a\ufffdb"
    assert tokens("\ud835\udc07i") == ["hi"]
    assert tokens("a\ud800b") == ["a", "b"]
    assert tokens("a\x00b") == ["a", "b"]


@given(ANY_TEXT)
@example("\ud800")
@example("ϓ Ϲ ℃ ㎂ ꟲ")
@example("x" * 200 + "ß" * 100)
def test_key_is_idempotent(text: str) -> None:
    """The key of a key is that key, so that a remembered query is found whichever way it comes in."""
    assert key(key(text)) == key(text)


@given(ANY_TEXT)
def test_tokens_of_any_text(text: str) -> None:
    """Any text gives non-empty tokens of at most 64 characters that can be written as UTF-8 and hold no space."""
    for token in tokens(text) + tokens(text, index=True):
        assert 1 <= len(token) <= 64
        assert token.encode().decode() == token
        assert not any(character.isspace() for character in token)
    assert set(tokens(text)) <= set(tokens(text, index=True))


@given(ANY_TEXT)
def test_case_and_composition_do_not_matter(text: str) -> None:
    """Composed and decomposed spellings of a text have the same key."""
    known = clean(text)
    assert key(unicodedata.normalize("NFD", known)) == key(unicodedata.normalize("NFC", known))


def test_fold_of_every_block() -> None:
    """Folding twice is folding once, for characters of all planes."""
    sample = [chr(point) for point in range(0, 0x110000, 7) if not 0xD800 <= point < 0xE000]
    folded = [fold(character) for character in sample]
    assert [fold(text) for text in folded] == folded


@given(st.text(st.sampled_from("aZ09_' .-\x00\x1c"), max_size=30))
def test_tokens_of_ascii(text: str) -> None:
    """Letters and digits in a row; an apostrophe among them, or beside an underscore, parts nothing."""
    assert tokens(text) == re.findall("[a-z0-9]+", re.sub(r"(?<=\w)'(?=\w)", "", text.lower()))


def test_long_words_are_cut() -> None:
    """Words longer than 64 characters are cut, in ASCII, in Cyrillic and before a Chinese run."""
    assert tokens("x" * 1000) == ["x" * 64]
    assert tokens("щ" * 65) == ["щ" * 64]
    assert tokens("щ" * 65 + "东京") == ["щ" * 64, "东京"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 13020603013274838756),
        ("love", 3946966742555413814),
        ("東京", 17306041243353289198),
        ("genre=love", 8109896731804147304),
        ("\ud800", 7497787021708494914),
    ],
)
def test_hash_values_are_pinned(text: str, expected: int) -> None:
    """Index directories hold these hashes: a change would make every existing one unreadable."""
    assert hash64(text) == expected
    assert token_hash(text) == expected
