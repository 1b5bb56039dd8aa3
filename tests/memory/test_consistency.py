"""Judging guesses by the full text of the segment that is being built."""

from __future__ import annotations

import pytest

from ltrr_cli.analysis.multilingual import Multilingual
from ltrr_cli.index.fulltext import FulltextWriter
from ltrr_cli.memory import consistency
from ltrr_cli.memory.consistency import TOP, Judge

ROWS = [
    {"title": f"Night {n}", "creator": ("Ann Lee", "Bob")[n % 2], "attributes": f"drama g{n % 5}", "text": text}
    for n, text in enumerate(["rain falls", "Ann dances in the rain", "", "nights of drama", "a lee shore"] * 6)
]
KEYS = [
    "night",
    "ann lee",
    "rain",
    "drama night",
    "lee drama 3",
    "night 7",
    "zebra",
    "rain zebra",
    "",
    "dancing nights",
]


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Judge:
    """Return a judge of some entities."""
    folder = tmp_path_factory.mktemp("segment")
    writer = FulltextWriter(folder / "fulltext", Multilingual())
    for row, fields in enumerate(ROWS):
        writer.add(row, dict(fields), (), 0.0)
    writer.finish()
    return Judge(folder, Multilingual())


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("whole", [True, False])
def test_ranks_are_those_of_the_whole_query(judge: Judge, key: str, *, whole: bool) -> None:
    """Words that nothing has, and fields that do not have a word, are left out, and no rank changes."""
    fulltext = judge._fulltext
    words = [
        fulltext.word([(field, term, boost) for field, boost in consistency._FIELDS for term in slot.terms], 0.4)
        for slot in Multilingual().query(key).slots
    ]
    join = fulltext.all_of if whole else fulltext.either
    rows, _ = fulltext.search(join(words), TOP) if words else ([], [])
    assert judge.ranks(key, whole=whole) == {row: rank for rank, row in enumerate(rows, 1)}


def test_what_is_asked_for_whole_has_all_words(judge: Judge) -> None:
    """A word that nothing has costs a whole guess everything, another nothing."""
    assert judge.ranks("rain zebra", whole=True) == {}
    assert judge.ranks("rain zebra", whole=False) == judge.ranks("rain", whole=False) != {}
    assert set(judge.ranks("drama night", whole=True)) == set(judge.ranks("night", whole=True))
