"""Full text: what matches, and what counts how much."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ltrr_cli.analysis.multilingual import Multilingual, language_of
from ltrr_cli.index.fulltext import Fulltext, FulltextWriter

if TYPE_CHECKING:
    from pathlib import Path

SENTENCES = {
    "English": "The quick brown fox jumps over the lazy dog",
    "German": "Zwölf Boxkämpfer jagen Viktor quer über den großen Deich",
    "French": "Portez ce vieux whisky au juge blond qui fume dès l'aurore",
    "Greek": "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία",
    "Russian": "Съешь ещё этих мягких французских булок",
    "Turkish": "Pijamalı hasta yağız şoföre çabucak güvendi",
    "Vietnamese": "Do bạch kim rất quý nên sẽ dùng để lắp vô xương",
    "Hebrew": "דג סקרן שט בים מאוכזב ולפתע מצא חברה",
    "Arabic": "نص حكيم له سر قاطع وذو شأن عظيم",
    "Hindi": "ऋषियों को सताने वाले दुष्ट राक्षसों के राजा",
    "Tamil": "யாமறிந்த மொழிகளிலே தமிழ்மொழி போல் இனிதாவது",
    "Thai": "เป็นมนุษย์สุดประเสริฐเลิศคุณค่า",
    "Chinese": "視野無限廣窗外有藍天",
    "Japanese": "いろはにほへとちりぬるを",
    "Korean": "키스의 고유조건은 입술끼리 만나야 하고",
    "Khmer": "ខ្ញុំអាចញ៉ាំកញ្ចក់បាន",
}
TITLES = ("title", 2.0), ("text", 1.0)


def stems(text: str) -> list[str]:
    """Return the surest form of each word of a query."""
    return [slot.terms[0] for slot in Multilingual().query(text).slots]


def write(
    directory: Path,
    *documents: dict[str, str],
    values: tuple[tuple[str, ...], ...] = (),
    popularity: tuple[float, ...] = (),
) -> Fulltext:
    """Write one entity for each document, and open what was written."""
    writer = FulltextWriter(directory / "fulltext", Multilingual())
    for row, fields in enumerate(documents):
        own = values[row] if row < len(values) else ()
        spoken = {name: language_of(text) for name, text in fields.items()}
        writer.add(row, fields, own, popularity[row] if row < len(popularity) else 0.0, languages=spoken)
    writer.finish()
    return Fulltext(directory / "fulltext")


@pytest.fixture(scope="module")
def languages(tmp_path_factory: pytest.TempPathFactory) -> Fulltext:
    """Return an index of one sentence of each language, in the text field."""
    return write(tmp_path_factory.mktemp("languages"), *({"text": sentence} for sentence in SENTENCES.values()))


@pytest.mark.parametrize("language", SENTENCES)
def test_every_script_finds_itself(languages: Fulltext, language: str) -> None:
    """A piece of the middle of a sentence finds this sentence first, whatever the script; every term is known."""
    sentence = SENTENCES[language]
    words = sentence.split()
    piece = " ".join(words[1:4]) if len(words) > 3 else sentence[2:8] if len(words) == 1 else words[1]
    terms = stems(piece)
    assert terms
    assert all(languages.document_frequency("text", term) for term in terms)
    rows, _ = languages.search(languages.terms(terms, TITLES, 0.3), 3)
    assert rows[0] == list(SENTENCES).index(language)


def test_one_character_finds_its_sentence(languages: Fulltext) -> None:
    """A query of a single Chinese character finds something, though text is cut into pairs."""
    rows, _ = languages.search(languages.terms(stems("藍"), TITLES, 0.3), 5)
    assert rows == [list(SENTENCES).index("Chinese")]


@pytest.mark.parametrize(
    "query", ['tom & jerry: the "movie', "AND OR NOT", "a:b^2 ~3 +x -y [1 TO 2] (", "*?", "\\", "'"]
)
def test_user_punctuation_is_no_syntax(languages: Fulltext, query: str) -> None:
    """Whatever people type is words, never query syntax: it neither fails nor means anything."""
    rows, _ = languages.search(languages.terms(stems(query), TITLES, 0.3), 5)
    assert len(rows) <= 5


def test_best_field_counts_and_others_by_the_tie(tmp_path: Path) -> None:
    """A term in two fields scores the better one plus `tie` times the other, not the sum."""
    index = write(
        tmp_path, {"title": "love", "text": "love"}, {"title": "love", "text": "x"}, {"title": "x", "text": "love"}
    )

    def scores(tie: float) -> dict[int, float]:
        return dict(zip(*index.search(index.terms(["love"], TITLES, tie), 3), strict=True))

    none, some, full = scores(0.0), scores(0.3), scores(1.0)
    assert none[0] == pytest.approx(none[1])
    assert some[0] == pytest.approx(none[1] + 0.3 * none[2])
    assert full[0] == pytest.approx(none[1] + none[2])
    assert none[1] == pytest.approx(2 * none[2])


def test_weights_of_terms_multiply(tmp_path: Path) -> None:
    """A term of weight 3 scores three times as much."""
    index = write(tmp_path, {"title": "love"}, {"title": "rain"})
    rows, scores = index.search(
        index.terms(["love", "rain"], TITLES, 0.0, lambda _, term: 3.0 if term == "rain" else 1.0), 2
    )
    assert rows == [1, 0]
    assert scores[0] == pytest.approx(3 * scores[1])


def test_phrase_needs_order_and_nearness(tmp_path: Path) -> None:
    """A phrase matches words next to each other in this order only."""
    index = write(tmp_path, {"title": "a love story"}, {"title": "story love"}, {"title": "love my story"})
    assert index.search(index.phrase("title", stems("love story"), 1.0), 5)[0] == [0]


def test_values_are_exact_and_add_up(tmp_path: Path) -> None:
    """An entity scores the weights of the values that it has; a part of a value is another value."""
    index = write(tmp_path, {}, {}, {}, values=(("g=soft rock", "y=1990s"), ("g=soft rock",), ("g=rock",)))
    rows, scores = index.search(index.values([("g=soft rock", 0.5), ("y=1990s", 0.25)]), 5)
    assert rows == [0, 1]
    assert scores == pytest.approx([0.75, 0.5])


def test_popularity_multiplies(tmp_path: Path) -> None:
    """By popularity a score is times log2(2 + x): x = 2 doubles it; equal scores are in the order of rows."""
    index = write(tmp_path, *({"title": "love"},) * 4, popularity=(0.0, 2.0, 0.0, 1.0))
    query = index.terms(["love"], TITLES, 0.0)
    rows, plain = index.search(query, 4)
    assert rows == [0, 1, 2, 3]
    rows, scores = index.search(query, 4, by_popularity=True)
    assert rows == [1, 3, 0, 2]
    assert scores == pytest.approx([2 * plain[0], 1.5849625 * plain[0], plain[0], plain[0]])


def test_document_frequency_by_field(tmp_path: Path) -> None:
    """The frequency counts entities that have the term in this field, not occurrences."""
    index = write(tmp_path, {"title": "love love"}, {"title": "love", "text": "loving"}, {"text": "rain"})
    assert [index.document_frequency(field, "love") for field in ("title", "text", "creator")] == [2, 1, 0]
    assert index.entities == 3


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    """Tantivy cannot make its lock file, as on a read-only disk: the index is opened and searched all the same."""
    before = write(tmp_path, {"title": "love"}, {"title": "rain"})
    lock = tmp_path / "fulltext" / ".tantivy-meta.lock"
    lock.unlink(missing_ok=True)
    lock.mkdir()
    index = Fulltext(tmp_path / "fulltext")
    assert index.entities == before.entities == 2
    assert index.search(index.phrase("title", ["love", "rain"], 1.0), 5)[0] == []
    assert index.document_frequency("title", "rain") == 1
    assert index.search(index.values([("none", 1.0)]), 5)[0] == []
    assert index.search(index.terms(["rain"], TITLES, 0.0), 5)[0] == [1]


@settings(deadline=None, max_examples=25)  # files
@given(texts=st.lists(st.sampled_from(["new york", "o'neill", "spider-man", "", "東京都", "c++ été", "a"]), max_size=5))
def test_terms_one_by_one_are_terms_with_places(texts: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whether Tantivy counts the places itself or is told them, the index is the same, byte by byte."""
    files = []
    for add in (FulltextWriter._add_terms, FulltextWriter._add_places):
        folder = tmp_path_factory.mktemp("index") / "fulltext"
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(FulltextWriter, "_add_terms", add)
            writer = FulltextWriter(folder, Multilingual("en", ("fr",)))
            for row, text in enumerate([*texts, " ".join(texts)]):
                writer.add(row, {"text": text}, (), 0.0)
            writer.finish()
        kept = sorted((path.suffix, path.read_bytes()) for path in folder.iterdir())
        files.append([content for suffix, content in kept if suffix in {".idx", ".pos", ".term", ".fieldnorm"}])
    assert files[0] == files[1]
    assert len(files[0]) == 4


@pytest.mark.parametrize("by_popularity", [False, True])
def test_equal_scores_are_ordered_by_row_in_every_part(tmp_path: Path, by_popularity: bool) -> None:
    """Tantivy parts a large index, and orders the parts by chance: whatever the limit, the first rows are found."""
    writer = FulltextWriter(tmp_path / "fulltext", Multilingual())
    for row in range(90):
        writer.add(row, {"title": "love song" if row % 9 else "love love"}, (), 0.0)
        if row % 15 == 7:
            writer._writer.commit()
    writer.finish()
    fulltext = Fulltext(tmp_path / "fulltext")
    assert fulltext._searcher.num_segments > 3
    query = fulltext.word([("title", "love", 1.0)], 0.0)
    expected = sorted(range(90), key=lambda row: (row % 9 > 0, row))
    for limit in (1, 5, 10, 11, 40, 89, 90, 200):
        rows, scores = fulltext.search(query, limit, by_popularity=by_popularity)
        assert rows == expected[:limit]
        assert scores == sorted(scores, reverse=True)
