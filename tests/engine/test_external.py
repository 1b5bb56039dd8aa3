"""Vectors made elsewhere, on real indexes: read, stored, carried over, searched by, and refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from ltrr_cli.catalog.vectors import read_vectors
from ltrr_cli.engine import Engine
from ltrr_cli.errors import CatalogError, LtrrError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOW = 1_750_000_000.0
DIM = 4


def rows(count: int = 40) -> list[dict[str, Any]]:
    """Return vectors in which e00, e04, e08 … are alike, e01, e05 …, and so on; the last entity has none."""
    rng = np.random.default_rng(3)
    table = np.eye(DIM)[np.arange(count) % DIM] * 5 + rng.normal(size=(count, DIM)) * 0.1
    return [{"id": f"e{n:02d}", "vector": table[n].tolist()} for n in range(count - 1)]


def write(path: Path, records: list[dict[str, Any]]) -> str:
    """Write JSON lines."""
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return str(path)


@pytest.fixture
def with_sound(index: Path, catalog: Path, encoder: str, tmp_path: Path) -> Path:
    """Return an index with vectors called sound."""
    Engine.build(catalog, index, encoder=encoder, vectors=[write(tmp_path / "sound.jsonl", rows())])
    return index


def nearest(index: Path, number: int, **how: Any) -> list[str]:
    """Return what the arm finds by the direction of a number."""
    with Engine.open(index) as engine:
        vector = np.eye(DIM)[number] * 1e200
        found = engine.search(
            "", vectors={"sound": vector.tolist()}, depths={"vectors:sound": 10}, log=False, now=NOW, **how
        )
    return [result.id for result in found.results]


def test_a_given_vector_finds_its_neighbours(with_sound: Path) -> None:
    """Without a word of text, the vector of the caller finds those that point its way, whatever its length."""
    assert set(nearest(with_sound, 1)) == {f"e{n:02d}" for n in range(1, 40, 4)}


def test_a_text_finds_what_is_like_what_its_words_find(with_sound: Path) -> None:
    """The arm's vector is the mean of those of the entities found by words: others like them come with it."""
    with Engine.open(with_sound) as engine:
        assert "vectors:sound" in engine.info().strategies
        assert engine.info().vectors["sound"] == 39
        lexical = [name for name, _ in engine.retrieve("Number 4", depth=5)["lexical"]]
        found = engine.retrieve("Number 4", depth=10)["vectors:sound"]
        assert lexical[0] == "e04"
        assert sum(int(name[1:]) % 4 == 0 for name, _ in found) >= 5
        assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)
        assert engine.retrieve("", depth=10)["vectors:sound"] == []
        answer = engine.search("Number 4", depths={"lexical": 5, "vectors:sound": 20}, log=False, now=NOW)
        assert any(set(result.strategies) == {"vectors:sound"} for result in answer.results)
        assert not any(arm.error for arm in answer.trace.arms)


def test_vectors_are_carried_over(
    with_sound: Path, catalog: Path, encoder: str, write_catalog: Callable[..., Path]
) -> None:
    """Building again without the file keeps them; so do `add`, for what it replaces, and deleting, for the others."""
    before = nearest(with_sound, 2)
    Engine.build(catalog, with_sound, encoder=encoder)
    assert nearest(with_sound, 2) == before
    Engine.build(write_catalog([2, 6], title="Replaced"), with_sound, add=True)
    assert set(nearest(with_sound, 2)) == set(before)
    Engine.delete(with_sound, [before[0]])
    assert set(nearest(with_sound, 2)) >= set(before[1:])
    assert before[0] not in nearest(with_sound, 2)
    Engine.build(write_catalog(range(20)), with_sound, encoder=encoder)
    assert set(nearest(with_sound, 2)) >= {f"e{n:02d}" for n in range(2, 20, 4)} - {before[0]}


