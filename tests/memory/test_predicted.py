"""Predicted queries: what people will probably type to reach an entity."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from ltrr_cli.index import gathered, ranges
from ltrr_cli.index.counted import Counted
from ltrr_cli.index.segment import SegmentWriter
from ltrr_cli.index.values import terms
from ltrr_cli.memory.guesses import guesses
from ltrr_cli.memory.predicted import PredictedWriter, open_predicted
from ltrr_cli.records import Entity
from ltrr_cli.text import hash64

if TYPE_CHECKING:
    from pathlib import Path

NAN = float("nan")


def _scores(directory: Path, rows: list[tuple[Entity, float]]) -> dict[str, dict[int, float]]:
    counted = Counted(directory / "counted")
    writer = PredictedWriter(directory, creator="artist", values=counted)
    for row, (entity, popularity) in enumerate(rows):
        counted.add(terms(entity))
        writer.add(row, entity, popularity, {})
    writer.write()
    table = open_predicted(directory)
    names = pl.read_parquet(directory / "predicted.parquet")
    out: dict[str, dict[int, float]] = {}
    for name in names["key"].unique().to_list():
        number = table.exact(hash64(name))
        assert number is not None
        refs, values = table.entries(number)
        out[name] = dict(zip(refs.tolist(), values.tolist(), strict=True))
    for name, row, score, _ in names.iter_rows():
        assert out[name][row] == score
    return out


def test_kinds() -> None:
    """Title, title with creator, aliases, creators and values, alone and in pairs, are predicted, all as keys."""
    entity = Entity(
        id="1",
        title="The Wall!",
        attributes={"artist": ("Pink Floyd", 7.0), "aka": ("Die Mauer", 3.0, "…"), "genre": ("rock",)},
    )
    assert list(guesses(entity, "artist")) == [
        ("the wall", "title"),
        ("the wall pink floyd", "title+creator"),
        ("die mauer", "alias"),
        ("pink floyd", "creator"),
        ("rock", "attribute"),
        ("the wall rock", "title+attribute"),
        ("pink floyd rock", "creator+attribute"),
    ]
    assert list(guesses(Entity(id="2"), "artist")) == []
    assert list(guesses(Entity(id="3", title="Queen", attributes={"artist": ("Queen",)}), "artist")) == [
        ("queen", "title")
    ]
    assert list(guesses(Entity(id="4", title="!", attributes={"artist": ("Prince",)}), "artist")) == [
        ("prince", "creator")
    ]


def test_only_the_first_creators_count() -> None:
    """Of an entity with many creators the first four are predicted."""
    entity = Entity(id="1", title="t", attributes={"artist": tuple(f"a{number}" for number in range(9))})
    assert [key for key, kind in guesses(entity, "artist") if kind == "creator"] == ["a0", "a1", "a2", "a3"]


def test_a_title_of_its_own(tmp_path: Path) -> None:
    """A key that only one entity pulls predicts it with its kind's whole weight, however popular it is."""
    entity = Entity(id="1", title="The Wall", attributes={"artist": ("Pink Floyd",), "alias": ("Mauer",)})
    assert _scores(tmp_path, [(entity, 0.1)]) == {
        "the wall": {0: 1.0},
        "the wall pink floyd": {0: 1.0},
        "mauer": {0: pytest.approx(0.9)},
        "pink floyd": {0: pytest.approx(0.3)},
    }


def test_a_shared_title_is_shared(tmp_path: Path) -> None:
    """Entities of the same title share it by popularity: pulls 1, 1/4 and, unknown, 1/2."""
    rows = [(Entity(id=str(n), title="Love"), popularity) for n, popularity in enumerate((1.0, 0.0, NAN))]
    assert _scores(tmp_path, rows) == {
        "love": {0: pytest.approx(1 / 1.75), 1: pytest.approx(0.25 / 1.75), 2: pytest.approx(0.5 / 1.75)}
    }


def test_a_title_beats_a_creator(tmp_path: Path) -> None:
    """Where one's title is another's creator, the title pulls more; a creator's share is at most its weight."""
    rows = [
        (Entity(id="1", title="Queen"), NAN),
        (Entity(id="2", title="Jazz", attributes={"artist": ("Queen",)}), NAN),
    ]
    scores = _scores(tmp_path, rows)["queen"]
    assert scores == {0: pytest.approx(0.5 / 0.65), 1: pytest.approx(0.3 * 0.15 / 0.65)}


