"""Analysis 2: documents and queries agree, whatever the languages."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ltrr_cli.analysis.base import Terms
from ltrr_cli.analysis.multilingual import MOST, Multilingual, language_of, of_languages
from ltrr_cli.text import MAX_WORDS

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=60)
KEYS = st.lists(st.sampled_from(["the", "und", "les", "Running", "ß", "1984", "x2", "c++"]), max_size=6).map(" ".join)
ANALYSES = st.builds(
    Multilingual,
    st.sampled_from(["en", "de", "vi", "tr"]),
    st.lists(st.sampled_from(["fr", "es", "pl"]), unique=True).map(tuple),
)


def test_positions() -> None:
    """Parts follow each other; a joined form, and single characters, share a position with the words they overlap."""
    assert Multilingual().document("the Spider-Man films 東京都").placed() == [
        (0, "the"),
        (1, "spider"),
        (2, "man"),
        (1, "spiderman"),
        (3, "film"),
        (4, "東京"),
        (5, "京都"),
        (4, "東"),
        (5, "京"),
        (5, "都"),
    ]


def test_the_surest_terms() -> None:
    """The first of each position, in the order of positions; words that follow each other need no places."""
    terms = Multilingual("en").document("l'été à spider-man 東京", "fr")
    assert terms.surest() == [
        next(term for own, term in terms.placed() if own == place) for place in sorted({*(terms.places or ())})
    ]
    alone = Multilingual("en").document("(The) running -- films", "en")
    assert alone == Terms(["the", "run", "film"])
    assert alone.surest() == ["the", "run", "film"]
    assert alone.placed() == [(0, "the"), (1, "run"), (2, "film")]


def test_stems_of_the_text_and_of_the_main_language() -> None:
    """A German text in an English index has both stems, at one place."""
    assert Multilingual("en").document("Häuser", "de").placed() == [(0, "hauser"), (0, "haus")]
    assert Multilingual("de").document("Häuser") == Multilingual("de").document("Häuser", "de")


def test_a_query_of_unknown_language_is_looked_for_in_all() -> None:
    """Where nothing tells the language, every one of the index counts; where something does, that and the main one."""
    analysis = Multilingual("en", ("de", "es"))
    (unsure,) = analysis.query("canciones").slots
    assert {"cancion", "canciones"} & set(unsure.terms)
    assert unsure.language == ""
    sure = analysis.query("canciones para los niños").slots[0]
    assert sure.language == "es"
    assert set(sure.terms) <= set(unsure.terms)


def test_function_words_are_common() -> None:
    """They are those of the query's language; of the main one where that is unknown."""
    assert [slot.common for slot in Multilingual().query("the who").slots] == [True, True]
    assert [slot.common for slot in Multilingual().query("what women want").slots] == [True, False, False]
    assert [slot.common for slot in Multilingual("de").query("wer hat das tor geschossen").slots] == [
        True,
        True,
        True,
        False,
        False,
    ]


def test_joins() -> None:
    """Words that are written together, or that stand next to each other, may be one; function words are left out."""
    joins = Multilingual().query("the spider man's ac/dc tour bus").joins
    assert {(join.start, join.end, join.slot.word) for join in joins} == {
        (2, 4, "mans"),
        (4, 6, "acdc"),
        (6, 8, "tourbus"),
    }


@pytest.mark.parametrize(
    ("guesses", "main", "others"),
    [
        ([], "en", ()),
        (["", "", "zh"], "en", ()),
        (["de", "de", "en", ""], "de", ("en",)),
        (["en"] * 99 + ["de"], "en", ()),
        (["vi", "ru", "ru"], "vi", ()),
        (["de", "en", "es", "fr", "it", "pl"], "de", ("en", "es", "fr", "it")),
    ],
)
def test_languages_of_an_index(guesses: list[str], main: str, others: tuple[str, ...]) -> None:
    """The most frequent one of the Latin script is the main one; a few of those with a fiftieth come beside it."""
    assert of_languages(Counter(guesses)) == Multilingual(main, others)
    assert len(others) <= MOST


def test_vietnamese_is_told_by_its_letters() -> None:
    """Two of the letters that only Vietnamese has."""
    assert language_of("Đội bóng nào thắng") == "vi"
    assert language_of("Ngo Dinh Diem") == ""


@given(ANY_TEXT, ANALYSES, st.sampled_from(["", "en", "fr", "vi", "ru", "ja"]))
@example("R.E.M. l'été 東京タワー हिन्दी 학교에 C++", Multilingual(), "")
@example("a" + "\u0301" * 50 + "\ud800", Multilingual("vi"), "vi")
@example("\u00b8\u0e01", Multilingual(), "")
def test_a_text_finds_itself(text: str, analysis: Multilingual, language: str) -> None:
    """Whatever the languages were guessed to be, each word of a text, typed as it stands, has a term of the text."""
    document = analysis.document(text, language)
    known = {*document.words}
    slots = analysis.query(text).slots
    assert len(slots) <= MAX_WORDS
    for slot in slots:
        assert slot.terms
        assert known & set(slot.terms)
        assert slot.terms == analysis.terms(slot.word, slot.language)
    assert analysis.document(text, language) == document
    assert all(1 <= len(term) <= 200 and term.encode() for term in known)
    places = [place for place, _ in document.placed()]
    assert set(places) == set(range(max(places) + 1)) if places else True


@given(ANY_TEXT | KEYS, ANALYSES)
@example("der the und", Multilingual("en", ("fr",)))
@example("a " * 600, Multilingual("de", ("en",)))
@example("x" * 65 + " The", Multilingual())
@example("a " * 2 * MAX_WORDS, Multilingual())
@example("東京都 für l'été", Multilingual("de", ("fr",)))
def test_alternatives_are_those_of_the_slots(text: str, analysis: Multilingual) -> None:
    """What a build asks for is what a query asks for."""
    assert analysis.alternatives(text) == [slot.terms for slot in analysis.query(text).slots]


@given(ANY_TEXT, ANALYSES)
def test_phrases_find_themselves(text: str, analysis: Multilingual) -> None:
    """The surest terms of a query stand in a row in a document of the same text, as phrases need it."""
    slots = analysis.query(text).slots
    document = set(analysis.document(text).placed())
    assert all((place, slot.terms[0]) in document for place, slot in enumerate(slots))


@pytest.mark.parametrize("text", ["x" * 100_000, "東京物語" * 25_000, "a " * 50_000, "\u0301" * 99_999, "a-" * 50_000])
def test_huge_queries_are_cut(text: str) -> None:
    """A query of 100 kB has at most 64 words, and joins only of those."""
    asked = Multilingual().query(text)
    assert len(asked.slots) <= MAX_WORDS
    assert all(0 <= join.start < join.end <= len(asked.slots) for join in asked.joins)
