"""Observed evidence: masses that only add up, in one part or in several."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_cli.memory.evidence import EPOCH, Evidence, growth
from ltrr_cli.text import hash64

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

ROWS = {f"e{number}": number for number in range(20)}
MOVED = {f"e{number}": 100 - number for number in range(15)}
"""Another index: rows have changed, and five entities are gone."""
ADDED = [
    ("love song", "e1", 1.0),
    ("love song", "e2", 0.5),
    ("love", "e3", 2.0),
    ("love song", "e1", 0.25),
    ("hate", "e4", -0.5),
    ("hate", "e19", 1.0),
    ("love", "missing", 4.0),
    ("東京 京都", "e5", 1.0),
]


def _rows_of(rows: dict[str, int]) -> Callable[[NDArray[np.uint64]], NDArray[np.int64]]:
    by_hash = {hash64(name): row for name, row in rows.items()}
    return lambda hashes: np.array([by_hash.get(int(one), -1) for one in hashes], np.int64)


def _exact(evidence: Evidence, key: str, rows: dict[str, int] = ROWS) -> dict[int, float] | None:
    found = evidence.exact(key, rows.get)
    return None if found is None else dict(zip(found[0].tolist(), found[1].tolist(), strict=True))


def _filled(added: list[tuple[str, str, float]], base: Path | None = None) -> Evidence:
    evidence = Evidence("queries", words=True)
    if base is not None:
        evidence.open(base)
    for key, entity_id, mass in added:
        evidence.add(key, entity_id, mass)
    return evidence


def test_growth() -> None:
    """A mass doubles with each half-life since the epoch, and stays finite for any time."""
    assert growth(EPOCH, 10.0) == 1
    assert growth(EPOCH + 20, 10.0) == 4
    assert growth(EPOCH - 10, 10.0) == 0.5
    assert 0 < growth(-1e12, 1.0) < growth(1e12, 1.0) < np.inf


def test_masses_add_up() -> None:
    """Masses of the same entity under the same key add up; entities that the index lacks are left out."""
    evidence = _filled(ADDED)
    assert _exact(evidence, "love song") == {1: 1.25, 2: 0.5}
    assert _exact(evidence, "love") == {3: 2.0}
    assert _exact(evidence, "hate") == {4: -0.5, 19: 1.0}
    assert _exact(evidence, "song") is None


@pytest.mark.parametrize("cut", range(len(ADDED) + 1))
def test_base_and_delta_are_all_at_once(tmp_path: Path, cut: int) -> None:
    """Wherever a checkpoint falls, the masses under each key are those of one table, and so is the next checkpoint."""
    base, merged, whole = tmp_path / "base", tmp_path / "merged", tmp_path / "whole"
    for directory in (base, merged, whole):
        directory.mkdir()
    _filled(ADDED[:cut]).write(base, None, _rows_of(ROWS))
    both = _filled(ADDED[cut:], base)
    at_once = _filled(ADDED)
    for key in {key for key, _, _ in ADDED} | {"unknown"}:
        assert _exact(both, key) == pytest.approx(_exact(at_once, key))
    both.write(merged, base, _rows_of(ROWS))
    at_once.write(whole, None, _rows_of(ROWS))
    for path in sorted((whole / "queries").iterdir()):
        assert np.allclose(np.load(path), np.load(merged / "queries" / path.name), rtol=1e-12, atol=0), path.name


def test_rows_are_looked_up_again(tmp_path: Path) -> None:
    """A checkpoint for another index has that index's rows; who left comes back with what was learned of him."""
    first, second, third = (tmp_path / name for name in ("1", "2", "3"))
    for directory in (first, second, third):
        directory.mkdir()
    _filled(ADDED).write(first, None, _rows_of(ROWS))
    _filled([("love", "e3", 1.0)], first).write(second, first, _rows_of(MOVED))
    moved = _filled([("love", "e1", 1.0)], second)
    assert _exact(moved, "love", MOVED) == {97: 3.0, 99: 1.0}
    assert _exact(moved, "hate", MOVED) == {96: -0.5}
    _filled([], second).write(third, second, _rows_of({**ROWS, "missing": 50}))
    assert _exact(_filled([], third), "love") == {3: 3.0, 50: 4.0}
    assert _exact(_filled([], third), "hate") == {4: -0.5, 19: 1.0}


def test_similar_keys(tmp_path: Path) -> None:
    """Keys that share words are found in both parts, without the key itself, with similarities in [0.5, 1]."""
    _filled([("love song", "e1", 1.0), ("hate song", "e2", 1.0)]).write(tmp_path, None, _rows_of(ROWS))
    evidence = _filled([("love songs", "e3", 1.0), ("song", "e4", 1.0), ("love song", "e5", 1.0)], tmp_path)
    found = {
        row: similarity
        for similarity, (rows, _) in evidence.similar(["love", "song"], ROWS.get)
        for row in rows.tolist()
    }
    assert found == {3: 0.5, 4: 0.5}
    found = {row: similarity for similarity, (rows, _) in evidence.similar(["song"], ROWS.get) for row in rows.tolist()}
    assert set(found) >= {5}
    assert 4 not in found
    assert all(0.5 <= similarity <= 1 for similarity in found.values())
    assert evidence.similar(["nothing"], ROWS.get) == []
    assert evidence.similar([], ROWS.get) == []


def test_without_words_nothing_is_similar() -> None:
    """Evidence by user is found by the user only, even if names share words."""
    evidence = Evidence("users", words=False)
    evidence.add("anna maria", "e1", 1.0)
    assert _exact(evidence, "anna maria") == {1: 1.0}
    assert evidence.similar(["anna"], ROWS.get) == []


@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(0, 40)), min_size=1, max_size=10), st.floats(0, 40))
def test_decay(given_masses: list[tuple[float, float]], now: float) -> None:
    """Scaled down to now, masses are Σ reward × 2^((time − now) / half-life), in whatever order they came."""
    evidence = Evidence("queries", words=True)
    for reward, half_lives in given_masses:
        evidence.add("k", "e1", reward * growth(EPOCH + half_lives * 100, 100))
    found = _exact(evidence, "k")
    assert found is not None
    expected = sum(reward * 2 ** (half_lives - now) for reward, half_lives in given_masses)
    assert found[1] / growth(EPOCH + now * 100, 100) == pytest.approx(expected, rel=1e-7, abs=1e-7)