def test_the_strongest_kind_counts_once(tmp_path: Path) -> None:
    """An entity that pulls a key in two ways counts with the stronger one."""
    entity = Entity(id="1", title="Wall", attributes={"aka": ("wall", "WALL!")})
    assert _scores(tmp_path, [(entity, NAN)]) == {"wall": {0: 1.0}}
    kinds = pl.read_parquet(tmp_path / "predicted.parquet")
    assert kinds["kind"].to_list() == ["title"]


def test_limits(tmp_path: Path) -> None:
    """A key keeps its best 100 entities, ties by row; a title of more than 16 words is not predicted."""
    rows = [(Entity(id=str(n), title="Untitled"), 0.5) for n in range(150)]
    rows.append((Entity(id="p", title="Untitled"), 1.0))
    rows.append((Entity(id="long", title=" ".join(f"w{n}" for n in range(17))), 0.5))
    rows.append((Entity(id="edge", title=" ".join(f"w{n}" for n in range(16))), 0.5))
    scores = _scores(tmp_path, rows)
    assert list(scores["untitled"]) == [150, *range(99)]
    assert {len(name.split()) for name in scores} == {1, 16}


def test_generated_queries(tmp_path: Path) -> None:
    """Those that the full text bears out are kept, as keys, and share their pull; a name stays a name."""
    rows = [Entity(id="1", title="Wall", text="a song about bricks"), Entity(id="2", title="Dogs", text="a song")]
    segment = SegmentWriter(tmp_path / "s", creator="artist")
    predicted = PredictedWriter(tmp_path / "s", creator="artist", values=segment.counted)
    for entity in rows:
        segment.add(entity)
    for row, entity, popularity, indexed in segment.rows(predicted.read):
        predicted.add(row, entity, popularity, indexed)
    made = [["The Song: bricks!", "zebra", "wall", "…"], ["wall of dogs"]]
    predicted.refine(segment.analysis, generated=made)
    predicted.write()
    found = pl.read_parquet(tmp_path / "s" / "predicted.parquet").rows()
    assert [row for row in found if row[3] == "generated"] == [
        ("the song bricks", 0, pytest.approx(0.4), "generated"),
        ("wall of dogs", 1, pytest.approx(0.4), "generated"),
    ]
    assert ("wall", 0, 1.0, "title") in found


def test_no_entities(tmp_path: Path) -> None:
    """A segment whose entities predict nothing has an empty table, that can be opened."""
    assert _scores(tmp_path, [(Entity(id="1"), 0.5)]) == {}
    assert open_predicted(tmp_path).similar(["love"]) == []
    assert np.array_equal(open_predicted(tmp_path).starts, [0])


def test_ranges_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Gathered in many files and scored in many ranges of keys, the tables are the same, byte by byte."""
    rows = [
        Entity(
            id=str(n),
            title=f"Song {n % 37}",
            attributes={"artist": (f"Band {n % 11}",), "genre": ("rock", f"g{n % 5}")},
        )
        for n in range(200)
    ]
    folders: list[Path] = []
    steps: list[tuple[int, int]] = []
    for together, length in ((1 << 16, 1 << 19), (100, 128)):
        monkeypatch.setattr(gathered, "_TOGETHER", together)
        monkeypatch.setattr(gathered, "_RANGE", length)
        monkeypatch.setattr(ranges, "_RANGE", length)
        folders.append(tmp_path / str(together))
        segment = SegmentWriter(folders[-1], creator="artist")
        predicted = PredictedWriter(folders[-1], creator="artist", values=segment.counted)
        for entity in rows:
            segment.add(entity)
        for row, entity, popularity, indexed in segment.rows(predicted.read):
            predicted.add(row, entity, popularity, indexed)
        predicted.refine(segment.analysis)
        predicted.write(lambda *told: steps.append(told))
        segment.finish_text()
        assert sum(done for done, _ in steps) == steps[-1][1]
        steps.clear()
    one, other = folders
    assert pl.read_parquet(one / "predicted.parquet").equals(pl.read_parquet(other / "predicted.parquet"))
    names = [str(path.relative_to(one)) for path in sorted(one.rglob("*.npy"))]
    assert {"predicted/refs.npy", "complete.titles/text.npy", "columns/phrases.hash.npy"} <= set(names)
    for name in names:
        assert (one / name).read_bytes() == (other / name).read_bytes(), name
    assert not list(other.rglob("*.arrow"))
