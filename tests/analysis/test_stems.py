"""Stems by script and language."""

from __future__ import annotations

import pytest

from ltrr_cli.analysis.normal import plain
from ltrr_cli.analysis.stems import forms, stem


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("running", "runs", "run")),
        ("de", ("häuser", "haus", "hauses")),
        ("fr", ("chanteuses", "chanteuse")),
        ("es", ("canciones", "canción")),
        ("tr", ("evler", "ev")),
        ("en", ("книги", "книга", "книгами")),
        ("en", ("άνθρωπος", "άνθρωποι", "ανθρωπο")),
        ("en", ("لاعبون", "لاعب")),
        ("en", ("किताबें", "किताब")),
    ],
)
def test_endings_do_not_matter(language: str, words: tuple[str, ...]) -> None:
    """Forms of a word share a term; only the Latin script needs to be told its language."""
    assert set.intersection(*(set(forms(word, (language,))) for word in words))


@pytest.mark.parametrize("language", ["de", "fr", "es", "it", "pt", "sv", "pl", "tr", "vi", "en", ""])
@pytest.mark.parametrize("word", ["café", "été", "für", "mañana", "señores", "łódź", "được", "şarkılar"])
def test_accents_may_be_left_out(word: str, language: str) -> None:
    """A word typed without its accents shares a term with the word as it is written, in every language."""
    bare = plain(word)
    assert set(forms(bare, (language,))) & set(forms(word, (language,)))


def test_vietnamese_keeps_its_tones() -> None:
    """Tones tell words apart: the word as written is a term too."""
    assert forms("được", ("vi",)) == ("duoc", "được")
    assert forms("được", ("en",)) == ("duoc",)


def test_letters_that_are_no_accents() -> None:
    """Russian й and и are two letters, ß is ss, and Arabic letters with and without hamza are one."""
    assert forms("йод", ()) == ("йод",)
    assert forms("за\u0301мок", ()) == forms("замок", ())
    assert set(forms("straße", ("de",))) & set(forms("strasse", ("de",)))
    assert forms("أحمد", ()) == forms("احمد", ())


def test_several_languages_give_several_terms() -> None:
    """A word of unknown language has its stem in each; equal stems are one."""
    assert forms("running", ("en", "de")) == ("run", "running")
    assert forms("house", ("en", "en")) == ("hous",)


@pytest.mark.parametrize(
    ("algorithm", "words", "stems"),
    [
        ("english", "generously skies", "generous sky"),
        ("german", "aufeinander häuser", "aufeinand haus"),
        ("spanish", "canciones amarás", "cancion amaras"),
        ("french", "continuellement yeux", "continuel yeux"),
        ("italian", "abbandonata perché", "abbandon perc"),
        ("dutch", "lichamelijk huizen", "lichamelijk huis"),
        ("polish", "książkami domach", "książk dom"),
        ("portuguese", "boazinha canções", "boazinh cançõ"),
        ("swedish", "jaktkarlarna flickornas", "jaktkarl flick"),
        ("turkish", "evlerinden kitapçı", "ev kitapçı"),
        ("russian", "красивейшими книгами", "красив книг"),
        ("greek", "ανθρώπους ταινίες", "ανθρωπ ταινι"),
        ("arabic", "والكتاب لاعبون", "والكتاب لاعب"),
        ("hindi", "किताबें लड़कियों", "किताब लड़क"),
        ("tamil", "வீடுகள்", "வீடு"),
        ("armenian", "գրքերի", "գրքերի"),
    ],
)
def test_stems_are_pinned(algorithm: str, words: str, stems: str) -> None:
    """Indexes hold these stems: a release of PyStemmer that changes one would no longer find them."""
    assert [stem(word, algorithm) for word in words.split()] == stems.split()
