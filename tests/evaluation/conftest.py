"""A small index with a tiny encoder, in which the relevant entity of each query is found, but ranked low."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ltrr_cli.engine import Engine
from ltrr_cli.evaluation.queries import EvalQuery

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ENCODER = Path(__file__).parents[1] / "fixtures" / "tiny-encoder"
THEMES = ("love", "rain", "summer", "night")
QUERIES = tuple(EvalQuery(id=f"q{number}", text=theme) for number, theme in enumerate(THEMES))
RELEVANT = {query.id: f"{query.text}-7" for query in QUERIES}


def rows() -> list[dict[str, object]]:
    """Return eight entities for each theme; the eighth has the longest text and the least popularity."""
    return [
        {
            "id": f"{theme}-{number}",
            "title": f"{theme} {'song ' * (number + 1)}",
            "text": f"{theme} {'and a long way to somewhere else ' * number}",
            "popularity": 100 - 10 * number,
            "genres": ["pop" if number % 2 else "rock"],
        }
        for theme in THEMES
        for number in range(8)
    ]


@pytest.fixture(scope="session")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the catalogue."""
    path = tmp_path_factory.mktemp("catalog") / "songs.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows()))
    return path


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, catalog: Path) -> Path:
    """Return an index of it that nobody may change."""
    path = tmp_path_factory.mktemp("built") / "songs.ltrr"
    Engine.build(catalog, path, encoder=str(ENCODER))
    return path


@pytest.fixture
def index(built: Path, tmp_path: Path) -> Path:
    """Return a copy of the index."""
    return shutil.copytree(built, tmp_path / "songs.ltrr")


@pytest.fixture(scope="session")
def queries() -> tuple[EvalQuery, ...]:
    """Return a query for each theme."""
    return QUERIES


@pytest.fixture(scope="session")
def qrels() -> Mapping[str, Mapping[str, int]]:
    """Return one relevant entity for each query, and one that is judged not to be."""
    return {query.id: {RELEVANT[query.id]: 1, f"{query.text}-0": 0} for query in QUERIES}


@pytest.fixture(scope="session")
def files_of() -> Callable[[Path], dict[str, str]]:
    """Return a function that maps every file and folder below one to a hash of its content."""
    return content


def content(root: Path) -> dict[str, str]:
    """Return the hash of every file below a folder; folders are named with an empty one."""
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        for path in sorted(root.rglob("*"))
    }
