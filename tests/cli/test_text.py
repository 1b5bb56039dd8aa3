"""Nothing that a catalogue or a query holds reaches a terminal raw, and JSON keeps every value."""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from io import BytesIO, TextIOWrapper
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from ltrr_cli.cli.text import dumps, number, safe, size

if TYPE_CHECKING:
    import pytest


@given(st.text())
def test_safe_text_has_no_control_characters(text: str) -> None:
    """What is shown holds no control character, no change of direction, no half character."""
    shown = safe(text)
    assert all(unicodedata.category(char) not in ("Cc", "Cs", "Zl", "Zp") for char in shown)
    assert not re.search("[\u200e\u200f\u202a-\u202e\u2066-\u2069]", shown)


@given(st.text(alphabet=st.characters()))
def test_json_keeps_the_value_and_has_no_control_characters(text: str) -> None:
    """A parser gets back what was written, but for halves of characters; the bytes hold no control character."""
    written = dumps({"a": text})
    assert json.loads(written) == {"a": re.sub("[\ud800-\udfff]", "\ufffd", text)}
    assert all(unicodedata.category(char) not in ("Cc", "Cs") for char in written)


def test_safe_shows_what_it_escapes() -> None:
    """Escapes can be read, white space is one space, lines survive where they are asked for."""
    assert safe(" a\t\nb\x1b[31m\x9b\u202e ") == "a b\\x1b[31m\\x9b\\u202e"
    assert safe("a\x07\nb", lines=True) == "a\\x07\nb"


def test_json_is_ascii_where_the_output_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Latin-1 terminal gets escapes that every JSON parser understands."""
    monkeypatch.setattr(sys, "stdout", TextIOWrapper(BytesIO(), encoding="latin-1"))
    assert dumps("é 中 😀") == '"\\u00e9 \\u4e2d \\ud83d\\ude00"'
    assert dumps("\udcff") == '"\\ufffd"'


def test_numbers_and_sizes() -> None:
    """Numbers are rounded and finite; sizes have three digits."""
    assert (number(0.12345678), number(float("nan")), number(float("inf"))) == (0.123457, None, None)
    assert [size(n) for n in (0, 999, 1000, 24_500_000, 3e12)] == ["0 B", "999 B", "1.0 kB", "24.5 MB", "3.0 TB"]
