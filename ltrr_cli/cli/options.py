"""Options that several commands share, and how an index is found."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Annotated

import typer

from ltrr_cli.engine.ways import parse_depths
from ltrr_cli.errors import IndexDirectoryError, UsageError

IndexOption = Annotated[
    Path | None,
    typer.Option(
        "--index",
        "-i",
        metavar="DIR",
        envvar="LTRR_INDEX",
        help="The index; by default the nearest *.ltrr here or above.",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar.")]
UserOption = Annotated[str, typer.Option("--user", metavar="USER", help="Who asks.", show_default=False)]
IdsOption = Annotated[bool, typer.Option("--ids", help="Print the ids of the results only.")]
ExplainOption = Annotated[bool, typer.Option("--explain", help="Show how the answer came about.")]
StrategiesOption = Annotated[
    str | None,
    typer.Option(
        "--strategies", metavar="NAME[:DEPTH],…", help="Use these strategies, not the policy's.", show_default=False
    ),
]
SeedOption = Annotated[
    int | None, typer.Option("--seed", metavar="N", min=0, help="Make chance repeatable.", show_default=False)
]
NoExploreOption = Annotated[bool, typer.Option("--no-explore", help="Take the policy's mean.")]
NoLogOption = Annotated[bool, typer.Option("--no-log", help="Log nothing; feedback cannot refer to it.")]
SessionOption = Annotated[str, typer.Option("--session", metavar="ID", help="In which session.", show_default=False)]

_SUFFIX = ".ltrr"
_FILE_SUFFIXES = {".zst", ".zstd", ".gz", ".bz2", ".xz", ".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet"}


def find_index(given: Path | None) -> Path:
    """Return the index to use: the one given, else the only `*.ltrr` in the nearest folder that has any.

    Raises:
        UsageError: that folder has several.
        IndexDirectoryError: there is none.
    """
    found = given if given is not None else _nearest(Path.cwd())
    if found is None:
        raise IndexDirectoryError(
            "there is no index (*.ltrr) here or above",
            where=str(Path.cwd()),
            next="make one with: ltrr index build CATALOG; or name one with --index or LTRR_INDEX",
        )
    return found


def files_of(names: list[str]) -> list[str]:
    """Return the files that the names stand for: of a pattern such as `parts/*.jsonl`, which is no file, its matches.

    One without a match stays, and whoever opens it says that there is no such file.
    """
    import glob

    found: list[str] = []
    for name in names:
        pattern = name != "-" and glob.has_magic(name) and not Path(name).exists()
        found += sorted(glob.glob(name, recursive=True)) or [name] if pattern else [name]  # noqa: PTH207 – may be absolute
    return found


def index_to_build(given: Path | None, catalogs: list[str]) -> Path:
    """Return where to build: the index given, else `<catalogue>.ltrr` in this folder.

    Another index is never taken by itself: a build replaces what it holds.

    Raises:
        UsageError: nothing gives the index a name.
    """
    if given is not None:
        return given
    named = [name for name in catalogs if name != "-"]
    if not named:
        raise UsageError("a catalogue from stdin has no name for its index", next="give one with --index NAME.ltrr")
    path = Path(named[0])
    while path.suffix.lower() in _FILE_SUFFIXES:
        path = path.with_suffix("")
    return Path(path.name + _SUFFIX)


def _nearest(start: Path) -> Path | None:
    """Return the only index in the nearest folder with one; folders above that anybody may write to do not count."""
    for folder in (start, *start.parents):
        if (folder == start or not folder.stat().st_mode & stat.S_IWOTH) and (found := _here(folder)):
            return Path(found.name) if folder == start else found
    return None


def _here(folder: Path) -> Path | None:
    """Return the only index in a folder, None if it has none; one that was never finished does not count."""
    try:
        found = sorted(path for path in folder.glob(f"*{_SUFFIX}") if (path / "manifest.json").is_file())
    except OSError:
        return None
    if len(found) > 1:
        names = ", ".join(path.name for path in found)
        raise UsageError(f"there are several indexes: {names}", where=str(folder), next="choose one with --index")
    return found[0] if found else None


def depths(text: str | None) -> dict[str, int] | None:
    """Read `lexical,semantic:50` as {strategy: hits to draw}, 50 where no number is given; None if there is no text.

    Raises:
        UsageError: a part is no name or no number from 1.
    """
    if text is None:
        return None
    found = parse_depths(text)
    if found is None:
        raise UsageError(
            f"--strategies: {text[:80]!r} is not NAME or NAME:DEPTH", next="for example lexical,semantic:50"
        )
    return found
