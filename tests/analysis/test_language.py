"""Scripts and languages: what the writing of a query tells."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ltrr_cli.analysis.language import LANGUAGES, SCRIPTS, guess, scripts
from ltrr_cli.analysis.vocabulary import FUNCTION_WORDS
from ltrr_cli.text import tokens

# Wishes, each put the way people of that language put it. None of them was looked at while making the tables.
QUERIES = {
    "en": ("toys for a two year old", "the lord of the rings", "when was paris founded", "songs by the beatles"),
    "de": ("spielzeug für ein kind", "der herr der ringe", "wann wurde paris gegründet", "musik aus den 90ern"),
    "fr": ("jouets pour un enfant", "le seigneur des anneaux", "quand paris a été fondée", "travail à la maison"),
    "es": ("juguetes para un niño", "el señor de los anillos", "cuándo se fundó parís", "trabajo desde casa"),
    "it": ("giocattoli per un bambino di due anni", "il signore degli anelli", "quando fu fondata parigi", "da casa"),
    "pt": ("brinquedos para uma criança", "o senhor dos anéis", "quando foi fundada paris", "trabalho em casa"),
    "nl": ("speelgoed voor een kind", "in de ban van de ring", "wanneer werd parijs gesticht", "werk vanuit huis"),
    "sv": ("leksaker till ett barn", "sagan om ringen", "när grundades paris", "musik från 90-talet"),
    "pl": ("zabawki dla dziecka", "władca pierścieni", "kiedy powstał paryż", "muzyka z lat 90"),
    "tr": ("bir çocuk için oyuncak", "yüzüklerin efendisi", "paris ne zaman kuruldu", "90'lar için müzik"),
    "ru": ("игрушки для ребёнка", "властелин колец", "когда основан париж", "музыка из 90-х"),
    "uk": ("іграшки для дитини", "володар перснів", "коли засновано париж", "музика із 90-х"),
}


def _guess(text: str) -> str:
    return guess(text, tokens(text), scripts(text))


@pytest.mark.parametrize("language", FUNCTION_WORDS)
def test_languages_by_their_function_words(language: str) -> None:
    """Ordinary queries of a language are taken for it or for nothing, never for another, and half are recognised."""
    guessed = [_guess(text) for text in QUERIES[language]]
    assert set(guessed) <= {language, ""}
    assert guessed.count(language) >= len(guessed) / 2


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("東京のホテル", "ja"),
        ("ﾎﾃﾙ", "ja"),
        ("北京酒店", "zh"),
        ("서울 호텔", "ko"),
        ("фільми", ""),
        ("ταινίες", "el"),
        ("סרטים על אהבה", "he"),
        ("أفلام عن الحب", "ar"),
        ("प्रेम गीत", "hi"),
        ("โรงแรมในกรุงเทพ", "th"),
        ("the 東京", "en"),  # three letters of five are Latin
        ("of 東京大学", "zh"),
        ("гарри поттер", ""),
    ],
)
def test_languages_by_script(text: str, language: str) -> None:
    """A script that one language all but owns decides with more than half of the letters; Cyrillic decides nothing."""
    assert _guess(text) == language


@pytest.mark.parametrize(
    "text", ["", "?!", "inception 2010", "die hard", "los angeles", "ip man", "hotels in paris", "\ud800"]
)
def test_nothing_or_a_tie_gives_no_language(text: str) -> None:
    """Without function words, and with words of several languages alike, no language is guessed."""
    assert _guess(text) == ""


def test_letters_decide_between_equals() -> None:
    """Among languages with as many function words, the letters say which one is meant."""
    assert _guess("strand am") == ""  # am is English as well
    assert _guess("günstige hotels am strand") == "de"


def test_scripts_by_hand() -> None:
    """Shares are of the letters; Latin letters count, other characters do not."""
    assert scripts("plain, 12") == {}
    assert scripts("café ʼ 12") == {}
    assert scripts("ab вг, дё!") == {"cyrillic": 4 / 6}
    assert scripts("東京のx") == {"han": 2 / 4, "kana": 1 / 4}
    assert scripts("Ωא한ไनب") == dict.fromkeys(["arabic", "devanagari", "greek", "hangul", "hebrew", "thai"], 1 / 6)
    assert scripts("աaＡ𝐁") == {"other": 1 / 4}  # Armenian; full-width and styled letters are Latin ones
    assert scripts("\ud800\x00 ✓") == {}


@given(text=st.text(max_size=80))
@example(text="я " * 10_000)
@example(text="ﷺ ﹰ µ ª ー 々 \u3031 𓀀")
def test_any_text(text: str) -> None:
    """Any text gives shares of known scripts in (0, 1] and one of the languages or none."""
    shares = scripts(text)
    assert set(shares) <= set(SCRIPTS)
    assert all(0 < share <= 1 for share in shares.values())
    assert sum(shares.values()) <= 1 + 1e-9
    assert _guess(text) in {*LANGUAGES, ""}
