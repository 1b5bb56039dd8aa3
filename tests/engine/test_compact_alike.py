"""Compacted and built anew, the same entities give the same answers, whatever happened to the index before."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from ltrr_cli.engine import Engine, encoding
from ltrr_cli.index.vectors import VectorsWriter

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.conftest import MakeMlm

NOW = 1_750_000_000.0
SAMPLE = Path(__file__).parents[2] / "data" / "sample"
EXACT = ("lexical", "popular", "structured", "fuzzy", "sparse", "memory")
FILTERS = ("", "year >= 1980 and type = song", "genres in (rock, pop) or not title : love", "artist : the")
DEPTH = 100


def write(path: Path, rows: Iterable[dict[str, Any]]) -> Path:
    """Write a catalogue."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def mistyped(text: str) -> str:
    """Return a text with two letters of its longest word swapped."""
    word = max(text.split(), key=len)
    middle = len(word) // 2
    return text.replace(word, word[: middle - 1] + word[middle] + word[middle - 1] + word[middle + 1 :])


@pytest.fixture(scope="module")
def indexes(tmp_path_factory: pytest.TempPathFactory, encoder: str, make_mlm: MakeMlm) -> tuple[Path, Path]:
    """Return an index that was built, added to, updated, deleted from and compacted; and one built of what it has.

    Vectors are so many that there is a graph.
    """
    folder = tmp_path_factory.mktemp("alike")
    model = str(make_mlm(folder / "mlm"))
    lines = (SAMPLE / "catalog.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines[:: len(lines) // 400]]
    rows[0] = {**{name: value for row in rows for name, value in row.items()}, **rows[0]}  # says the attributes' order
    every = {row["id"]: row for row in rows}
    grown, fresh = folder / "grown.ltrr", folder / "fresh.ltrr"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encoding, "VectorsWriter", partial(VectorsWriter, graph_from=300))
        Engine.build(write(folder / "0.jsonl", rows[:250]), grown, encoder=encoder, sparse=model)
        more = [{**row, "title": f"{row['title']} Again"} for row in rows[200:250]] + rows[250:]
        Engine.build(write(folder / "1.jsonl", more), grown, add=True)
        changes = [{"id": row["id"], "popularity": place} for place, row in enumerate(rows[100:300:5])]
        Engine.update(write(folder / "2.jsonl", changes), grown)
        gone = [row["id"] for row in rows[7:390:11]]
        Engine.delete(grown, gone)
        Engine.compact(grown)
        for row in [*more, *changes]:
            every[row["id"]] = every[row["id"]] | row
        with Engine.open(grown) as engine:
            kept = [every[entity.id] for entity in engine.entities()]
        assert {row["id"] for row in kept} == every.keys() - set(gone)
        Engine.build(write(folder / "3.jsonl", kept), fresh, encoder=encoder, sparse=model)
    return grown, fresh


@pytest.fixture(scope="module")
def texts() -> list[str]:
    """Return some dozen queries, half of them with a typing error."""
    asked = [json.loads(line)["query"] for line in (SAMPLE / "queries.jsonl").read_text().splitlines()[::8]]
    return [*asked, *map(mistyped, asked)]


@pytest.mark.parametrize("within", FILTERS)
def test_every_exact_arm_finds_the_same(indexes: tuple[Path, Path], texts: list[str], within: str) -> None:
    """The same ids with the same scores in the same order, under filters, too."""
    found = []
    for index in indexes:
        with Engine.open(index) as engine:
            found.append([engine.retrieve(text, depth=DEPTH, now=NOW, filter=within) for text in texts])
    for text, ours, theirs in zip(texts, *found, strict=True):
        for arm in EXACT:
            assert ours[arm] == theirs[arm], (text, arm)
    for arm in EXACT:
        assert any(one[arm] for one in found[0]), f"{arm} was not tested"


def test_the_nearest_are_found(indexes: tuple[Path, Path], texts: list[str]) -> None:
    """Of the hundred nearest entities the graph finds 99 % at least."""
    with Engine.open(indexes[0]) as engine:
        opened = engine._opened
        (segment,) = opened.view.segments
        assert not segment.vectors.exact
        right = 0
        for vector in opened.encode_queries(texts):
            near = -segment.vectors.similarity(np.arange(len(segment)), vector)
            right += len(np.intersect1d(near.argsort()[:DEPTH], segment.vectors.nearest(vector, DEPTH)[0]))
    assert right >= 0.99 * DEPTH * len(texts)
