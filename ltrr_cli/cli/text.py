"""Text that may go to a terminal or into a pipe: control characters escaped, JSON that every parser takes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from ltrr_cli.wire.text import dumps as as_json
from ltrr_cli.wire.text import number, safe

if TYPE_CHECKING:
    from ltrr_cli.errors import LtrrError
    from ltrr_cli.records import Bad

__all__ = ["dumps", "left_out", "notice", "number", "plural", "safe", "say", "show_json", "size", "tell_error"]


def dumps(value: object, *, indent: int | None = None) -> str:
    """Return JSON: readable where the output is UTF-8, ASCII elsewhere, never with a raw control character."""
    encoding = (getattr(sys.stdout, "encoding", None) or "utf-8").lower().replace("-", "")
    return as_json(value, indent=indent, ascii_only=encoding != "utf8")


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
