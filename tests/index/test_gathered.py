"""Rows that are gathered one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ltrr_cli.index import gathered
from ltrr_cli.index.gathered import Gathered

if TYPE_CHECKING:
    from pathlib import Path

ROWS = st.tuples(
    st.sampled_from(["", "a", "ab", "b", "ä", "東京", "zoo"]), st.integers(0, 5), st.floats(0, 1), st.integers(0, 255)
)


@settings(deadline=None)  # files
@given(
    rows=st.lists(ROWS, max_size=60),
    at_once=st.integers(1, 7),
    together=st.integers(1, 20),
    length=st.integers(1, 30),
)
def test_as_one_sorted_table(
    rows: list[tuple[str, int, float, int]],
    at_once: int,
    together: int,
    length: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """However few are added, wait and are read together: keys ascend, each in one table, its rows as they were."""
    folder = tmp_path_factory.mktemp("gathered") / "rows"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gathered, "_TOGETHER", together)
        patch.setattr(gathered, "_RANGE", length)
        patch.setattr(gathered, "_SAMPLED", 1)
        found = Gathered(folder)
        for start in range(0, len(rows), at_once):
            part = rows[start : start + at_once]
            if at_once == 1:
                found.add(*part[0])
            else:
                found.extend(*([*column] for column in zip(*part, strict=True)))
        tables = list(found.tables())
    assert found.length == len(rows)
    assert pl.concat(tables).rows() == sorted(rows, key=lambda row: row[0].encode())
    keys = [set(table["key"]) for table in tables]
    assert sum(map(len, keys)) == len(set().union(*keys))
    assert not folder.exists()


def test_ranges(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables are about as long as they are to be."""
    monkeypatch.setattr(gathered, "_TOGETHER", 300)
    monkeypatch.setattr(gathered, "_RANGE", 256)
    monkeypatch.setattr(gathered, "_SAMPLED", 8)
    found = Gathered(tmp_path / "rows")
    for number in range(4_000):
        found.add(f"{number * 7919 % 4_000:04}", number, 1.0)
    lengths = [len(table) for table in found.tables()]
    assert sum(lengths) == 4_000
    assert 8 <= len(lengths) <= 24
    assert max(lengths) < 512


def test_few_rows_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the end nearly all rows are in files, which can be read in part; of their keys one of many is kept."""
    monkeypatch.setattr(gathered, "_TOGETHER", 4_096)
    found = Gathered(tmp_path / "rows")
    for number in range(10_000):
        found.add(f"{number * 7919 % 10_000:04}", number, 1.0)
    assert len(found._keys) == 10_000 - 2 * 4_096
    assert len(found._sample) == 2 * 4_096 // gathered._SAMPLED
    (part, _) = found._parts
    assert pl.read_ipc(part).n_chunks() == 4_096 // gathered._BATCH
