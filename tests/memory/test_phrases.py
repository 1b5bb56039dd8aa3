"""Key phrases: what a text says that others do not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from ltrr_cli.memory import phrases as module
from ltrr_cli.memory.phrases import LONGEST, Phrases

if TYPE_CHECKING:
    import pytest

TEXTS = [f"the cat and the dog number{n} go to the market in town" for n in range(60)]


def _of(texts: list[str], text: str, most: int = 4) -> list[str]:
    phrases = Phrases()
    for one in texts:
        phrases.count(one)
    return phrases.of(text, most)


def test_rare_runs_come_first() -> None:
    """Words that all texts have cut the runs; a name of two rare words comes whole, and only once."""
    text = "the cat and Jack Frost go to the market in town and Jack Frost"
    assert _of([*TEXTS, text], text) == ["jack frost"]


def test_nothing_is_common_among_few_texts() -> None:
    """With few texts no word is taken for a function word."""
    assert _of(["blue moon"], "blue moon") == ["blue moon"]


def test_of_too_many_words_the_rarest_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many rare words come, those that often occur are known: they cut the runs, and say less."""
    text = "the cat and Jack Frost go to the market in town and Jack Frost"
    rare = [f"the rare{number} cat and rarer{number}" for number in range(200)]
    expected = _of([*TEXTS, *rare, text], text)
    monkeypatch.setattr(module, "KNOWN", 12)
    counted = Phrases()
    for one in [*TEXTS, *rare, text]:
        counted.count(one)
        assert len(counted._frequency) <= 24
    assert counted.of(text, 4) == expected


def test_empty() -> None:
    """A text without words has no phrases."""
    assert _of([*TEXTS, ""], "…") == []


@given(st.lists(st.text(alphabet="abc de", max_size=40), max_size=8), st.integers(1, 5))
def test_limits(texts: list[str], most: int) -> None:
    """At most so many, of at most three words, and no two share a word."""
    for text in texts:
        found = [phrase.split(" ") for phrase in _of(texts, text, most)]
        words = [word for phrase in found for word in set(phrase)]
        assert len(found) <= most
        assert all(1 <= len(phrase) <= LONGEST for phrase in found)
        assert len(words) == len(set(words))
