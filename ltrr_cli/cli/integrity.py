"""`ltrr index verify`, `repair` and `adopt`: is it whole, make it whole, make it mine."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ltrr_cli.cli.options import IndexOption, JsonOption, find_index
from ltrr_cli.cli.text import notice, plural, safe, say, show_json, size
from ltrr_cli.errors import UsageError

if TYPE_CHECKING:
    from ltrr_cli.engine.verify import Damage

_Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bars.")]

VERIFY_EPILOG = """\b
Examples:
  ltrr index verify
  ltrr index verify --deep --json | jq .damage
  ltrr index verify || ltrr index repair
"""
REPAIR_EPILOG = """\b
Examples:
  ltrr index repair
  ltrr index repair --index songs.ltrr --json
"""
ADOPT_EPILOG = """\b
Examples:
  ltrr index adopt received/songs.ltrr --index songs.ltrr
  ltrr index adopt received/songs.ltrr --encoder my-encoder
"""


def verify(
    *,
    index: IndexOption = None,
    deep: Annotated[
        bool, typer.Option("--deep", help="Look into the files too, and learn the logs again to compare.")
    ] = False,
    quiet: _Quiet = False,
    as_json: JsonOption = False,
) -> None:
    """Compare every file and every line of the logs with its checksum. Exit code 1 if anything is damaged.

    Says what is damaged, and what makes it whole again. Writes nothing; others may use the index meanwhile.
    """
    path = find_index(index)
    from ltrr_cli.cli.console import bars
    from ltrr_cli.engine import Engine

    with bars(quiet=quiet) as tell:
        found = Engine.verify(path, deep=deep, progress=tell)
    if as_json:
        show_json({"sound": found.sound, **asdict(found)})
    else:
        read = f"{plural(found.files, 'file')} ({size(found.bytes)}), {plural(found.lines, 'log line')}"
        say(f"{safe(path)}: {'sound' if found.sound else 'damaged'}; {read}")
        _show_damage(found.damage)
        for note in found.notes:
            notice(f"note: {note}")
    if not found.sound:
        raise typer.Exit(1)


def repair(*, index: IndexOption = None, quiet: _Quiet = False, as_json: JsonOption = False) -> None:
    """Make what is damaged again from what is not. Exit code 1 if something is left that nothing in the index can mend.

    Segments are made again from their entities, the learned state from the logs; a torn last line of a log is cut, a
    damaged one given up and kept in log/lost.jsonl.
    """
    path = find_index(index)
    from ltrr_cli.cli.console import bars
    from ltrr_cli.engine import Engine

    with bars(quiet=quiet) as tell:
        did = Engine.repair(path, progress=tell)
    if as_json:
        show_json(asdict(did))
    else:
        for what in did.done:
            say(safe(what))
        if not did.done and not did.left:
            say(f"{safe(path)}: nothing to repair")
        _show_damage(did.left)
    if did.left:
        raise typer.Exit(1)


def adopt(
    source: Annotated[Path, typer.Argument(metavar="DIR", help="An index that somebody else made.")],
    *,
    index: Annotated[
        Path | None,
        typer.Option("--index", "-i", metavar="DIR", help="Where to, a new directory.", show_default=False),
    ] = None,
    encoder: Annotated[
        str | None,
        typer.Option(metavar="DIR|ORG/MODEL", help="Your encoder, if not the built-in.", show_default=False),
    ] = None,
    quiet: _Quiet = False,
    as_json: JsonOption = False,
) -> None:
    """Make an index of your own from one that somebody else made, by default in this folder under the same name.

    A crafted engine file can crash the process that opens it, an encoder is a program, and a checksum does not help
    against a stranger. So only entities, vectors, logs and settings are taken over, checked; the engines' files are
    made again, with your encoder. Symbolic links and files that no ltrr writes are refused.
    """
    target = index if index is not None else Path(source.name)
    if target.exists() and source.exists() and target.samefile(source):
        raise UsageError("an index is not adopted in its own place", next="give the new one with --index NAME.ltrr")
    from ltrr_cli.cli.console import bars
    from ltrr_cli.engine import Engine

    with bars(quiet=quiet) as tell:
        did = Engine.adopt(source, target, encoder=encoder, progress=tell)
    if as_json:
        show_json({"index": str(target), **asdict(did)})
        return
    say(f"{safe(target)}: {plural(did.entities, 'entity', 'entities')}, {plural(did.lines, 'log line')}")
    say(f"  vectors     {did.vectors:,} taken over, {did.encoded:,} encoded")
    if did.lost:
        notice(f"note: {plural(did.lost, 'damaged log line')} left out")
    for note in did.notes:
        notice(f"note: {note}")


def _show_damage(damage: list[Damage]) -> None:
    for one in damage:
        say(f"  {safe(one.path)}  {safe(one.what)}")
        say(f"    → {safe(one.remedy)}" if _arrows() else f"    -> {safe(one.remedy)}")


def _arrows() -> bool:
    from ltrr_cli.cli.console import can_draw

    return can_draw()
