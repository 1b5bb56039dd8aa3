"""The table from hashes to numbers."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ltrr_cli.memory.table import Table

HASHES = st.integers(0, 2**64 - 1) | st.integers(0, 5)
STEPS = st.lists(st.tuples(HASHES, st.floats(allow_nan=False)) | st.none(), max_size=30)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_it_is_a_dict(steps: list[tuple[int, float] | None]) -> None:
    """Any order of settings and checkpoints gives what a dict gives: newer values win, what is missing is 0."""
    with tempfile.TemporaryDirectory() as folder:
        table, model = Table(), dict[int, float]()
        for number, step in enumerate(steps):
            if step is None:
                directory = Path(folder) / str(number)
                directory.mkdir()
                table.write(directory, "t")
                table = Table.open(directory, "t")
                assert len(table) == len(model)
            else:
                table[step[0]] = step[1]
                model[step[0]] = step[1]
        assert {key: table[key] for key in model} == model
        asked = [*model, 0, 3, 2**64 - 1]
        assert table.values(np.array(asked, np.uint64)).tolist() == [model.get(key, 0.0) for key in asked]
        assert all(table[key] == 0 for key in {0, 3, 2**63, 2**64 - 1} - set(model))


def test_a_value_of_zero_hides_the_older_one(tmp_path: Path) -> None:
    """Setting 0 is remembered as 0: it is not taken for missing."""
    table = Table()
    table[7] = 5.0
    table.write(tmp_path, "t")
    again = Table.open(tmp_path, "t")
    again[7] = 0.0
    assert again[7] == 0
    again.write(tmp_path, "u")
    assert Table.open(tmp_path, "u")[7] == 0


@pytest.mark.parametrize("ends", [[], [0], [2**64 - 1], [0, 2**64 - 1]])
@pytest.mark.parametrize("count", [0, 1, 3000])
def test_many_look_ups(count: int, ends: list[int], tmp_path: Path) -> None:
    """However often it is asked, what is there is found and what is not is 0: the first, the last, and neighbours."""
    rng = np.random.default_rng(0)
    some = rng.integers(0, 2**64, count, dtype=np.uint64)
    known = np.unique(np.concatenate([some, np.array(ends, np.uint64)]))
    model = {name: float(place + 1) for place, name in enumerate(known.tolist())}
    table = Table()
    for name, value in model.items():
        table[name] = value
    table.write(tmp_path, "t")
    again = Table.open(tmp_path, "t")
    asked = [*model, *((name + 1) % 2**64 for name in model), *rng.integers(0, 2**64, 3000, dtype=np.uint64).tolist()]
    assert [again[name] for name in asked] == [model.get(name, 0.0) for name in asked]
    again[5] = 7.0
    assert again[5] == 7.0
