"""Text that may go to a terminal or into a pipe: control characters escaped, JSON that every parser takes."""

from __future__ import annotations

import json
import math
import re
import sys
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from ltrr_cli.errors import LtrrError
    from ltrr_cli.records import Bad

_CONTROL = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # C0, DEL and C1: cursor movements, colours, titles
    "\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069"  # text direction: what is shown is not what is there
    "\u2028\u2029\ud800-\udfff]"  # line ends of Unicode, and halves of characters that cannot be encoded
)
_NOT_ASCII = re.compile("[^\x00-\x7e]")
_SPACES = re.compile(r"[ \t\r\n\v\f]+")


def safe(text: object, *, lines: bool = False) -> str:
    r"""Return text for people: control characters as `\x1b`, runs of white space as one space (kept with `lines`)."""
    plain = str(text)
    if lines:
        return "\n".join(_CONTROL.sub(_escape, line.expandtabs()) for line in plain.split("\n"))
    return _CONTROL.sub(_escape, _SPACES.sub(" ", plain).strip())


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def dumps(value: object, *, indent: int | None = None) -> str:
    """Return JSON: readable where the output is UTF-8, ASCII elsewhere, never with a raw control character.

    A byte that was no UTF-8 comes in as half a character, which no other parser takes: it becomes U+FFFD.
    """
    encoding = (getattr(sys.stdout, "encoding", None) or "utf-8").lower().replace("-", "")
    text = json.dumps(value, ensure_ascii=False, indent=indent, allow_nan=False)
    text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace") if _halved(text) else text
    # json escapes C0 only; the newlines of `indent` are its own
    wanted = _CONTROL if encoding == "utf8" else _NOT_ASCII
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


def say(text: str = "") -> None:
    """Print a line for people on standard output; the caller has made it `safe`."""
    typer.echo(text)


def notice(text: str) -> None:
    """Print a line for people on standard error."""
    typer.echo(safe(text), err=True)


def tell_error(error: LtrrError) -> None:
    """Print an error on standard error, on one line."""
    notice(f"error: {error}")


def left_out(count: int, what: str, first: Bad) -> None:
    """Say on standard error how many lines or records were left out, and where and why the first was."""
    notice(f"{plural(count, what)} left out, the first at {first.source}:{first.line}: {first.reason}")


def show_json(value: object, *, line: bool = False) -> None:
    """Print one JSON value, on one line or indented."""
    typer.echo(dumps(value, indent=None if line else 2))


def size(count: float) -> str:
    """Return a number of bytes as people read it."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" or count >= 100 else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:,.1f} TB"


def plural(count: int, one: str, many: str = "") -> str:
    """Return `1 line` or `2,000 lines`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
