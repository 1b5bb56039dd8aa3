"""Segments: what is written is read, however odd."""

from __future__ import annotations

import json
import os
import resource
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest

from ltrr_cli.errors import IndexDirectoryError
from ltrr_cli.index.segment import Segment, SegmentWriter
from ltrr_cli.records import Entity

if TYPE_CHECKING:
    from pathlib import Path

ODD = [
    Entity(
        id="ø/東京 ☃",
        title="Žluťoučký 東京 🎵",
        text='line one\nline two\ttab\u2028\u0085 \\ "quoted"',
        popularity=-3.5,
    ),
    Entity(id="empty"),
    Entity(id="long", title="long", text="word " * 200_000, popularity=0.0),
    Entity(
        id="many",
        title="many",
        attributes={"tag": tuple(f"tag {n}" for n in range(64)), "n": tuple(map(float, range(64)))},
    ),
    Entity(id="names", attributes={"a=b": ("x=y",), "ключ": ("значение", 1e300, -0.5)}),
    Entity(id="tie", title="\u0000 control \u0007", popularity=0.0),
]


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a segment of odd entities."""
    path = tmp_path_factory.mktemp("segments") / "000001"
    writer = SegmentWriter(path, creator="creator")
    for entity in ODD:
        writer.add(entity)
    assert [(row, entity) for row, entity, *_ in writer.rows()] == list(enumerate(ODD))
    writer.finish(np.eye(len(ODD), 8, dtype=np.float32), np.arange(len(ODD), dtype=np.uint64))
    return path


def test_entities_come_back_as_they_were(directory: Path) -> None:
    """Unicode, line breaks, nothing at all, a megabyte of text and 64 values all survive."""
    segment = Segment(directory, base=0)
    assert [segment.entity(row) for row in range(len(segment))] == ODD
    assert [segment.row(entity.id) for entity in ODD] == list(range(len(ODD)))
    assert segment.row("none") is None


def test_popularity_is_a_share(directory: Path) -> None:
    """Of three known popularities the lowest has 1/6, two equal ones share the rest, unknown stays unknown."""
    segment = Segment(directory, base=0)
    assert segment.popularity.tolist() == pytest.approx([1 / 6, np.nan, 2 / 3, np.nan, np.nan, 2 / 3], nan_ok=True)
    assert segment.has_popularity


def test_every_part_finds_its_row(directory: Path) -> None:
    """Full text, values and vectors agree about the rows."""
    segment = Segment(directory, base=0)
    fulltext = segment.fulltext
    assert fulltext.search(
        fulltext.terms([segment.analysis.query("žluťoučký").slots[0].terms[0]], [("title", 1.0)], 0.0), 5
    )[0] == [0]
    assert fulltext.search(fulltext.terms(["word"], [("text", 1.0)], 0.0), 5)[0] == [2]
    assert fulltext.search(fulltext.values([("tag=tag 63", 1.0)]), 5)[0] == [3]
    assert fulltext.search(fulltext.values([("a=b=x y", 1.0)]), 5)[0] == [4]
    assert segment.vectors.nearest(np.eye(1, 8, 5, dtype=np.float32)[0], 1)[0].tolist() == [5]


@pytest.mark.parametrize(
    "name", ["segment.json", "entities.jsonl", "vectors.npy", "columns/ids.row.npy", "columns/values.hashes.npy"]
)
def test_missing_file_is_an_error_of_ours(directory: Path, name: str) -> None:
    """Without one of its files a segment does not open, and the error says where and what to do."""
    file = directory / name
    aside = file.rename(file.with_name("aside"))
    try:
        with pytest.raises(IndexDirectoryError, match="build the index again") as error:
            Segment(directory, base=0)
        assert str(directory) in str(error.value)
    finally:
        aside.rename(file)


def test_damaged_fulltext_is_an_error_of_ours(directory: Path) -> None:
    """A damaged Tantivy index does not open, and the error is ours."""
    meta = directory / "fulltext" / "meta.json"
    before = meta.read_bytes()
    meta.write_bytes(before[: len(before) // 2])
    try:
        with pytest.raises(IndexDirectoryError):
            Segment(directory, base=0)
    finally:
        meta.write_bytes(before)


def test_other_format_version_is_refused(directory: Path) -> None:
    """A segment of another format version is not read."""
    file = directory / "segment.json"
    before = file.read_text()
    file.write_text(json.dumps({**json.loads(before), "format_version": 2}))
    try:
        with pytest.raises(IndexDirectoryError, match="format version 2"):
            Segment(directory, base=0)
    finally:
        file.write_text(before)


def test_postings_are_opened_when_they_are_asked_for(directory: Path, tmp_path: Path) -> None:
    """A damaged file of theirs keeps nobody from searching without a filter; a filter says what is wrong."""
    shutil.copytree(directory, tmp_path / "x")
    (tmp_path / "x" / "columns" / "postings.text.rows.npy").write_bytes(b"nothing")
    segment = Segment(tmp_path / "x", base=0)
    with pytest.raises(IndexDirectoryError, match=r"postings\.text\.rows\.npy is damaged"):
        _ = segment.postings


def test_too_many_open_files(directory: Path) -> None:
    """Who may open no more files is told so, and not to build again."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest = os.open(os.devnull, os.O_RDONLY)  # the next one to be given away
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, before[1]))
    try:
        with pytest.raises(IndexDirectoryError, match="open more files"):
            Segment(directory, base=0)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
