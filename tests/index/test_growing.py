"""Array files that grow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ltrr_cli.index import growing
from ltrr_cli.index.growing import Growing, Lists

if TYPE_CHECKING:
    from pathlib import Path


@settings(deadline=None)  # files
@given(parts=st.lists(st.lists(st.integers(0, 2**64 - 1), max_size=9), max_size=9), together=st.integers(1, 20))
def test_same_bytes_as_numpy(parts: list[list[int]], together: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    """However the numbers come, and however many wait, the file is the one that NumPy writes."""
    folder = tmp_path_factory.mktemp("growing")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(growing, "_TOGETHER", together)
        file = Growing(folder / "grown.npy", np.uint64)
        for part in parts:
            if len(part) == 1:
                file.add(part[0])
            else:
                file.extend(part)
        file.close()
    numbers = [number for part in parts for number in part]
    np.save(folder / "saved.npy", np.array(numbers, np.uint64))
    assert file.length == len(numbers)
    assert (folder / "grown.npy").read_bytes() == (folder / "saved.npy").read_bytes()


def test_lists(tmp_path: Path) -> None:
    """Lists lie one after the other; an empty one begins where the next does."""
    lists = Lists(tmp_path / "numbers.npy", tmp_path / "starts.npy", np.float32)
    for one in ([0.5, 1.5], [], [2.5]):
        lists.add(one)
    lists.close()
    numbers, starts = np.load(tmp_path / "numbers.npy"), np.load(tmp_path / "starts.npy")
    assert numbers.dtype == np.float32
    assert numbers.tolist() == [0.5, 1.5, 2.5]
    assert starts.dtype == np.int64
    assert starts.tolist() == [0, 2, 2, 3]


def test_few_numbers_wait(tmp_path: Path) -> None:
    """Before the end nearly all numbers are in the file, not in memory."""
    file = Growing(tmp_path / "numbers.npy", np.int64)
    for start in range(0, 100_000, 100):
        file.extend(range(start, start + 100))
    assert (tmp_path / "numbers.npy").stat().st_size >= 8 * 80_000
