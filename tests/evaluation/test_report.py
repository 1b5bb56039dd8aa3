"""Reports: one page, well-formed, without anything to load or to run."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ltrr_cli.errors import EvaluationError
from ltrr_cli.evaluation.chart import Chart, Curve, Section, Table
from ltrr_cli.evaluation.report import page, save

if TYPE_CHECKING:
    from pathlib import Path

VOID = {"meta", "br", "link", "img", "input", "hr"}
MARKUP = '"><script src=https://evil.example/x.js></script><img src=x onerror=alert(1)>&amp;'
HOSTILE = MARKUP + '\x00\x1b\u202e\ud800 url(#a) id="b"'
CURVE = Curve(name="learning", x=(0.0, 1.0, 2.0), y=(0.1, 0.2, 0.3), low=(0.0, 0.1, 0.2), high=(0.2, 0.3, 0.4))


class _Page(HTMLParser):
    """A page's elements with their attributes, its texts, and what is not closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.feed(html)
        self.close()
        self.wrong += self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep an element that opens."""
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep an element without content."""
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        """Check that what closes was opened last."""
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        """Keep a text."""
        if data.strip():
            self.texts.append(data.strip())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """Return the attributes of each element of a kind."""
        return [attributes for name, attributes in self.tags if name == tag]


def _chart(text: str = "A chart", kind: str = "lines") -> Chart:
    curves = (CURVE, Curve(name=text, x=CURVE.x, y=CURVE.y))
    return Chart(title=text, x_label=text, y_label=text, curves=curves, kind=kind, ticks=(text,))


def _sections(text: str = "words") -> list[Section]:
    table = Table(header=(text, "nDCG@10"), rows=((text, "0.880"), ("short",)), numeric=(1,), caption=text)
    return [
        Section(heading=text, text=(text, text), tables=(table, table), charts=(_chart(text, kind),))
        for kind in ("lines", "area", "bars")
    ]


def test_the_page_is_well_formed() -> None:
    """Everything that opens closes in order; language, encoding, viewport, title and headings are there."""
    found = _Page(page("Report", _sections()))
    assert found.wrong == []
    assert found.all("html") == [{"lang": "en"}]
    assert {"charset": "utf-8"} in found.all("meta")
    assert any(meta.get("name") == "viewport" for meta in found.all("meta"))
    assert [len(found.all(tag)) for tag in ("h1", "h2", "caption", "table", "svg", "figure")] == [1, 3, 6, 6, 3, 3]
    assert found.texts.count("Report") == 2


def test_nothing_is_loaded_and_nothing_runs() -> None:
    """There are no scripts, handlers or links to elsewhere, and the page itself forbids them."""
    html = page("Report", _sections(HOSTILE))
    found = _Page(html)
    assert not {"script", "link", "img", "iframe", "object", "embed", "foreignobject", "base"} & {
        tag for tag, _ in found.tags
    }
    for tag, attributes in found.tags:
        assert not [name for name in attributes if name.startswith("on") or name in ("src", "srcset", "data")]
        for name, value in attributes.items():
            if name in ("href", "xlink:href"):
                assert (value or "").startswith("#"), tag
            if name == "style":
                assert not re.search(r"url\((?!#)|@import", value or "")
    style = html[html.index("<style>") : html.index("</style>")]
    assert not re.search(r"url\(|@import|http", style)
    policies = [meta["content"] for meta in found.all("meta") if meta.get("http-equiv") == "Content-Security-Policy"]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'"]


def test_hostile_texts_are_shown_as_they_are() -> None:
    """A text that looks like markup appears as text in each heading, paragraph, cell, caption and chart."""
    found = _Page(page(HOSTILE, _sections(HOSTILE)))
    assert found.wrong == []
    shown = MARKUP + ' url(#a) id="b"'
    # title, h1, contents; in each section h2, two paragraphs, and twice caption, header and cell
    assert sum(text == shown for text in found.texts) >= 2 + 3 + 3 * (1 + 2 + 2 * 3)
    assert not re.search("[\x00-\x08\x0b-\x1f\u202e\ud800]", page(HOSTILE, _sections(HOSTILE)))


