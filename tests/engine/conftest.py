"""A small index with a tiny encoder, copies of it, and what it has learned as plain values."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import polars as pl
import pytest

from ltrr_cli.engine import Engine
from ltrr_cli.index.manifest import read_manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ENCODER = Path(__file__).parents[1] / "fixtures" / "tiny-encoder"
THEMES = ("love", "rain", "summer", "night", "train", "home", "river", "gold", "winter", "dance")
COUNT = 40
_TABLES = ("seen", "best", "caps", "waiting", "answered", "arm-tried", "arm-supplied", "arm-returned")
_TRAILS = ("users", "sessions", "together")


class WriteCatalog(Protocol):
    """Writes a catalogue file."""

    def __call__(self, numbers: Sequence[int] = range(COUNT), *, title: str = "") -> Path:
        """Return a file with these entities, `e00` to `e39`; `title` replaces their titles."""


def entity(number: int, title: str = "") -> dict[str, object]:
    """Return one song or album of the catalogue."""
    theme, other = THEMES[number % 10], THEMES[(number * 7 + 3) % 10]
    return {
        "id": f"e{number:02d}",
        "type": "album" if number % 4 == 3 else "song",
        "title": title or f"{theme} {other} {number}".title(),
        "text": f"Number {number} is about {theme}, {other} and a long way to somewhere else.",
        "popularity": 100 - 2 * number,
        "genres": ["pop" if number % 2 else "rock"],
        "year": 1970 + number,
    }


@pytest.fixture(scope="session")
def write_catalog(tmp_path_factory: pytest.TempPathFactory) -> WriteCatalog:
    """Return a function that writes catalogue files."""

    def write(numbers: Sequence[int] = range(COUNT), *, title: str = "") -> Path:
        path = tmp_path_factory.mktemp("catalog") / "songs.jsonl"
        path.write_text("".join(json.dumps(entity(number, title)) + "\n" for number in numbers))
        return path

    return write


@pytest.fixture(scope="session")
def encoder() -> str:
    """Return the folder of a tiny encoder."""
    return str(ENCODER)


@pytest.fixture(scope="session")
def catalog(write_catalog: WriteCatalog) -> Path:
    """Return the catalogue of 40 entities."""
    return write_catalog()


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
def state_of() -> Callable[[Path], dict[str, Any]]:
    """Return a function that reads an index's live learned state, ready to be compared."""
    return learned_state


def learned_state(root: Path) -> dict[str, Any]:
    """Return the learned state that the manifest names: tables by key, sums by name, everything that a fold gives."""
    directory = root / "learned" / read_manifest(root).learned.name
    state: dict[str, Any] = {
        name: {(key, entity_id): mass for key, entity_id, mass in pl.read_parquet(directory / f"{name}.parquet").rows()}
        for name in ("memory", "popularity")
    }
    for name in _TABLES:
        for part in ("hash", "value"):
            state[f"{name}.{part}"] = np.load(directory / f"{name}.{part}.npy").tolist()
    for name in _TRAILS:
        for part in ("hash", "starts", "items", "masses", "order"):
            state[f"{name}.{part}"] = np.load(directory / f"{name}.{part}.npy").tolist()
    with np.load(directory / "policy.npz") as policy:
        assert {"a", "b", "counts", "state"} == set(policy.files)
        state |= {f"policy.{name}": policy[name] for name in ("a", "b", "counts")}
        state["policy"] = json.loads(policy["state"].tobytes())
    with np.load(directory / "impressions.npz") as impressions:
        state |= {f"impressions.{name}": impressions[name].tolist() for name in impressions.files}
    state["ranker"] = json.loads((directory / "ranker.json").read_text())
    state["state"] = json.loads((directory / "state.json").read_text())
    return state


@pytest.fixture(scope="session")
def assert_same() -> Callable[[Any, Any], None]:
    """Return a function that compares two learned states: numbers within 1e-9, all else exactly."""
    return compare


def compare(one: Any, other: Any, place: str = "") -> None:
    """Fail, naming the place, where two values differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        assert one.keys() == other.keys(), place
        for key in one:
            compare(one[key], other[key], f"{place}/{key}")
    elif isinstance(one, np.ndarray):
        assert one.shape == other.shape, place
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9, err_msg=place)
    elif isinstance(one, list):
        assert len(one) == len(other), place
        for number, (left, right) in enumerate(zip(one, other, strict=True)):
            compare(left, right, f"{place}/{number}")
    elif isinstance(one, float):
        assert other == pytest.approx(one, rel=1e-9, abs=1e-9), place
    else:
        assert one == other, place
