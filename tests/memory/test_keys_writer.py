"""Writing tables of keys: from files to files it is the table that one would make in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ltrr_cli.index import ranges
from ltrr_cli.memory import keys_writer
from ltrr_cli.memory.keys_writer import write_keys
from ltrr_cli.text import hash64, token_hash

if TYPE_CHECKING:
    from numpy.typing import NDArray

Entries = list[tuple[str, list[int], list[float]]]
ENTRIES = st.lists(
    st.tuples(
        st.lists(st.sampled_from(["the", "a", "night", "day", "東京", ""]), min_size=1, max_size=5).map(" ".join),
        st.lists(st.tuples(st.integers(-1, 9), st.floats(0, 1)), max_size=3),
    ),
    unique_by=lambda entry: entry[0],
    max_size=30,
).map(lambda rows: [(key, [ref for ref, _ in held], [value for _, value in held]) for key, held in rows])


def _in_memory(entries: Entries, *, words: bool) -> dict[str, NDArray[Any]]:
    """Return the arrays, made one key after the other."""
    by_hash = sorted(entries, key=lambda entry: hash64(entry[0]))
    by_number = sorted(by_hash, key=lambda entry: len(set(entry[0].split(" "))))
    number = {key: place for place, (key, _, _) in enumerate(by_number)}
    holders: dict[int, list[int]] = {}
    for key, _, _ in by_number if words else ():
        for word in set(key.split(" ")):
            holders.setdefault(token_hash(word), []).append(number[key])
    masses = np.zeros(len(entries))
    for _, held in sorted(holders.items()):
        masses[held] += np.log1p(len(entries) / np.array([len(held)]))
    return {
        "hashes": np.array([hash64(key) for key, _, _ in by_hash], np.uint64),
        "numbers": np.array([number[key] for key, _, _ in by_hash], np.int32),
        "masses": masses.astype(np.float32),
        "totals": np.array([sum(values) for _, _, values in by_number], np.float64),
        "starts": np.cumsum([0, *(len(refs) for _, refs, _ in by_number)], dtype=np.int64),
        "refs": np.array([ref for _, refs, _ in by_number for ref in refs], np.int64),
        "values": np.array([value for _, _, values in by_number for value in values], np.float64),
        "words": np.array(sorted(holders), np.uint64),
        "word_starts": np.cumsum([0, *(len(holders[word]) for word in sorted(holders))], dtype=np.int64),
        "postings": np.array([key for word in sorted(holders) for key in holders[word]], np.int32),
    }


@settings(deadline=None)  # files
@given(entries=ENTRIES, words=st.booleans(), length=st.integers(1, 40), piece=st.integers(1, 9))
def test_as_in_memory(
    entries: Entries, *, words: bool, length: int, piece: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """However short the ranges and the pieces, the files are the same, byte by byte, and nothing else is left."""
    folder = tmp_path_factory.mktemp("keys")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranges, "_RANGE", length)
        patch.setattr(ranges, "_PIECE", piece)
        patch.setattr(keys_writer, "_TOGETHER", piece)
        write_keys(folder / "keys", entries, words=words)
    expected = _in_memory(entries, words=words)
    assert {path.name for path in (folder / "keys").iterdir()} == {f"{name}.npy" for name in expected}
    for name, array in expected.items():
        np.save(folder / "expected.npy", array)
        assert (folder / "keys" / f"{name}.npy").read_bytes() == (folder / "expected.npy").read_bytes(), name
