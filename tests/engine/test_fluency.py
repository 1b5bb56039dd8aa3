"""Fluency: by hand, and by the shipped encoder in a language that it knows and one that it does not."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ltrr_cli.analysis.multilingual import language_of
from ltrr_cli.encoder import Encoder
from ltrr_cli.engine.fluency import FEWEST, Sample, _known, _reciprocal, by_words, excerpt
from ltrr_cli.index.fluent import Fluency, Group
from ltrr_cli.records import Entity

ENGLISH = [
    "bread",
    "rivers",
    "teachers",
    "storms",
    "violins",
    "gardens",
    "engines",
    "doctors",
    "bridges",
    "winters",
    "horses",
    "letters",
    "islands",
    "candles",
    "soldiers",
    "markets",
    "kitchens",
    "planets",
    "farmers",
    "novels",
]
GREEK = [
    "ψωμί",
    "ποτάμια",
    "δάσκαλοι",
    "καταιγίδες",
    "βιολιά",
    "κήποι",
    "μηχανές",
    "γιατροί",
    "γέφυρες",
    "χειμώνες",
    "άλογα",
    "γράμματα",
    "νησιά",
    "κεριά",
    "στρατιώτες",
    "αγορές",
    "κουζίνες",
    "πλανήτες",
    "αγρότες",
    "μυθιστορήματα",
]


def known(words: list[str]) -> float:
    """Return the shipped encoder's fluency in texts of nine of these words each."""
    rng = np.random.default_rng(4)
    texts = [" ".join(rng.choice(words, 9, replace=False)) for _ in range(FEWEST + 8)]
    entities = [Entity(id=str(number), text=text) for number, text in enumerate(texts)]
    encoder = Encoder.open()
    samples = []
    for order in (range(len(texts)), reversed(range(len(texts)))):
        sample = Sample()
        for row in order:
            sample.add(row, entities[row], language_of(entities[row].text))
        samples.append(sample.fluency(encoder, encoder.encode(texts)))
    assert samples[0] == samples[1], "the order in which entities come does not matter"
    return samples[0].of("", "greek" if words is GREEK else "latin")


def test_the_shipped_encoder_knows_english_better_than_greek() -> None:
    """It was made for English."""
    assert known(ENGLISH) > known(GREEK) + 0.3


def test_known_by_hand() -> None:
    """As a share of what words find, from .3 to .6."""
    eye = np.eye(40)
    assert _reciprocal(eye) == 1.0
    assert _reciprocal(np.ones((3, 3))) == 0.5
    assert _known(0.9, 0.9) == 1.0
    assert _known(0.45, 1.0) == pytest.approx(0.5)
    assert _known(0.1, 1.0) == 0.0
    assert _known(0.1, 0.0) == 1.0
    words = by_words(["Rivers, bread", "unknown"], ["bread and rivers", "bread", "storms"])
    assert words.tolist() == [[pytest.approx(math.log(2.5) + math.log(4)), pytest.approx(math.log(2.5)), 0], [0, 0, 0]]
    assert by_words(["很好"], ["我喜歡電影很好看的人", "東京物語是一個電影名"]).tolist()[0][1] == 0


def test_characters_per_token() -> None:
    """The shipped tokenizer has English words, and spells Greek; unknown characters count each."""
    encoder = Encoder.open()
    assert encoder.characters_per_token([" ".join(ENGLISH)]) > 4
    assert encoder.characters_per_token([" ".join(GREEK)]) < 2
    assert encoder.characters_per_token(["ⵣⵣⵣⵣ"]) == 1
    assert encoder.characters_per_token([""]) == 0


def test_few_texts_are_believed() -> None:
    """Among a few any text is found: nothing is encoded, and the encoder is trusted."""
    sample = Sample()
    for row in range(FEWEST - 1):
        sample.add(row, Entity(id=str(row), text="seven words are enough to be tried"), "en")
    (group,) = sample.fluency(Encoder.open(), np.zeros((FEWEST, 384), np.float32)).groups
    assert (group.known, group.texts) == (1.0, FEWEST - 1)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("one two three four five six seven", "three four five"),
        ("too short", ""),
        ("", ""),
        ("電影很好我喜歡看電影很好我喜歡看也很好看", "我喜歡看電影"),
    ],
)
def test_excerpts(text: str, words: str) -> None:
    """Three words from the middle, or six characters where nothing is between words; nothing of a short text."""
    found = excerpt(text)
    assert found in text
    assert found == words if " " in text or not text else len(found) == 6


def test_of_a_query() -> None:
    """A known language counts; else the texts in the query's script, by their number; else all."""
    groups = [("en", "latin", 30, 1.0), ("", "latin", 10, 0.6), ("ru", "cyrillic", 10, 0.1)]
    fluency = Fluency(tuple(Group(language=a, script=b, texts=c, known=d) for a, b, c, d in groups))
    assert fluency.of("ru", "cyrillic") == pytest.approx(0.1)
    assert fluency.of("", "latin") == pytest.approx(0.9)
    assert fluency.of("de", "latin") == pytest.approx(0.9)
    assert fluency.of("th", "thai") == pytest.approx((30 + 6 + 1) / 50)
    assert Fluency().of("th", "thai") == 1.0
    assert Fluency.from_rows(fluency.to_rows()) == fluency
