"""Text and numbers for whoever reads them: control characters escaped, numbers short and finite."""

from __future__ import annotations

import json
import math
import re

_CONTROL = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # C0, DEL and C1: cursor movements, colours, titles
    "\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069"  # text direction: what is shown is not what is there
    "\u2028\u2029\ud800-\udfff]"  # line ends of Unicode, and halves of characters that cannot be encoded
)
_NOT_ASCII = re.compile("[^\x00-\x7e]")
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_SPACES = re.compile(r"[ \t\r\n\v\f]+")


def safe(text: object, *, lines: bool = False) -> str:
    r"""Return text for people: control characters as `\x1b`, runs of white space as one space (kept with `lines`)."""
    plain = str(text)
    if lines:
        return "\n".join(_CONTROL.sub(_escape, line.expandtabs()) for line in plain.split("\n"))
    return _CONTROL.sub(_escape, _SPACES.sub(" ", plain).strip())


def plain(text: str) -> str:
    """Return what people typed without what acts unseen: controls as a space, marks of direction left out."""
    return _CONTROL.sub("", _UNSEEN.sub(" ", text)).strip()


def referenced(text: str) -> str:
    """Return HTML that has been escaped with control characters as references, which a browser reads as they were.

    But those from U+0080 to U+009F, and U+0000: HTML has no way to write them.
    """
    return _CONTROL.sub(lambda found: f"&#{ord(found[0])};", text)


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def dumps(value: object, *, indent: int | None = None, ascii_only: bool = False) -> str:
    """Return JSON that every parser takes and that does nothing to a terminal: no raw control character, no nan.

    A byte that was no UTF-8 comes in as half a character, which no other parser takes: it becomes U+FFFD.
    """
    text = json.dumps(value, ensure_ascii=False, indent=indent, allow_nan=False)
    text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace") if _halved(text) else text
    # json escapes C0 only; the newlines of `indent` are its own
    wanted = _NOT_ASCII if ascii_only else _CONTROL
    return wanted.sub(lambda found: found[0] if found[0] == "\n" else json.dumps(found[0])[1:-1], text)


def _halved(text: str) -> bool:
    """Tell whether a text holds half of a character."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def number(value: float, digits: int = 6) -> float | None:
    """Return a rounded number for JSON, None where it is not finite."""
    return round(float(value), digits) if math.isfinite(value) else None
