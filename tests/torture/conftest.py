"""A small index that is tortured, and how much of it: a little in `make test`, all of it in `make torture`."""

from __future__ import annotations

import json
import multiprocessing
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ltrr_cli.engine import Engine

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerContext

ENCODER = Path(__file__).parents[1] / "fixtures" / "tiny-encoder"
THEMES = ("love", "rain", "summer", "night", "train", "home", "river", "gold", "winter", "dance")
SETTINGS = "[learning]\ntrain_every = 6\ncheckpoint_every = 8\n"


@dataclass(frozen=True, kw_only=True)
class Budget:
    """How much is tried."""

    kills: int
    flips: int  # for each file
    seconds: float
    examples: int


@pytest.fixture(scope="session")
def budget() -> Budget:
    """Return a small budget, or the whole one where LTRR_TORTURE is set."""
    if os.environ.get("LTRR_TORTURE"):
        return Budget(kills=600, flips=200, seconds=60.0, examples=1000)
    return Budget(kills=12, flips=1, seconds=2.0, examples=20)


def song(number: int, title: str = "") -> dict[str, Any]:
    """Return one entity of the catalogue."""
    theme, other = THEMES[number % 10], THEMES[(number * 7 + 3) % 10]
    return {
        "id": f"e{number:02d}",
        "title": title or f"{theme} {other} {number}".title(),
        "text": f"Number {number} is about {theme}, {other} and a long way to somewhere else.",
        "artist": f"The {theme.title()}s",
        "popularity": 100 - 2 * number,
        "genres": ["pop" if number % 2 else "rock"],
        "year": 1970 + number,
    }


def write_songs(path: Path, songs: list[dict[str, Any]]) -> Path:
    """Write a catalogue."""
    path.write_text("".join(json.dumps(row) + "\n" for row in songs))
    return path


@pytest.fixture(scope="session")
def catalogs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    """Return two catalogues to build from, and one to add."""
    folder = tmp_path_factory.mktemp("catalogs")
    return (
        write_songs(folder / "a.jsonl", [song(number) for number in range(40)]),
        write_songs(folder / "b.jsonl", [song(number) for number in range(39)]),
        write_songs(folder / "more.jsonl", [song(number, f"New {number}") for number in range(38, 44)]),
    )


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, catalogs: tuple[Path, ...]) -> Path:
    """Return an index with two segments, tombstones, clicks and a trained ranker; nobody may change it."""
    root = tmp_path_factory.mktemp("built") / "songs.ltrr"
    Engine.build(catalogs[0], root, encoder=str(ENCODER))
    (root / "ltrr.toml").write_text(SETTINGS)
    Engine.build(catalogs[2], root, add=True)
    with Engine.open(root) as engine:
        for number in range(20):
            now = 1.74e9 + number
            answer = engine.search(("love", "rain night", "gold", "1977")[number % 4], seed=number, now=now, user="ana")
            engine.record(answer.query_id, answer.results[number % 5].id, now=now)
        engine.learn(now=1.74e9 + 100)
        for number in range(3):
            answer = engine.search("winter", seed=number, now=1.74e9 + 200 + number)
            engine.record(answer.query_id, answer.results[number].id, now=1.74e9 + 200 + number)
    Engine.delete(root, ["e07"])  # and collects what the engine above kept
    with Engine.open(root) as engine:
        engine.search("home", seed=1, now=1.74e9 + 300)
    return root


@pytest.fixture(scope="session")
def forked() -> ForkServerContext:
    """Return processes that begin with everything imported, and no thread."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["kills", "numpy", "polars", "ltrr_cli.native", "tantivy", "ltrr_cli.engine.engine"])
    return context
