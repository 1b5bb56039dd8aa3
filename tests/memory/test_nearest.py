"""Vectors of remembered queries: which are near, what is encoded again, and how likeness counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_cli.memory.evidence import EPOCH, Evidence, growth
from ltrr_cli.memory.nearest import MOST_NEAR, THRESHOLD, Nearest, best_near, likeness, write_nearest
from ltrr_cli.memory.recall import ENOUGH, KAPPA, MOST_LENT, Recall, recall
from ltrr_cli.text import hash64

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

ANGLES = {"car": 0.0, "auto": 0.1, "motor car": 0.3, "banana": 1.5}
ROWS = {f"e{number}": number for number in range(20)}


class Encoding:
    """Gives keys vectors in the plane, and remembers which it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, keys: Sequence[str]) -> NDArray[np.float32]:
        """Return (n, 2) unit vectors."""
        self.asked += keys
        angles = np.array([ANGLES[key] for key in keys])
        return np.stack([np.cos(angles), np.sin(angles)], 1).astype(np.float32)


def _written(directory: Path, keys: Sequence[str], old: Nearest | None, encoding: Encoding) -> Nearest:
    directory.mkdir()
    write_nearest(directory, keys, old, "model", encoding)
    found = Nearest.open(directory, "model")
    assert found is not None
    return found


def test_the_nearest_come_first(tmp_path: Path) -> None:
    """Keys within the threshold, by cosine, with their likeness; one far away is not found."""
    table = _written(tmp_path / "a", list(ANGLES), None, Encoding())
    found = table.near(np.array([1, 0], np.float32))
    assert [name for name, _ in found] == [hash64("car"), hash64("auto"), hash64("motor car")]
    expected = [(np.cos(angle) - THRESHOLD) / (1 - THRESHOLD) for angle in (0.0, 0.1, 0.3)]
    assert [similarity for _, similarity in found] == pytest.approx(expected, abs=1e-5)
    assert table.has(hash64("auto"))
    assert not table.has(hash64("boat"))


def test_only_new_keys_are_encoded(tmp_path: Path) -> None:
    """What the table before has is taken over; what is no longer wanted is gone."""
    encoding = Encoding()
    first = _written(tmp_path / "a", ["car", "banana"], None, encoding)
    second = _written(tmp_path / "b", ["car", "auto"], first, encoding)
    assert sorted(encoding.asked) == ["auto", "banana", "car"]
    assert not second.has(hash64("banana"))
    whole = _written(tmp_path / "c", ["auto", "car"], None, Encoding())
    np.testing.assert_array_equal(second.hashes, whole.hashes)
    np.testing.assert_allclose(second.vectors, whole.vectors, atol=1e-6)


def test_vectors_of_another_encoder_are_not_used(tmp_path: Path) -> None:
    """Cosines between vectors of different encoders mean nothing."""
    _written(tmp_path / "a", ["car"], None, Encoding())
    assert Nearest.open(tmp_path / "a", "another") is None
    assert Nearest.open(tmp_path, "model") is None


@given(st.lists(st.floats(-1, 1, width=32), max_size=30))
def test_likeness_is_a_share(cosines: list[float]) -> None:
    """It grows with the cosine from 0 to 1, and at most MOST_NEAR are taken, the nearest."""
    values = np.array(cosines, np.float32)
    assert ((likeness(values) >= 0) & (likeness(values) <= 1)).all()
    found = best_near(np.arange(len(values), dtype=np.uint64), values)
    wanted = sorted((float(one) for one in likeness(values) if one > 0), reverse=True)[:MOST_NEAR]
    assert [similarity for _, similarity in found] == pytest.approx(wanted)


def _recall(observed: Evidence, query: str, near: list[tuple[int, float]]) -> Recall:
    return recall(
        query.split(),
        [],
        observed,
        ROWS.get,
        living=lambda rows: np.ones(len(rows), bool),
        now=EPOCH,
        half_life=1000.0,
        near=lambda: near,
    )


def _lent(mass: float) -> float:
    """What an entity is lent counts less the more it is."""
    return mass * MOST_LENT / (mass + MOST_LENT)


def _observed(*added: tuple[str, str, float]) -> Evidence:
    evidence = Evidence("queries", words=True)
    for key, entity_id, reward in added:
        evidence.add(key, entity_id, reward * growth(EPOCH, 1000.0))
    return evidence


def test_a_near_query_counts_by_the_square_and_less_beside_own_evidence() -> None:
    """Likeness .5 takes over a quarter; with n rewards of the query's own that times κ / (n + κ)."""
    near = [(hash64("automobile"), 0.5)]
    alone = _recall(_observed(("automobile", "e1", 8.0)), "car", near)
    assert (alone.rows.tolist(), alone.known) == ([1], False)
    assert alone.evidence == pytest.approx(_lent(2.0))
    assert alone.scores[0] == pytest.approx(_lent(2.0) / (_lent(2.0) + KAPPA))
    both = _recall(_observed(("automobile", "e1", 8.0), ("car", "e2", 4.0)), "car", near)
    assert both.rows.tolist() == [2, 1]
    assert both.evidence == pytest.approx(4 + _lent(2.0) * KAPPA / (4 + KAPPA))


def test_a_key_counts_once_with_its_higher_similarity() -> None:
    """A key that shares words and is near besides is not counted twice; the query itself is never near."""
    observed = _observed(("love song", "e1", 4.0))
    assert _recall(observed, "love", [(hash64("love song"), 0.3)]).evidence == pytest.approx(_lent(4 * 0.25))
    assert _recall(observed, "love", [(hash64("love song"), 0.9)]).evidence == pytest.approx(_lent(4 * 0.81))
    assert _recall(observed, "love song", [(hash64("love song"), 1.0)]).evidence == pytest.approx(4)


def test_a_well_known_query_asks_nobody() -> None:
    """From ENOUGH rewards of its own on, the vectors are not looked at."""
    observed = _observed(("car", "e2", ENOUGH + 1), ("automobile", "e1", 8.0))
    assert _recall(observed, "car", [(hash64("automobile"), 1.0)]).rows.tolist() == [2]


def test_forgotten_keys_and_written_ones(tmp_path: Path) -> None:
    """Both parts of a table answer by the hash of a key; a forgotten key does not."""
    observed = _observed(("automobile", "e1", 8.0))
    observed.write(tmp_path, None, lambda names: np.array([1] * len(names), np.int64))
    mapped = Evidence("queries", words=True)
    mapped.open(tmp_path)
    near = [(hash64("automobile"), 1.0)]
    assert _recall(mapped, "car", near).evidence == pytest.approx(_lent(8.0))
    mapped.add("automobile", "e3", 2.0)
    assert _recall(mapped, "car", near).evidence == pytest.approx(_lent(8.0) + _lent(2.0))
    mapped.forget_key(hash64("automobile"))
    assert not len(_recall(mapped, "car", near).rows)
