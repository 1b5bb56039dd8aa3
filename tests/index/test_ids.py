"""Ids: rows to ids and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from ltrr_cli.index.ids import Ids, write_ids
from ltrr_cli.text import hash64

if TYPE_CHECKING:
    from pathlib import Path

IDS = ["song:1", "ø/東京 ☃", "", "a" * 300, "song:10", "é", "e\u0301"]


@pytest.fixture
def ids(tmp_path: Path) -> Ids:
    """Return the mapping of seven ids, one of them empty and two of them the same letter written differently."""
    write_ids(tmp_path, IDS)
    return Ids(tmp_path)


def test_rows_give_their_ids(ids: Ids) -> None:
    """Every row gives its id, in any order and more than once."""
    rows = [6, 0, 0, 5, 4, 3, 2, 1]
    assert ids.ids(np.array(rows)) == [IDS[row] for row in rows]
    assert len(ids) == 7


def test_hashes_give_their_rows(ids: Ids) -> None:
    """Every id's hash gives its row."""
    assert ids.rows(np.array([hash64(one) for one in IDS], np.uint64)).tolist() == list(range(7))


@pytest.mark.parametrize("written", [True, False])
def test_rows_give_their_hashes(ids: Ids, tmp_path: Path, written: bool) -> None:
    """Every row gives the hash of its id, in any order and more than once; also where an older ltrr wrote none."""
    if not written:
        (tmp_path / "ids.by_row.npy").unlink()
        ids = Ids(tmp_path)
    rows = [6, 0, 0, 5, 4, 3, 2, 1]
    assert ids.hashes(np.array(rows)).tolist() == [hash64(IDS[row]) for row in rows]


def test_files_that_do_not_fit(ids: Ids, tmp_path: Path) -> None:
    """Hashes of other rows are not taken."""
    np.save(tmp_path / "ids.by_row.npy", np.zeros(len(ids) + 1, np.uint64))
    with pytest.raises(ValueError, match="do not fit"):
        Ids(tmp_path)


def test_unknown_ids_have_no_row(ids: Ids) -> None:
    """A hash that no id has gives -1, also below the smallest and above the largest one."""
    hashes = np.array([hash64("song:2"), 0, 2**64 - 1, hash64("é")], np.uint64)
    assert ids.rows(hashes).tolist() == [-1, -1, -1, 5]


def test_only_empty_ids(tmp_path: Path) -> None:
    """A file of no bytes can be read, though it cannot be mapped."""
    write_ids(tmp_path, [""])
    assert Ids(tmp_path).ids(np.array([0])) == [""]
