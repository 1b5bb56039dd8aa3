"""Judging guesses by the words of the segment that is being built."""

from __future__ import annotations

import pytest

from ltrr_cli.analysis.multilingual import Multilingual
from ltrr_cli.index.bag import Bags, BagsWriter
from ltrr_cli.memory import consistency
from ltrr_cli.memory.consistency import TOP, Judge

ROWS = [
    {"title": f"Night {n}", "creator": ("Ann Lee", "Bob")[n % 2], "attributes": f"drama g{n % 5}", "text": text}
    for n, text in enumerate(["rain falls", "Ann dances in the rain", "", "nights of drama", "a lee shore"] * 6)
]


@pytest.fixture(scope="module")
def bags(tmp_path_factory: pytest.TempPathFactory) -> Bags:
    """Return the bags of some entities; they are searched when their files are gone."""
    folder = tmp_path_factory.mktemp("segment") / "bags"
    writer = BagsWriter(folder)
    for row, fields in enumerate(ROWS):
        writer.add(row, {name: Multilingual().document(text, "en") for name, text in fields.items()})
    found = writer.finish()
    writer.remove()
    assert not folder.exists()
    return found


@pytest.fixture
def judge(bags: Bags) -> Judge:
    """Return a judge of them."""
    return Judge(bags, Multilingual())


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("ann lee", ("ann", "lee")),
        ("drama night 7", ("drama", "night", "7")),
        ("dancing ann", ("danc", "ann")),
        ("lee drama g3", ("lee", "drama", "g3")),
        ("rain zebra", ("zebra",)),
        ("", ()),
    ],
)
def test_a_whole_guess_finds_who_has_all_words(judge: Judge, key: str, words: tuple[str, ...]) -> None:
    """In whichever field each of them stands, in any form; no more than the first, ranked from 1."""
    having = {
        row
        for row, fields in enumerate(ROWS)
        if words
        and {*words} <= {term for text in fields.values() for term in Multilingual().document(text, "en").words}
    }
    found = judge.ranks(key, whole=True)
    assert set(found) <= having
    assert len(found) == min(TOP, len(having))
    assert sorted(found.values()) == [*range(1, len(found) + 1)]


def test_a_title_counts_more(judge: Judge) -> None:
    """Who is called so comes before who is only told of so."""
    ranks = judge.ranks("7", whole=True)
    assert ranks == {7: 1}
    found = judge.ranks("night rain", whole=False)
    assert {row for row, rank in found.items() if rank <= 3} <= {row for row in range(len(ROWS)) if row % 5 in (0, 1)}


def test_other_guesses_need_not_have_all_words(judge: Judge) -> None:
    """A word that nothing has costs a whole guess everything, another nothing."""
    assert judge.ranks("rain zebra", whole=True) == {}
    assert judge.ranks("rain zebra", whole=False) == judge.ranks("rain", whole=False) != {}


def test_what_too_many_have_says_nothing(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    """A whole guess is judged as long as its rarest word is rare."""
    monkeypatch.setattr(consistency, "_MOST_COMMON", 12)
    assert judge.ranks("night drama", whole=True) == {}
    assert judge.ranks("night rain", whole=True) != {}
    assert judge.ranks("night drama", whole=False) != {}
