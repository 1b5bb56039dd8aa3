"""Which analysis a segment has."""

from __future__ import annotations

import pytest

from ltrr_cli.analysis.base import Terms
from ltrr_cli.analysis.english import English
from ltrr_cli.analysis.multilingual import Multilingual
from ltrr_cli.analysis.versions import read_analysis


def test_read() -> None:
    """A segment that says nothing has the first analysis; the second says its languages."""
    assert isinstance(read_analysis(None), English)
    assert read_analysis({"version": 2, "main": "de", "others": ["en"]}) == Multilingual("de", ("en",))


@pytest.mark.parametrize("version", [1, 3, "2", None])
def test_unknown(version: object) -> None:
    """One that is not known is an error, not a guess."""
    with pytest.raises(ValueError, match="newer"):
        read_analysis({"version": version, "main": "en", "others": []})


def test_the_first_analysis_stays_as_it_was() -> None:
    """Segments were built with these terms: English stems of folded tokens, pairs before single characters."""
    english = English()
    assert english.document("Running CAFÉS, l'été 東京都") == Terms(
        ["run", "cafe", "lete", "東京", "京都", "東", "京", "都"]
    )
    asked = english.query("Running runs spider-man")
    assert [(slot.word, slot.terms) for slot in asked.slots] == [
        ("running", ("run",)),
        ("spider", ("spider",)),
        ("man", ("man",)),
    ]
    assert all(english.terms(slot.word) == slot.terms for slot in asked.slots)
    assert asked.joins == ()
