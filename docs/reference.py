"""Writes the README's reference of commands from the program itself; a test compares the two.

python docs/reference.py
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ltrr_cli.cli.main import app

if TYPE_CHECKING:
    from collections.abc import Iterator

README = Path(__file__).parents[1] / "README.md"
BEGIN, END = "<!-- commands: written by docs/reference.py -->", "<!-- end of commands -->"


def commands() -> Iterator[tuple[str, Any]]:
    """Yield the name and the command of everything that can be called, in the order of the help."""

    def walk(command: Any, path: str) -> Iterator[tuple[str, Any]]:
        inner = getattr(command, "commands", None)
        if inner is None:
            yield path, command
            return
        context = typer.Context(command)
        for name in command.list_commands(context):
            yield from walk(inner[name], f"{path} {name}")

    return walk(typer.main.get_command(app), "ltrr")


def reference() -> str:
    """Return the table."""
    lines = ["| command | what it does | options |", "|---|---|---|"]
    for name, command in commands():
        arguments, options = [], []
        for one in command.params:
            if one.param_type_name == "argument":
                arguments.append((one.metavar or one.name.upper()).rstrip("…") + ("…" if one.nargs == -1 else ""))
            elif one.name != "help" and not one.hidden:
                options.append(f"`{min(one.opts, key=lambda option: (not option.startswith('--'), len(option)))}`")
        call = " ".join([name, *arguments])
        what = re.split(r"(?<=[.:])\s", " ".join((command.help or "").split()), maxsplit=1)[0].rstrip(".:")
        lines.append(f"| `{call}` | {_cell(what)} | {' '.join(options)} |")
    return "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def block(text: str) -> str:
    """Return what stands between the marks of a text; ValueError where they are missing."""
    return text[text.index(BEGIN) + len(BEGIN) : text.index(END)].strip()


def main() -> None:
    """Write it."""
    text = README.read_text(encoding="utf-8")
    before, after = text[: text.index(BEGIN)], text[text.index(END) :]
    README.write_text(f"{before}{BEGIN}\n\n{reference()}\n\n{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