def test_ids_are_unique_and_found() -> None:
    """Charts drawn from the same data do not share ids, and each reference points to something."""
    html = page("Report", [*_sections(), *_sections()])
    found = _Page(html)
    ids = [attributes["id"] for _, attributes in found.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    pointed = {(attributes.get("href") or "").removeprefix("#") for _, attributes in found.tags if "href" in attributes}
    pointed |= set(re.findall(r"url\(#([^)]+)\)", html))
    assert pointed
    assert pointed <= set(ids)


def test_charts_follow_light_and_dark() -> None:
    """Text and background of a chart are the page's, of which there is a light and a dark set."""
    html = page("Report", [Section(heading="one", charts=(_chart(),))])
    drawn = html[html.index("<svg") : html.index("</svg>")]
    assert {"var(--ink)", "var(--muted)", "var(--grid)", "var(--paper)"} <= set(re.findall(r"var\([a-z-]+\)", drawn))
    assert not re.search("#1f2430|#5c6370|#e3e5e9|#fdfdfe|#000000", drawn)
    assert "prefers-color-scheme: dark" in html
    assert 'aria-label="A chart"' in drawn


def test_colours_in_texts_are_texts() -> None:
    """A name that is the ink's colour, or looks like a reference, stays as it is."""
    html = page("Report", [Section(heading="one", charts=(_chart('#1f2430 url(#p) id="q'),))])
    assert '#1f2430 url(#p) id="q' in _Page(html).texts


def test_tables_align_numbers_and_fill_short_rows() -> None:
    """Numeric columns are marked as such, and each row has a cell for each column."""
    table = Table(header=("system", "RR"), rows=(("ltrr", "0.5"), ("bm25",), ("x", "1", "more")), numeric=(1,))
    html = page("", [Section(heading="t", tables=(table,))])
    rows = [re.findall(r"<t[hd][^>]*>", row) for row in re.findall(r"<tr>.*?</tr>", html)]
    assert [len(row) for row in rows] == [3, 3, 3, 3]
    assert all('class="number"' in row[1] and 'class="number"' not in row[0] + row[2] for row in rows)
    assert "<caption>" not in html


def test_an_empty_report_is_a_page() -> None:
    """Without sections, without rows and without text there is still a page."""
    empty = [Section(heading=""), Section(heading="", tables=(Table(header=(), rows=()),))]
    for html in (page("", []), page("", empty)):
        assert _Page(html).wrong == []


texts = st.text(max_size=20)


@given(title=texts, heading=texts, words=st.lists(texts, max_size=3), cells=st.lists(texts, max_size=4))
@settings(max_examples=40, deadline=None)
def test_any_text_makes_a_page(title: str, heading: str, words: list[str], cells: list[str]) -> None:
    """Whatever the texts, the page is well-formed and can be written as UTF-8."""
    table = Table(header=tuple(cells[:2]), rows=(tuple(cells),), caption=heading)
    html = page(title, [Section(heading=heading, text=tuple(words), tables=(table,))])
    assert _Page(html).wrong == []
    assert [tag for tag, _ in _Page(html).tags].count("p") == len(words)
    html.encode()


def test_saving_replaces_the_file_at_once(tmp_path: Path) -> None:
    """The page is in the file as it is, and nothing else is in the folder; a folder that is not there is an error."""
    path = tmp_path / "report.html"
    path.write_text("old")
    html = page("Ünïcode", _sections())
    save(html, path)
    assert path.read_text(encoding="utf-8") == html
    assert [one.name for one in tmp_path.iterdir()] == ["report.html"]
    with pytest.raises(EvaluationError, match="nowhere"):
        save(html, tmp_path / "nowhere" / "report.html")
