"""`ltrr doctor`: versions, the machine, the encoder's speed, the index's health and common mistakes, on one screen."""

from __future__ import annotations

import os
import platform
import sys
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ltrr_cli.cli.options import IndexOption, JsonOption, find_index
from ltrr_cli.cli.text import plural, safe, say, show_json, size
from ltrr_cli.errors import LtrrError

if TYPE_CHECKING:
    from pathlib import Path

HELP = """Look at what this program runs on, and at an index: what is wrong, and what would make it better.

Nothing is changed. Exit code 1 if something is wrong."""
EPILOG = """\b
Examples:
  ltrr doctor
  ltrr doctor --index my.ltrr --json
"""
_PACKAGES = ("tantivy", "usearch", "onnxruntime", "tokenizers", "numpy", "polars", "typer", "rich", "prompt_toolkit")
_TEXTS = 64
_SEGMENTS = 8
_FEATURES = ("avx512_vnni", "avx_vnni", "avx512f", "avx2", "asimddp", "asimd")


def doctor(
    *,
    index: IndexOption = None,
    as_json: JsonOption = False,
    quick: Annotated[bool, typer.Option("--quick", help="Do not measure the encoder.")] = False,
) -> None:
    """Look, and say."""
    facts: list[tuple[str, str]] = [("ltrr", _versions()), ("machine", _machine())]
    wrong: list[str] = []
    advice: list[str] = []
    if not quick:
        facts.append(("encoder", _encoder(wrong)))
    try:
        path = find_index(index)
        facts += _index(path, advice)
    except LtrrError as error:
        (advice if index is None else wrong).append(str(error))
    _environment(advice)
    if as_json:
        row: dict[str, Any] = {"facts": dict(facts), "wrong": wrong, "advice": advice}
        show_json(row)
    else:
        for name, text in facts:
            say(f"{name:<9} {safe(text)}")
        for text in wrong:
            say(f"wrong     {safe(text)}")
        for text in advice:
            say(f"note      {safe(text)}")
        if not wrong:
            say("all is well" if not advice else "nothing is wrong")
    if wrong:
        raise typer.Exit(1)


def _versions() -> str:
    from importlib.metadata import PackageNotFoundError, version

    from ltrr_cli import __version__

    found = [f"{__version__}, Python {platform.python_version()}"]
    for name in _PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name} missing")
    return ", ".join(found)


def _machine() -> str:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    found = f"{platform.system()} {platform.machine()}, {plural(cores, 'core')}"
    features = _features()
    return f"{found}, {features}" if features else found


def _features() -> str:
    """Return the instructions that the encoder profits from, "" where the system does not tell."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:  # noqa: PTH123 – no file of ours
            text = file.read()
    except OSError:
        return ""
    known = set(text.split())
    return " ".join(name for name in _FEATURES if name in known)


def _encoder(wrong: list[str]) -> str:
    from ltrr_cli.encoder import Encoder

    try:
        encoder = Encoder.open()
        texts = [f"sad songs of the year {1950 + number}" for number in range(_TEXTS)]
        encoder.encode(texts[:2], kind="query")
        started = time.perf_counter()
        encoder.encode(texts, kind="query")
        rate = _TEXTS / (time.perf_counter() - started)
        started = time.perf_counter()
        encoder.encode(["one more query"], kind="query")
        one = (time.perf_counter() - started) * 1e3
    except LtrrError as error:
        wrong.append(str(error))
        return "cannot be used"
    return f"{encoder.dim} dimensions, {rate:,.0f} short texts a second, {one:.1f} ms for one"


def _index(path: Path, advice: list[str]) -> list[tuple[str, str]]:
    """Return facts of an index; LtrrError where it cannot be opened."""
    from ltrr_cli.engine import Engine
    from ltrr_cli.engine.people import check_users
    from ltrr_cli.settings import settings

    check_users(path)
    started = time.perf_counter()
    with Engine.open(path) as engine:
        opened = (time.perf_counter() - started) * 1e3
        engine.search("doctor", log=False, seed=0)
        started = time.perf_counter()
        engine.search("doctor says", log=False, seed=0)
        answered = (time.perf_counter() - started) * 1e3
        info = engine.info()
        if engine.read_only:
            advice.append("this index may not be written to: it answers, and learns nothing")
    total = sum(info.sizes.values())
    changed = [one for one in settings(path) if one.source != "default"]
    if info.segments >= _SEGMENTS:
        advice.append(f"{info.segments} segments slow every query down: ltrr index compact")
    if not info.events:
        advice.append("nothing was learned yet: ltrr feedback ingest a log, or click at the prompt of ltrr query")
    elif not info.impressions:
        advice.append("the log has events but no impressions: the policy and the ranker learn from what was shown")
    if unknown := info.notes.get("events of unknown queries", 0):
        advice.append(f"{unknown:,} events name queries that are not in the log: ingest the log of queries too")
    if unknown := info.notes.get("events of unknown actions", 0):
        advice.append(f"{unknown:,} events have actions without a reward: see ltrr config show, section rewards")
    advice += [f"{count:,} {note}" for note, count in info.notes.items() if note.startswith("damaged")]
    entities = plural(info.entities, "entity", "entities")
    return [
        ("index", f"{path}: {entities}, {plural(info.segments, 'segment')}, {size(total)}"),
        ("speed", f"opened in {opened:.0f} ms, a query takes {answered:.1f} ms"),
        ("learned", f"{plural(info.impressions, 'impression')}, {plural(info.events, 'event')}; {info.ranker}"),
        ("settings", ", ".join(f"{one.name} ({one.source})" for one in changed) or "all as by default"),
    ]


def _environment(advice: list[str]) -> None:
    known = {"LTRR_INDEX", "LTRR_DEBUG", "LTRR_HISTORY", "LTRR_DATA", "LTRR_USER_KEY"}
    from ltrr_cli.settings import ANSWERING

    known |= {f"LTRR_{name.upper()}" for name in ANSWERING}
    unknown = sorted(name for name in os.environ if name.startswith("LTRR_") and name not in known)
    advice += [f"{name} is set, and means nothing to ltrr; known are {', '.join(sorted(known))}" for name in unknown]
    if "utf" not in (getattr(sys.stdout, "encoding", None) or "").lower():
        advice.append("the output is not UTF-8: arrows and bars are drawn in ASCII, JSON is escaped")
