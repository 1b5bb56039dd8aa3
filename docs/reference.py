"""Writes README.md's table of commands and docs/commands.md from the program itself; a test compares them.

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
PAGE = Path(__file__).parent / "commands.md"
BEGIN, END = "<!-- commands: written by docs/reference.py -->", "<!-- end of commands -->"
WIDTH = 100


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
    """Return the table: each command with its arguments, and what it does."""
    lines = ["| command | what it does |", "|---|---|"]
    for name, command in commands():
        arguments = [
            (one.metavar or one.name.upper()).rstrip("…") + ("…" if one.nargs == -1 else "")
            for one in command.params
            if one.param_type_name == "argument"
        ]
        call = " ".join([name, *arguments])
        what = re.split(r"(?<=[.:])\s", " ".join((command.help or "").split()), maxsplit=1)[0].rstrip(".:")
        lines.append(f"| `{call}` | {_cell(what)} |")
    return "\n".join(lines)


def page() -> str:
    """Return the page: each command's own help."""
    parts = ["# Commands\n\nWhat `ltrr COMMAND --help` says, written by `python docs/reference.py`.\n"]
    for name, command in commands():
        settings = {"terminal_width": WIDTH, "max_content_width": WIDTH, "help_option_names": ["-h", "--help"]}
        context = command.make_context(name, [], resilient_parsing=True, **settings)
        parts.append(f"## {name}\n\n```\n{command.get_help(context).rstrip()}\n```\n")
    return "\n".join(parts)


def options(command: Any) -> list[str]:
    """Return the long names of a command's visible options."""
    visible = [one for one in command.params if one.param_type_name == "option" and not one.hidden]
    return [min(one.opts, key=lambda option: (not option.startswith("--"), len(option))) for one in visible]


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def block(text: str) -> str:
    """Return what stands between the marks of a text; ValueError where they are missing."""
    return text[text.index(BEGIN) + len(BEGIN) : text.index(END)].strip()


def main() -> None:
    """Write both."""
    text = README.read_text(encoding="utf-8")
    before, after = text[: text.index(BEGIN)], text[text.index(END) :]
    README.write_text(f"{before}{BEGIN}\n\n{reference()}\n\n{after}", encoding="utf-8")
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