def test_adding_brings_vectors(with_sound: Path, write_catalog: Callable[..., Path], tmp_path: Path) -> None:
    """New entities come with theirs; ids that are not among them are counted; other dimensions are refused."""
    new = write_catalog([40])
    more = [{"id": "e40", "vector": [0, 0, 1, 0]}, {"id": "e01", "vector": [1, 0, 0, 0]}]
    built = Engine.build(new, with_sound, add=True, vectors=[f"sound={write(tmp_path / 'more.jsonl', more)}"])
    assert any("1 of 2 ids are not among what was added" in note for note in built.notes)
    assert "e40" in nearest(with_sound, 2)
    wrong = write(tmp_path / "wrong.jsonl", [{"id": "e40", "vector": [1, 2]}])
    with pytest.raises(UsageError, match="2 numbers a vector, the index's have 4"):
        Engine.build(new, with_sound, add=True, vectors=[f"sound={wrong}"])


def test_a_name_is_dropped(with_sound: Path, catalog: Path, encoder: str) -> None:
    """`NAME=` builds the index without them; then there is no such arm."""
    Engine.build(catalog, with_sound, encoder=encoder, vectors=["sound="])
    with Engine.open(with_sound) as engine:
        assert "vectors:sound" not in engine.info().strategies
        with pytest.raises(UsageError, match="no vectors called 'sound'"):
            engine.search("love", vectors={"sound": [1, 2, 3, 4]})


@pytest.mark.parametrize("value", [[1, 2], [0, 0, 0, 0], [1, 2, 3, float("nan")], ["a", 1, 2, 3], 5, None])
def test_unusable_query_vectors(with_sound: Path, value: Any) -> None:
    """What is no vector of this space is refused, and says what one is."""
    with Engine.open(with_sound) as engine, pytest.raises(UsageError, match="must be 4 finite numbers"):
        engine.search("love", vectors={"sound": value})


def test_every_form_reads_alike(tmp_path: Path) -> None:
    """JSON lines, Parquet and NPY beside its ids give the same ids and unit vectors."""
    records = rows(6)
    ids, matrix = [one["id"] for one in records], np.array([one["vector"] for one in records])
    pl.DataFrame({"id": ids, "vector": matrix.tolist()}).write_parquet(tmp_path / "b.parquet")
    np.save(tmp_path / "c.npy", matrix)
    (tmp_path / "c.ids.txt").write_text("\n".join(ids))
    write(tmp_path / "a.jsonl", records)
    for name in ("a.jsonl", "b.parquet", "c.npy"):
        given = read_vectors(str(tmp_path / name))
        assert given.name == name[0]
        assert list(given.ids) == ids
        assert given.vectors == pytest.approx(matrix / np.linalg.norm(matrix, axis=1, keepdims=True), abs=1e-6)
        assert read_vectors(f"x-1={tmp_path / name}").name == "x-1"


@pytest.mark.parametrize(
    ("records", "message"),
    [
        ([{"id": "a", "vector": [1, 2]}, {"id": "b", "vector": [1]}], "of 1 numbers, after ones of 2"),
        ([{"id": "a", "vector": [1, float("nan")]}], "not finite|bad|NaN"),
        ([{"id": "a", "vector": []}], "expected an id and a vector"),
        ([{"id": "a"}], "expected an id and a vector"),
        ([{"id": "a", "vector": ["x"]}], "no list of numbers"),
        ([{"id": "a", "vector": [[1]]}], "no list of numbers"),
        ([{"id": "a", "vector": [0, 0]}], "all vectors are zero"),
        ([], "no vectors"),
    ],
)
def test_unusable_files(tmp_path: Path, records: list[dict[str, Any]], message: str) -> None:
    """Each says what is wrong, and where."""
    with pytest.raises(CatalogError, match=message) as caught:
        read_vectors(write(tmp_path / "v.jsonl", records))
    assert "v.jsonl" in str(caught.value)


@pytest.mark.parametrize("word", ["", "=", "a b=x.jsonl", "../up=x.jsonl", "missing.npy", "missing.jsonl", "x.y/"])
def test_unusable_words(word: str) -> None:
    """Any argument gives one clear error."""
    with pytest.raises(LtrrError):
        read_vectors(word)
