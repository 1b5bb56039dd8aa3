"""Markup: texts that a catalogue holds as HTML are read as what a browser would show of them.

A field is HTML if one in four of its texts has a tag of HTML, or one in twenty a character reference ("Tom &amp;
Jerry"). Tags that HTML does not know stay: `List<String>` is a text. Every step is linear in the length of the text,
whatever is in it.
"""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

_BLOCKS = frozenset((
    "address", "article", "aside", "blockquote", "br", "center", "dd", "details", "div", "dl", "dt", "fieldset",
    "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main",
    "nav", "ol", "option", "p", "pre", "section", "summary", "table", "tbody", "tfoot", "thead", "tr", "ul",
))  # fmt: skip
_CELLS = frozenset(("td", "th"))
_INLINE = frozenset((
    "a", "abbr", "audio", "b", "bdi", "bdo", "big", "body", "button", "caption", "cite", "code", "col",
    "colgroup", "data", "del", "dfn", "em", "embed", "font", "head", "html", "i", "iframe", "img", "input",
    "ins", "kbd", "label", "link", "mark", "meta", "object", "picture", "q", "s", "samp", "select", "small",
    "source", "span", "strike", "strong", "sub", "sup", "svg", "time", "track", "tt", "u", "var", "video", "wbr",
))  # fmt: skip
_ALONE = frozenset(("br", "hr", "img", "li", "p"))
"""Tags that are often not closed."""
_UNSEEN = ("script", "style", "template", "noscript")
_ATTRIBUTE = (
    r"""\s++(?:[A-Za-z_:@][\w:@.-]*+\s*+=\s*+(?:"[^"<>]*+"|'[^'<>]*+'|[^\s"'<>=]++)"""
    r"""|(?:allowfullscreen|async|autoplay|checked|controls|defer|disabled|hidden|loop|muted|noshade|nowrap|open|required"""
    r"""|selected)(?=[\s/>]))"""
)
_TAG = re.compile(
    rf"<(?:/([A-Za-z][A-Za-z0-9]*+)\s*+|([A-Za-z][A-Za-z0-9]*+)(?:{_ATTRIBUTE})*+\s*+/?|!--[^<>]*+(?<=--)|!doctype[^<>]*+)>",
    re.IGNORECASE,
)
"""A tag, or a comment. What only looks like one stays: `if x <s and t> y`."""
_REFERENCE = re.compile(r"&(?:amp|lt|gt|quot|apos|nbsp|#[0-9]{2,6}|#[xX][0-9a-fA-F]{2,5});")
_SPACES = re.compile(r"[ \t\xa0]+")
_LINES = re.compile(r" ?\n\s*+")
_TAGGED, _REFERRING = 4, 20
"""One in so many texts has to have a tag, or a reference: a few may well tell of HTML."""


def is_html(texts: Collection[str]) -> bool:
    """Tell whether these texts of one field are HTML."""
    tagged = sum(map(_is_tagged, texts))
    referring = sum(_REFERENCE.search(text) is not None for text in texts)
    return 0 < len(texts) <= max(_TAGGED * tagged, _REFERRING * referring)


def plain(text: str) -> str:
    """Return what is read of a text in HTML, one line for each of its blocks."""
    if "<" in text:
        for name in _UNSEEN:
            text = _without(text, name)
        text = _TAG.sub(_shown, text)
    text = unescape(text) if "&" in text else text
    return _LINES.sub("\n", _SPACES.sub(" ", text)).strip()


def has_markup(text: str) -> bool:
    """Tell whether a text has an element of HTML, or a character reference."""
    return _is_tagged(text) or ("&" in text and _REFERENCE.search(text) is not None)


def is_all_markup(text: str) -> bool:
    """Tell whether a text begins and ends with tags of HTML: one that tells of tags hardly does."""
    text = text.strip()
    if not (text.startswith("<") and text.endswith(">") and _is_tagged(text)):
        return False
    first, last = _TAG.match(text), _TAG.fullmatch(text, text.rfind("<"))
    return first is not None and last is not None and _shown(first) != first[0] and _shown(last) != last[0]


def _is_tagged(text: str) -> bool:
    """Tell whether a text has an element that is closed, or a block that begins: others may tell of tags."""
    if "<" not in text:
        return False
    tags = [tag for tag in _TAG.finditer(text) if _shown(tag) != tag[0]]
    closed = {(tag[1] or "").lower() for tag in tags}
    return any((tag[2] or "").lower() in closed | _ALONE for tag in tags if tag[2])


def _shown(tag: re.Match[str]) -> str:
    """Return what takes the place of a tag."""
    name = (tag[1] or tag[2] or "").lower()
    if name in _BLOCKS:
        return "\n"
    if name in _CELLS:
        return " "
    return tag[0] if name and name not in _INLINE and name not in _UNSEEN else ""


def _without(text: str, name: str) -> str:
    """Return a text without the elements of a name, and what is in them; one that does not end stays."""
    lower, kept, at = text.lower(), [], 0
    if len(lower) != len(text):  # letters that are two in small; no offset would fit
        return text
    while (start := lower.find(f"<{name}", at)) >= 0:
        end = lower.find(f"</{name}", start)
        close = lower.find(">", end) if end >= 0 else -1
        if close < 0:
            break
        kept.append(text[at:start])
        at = close + 1
    return "".join([*kept, text[at:]])
