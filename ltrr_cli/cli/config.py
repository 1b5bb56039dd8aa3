"""`ltrr config`: the settings of an index, where each comes from, and changing one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ltrr_cli.cli.options import IndexOption, JsonOption, find_index
from ltrr_cli.cli.text import safe, say, show_json

app = typer.Typer(
    name="config",
    help="The settings of an index: flags come before LTRR_* variables, those before its ltrr.toml, then the defaults.",
    no_args_is_help=True,
)


@app.command(epilog="\b\nExamples:\n  ltrr config show\n  LTRR_NOISE=0.1 ltrr config show --changed\n")
def show(
    *,
    index: IndexOption = None,
    changed: Annotated[bool, typer.Option("--changed", help="Only those that are not the default.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show every setting with its value and its source."""
    from ltrr_cli.settings import settings

    found = [one for one in settings(_root(index)) if not changed or one.source != "default"]
    if as_json:
        show_json([{"section": o.section, "name": o.name, "value": o.value, "source": o.source} for o in found])
        return
    from ltrr_cli.cli.tables import show as show_table
    from ltrr_cli.evaluation.chart import Table

    rows = tuple((f"{one.section}.{one.name}", _written(one.value), one.source) for one in found)
    if rows:
        show_table(Table(header=("setting", "value", "source"), rows=rows))
    else:
        say("every setting is the default")


@app.command(
    name="set",
    context_settings={"ignore_unknown_options": True},  # a value may begin with a minus
    epilog="""\b
Examples:
  ltrr config set timeout_ms 200
  ltrr config set rewards.skip -0.3
  ltrr config set strategies.use lexical,semantic,memory
""",
)
def set_(
    name: Annotated[str, typer.Argument(metavar="NAME", help="SETTING or SECTION.SETTING.")],
    value: Annotated[str, typer.Argument(metavar="VALUE", help="A number, true or false, a list.")],
    *,
    index: IndexOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a setting into the index's ltrr.toml; the rest of the file stays as it is.

    Settings of the section learning, and rewards, change what the log teaches: it is learned again on the next use.
    """
    from ltrr_cli.config import NAME
    from ltrr_cli.engine.people import check_users
    from ltrr_cli.index.files import replace_file
    from ltrr_cli.settings import set_line

    root = _root(index)
    text = set_line(root, name, value)
    check_users(root, text)
    replace_file(root / NAME, text.encode())
    if as_json:
        show_json({"name": name, "value": value, "file": str(root / NAME)})
    else:
        say(f"{safe(name)} = {safe(value)} ({safe(root / NAME)})")


@app.command(epilog="\b\nExamples:\n  ltrr config check\n")
def check(*, index: IndexOption = None, as_json: JsonOption = False) -> None:
    """Check ltrr.toml and the LTRR_* variables: exit code 1, and what is wrong, if one cannot be used.

    Also whether users are logged as hash_users says.
    """
    from ltrr_cli.engine.people import check_users
    from ltrr_cli.retrieval.base import find
    from ltrr_cli.settings import settings

    root = _root(index)
    found = settings(root)
    names = next(one.value for one in found if one.section == "strategies")
    find(tuple(names) if isinstance(names, list) else (), ())
    check_users(root)
    changed = sum(one.source != "default" for one in found)
    if as_json:
        show_json({"settings": len(found), "changed": changed})
    else:
        say(f"{len(found)} settings, {changed} of them not the default: all can be used")


def _root(index: object) -> Path:
    from ltrr_cli.index.manifest import read_manifest

    root = find_index(index if isinstance(index, Path) else None)
    read_manifest(root)
    return root


def _written(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
