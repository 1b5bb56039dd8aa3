"""Markup: what is read of HTML, and what is no HTML."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_cli.catalog import Catalog
from ltrr_cli.catalog.markup import is_html, plain

if TYPE_CHECKING:
    from pathlib import Path

SHOWN = [
    ("<p>A <b>red</b> shoe.</p>\n<p>Made of leather</p>", "A red shoe.\nMade of leather"),
    ("one<br/>two<BR>three", "one\ntwo\nthree"),
    ("<ul><li>light</li><li>warm</li></ul>", "light\nwarm"),
    ("<tr><td>size</td><td>42</td></tr>", "size 42"),
    ("Tom &amp; Jerry&nbsp;&#39;s", "Tom & Jerry 's"),
    ('<a href="x?a=1&amp;b=2">here</a><!-- not this -->', "here"),
    ("<style>p {color: red}</style>seen<script>if (a < b) x()</script>", "seen"),
    ("<!DOCTYPE html><html><body>hello</body></html>", "hello"),
    ("List<String> of a < b > c, <3 and R&D", "List<String> of a < b > c, <3 and R&D"),
    ("&lt;p&gt; is a paragraph", "<p> is a paragraph"),
    ("<p", "<p"),
    ("if x <s and the sequence ends, so that y >t", "if x <s and the sequence ends, so that y >t"),
    ("write to <ana@example.org> or <b@c>", "write to <ana@example.org> or <b@c>"),
    ('<p class=big data-x="1 &lt; 2" hidden>shown</p >', "shown"),
    ("<script>never ends", "never ends"),
]


@pytest.mark.parametrize(("html", "text"), SHOWN)
def test_what_is_read(html: str, text: str) -> None:
    """Blocks are lines, cells are words, what nobody sees is gone, what HTML does not know stays."""
    assert plain(html) == text


def test_which_fields_are_html() -> None:
    """One tag in four texts is enough, or a reference in twenty; generics, comparisons and addresses are none."""
    assert is_html(["a <b>c</b>", *["plain"] * 3])
    assert not is_html(["a <b>c</b>", *["plain"] * 4])
    assert is_html(["Tom &amp; Jerry", *["plain"] * 19])
    assert not is_html(["Tom &amp; Jerry", *["plain"] * 20])
    assert not is_html(["List<String>", "a < b > c", "http://x/?a=1&b=2", "R&D", "<3"])
    assert not is_html(["How do I center a <div>?", "What does <b> mean"])
    assert not is_html(["if a<b and c>d then", "cout<<a<<b>>c"])
    assert not is_html([])


@given(st.text(alphabet="<>/!-&;#apbr script\"'\u0130é", max_size=200))
def test_anything_is_read(text: str) -> None:
    """Whatever it is, and what is no HTML stays but for white space."""
    shown = plain(text)
    if "<" not in text and "&" not in text:
        assert shown.split() == text.split()


@pytest.mark.parametrize("piece", ["<script>", "<p ", "<!--", "&amp", '<a href="', "<" * 50, "\n "])
def test_a_hostile_text_takes_no_time(piece: str) -> None:
    """A megabyte of beginnings without an end."""
    started = time.process_time()
    plain(piece * (1_000_000 // len(piece)))
    assert time.process_time() - started < 5  # a quadratic step would take hours


def test_a_catalogue_in_html(tmp_path: Path) -> None:
    """Titles, texts and attributes, in lists too; a plain field beside them keeps its signs."""
    path = tmp_path / "c.jsonl"
    record = {
        "id": 1,
        "title": "Tom &amp; Jerry",
        "description": "<p>Cat <i>and</i> mouse</p>",
        "type": "Home &amp; Garden",
        "code": "a<T>",
        "tags": ["Home &amp; Garden", [[["deep"]]]],
    }
    path.write_text(json.dumps(record) + "\n")
    catalog = Catalog([path])
    assert catalog.schema.html == ("title", "description", "type", "tags")
    (entity,) = catalog
    assert (entity.title, entity.text) == ("Tom & Jerry", "Cat and mouse")
    assert entity.type == "Home & Garden"
    assert entity.attributes == {"code": ("a<T>",), "tags": ("Home & Garden",)}
