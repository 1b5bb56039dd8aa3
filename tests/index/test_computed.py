"""Vectors of a build that stopped: what is whole is read, what is torn or damaged is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.index.computed import Computed, forget_computed

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

HASHES = np.array([11, 22, 33], np.uint64)


def unit(count: int) -> NDArray[np.float32]:
    """Return unit vectors of 4 numbers."""
    vectors = np.random.default_rng(count).normal(size=(count, 4))
    rows: NDArray[np.float32] = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return rows


def test_what_was_added_is_read(tmp_path: Path) -> None:
    """Several additions are read in their order; another encoder has its own; forgotten, there is nothing."""
    computed = Computed(tmp_path, "ab", 4)
    assert [part.shape for part in computed.read()] == [(0,), (0, 4)]
    vectors = unit(3)
    computed.add(HASHES[:1], vectors[:1])
    Computed(tmp_path, "ab", 4).add(HASHES[1:], vectors[1:])
    hashes, found = computed.read()
    assert hashes.tolist() == HASHES.tolist()
    np.testing.assert_array_equal(found, vectors)
    assert not len(Computed(tmp_path, "cd", 4).read()[0])
    forget_computed(tmp_path)
    assert not len(computed.read()[0])


def test_a_torn_record_is_cut_off(tmp_path: Path) -> None:
    """A writer killed in the middle of a record loses that record; the next one begins where it did."""
    computed, vectors = Computed(tmp_path, "ab", 4), unit(3)
    computed.add(HASHES, vectors)
    path = tmp_path / "unfinished" / "ab.vectors"
    path.write_bytes(path.read_bytes()[:-5])
    assert computed.read()[0].tolist() == [11, 22]
    computed.add(HASHES[2:], vectors[2:])
    np.testing.assert_array_equal(computed.read()[1], vectors)


def test_a_damaged_vector_is_nobodys(tmp_path: Path) -> None:
    """Zeros where a power cut lost a page, and numbers that are not finite, stand for no text."""
    computed, vectors = Computed(tmp_path, "ab", 4), unit(3)
    vectors[0], vectors[2, 1] = 0, np.nan
    computed.add(HASHES, vectors)
    assert computed.read()[0].tolist() == [0, 22, 0]
